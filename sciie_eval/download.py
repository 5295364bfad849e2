"""A file from the network, brought to its full length whatever the connection does, and taken up where it broke off."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sciie_eval.exceptions import CorpusError

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from io import FileIO

__all__ = ["OnBytes", "download", "writing"]

OnBytes = Callable[[int, int | None], None]
"""Called with the bytes there so far and the bytes expected (None when the server does not say)."""

CHUNK = 1 << 16
TIMEOUT = 30.0
"""Seconds without a byte before a connection counts as lost."""
RETRY_PAUSES = (0.5, 1.5)
"""Seconds between attempts; one attempt more than there are pauses."""


def download(url: str, part: Path, on_bytes: OnBytes) -> None:
    """Bring a file to its full length; what it already holds is kept, also after a failure.

    Args:
        url: http, https or file.
        part: the file.
        on_bytes: called after every chunk.

    Raises:
        CorpusError: network or disk failure, or a url that is none; the message says what to do.
    """
    from http.client import HTTPException  # imported late: most runs never download

    pauses = iter(RETRY_PAUSES)
    while True:
        try:
            return _transfer(url, part, on_bytes)
        except CorpusError:  # the disk
            raise
        except (OSError, HTTPException) as error:
            pause = next(pauses, None)
            if pause is None or not _may_pass(error, url):
                raise CorpusError(
                    f"{url}: cannot be fetched: {_reason(error)}; check the connection and run again (a download that "
                    "broke off goes on where it stopped), or name a mirror with --base-url"
                ) from error
            time.sleep(pause)
        except ValueError as error:  # so do urls that are none, the server's own among them
            raise CorpusError(f"{url}: cannot be fetched: {_reason(error)}; check the url, or name another") from None


def _transfer(url: str, part: Path, on_bytes: OnBytes) -> None:
    response, done = _opened(url, part)
    with response:
        length = response.headers.get("Content-Length", "")
        total = done + int(length) if length.isdecimal() else None
        with writing(part):
            out = part.open("ab" if done else "wb", buffering=0)
        with out:
            while chunk := response.read1(CHUNK):  # what has come is written, whatever comes next
                with writing(part):
                    _write_all(out, chunk)
                done += len(chunk)
                on_bytes(done, total)
            with writing(part):
                os.fsync(out.fileno())
    if done < (1 if total is None else total):
        raise ConnectionError(f"the connection closed after {done} of {'some' if total is None else total} bytes")


def _opened(url: str, part: Path) -> tuple[HTTPResponse, int]:
    """Open the url where the part ends; a server that cannot go on from there sends the file from its start."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    offset = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "sciie-eval", **({"Range": f"bytes={offset}-"} if offset else {})}
    try:
        response: HTTPResponse = urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        error.close()
        if error.code != 416 or not offset:
            raise
    else:
        if response.status != 206 or not offset:
            return response, 0
        if response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
            return response, offset
        response.close()
    part.unlink()
    return _opened(url, part)


def _write_all(out: FileIO, chunk: bytes) -> None:
    """Write unbuffered, so that a full disk is met here and not when the file is closed."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[out.write(rest) :]


def _may_pass(error: Exception, url: str) -> bool:
    """Whether the same request may succeed a moment later."""
    code = getattr(error, "code", None)
    return not url.startswith("file:") and (code is None or code == 429 or code >= 500)


def _reason(error: Exception) -> str:
    if code := getattr(error, "code", None):
        return " ".join(f"HTTP {code} {getattr(error, 'reason', '')}".split())
    return str(getattr(error, "reason", "") or error) or type(error).__name__


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What goes wrong while a path of the cache is written is the disk's fault, and is said so.

    Raises:
        CorpusError: the path cannot be written; the message says what to do.
    """
    try:
        yield
    except OSError as error:
        raise CorpusError(
            f"{path}: cannot be written: {error.strerror or error}; "
            "make room there, or choose another folder with --cache-dir or SCIIE_CACHE_DIR"
        ) from None
