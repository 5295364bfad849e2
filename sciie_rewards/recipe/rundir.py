"""The folder of a run: what its stages were made with, which of them are done, and the manifest.

A stage leaves a mark beside its files, with exactly the settings that it depends on, its start's among them. A mark
that says something else than the settings at hand stops the run before anything is mixed.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sciie_eval.exceptions import InputError, brief
from sciie_eval.files import write_whole
from sciie_eval.signature import package_version
from sciie_rewards.recipe.config import Recipe
from sciie_rewards.settings import yaml_module

__all__ = ["Mark", "RunDir", "as_mapping", "as_yaml", "digest_of", "is_main_process"]

PACKAGES = ("torch", "trl", "transformers", "peft", "datasets", "tokenizers", "accelerate", "vllm", "numpy")
_ABSENT = object()


def is_main_process() -> bool:
    """Whether this is the one process, or of several started by ``accelerate`` the one that writes marks."""
    return os.environ.get("RANK", "0") == "0"


def digest_of(settings: Mapping[str, Any]) -> str:
    """A hash of settings, 64 hexadecimal digits, the same whatever their order."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Mark:
    """What a stage was made with, in a file of its own.

    Attributes:
        path: of the mark.
        product: what the stage makes; without it the stage is not done.
        begun: what the stage goes on from after an interruption; without it and the product there is nothing to mix.
        delete: the folder to delete to make the stage anew, which the mark is in.
    """

    path: Path
    product: Path
    begun: tuple[Path, ...]
    delete: Path

    def is_done(self, stage: str, settings: Mapping[str, Any]) -> bool:
        """Whether the stage is done with these settings.

        Raises:
            InputError: it is done, or begun, with others; names the first that changed, and what to do.
        """
        if not self.product.exists() and not any(map(_holds_something, self.begun)):
            return False
        found = self._read()
        if found is None:
            return False
        changed = _first_change(found.get("settings", {}), json.loads(json.dumps(settings, default=str)))
        if changed is not None:
            name, old, new = changed
            raise InputError(
                f"{stage}: {name} has changed since this stage was {'done' if found.get('done') else 'begun'}, from "
                f"{old} to {new}; give another folder (output_dir=DIR), or delete {self.delete} to make it anew"
            )
        return bool(found.get("done")) and self.product.exists()

    def write(self, settings: Mapping[str, Any], *, done: bool) -> None:
        """Say that the stage is begun or done."""
        if not is_main_process():
            return
        value = {"done": done, "digest": digest_of(settings), "settings": settings}
        _make(self.path.parent)
        write_whole(self.path, [json.dumps(value, indent=2, ensure_ascii=False, default=str), "\n"])

    def _read(self) -> dict[str, Any] | None:
        try:
            value = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise InputError(f"{self.path}: cannot be read; delete {self.delete} to make this stage anew") from None
        return value if isinstance(value, dict) else None


@dataclass(frozen=True)
class RunDir:
    """The folder of a run: ``config.yaml``, ``manifest.json``, ``base/``, one folder a system, ``tables/``."""

    path: Path

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Make the folder, see that it can be written, and keep other processes out of it.

        Raises:
            InputError: it cannot be made or written, or another process is at work in it.
        """
        if not is_main_process():
            yield
            return
        _make(self.path)
        try:
            stream = (self.path / ".lock").open("ab")
        except OSError as error:
            raise _unwritable(self.path, error) from None
        with stream:
            if not _locked(stream.fileno()):
                raise InputError(f"{self.path}: another process is at work in this folder; wait for it to end")
            yield

    def write_config(self, recipe: Recipe) -> None:
        """Write the resolved settings, which `load_recipe` reads."""
        if is_main_process():
            write_whole(self.path / "config.yaml", [as_yaml(recipe)])

    def write_manifest(self, recipe: Recipe, data: Mapping[str, Any], command: Sequence[str]) -> None:
        """Write what the run's numbers depend on; every start is added to those before.

        Args:
            recipe: the settings.
            data: the sentences by split.
            command: the arguments as they were typed.
        """
        if not is_main_process():
            return
        start = {
            "time": _now(),
            "command": shlex.join(["sciie-rewards", *command]),
            "versions": _versions(),
            "git": _git_revision(),
        }
        value = {
            "seed": recipe.seed,
            "data": data,
            "machine": _machine(),
            "starts": [*self._starts(), start],
            "config": as_mapping(recipe),
        }
        write_whole(self.path / "manifest.json", [json.dumps(value, indent=2, ensure_ascii=False), "\n"])

    def _starts(self) -> list[Any]:
        try:
            found = json.loads((self.path / "manifest.json").read_text(encoding="utf-8"))["starts"]
        except (OSError, ValueError, KeyError, TypeError):
            return []
        return found if isinstance(found, list) else []


def as_mapping(recipe: Recipe) -> dict[str, Any]:
    """The resolved settings as plain values."""
    return recipe.model_dump(mode="json", by_alias=True)


def as_yaml(recipe: Recipe) -> str:
    """The resolved settings as a configuration file."""
    text: str = yaml_module().safe_dump(as_mapping(recipe), sort_keys=False, allow_unicode=True, width=110)
    return text


def _holds_something(path: Path) -> bool:
    """A file, or a folder with one in it: trainers make empty folders before they do anything."""
    return path.is_file() or any(inner.is_file() for inner in path.rglob("*"))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"{folder}: cannot be written: {error.strerror or error}; choose another folder with output_dir=DIR"
    )


def _locked(handle: int) -> bool:
    """Whether the lock is ours; where the system or the file system has no locks, nobody else has it either."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _first_change(old: Any, new: Any, name: str = "") -> tuple[str, str, str] | None:
    """The first setting that differs, with both values."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*new, *(key for key in old if key not in new)]:
            place = f"{name}.{key}" if name else str(key)
            found = _first_change(old.get(key, _ABSENT), new.get(key, _ABSENT), place)
            if found is not None:
                return found
        return None
    return None if old == new else (name, _shown(old), _shown(new))


def _shown(value: object) -> str:
    return "nothing" if value is _ABSENT else brief(value, 60)


def _now() -> str:
    return datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds")


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "sciie-eval": package_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _machine() -> dict[str, Any]:
    found: dict[str, Any] = {"platform": platform.machine(), "cores": os.cpu_count()}
    torch = sys.modules.get("torch")  # not imported for this: it takes seconds, and tables need no GPU
    if torch is not None and torch.cuda.is_available():
        found["gpus"] = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return found


def _git_revision() -> str | None:
    """The revision of the checkout that this package is in, with ``+`` when files have changed; None elsewhere."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        found = _git(root, "rev-parse", "HEAD")
        return found + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.strip()
