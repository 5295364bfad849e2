"""Servers that break off, lie, redirect or answer nonsense: the right file in the end, or none and one line."""

from __future__ import annotations

import gc
import hashlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from programs import run, start

from sciie_eval import download
from sciie_eval.cards import Card, SplitFile
from sciie_eval.exceptions import CorpusError
from sciie_eval.labels import LabelSchema
from sciie_eval.store import fetch

DATA = b'{"sentence": "BERT .", "ner": [], "rel": [], "rel_plus": []}\n' * 3
CARD = """
name = "toy"
title = "A toy"
base_url = "{url}"
[[schema.entity_types]]
name = "Method"
[splits.dev]
path = "dev.jsonl"
sha256 = "{sha256}"
rows = 3
form = "string"
local = "dev.jsonl"
"""
Answer = bytes | Callable[[socket.socket], None]


def head(status: str = "200 OK", **headers: object) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Connection: close", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


WELL = head(Content_Length=len(DATA)) + DATA


class Server:
    """Answers each request with the next of its answers, byte for byte, and then as it should.

    Attributes:
        answers: what is sent, or what is done with the connection.
        requests: the heads of the requests.
    """

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            with connection:
                request = b""
                while not request.endswith(b"\r\n\r\n"):
                    if not (more := connection.recv(1 << 16)):
                        break
                    request += more
                if request == b"end\r\n\r\n":
                    return
                self.requests.append(request.decode())
                self._answer(connection, self.answers.pop(0) if self.answers else WELL)

    @staticmethod
    def _answer(connection: socket.socket, answer: Answer) -> None:
        try:
            if isinstance(answer, bytes):
                connection.sendall(answer)
            else:
                answer(connection)
        except OSError:
            return  # the other side went away, as some tests want it to

    def close(self) -> None:
        with socket.create_connection(self._listening.getsockname()) as connection:
            connection.sendall(b"end\r\n\r\n")
        self._thread.join()
        self._listening.close()


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning", "ignore:.*<socket.socket:pytest.PytestUnraisableExceptionWarning"
)
"""The standard library leaves connections to its garbage collector where an answer is no HTTP."""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(download, "RETRY_PAUSES", (0.0, 0.0))
    monkeypatch.setattr(download, "CHUNK", 16)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield
    gc.collect()  # of what this test has left, not a later one


def a_card(url: str) -> Card:
    file = SplitFile(
        path="dev.jsonl", sha256=hashlib.sha256(DATA).hexdigest(), rows=3, form="string", local="dev.jsonl"
    )
    return Card(name="toy", title="A toy", base_url=url, schema=LabelSchema(name="toy"), splits={"dev": file})


def fetched(server: Server, folder: Path) -> bytes:
    (path,) = fetch(a_card(server.url), cache_dir=folder)
    assert sorted(os.listdir(folder / "toy")) == [".lock", "dev.jsonl"]
    return path.read_bytes()


