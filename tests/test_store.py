"""The file store: where files are sought, that none is used unchecked, and downloads that survive a bad network."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sciie_eval import download, store
from sciie_eval.cards import Card, SplitFile, load_card
from sciie_eval.exceptions import CorpusError, InputError
from sciie_eval.labels import LabelSchema
from sciie_eval.store import cache_root, data_dirs, fetch, split_path, verify

ROOT = Path(__file__).resolve().parents[1]
CORPUS = os.environ.get("SCIIE_DATA_DIR")
needs_corpus = pytest.mark.skipif(not CORPUS, reason="SCIIE_DATA_DIR is unset: the SciER corpus is needed")

DEV = b'{"sentence": "dev"}\n'
TEST = b'{"sentence": "test"}\n' * 3


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def a_file(name: str, data: bytes) -> SplitFile:
    return SplitFile(path=f"up/{name} 1.jsonl", sha256=sha(data), rows=1, form="string", local=f"{name}.jsonl")


def a_card(base_url: str = "", name: str = "toy") -> Card:
    splits = {"dev": a_file("dev", DEV), "test": a_file("test", TEST)}
    return Card(name=name, title="A toy", base_url=base_url, schema=LabelSchema(name="toy"), splits=splits)


class Upstream(ThreadingHTTPServer):
    """A file server on the loopback interface; ``plan`` says how it misbehaves, one word per request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"/up/dev%201.jsonl": DEV, "/up/test%201.jsonl": TEST}
        self.requests: list[str | None] = []
        self.plan: list[str] = []
        self.gate = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    server: Upstream

    def do_GET(self) -> None:
        self.server.requests.append(self.headers["Range"])
        how = self.server.plan.pop(0) if self.server.plan else "well"
        data = self.server.files.get(self.path)
        if data is None or how.isdigit():
            self.send_error(int(how) if how.isdigit() else 404)
        elif how != "hang up":
            self.answer(data, how)

    def answer(self, data: bytes, how: str) -> None:
        start = 0 if how == "no range" else int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=")[:-1])
        if start >= len(data):
            self.send_error(416)
            return
        self.send_response(206 if start or how == "odd range" else 200)
        if start:
            self.send_header("Content-Range", f"bytes {0 if how == 'odd range' else start}-{len(data) - 1}/{len(data)}")
        if how != "no length":
            self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if how == "gate":
            self.server.gate.wait(60)
        self.wfile.write(data[start : start + 8] if how == "drop" else data[start:])

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output clean."""


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SCIIE_DATA_DIR", raising=False)
    monkeypatch.setenv("SCIIE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "RETRY_PAUSES", (0.0, 0.0))
    monkeypatch.setattr(download, "CHUNK", 4)
    return tmp_path / "cache"


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / "toy" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


# Where files are sought


def test_cache_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_root() == tmp_path / "cache"
    monkeypatch.setenv("SCIIE_CACHE_DIR", "~/own")
    assert cache_root() == tmp_path / "own"
    monkeypatch.setenv("SCIIE_CACHE_DIR", "")
    assert cache_root() == tmp_path / "xdg" / "sciie-eval"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_root() == tmp_path / ".cache" / "sciie-eval"


def test_search_order(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named, given = tmp_path / "named", tmp_path / "given"
    in_cache = put(cache, "dev.jsonl", DEV)
    assert split_path(a_card(), "dev") == in_cache
    monkeypatch.setenv("SCIIE_DATA_DIR", str(named))
    assert data_dirs(given) == [given, named, cache]
    assert split_path(a_card(), "dev") == in_cache
    in_named = put(named, "dev.jsonl", DEV)
    assert split_path(a_card(), "dev") == in_named
    in_given = put(given, "dev.jsonl", DEV)
    assert split_path(a_card(), "dev", given) == in_given


def test_every_look_up_checks_the_sum(cache: Path) -> None:
    path = put(cache, "dev.jsonl", DEV)
    split_path(a_card(), "dev")
    path.write_bytes(DEV + b"x")
    with pytest.raises(CorpusError) as caught:
        split_path(a_card("http://upstream/"), "dev")
    message = str(caught.value)
    assert all(part in message for part in (str(path), sha(DEV), sha(DEV + b"x"), "datasets fetch", "--split dev"))
    with pytest.raises(CorpusError, match="move it away, then put the right file there"):
        split_path(a_card(), "dev")


def test_an_altered_file_is_not_passed_over(cache: Path, tmp_path: Path) -> None:
    put(cache, "dev.jsonl", DEV)
    put(tmp_path, "dev.jsonl", b"")
    with pytest.raises(CorpusError, match="not the file that the card describes"):
        split_path(a_card(), "dev", tmp_path)


def test_unknown_split() -> None:
    with pytest.raises(InputError, match="dataset toy has no split 'tset'; known splits: dev, test"):
        split_path(a_card(), "tset")
    with pytest.raises(InputError, match="dataset scierc has no split 'test'; its card lists no files"):
        split_path(load_card("scierc"), "test")


def test_absent_file_says_how_to_get_it(cache: Path) -> None:
    with pytest.raises(CorpusError, match=r"test\.jsonl was not found in .*cache/toy; put test\.jsonl into one of"):
        split_path(a_card(), "test")
    with pytest.raises(CorpusError, match=r"run: sciie-eval datasets fetch <path of the card>$"):
        split_path(a_card("http://upstream/"), "test")
    with pytest.raises(CorpusError, match=r"run: sciie-eval datasets fetch scier$"):
        split_path(a_card("http://upstream/", name="scier"), "test")
    put(cache, "dev.jsonl", DEV)
    with pytest.raises(CorpusError, match=r"run: sciie-eval datasets fetch <path of the card> --split test$"):
        split_path(a_card("http://upstream/"), "test")


def test_a_file_in_the_folders_place_is_absence(tmp_path: Path) -> None:
    (tmp_path / "toy").write_bytes(b"")
    with pytest.raises(CorpusError, match="was not found"):
        split_path(a_card(), "dev", tmp_path)


def test_unreadable_file(cache: Path) -> None:
    (cache / "toy" / "dev.jsonl").mkdir(parents=True)
    with pytest.raises(CorpusError, match=r"dev\.jsonl: cannot be read: Is a directory; check the permissions"):
        split_path(a_card(), "dev")


def test_verify(cache: Path, tmp_path: Path) -> None:
    altered, right = put(cache, "dev.jsonl", b"other"), put(tmp_path, "test.jsonl", TEST)
    assert verify(a_card()) == [
        ("dev", altered, "altered"),
        ("test", cache / "toy" / "test.jsonl", "absent"),
    ]
    assert verify(a_card(), ["test"], tmp_path) == [("test", right, "ok")]
    with pytest.raises(InputError, match="no split"):
        verify(a_card(), ["tset"])


# Downloads


def test_fetch_all(upstream: Upstream, cache: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    card = a_card(upstream.url)
    paths = fetch(card, progress=lambda *step: seen.append(step))
    assert [path.read_bytes() for path in paths] == [DEV, TEST]
    assert paths == [split_path(card, "dev"), split_path(card, "test")]
    assert seen[0] == ("dev.jsonl", 4, len(DEV))
    assert seen[-1] == ("test.jsonl", len(TEST), len(TEST))
    assert sorted(path.name for path in (cache / "toy").iterdir()) == [".lock", "dev.jsonl", "test.jsonl"]


def test_what_is_there_is_not_fetched_again(upstream: Upstream) -> None:
    card = a_card(upstream.url)
    fetch(card, ["dev"])
    fetch(card, ["dev"], base_url="nonsense")
    assert upstream.requests == [None]
    fetch(card, ["dev"], force=True)
    assert upstream.requests == [None, None]


def test_fetch_into_another_folder(upstream: Upstream, tmp_path: Path) -> None:
    assert fetch(a_card(upstream.url), ["dev"], cache_dir=tmp_path / "a" / "b") == [tmp_path / "a/b/toy/dev.jsonl"]


def test_an_altered_file_is_replaced_only_by_force(upstream: Upstream, cache: Path) -> None:
    path = put(cache, "dev.jsonl", b"mine")
    with pytest.raises(CorpusError, match="move it away, or fetch with --force"):
        fetch(a_card(upstream.url), ["dev"])
    assert path.read_bytes() == b"mine"
    assert upstream.requests == []
    fetch(a_card(upstream.url), ["dev"], force=True)
    assert path.read_bytes() == DEV


def test_resume(upstream: Upstream, cache: Path) -> None:
    put(cache, "test.jsonl.part", TEST[:10])
    seen: list[int] = []
    (path,) = fetch(a_card(upstream.url), ["test"], progress=lambda _, done, total: seen.append(done))
    assert path.read_bytes() == TEST
    assert upstream.requests == ["bytes=10-"]
    assert seen[0] == 14


@pytest.mark.parametrize(
    ("plan", "held", "requests"),
    [
        (["no range"], TEST[:10], ["bytes=10-"]),
        (["416"], TEST[:10], ["bytes=10-", None]),
        (["odd range"], TEST[:10], ["bytes=10-", None]),
        ([], TEST + b"too long", [f"bytes={len(TEST) + 8}-", None]),
        (["odd range"], b"", [None]),
        (["no length"], b"", [None]),
        (["drop"], b"", [None, "bytes=8-"]),
        (["drop", "drop"], b"", [None, "bytes=8-", "bytes=16-"]),
        (["503", "hang up"], b"", [None, None, None]),
        (["429"], TEST[:10], ["bytes=10-", "bytes=10-"]),
    ],
)
def test_a_bad_connection_is_survived(
    upstream: Upstream, cache: Path, plan: list[str], held: bytes, requests: list[str | None]
) -> None:
    upstream.plan = plan
    put(cache, "test.jsonl.part", held)
    (path,) = fetch(a_card(upstream.url), ["test"])
    assert path.read_bytes() == TEST
    assert upstream.requests == requests
    assert not path.with_name("test.jsonl.part").exists()


def test_after_too_many_drops_the_part_is_kept(upstream: Upstream, cache: Path) -> None:
    upstream.plan = ["drop"] * 3
    with pytest.raises(CorpusError, match=r"the connection closed after 24 of 63 bytes; .*--base-url"):
        fetch(a_card(upstream.url), ["test"])
    assert (cache / "toy" / "test.jsonl.part").read_bytes() == TEST[:24]
    (path,) = fetch(a_card(upstream.url), ["test"])
    assert path.read_bytes() == TEST
    assert upstream.requests[-1] == "bytes=24-"


@pytest.mark.parametrize("code", ["404", "403", "416"])
def test_a_refusal_is_not_repeated(upstream: Upstream, code: str) -> None:
    upstream.plan = [code]
    with pytest.raises(CorpusError, match=rf"{upstream.url}up/dev%201.jsonl: cannot be fetched: HTTP {code} "):
        fetch(a_card(upstream.url), ["dev"])
    assert len(upstream.requests) == 1


def test_nobody_listens(upstream: Upstream) -> None:
    upstream.server_close()
    with pytest.raises(CorpusError, match=r"cannot be fetched: .*refused"):
        fetch(a_card(upstream.url), ["dev"])


def test_an_error_without_words(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[float] = []

    def silent(request: object, timeout: float) -> object:
        calls.append(timeout)
        raise TimeoutError

    monkeypatch.setattr("urllib.request.urlopen", silent)
    with pytest.raises(CorpusError, match="cannot be fetched: TimeoutError; "):
        fetch(a_card("http://upstream/"), ["dev"])
    assert calls == [download.TIMEOUT] * 3


def test_a_wrong_file_is_not_kept(upstream: Upstream, cache: Path) -> None:
    upstream.files["/up/dev%201.jsonl"] = b"other"
    with pytest.raises(CorpusError) as caught:
        fetch(a_card(upstream.url), ["dev"])
    message = str(caught.value)
    assert all(part in message for part in (upstream.url, sha(DEV), sha(b"other"), "Run again", "mirror"))
    assert [path.name for path in (cache / "toy").iterdir()] == [".lock"]


def test_all_names_are_checked_before_the_first_byte(upstream: Upstream) -> None:
    with pytest.raises(InputError, match="no split 'x'"):
        fetch(a_card(upstream.url), ["dev", "x"])
    assert upstream.requests == []


def test_nothing_to_fetch() -> None:
    with pytest.raises(InputError, match="dataset scierc: its card lists no files"):
        fetch(load_card("scierc"))
    with pytest.raises(CorpusError, match=r"names no place to fetch dev\.jsonl from; give one with --base-url"):
        fetch(a_card())
    with pytest.raises(InputError, match="base url 'ftp://x': expected http://, https:// or file://"):
        fetch(a_card(), base_url="ftp://x")


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_mirror_on_disk(tmp_path: Path, slash: str) -> None:
    mirror = tmp_path / "a mirror"
    (mirror / "up").mkdir(parents=True)
    (mirror / "up" / "dev 1.jsonl").write_bytes(DEV)
    url = f"file://{mirror}{slash}"
    (path,) = fetch(a_card("http://upstream/"), ["dev"], base_url=url)
    assert path.read_bytes() == DEV
    with pytest.raises(CorpusError, match=r"cannot be fetched: .*No such file or directory"):
        fetch(a_card(), ["test"], base_url=url)


# Disk and locks


def test_a_folder_that_cannot_be_made(upstream: Upstream, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CorpusError, match=r"toy: cannot be written: Not a directory; .*--cache-dir"):
        fetch(a_card(upstream.url), cache_dir=tmp_path / "file")


def test_read_only_folder(upstream: Upstream, tmp_path: Path) -> None:
    put(tmp_path, "dev.jsonl", DEV)
    (tmp_path / "toy").chmod(0o555)
    if os.access(tmp_path / "toy", os.W_OK):
        pytest.skip("root may write into read-only folders")
    try:
        assert fetch(a_card(upstream.url), ["dev"], cache_dir=tmp_path) == [tmp_path / "toy" / "dev.jsonl"]
        with pytest.raises(CorpusError, match="cannot be written: Permission denied"):
            fetch(a_card(upstream.url), ["test"], cache_dir=tmp_path)
    finally:
        (tmp_path / "toy").chmod(0o755)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full to stand for a full disk")
def test_full_disk(upstream: Upstream, cache: Path) -> None:
    (cache / "toy").mkdir(parents=True)
    (cache / "toy" / "dev.jsonl.part").symlink_to("/dev/full")
    with pytest.raises(CorpusError, match=r"dev\.jsonl\.part: cannot be written: No space left on device; make room"):
        fetch(a_card(upstream.url), ["dev"])
    assert len(upstream.requests) == 1


def test_the_final_name_is_taken_by_a_folder(upstream: Upstream, cache: Path) -> None:
    (cache / "toy" / "dev.jsonl" / "x").mkdir(parents=True)
    with pytest.raises(CorpusError, match=r"dev\.jsonl: cannot be written: Is a directory"):
        fetch(a_card(upstream.url), ["dev"], force=True)


def test_without_locks(upstream: Upstream, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    upstream.plan = ["drop"] * 3
    with pytest.raises(CorpusError, match="the connection closed"):
        fetch(a_card(upstream.url), ["test"])
    assert [path.name for path in (cache / "toy").iterdir()] == [".lock"]
    (path,) = fetch(a_card(upstream.url), ["test"])
    assert path.read_bytes() == TEST
    assert sorted(path.name for path in (cache / "toy").iterdir()) == [".lock", "test.jsonl"]


def test_the_file_arrived_while_waiting(upstream: Upstream, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other_process(handle: object) -> bool:
        put(cache, "dev.jsonl", DEV)
        return True

    monkeypatch.setattr(store, "_lock", other_process)
    assert fetch(a_card(upstream.url), ["dev"]) == [cache / "toy" / "dev.jsonl"]
    assert upstream.requests == []


def test_two_processes_fetch_one_file(upstream: Upstream, cache: Path) -> None:
    upstream.plan = ["gate"]  # the one that comes first is held until both have started
    code = (
        "import sys\n"
        "from sciie_eval.cards import Card\n"
        "from sciie_eval.store import fetch\n"
        "print('ready', flush=True)\n"
        "print(fetch(Card.model_validate_json(sys.argv[1]), ['test'])[0])\n"
    )
    command = [sys.executable, "-c", code, a_card(upstream.url).model_dump_json(by_alias=True)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    upstream.gate.set()
    target = cache / "toy" / "test.jsonl"
    assert [process.communicate(timeout=60)[0] for process in both] == [f"{target}\n"] * 2
    assert [process.returncode for process in both] == [0, 0]
    assert target.read_bytes() == TEST
    assert upstream.requests == [None]


# The real corpus


@needs_corpus
def test_the_corpus_is_what_the_card_says() -> None:
    states = {split: status for split, _, status in verify(load_card("scier"), data_dir=Path(str(CORPUS)))}
    assert "altered" not in states.values()
    assert [states[split] for split in ("train", "dev", "test", "test_ood")] == ["ok"] * 4


@needs_corpus
def test_the_corpus_comes_from_a_mirror_with_upstream_paths(tmp_path: Path) -> None:
    card = load_card("scier")
    held = Path(str(CORPUS)) / "scier"
    for file in card.splits.values():
        (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
        if (held / file.local).exists():
            (tmp_path / file.path).symlink_to(held / file.local)
    (path,) = fetch(card, ["dev"], base_url=f"file://{tmp_path}")
    assert path == split_path(card, "dev")
