"""Where dataset files live and how they get there; every file is checked against its card each time it is asked for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from sciie_eval.cards import Card, SplitFile, list_cards
from sciie_eval.download import OnBytes, download, writing
from sciie_eval.exceptions import CorpusError, InputError

__all__ = ["Progress", "Status", "cache_root", "data_dirs", "fetch", "split_path", "verify"]

Progress = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes there so far and the bytes expected (None when the server does not say)."""
Status = Literal["ok", "absent", "altered"]


def cache_root() -> Path:
    """Return the folder that downloads go to: $SCIIE_CACHE_DIR, $XDG_CACHE_HOME/sciie-eval or ~/.cache/sciie-eval."""
    return _folder("SCIIE_CACHE_DIR") or (_folder("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "sciie-eval"


def data_dirs(data_dir: Path | None = None) -> list[Path]:
    """Return the folders that are searched for ``<dataset>/<file>``, in order.

    Args:
        data_dir: searched first when given; then $SCIIE_DATA_DIR when set, then the cache.

    >>> data_dirs(Path("mine"))[0].name
    'mine'
    """
    return [folder for folder in (data_dir, _folder("SCIIE_DATA_DIR"), cache_root()) if folder is not None]


def split_path(card: Card, split: str, data_dir: Path | None = None) -> Path:
    """Return the path of a split's file, after checking its sha256.

    The first folder of `data_dirs` that has the file decides; a wrong file there is an error, not passed over.

    Args:
        card: the dataset.
        split: a name among ``card.splits``.
        data_dir: folder to look in first.

    Raises:
        InputError: the card has no such split (the known ones are listed).
        CorpusError: the file is absent or altered; the message says what to do.
    """
    file = _split_file(card, split)
    path, status = _look_up(card, file, data_dir)
    if status == "absent":
        raise CorpusError(_absent(card, split, data_dir))
    if status == "altered":
        raise CorpusError(
            f"{_differs(path, file)}; move it away, then {_fetch_hint(card, split) or 'put the right file there'}"
        )
    return path


def verify(
    card: Card, splits: Sequence[str] | None = None, data_dir: Path | None = None
) -> list[tuple[str, Path, Status]]:
    """Check the files of a dataset without raising for any of them.

    Args:
        card: the dataset.
        splits: names among ``card.splits``; None for all.
        data_dir: folder to look in first.

    Returns:
        (split, path, status) with status ``ok``, ``absent`` or ``altered``; the path of an absent file is the one in
        the cache, where `fetch` would put it.

    Raises:
        InputError: the card has no such split.
        CorpusError: a file is there but cannot be read.
    """
    names = list(card.splits) if splits is None else splits
    return [(name, *_look_up(card, _split_file(card, name), data_dir)) for name in names]


def fetch(
    card: Card,
    splits: Sequence[str] | None = None,
    *,
    base_url: str | None = None,
    cache_dir: Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Download the files of a dataset, verified; files that are there and right are not fetched again.

    An interrupted download is taken up where it stopped. Two processes may fetch the same file at once.

    Args:
        card: the dataset.
        splits: names among ``card.splits``; None for all.
        base_url: a mirror (http, https or file) that keeps the upstream paths; the card's own ``base_url`` by default.
        cache_dir: where ``<dataset>/<file>`` is written; `cache_root` by default.
        force: download even what is there, and replace a file that differs from the card.
        progress: called after every chunk.

    Returns:
        The paths, in the order of ``splits``.

    Raises:
        InputError: the card has no such split, lists no files, or ``base_url`` is not a url.
        CorpusError: network, disk or checksum failure, or a file in the way; the message says what to do.
    """
    names = list(card.splits) if splits is None else list(splits)
    if not names:
        raise InputError(f"dataset {card.name}: its card lists no files, so there is nothing to fetch")
    files = [_split_file(card, name) for name in names]
    folder = (cache_root() if cache_dir is None else cache_dir) / card.name
    return [_fetch_one(card, file, folder / file.local, base_url, force, progress) for file in files]


def _folder(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value).expanduser() if value else None


def _split_file(card: Card, split: str) -> SplitFile:
    if split not in card.splits:
        known = f"known splits: {', '.join(card.splits)}" if card.splits else "its card lists no files; give your own"
        raise InputError(f"dataset {card.name} has no split {split!r}; {known}")
    return card.splits[split]


def _look_up(card: Card, file: SplitFile, data_dir: Path | None) -> tuple[Path, Status]:
    path = Path()
    for folder in data_dirs(data_dir):
        path = folder / card.name / file.local
        if (status := _status(path, file)) != "absent":
            return path, status
    return path, "absent"


def _status(path: Path, file: SplitFile) -> Status:
    try:
        return "ok" if _sha256(path) == file.sha256 else "altered"
    except (FileNotFoundError, NotADirectoryError):
        return "absent"
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror or error}; check the permissions") from None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _differs(path: Path, file: SplitFile) -> str:
    return f"{path}: not the file that the card describes: expected sha256 {file.sha256}, found {_sha256(path)}"


def _absent(card: Card, split: str, data_dir: Path | None) -> str:
    others = any(status != "absent" for _, _, status in verify(card, data_dir=data_dir))
    looked = ", ".join(str(folder / card.name) for folder in data_dirs(data_dir))
    hint = _fetch_hint(card, split if others else None)
    if not hint:
        hint = f"put {card.splits[split].local} into one of them, or set SCIIE_DATA_DIR to the folder above {card.name}"
    return f"dataset {card.name}, split {split}: {card.splits[split].local} was not found in {looked}; {hint}"


def _fetch_hint(card: Card, split: str | None) -> str:
    """The command that downloads one split or all; empty when the card does not say from where."""
    if not card.base_url:
        return ""
    name = card.name if card.name in list_cards() else "<path of the card>"
    return f"run: sciie-eval datasets fetch {name}" + (f" --split {split}" if split else "")


def _fetch_one(
    card: Card, file: SplitFile, target: Path, base_url: str | None, force: bool, progress: Progress | None
) -> Path:
    if not force and _is_there(target, file):
        return target
    url = _url(card, file, base_url)
    with _locked(target.parent) as locked:
        if not force and _is_there(target, file):  # another process fetched it while this one waited
            return target
        part = target.with_name(f"{target.name}.part" if locked else f"{target.name}.{os.getpid()}.part")
        try:
            _bring(url, part, file, lambda done, total: progress(target.name, done, total) if progress else None)
            with writing(target):
                os.replace(part, target)
        finally:
            if not locked:
                part.unlink(missing_ok=True)  # its name is this process's own, so nobody would take it up again
    return target


def _bring(url: str, part: Path, file: SplitFile, on_bytes: OnBytes) -> None:
    """Download what the card describes; what was left of a download may be of another file, and is then begun anew."""
    for _ in range(2 if part.exists() else 1):
        download(url, part, on_bytes)
        with writing(part):
            found = _sha256(part)
            if found == file.sha256:
                return
            part.unlink()
    raise CorpusError(
        f"{url}: not the file that the card describes: expected sha256 {file.sha256}, found {found}; nothing was "
        "kept. Run again; if it stays so, the place has another version: use the card's own url or another mirror"
    )


def _is_there(target: Path, file: SplitFile) -> bool:
    status = _status(target, file)
    if status == "altered":
        raise CorpusError(f"{_differs(target, file)}; move it away, or fetch with --force to replace it")
    return status == "ok"


def _url(card: Card, file: SplitFile, base_url: str | None) -> str:
    from urllib.parse import quote

    base = card.base_url if base_url is None else base_url
    if not base:
        raise CorpusError(
            f"dataset {card.name}: its card names no place to fetch {file.local} from; give one with --base-url"
        )
    if not base.startswith(("http://", "https://", "file://")):
        raise InputError(f"base url {base!r}: expected http://, https:// or file://")
    return quote(f"{base.rstrip('/')}/{file.path}", safe="/:?&=%@[]~+,;!$'()*")


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Hold the folder's lock, or yield False where the system or the file system has no locks."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / ".lock").open("ab")
    with handle:
        yield _lock(handle)


def _lock(handle: IO[bytes]) -> bool:
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)
    except (ImportError, OSError):
        return False
    return True