LAST_30 = f"bytes {len(DATA) - 30}-{len(DATA) - 1}/{len(DATA)}"
REDIRECT = head("302 Found", Location="/elsewhere", Content_Length=0)
CHUNKED = head(Transfer_Encoding="chunked")
SURVIVED: dict[str, list[Answer]] = {
    "nothing at all": [b""],
    "half a head": [WELL[:20]],
    "a body that breaks off": [WELL[:-30]],
    "breaks off twice": [WELL[:-30], head("206 x", Content_Range=LAST_30, Content_Length=30)],
    "a chunked body": [CHUNKED + b"%x\r\n" % len(DATA) + DATA + b"\r\n0\r\n\r\n"],
    "a chunk that breaks off": [CHUNKED + b"%x\r\n" % len(DATA) + DATA[:7]],
    "no status line": [b"hello\r\n\r\n"],
    "a status that is no number": [b"HTTP/1.1 fine\r\n\r\n"],
    "an endless line": [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000],
    "too many headers": [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"],
    "a length that is no number": [head(Content_Length="many") + DATA],
    "a length that only looks like a number": [head(Content_Length="²") + DATA],
    "a length below zero": [head(Content_Length=-1) + DATA],
    "a redirect": [REDIRECT],
    "a redirect that breaks off": [REDIRECT, WELL[:-30], REDIRECT],
    "an error that passes": [head("503 Busy"), head("500 Internal Server Error")],
}


@pytest.mark.parametrize("name", SURVIVED)
def test_what_is_survived(name: str, server: Server, tmp_path: Path) -> None:
    server.answers = list(SURVIVED[name])
    assert fetched(server, tmp_path) == DATA
    assert server.answers == []


REFUSED: dict[str, tuple[list[Answer], str]] = {
    "a file of another kind": ([head(Content_Length=5) + b"<html"], "not the file that the card describes: expected"),
    "too short a length": ([head(Content_Length=9) + DATA], "not the file that the card describes: expected"),
    "an empty file": ([head(Content_Length=0)], "not the file that the card describes: expected"),
    "no such file": ([head("404 Not Found")], "cannot be fetched: HTTP 404 Not Found; check the connection"),
    "always an error": ([head("500 x")] * 3, "cannot be fetched: HTTP 500 x; check the connection"),
    "always broken off": (
        [WELL[:-30], *[head("206 x", Content_Range=LAST_30, Content_Length=30)] * 2],
        "closed after 153 of 183",
    ),
    "round and round": ([head("302 x", Location="/dev.jsonl")] * 20, "cannot be fetched: HTTP 302 The HTTP server"),
    "a redirect to nowhere": ([head("302 Found")], "cannot be fetched: HTTP 302 Found; "),
    "a redirect to a file": ([head("302 x", Location="file:///etc/hostname")], "cannot be fetched: HTTP 302 "),
    "a redirect to no url": ([head("302 x", Location="http://[::1")], "cannot be fetched: .*check the url"),
    "a redirect to no host": ([head("302 x", Location="http://a..b/")], "cannot be fetched: .*check the url"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, server: Server, tmp_path: Path) -> None:
    answers, message = REFUSED[name]
    server.answers = list(answers)
    with pytest.raises(CorpusError, match=message) as caught:
        fetch(a_card(server.url), cache_dir=tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "toy" / "dev.jsonl").exists()
    server.answers = []
    assert fetched(server, tmp_path) == DATA


@pytest.mark.parametrize("url", ["http://[::1/", "http://a..b/", "http:///", "http://127.0.0.1:port/", "http://é\x00/"])
def test_urls_that_are_none(url: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"cannot be fetched: .*; check "):
        fetch(a_card("http://127.0.0.1/"), base_url=url, cache_dir=tmp_path)


@pytest.mark.parametrize("held", [b"x" * 10, b"x" * len(DATA), DATA + b"x", b"", DATA[:50], DATA])
def test_what_was_left_of_another_download(held: bytes, server: Server, tmp_path: Path) -> None:
    """Whatever an earlier run has left, this run ends with the file; what is right of it is not fetched again."""
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "dev.jsonl.part").write_bytes(held)
    rest = DATA[len(held) :]
    if held and rest:
        content = f"bytes {len(held)}-{len(DATA) - 1}/{len(DATA)}"
        server.answers = [head("206 Partial Content", Content_Range=content, Content_Length=len(rest)) + rest]
    elif held:
        server.answers = [head("416 Range Not Satisfiable")]
    assert fetched(server, tmp_path) == DATA
    if held == DATA[:50]:
        assert [f"Range: bytes={len(held)}-" in request for request in server.requests] == [True]


def test_a_file_that_is_gone_when_it_is_there(server: Server, tmp_path: Path) -> None:
    """Somebody clears the cache during a download."""
    part = tmp_path / "toy" / "dev.jsonl.part"

    def clear(connection: socket.socket) -> None:
        connection.sendall(WELL[:-1])
        while not part.exists() or part.stat().st_size < len(DATA) - 20:
            pass
        part.unlink()
        connection.sendall(WELL[-1:])

    server.answers = [clear]
    with pytest.raises(CorpusError, match=r"dev\.jsonl\.part: cannot be written: No such file or directory; make room"):
        fetch(a_card(server.url), cache_dir=tmp_path)
    assert fetched(server, tmp_path) == DATA


# -- as processes ----------------------------------------------------------------------------------------------------


@pytest.fixture
def card(server: Server, tmp_path: Path) -> Path:
    path = tmp_path / "toy.toml"
    path.write_text(CARD.format(url=server.url, sha256=hashlib.sha256(DATA).hexdigest()))
    return path


class Slow:
    """A slow answer: half of it, and the rest when it is let go."""

    def __init__(self) -> None:
        self.came, self.go = threading.Event(), threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        connection.sendall(WELL[:-93])
        self.came.set()
        self.go.wait(60)
        connection.sendall(WELL[-93:])


def test_two_processes_and_a_slow_server(server: Server, card: Path, tmp_path: Path) -> None:
    """The second waits for the first, and fetches nothing."""
    slow = Slow()
    server.answers = [slow]
    arguments = ("datasets", "fetch", card, "--cache-dir", tmp_path)
    both = [start(*arguments, environment={"no_proxy": "127.0.0.1"}) for _ in range(2)]
    assert slow.came.wait(60)
    slow.go.set()
    said = [process.communicate(timeout=60)[0] for process in both]
    assert said == [f"ok  {tmp_path / 'toy' / 'dev.jsonl'}\n".encode()] * 2
    assert [process.returncode for process in both] == [0, 0]
    assert len(server.requests) == 1
    assert sorted(os.listdir(tmp_path / "toy")) == [".lock", "dev.jsonl"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_ended_in_the_middle_of_a_body(number: signal.Signals, server: Server, card: Path, tmp_path: Path) -> None:
    """What came is kept, the one that waits takes over, and asks for the rest alone."""
    slow, target = Slow(), tmp_path / "toy" / "dev.jsonl"
    rest = len(DATA) - 93
    content = f"bytes {rest}-{len(DATA) - 1}/{len(DATA)}"
    server.answers = [slow, head("206 Partial Content", Content_Range=content, Content_Length=93) + DATA[rest:]]
    arguments = ("datasets", "fetch", card, "--cache-dir", tmp_path)
    with start(*arguments, environment={"no_proxy": "127.0.0.1"}) as first:
        assert slow.came.wait(60)
        part = target.with_name("dev.jsonl.part")
        while not part.exists() or part.stat().st_size < rest:
            assert first.poll() is None
        with start(*arguments, environment={"no_proxy": "127.0.0.1"}) as second:
            first.send_signal(number)
            _, err = first.communicate(timeout=60)
            slow.go.set()
            out, _ = second.communicate(timeout=60)
    code = -9 if number == signal.SIGKILL else 128 + number
    said = {130: b"sciie-eval: interrupted\n", 143: b"sciie-eval: terminated\n"}.get(code, b"")
    assert (first.returncode, err) == (code, said)
    assert (second.returncode, out) == (0, f"ok  {target}\n".encode())
    assert target.read_bytes() == DATA
    assert [f"Range: bytes={rest}-" in request for request in server.requests] == [False, True]
    assert sorted(os.listdir(tmp_path / "toy")) == [".lock", "dev.jsonl"]


@pytest.mark.parametrize(
    "answers", [[head("404 Not Found")], [head(Content_Length=5) + b"other"], [head("302 x", Location="http://[::1")]]
)
def test_one_line_for_people(answers: list[Answer], server: Server, card: Path, tmp_path: Path) -> None:
    server.answers = answers
    found = run("datasets", "fetch", card, "--cache-dir", tmp_path, environment={"no_proxy": "127.0.0.1"})
    assert (found.code, found.out) == (1, b"")
    assert found.err.startswith(f"sciie-eval: {server.url}dev.jsonl: ")
    assert found.err.count("\n") == 1
    assert os.listdir(tmp_path / "toy") == [".lock"]
