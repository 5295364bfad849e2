"""A command as a process: whatever ends it, there is an exit code and at most one line on standard error.

Exit codes: 0 done, 1 wrong input (or nowhere to write to), 2 wrong usage, 130 interrupted (SIGINT), 143 terminated
(SIGTERM), 129 hung up (SIGHUP). A signal reaches a command as an exception, so that what it has half written is taken
away; before a command runs, and when it is already ending, there is nothing to take away, and the process ends at once.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

__all__ = ["SIGNALS", "begin", "ended"]

SIGNALS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up"}
"""What ends a command from outside (Windows has no SIGHUP), and how that is said."""
STREAMS = (("stdin", "r", os.O_RDONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_WRONLY))
"""What stands in for a stream that is closed: writing to such a standard output fails, for what is lost must be said;
standard error, where it would be said, takes everything and keeps nothing."""


def begin(program: str) -> None:
    """Take the first moments in hand, while a command's modules are imported: no interrupt ends in a traceback.

    Args:
        program: what the line on standard error begins with.
    """
    for name, mode, flags in STREAMS:
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, flags)  # the lowest that is free: that of the stream
            raw = io.FileIO(handle, mode, closefd=False)  # keeps nothing back that would be written when all is over
            setattr(sys, name, io.TextIOWrapper(raw, encoding="utf-8", write_through=True))
    _Watch(program, ["SIGINT"]).take(_Watch.leave)


@contextmanager
def ended(program: str, signals: Sequence[str] = tuple(SIGNALS)) -> Iterator[None]:
    """Give whatever ends a command its exit code, and its line.

    Args:
        program: what the line begins with.
        signals: the keys of `SIGNALS` that are to end it in order; one that the process ignores stays ignored.

    Raises:
        SystemExit: with the exit code, for errors of this package, of the system and for signals.

    >>> from sciie_eval.exceptions import UsageError
    >>> with ended("sciie-eval"):
    ...     raise UsageError("--split needs --dataset")  # which is said on standard error
    Traceback (most recent call last):
    SystemExit: 2
    """
    from sciie_eval.exceptions import InputError, UsageError

    watch = _Watch(program, signals)
    try:
        with watch:
            yield
    except UsageError as error:
        sys.exit(_said(program, str(error), 2))
    except InputError as error:
        sys.exit(_said(program, str(error), 1))
    except OSError as error:  # reading and writing files raises InputError, so this is what all commands write to
        where = error.filename or "standard output"
        sys.exit(_said(program, f"{where}: {error.strerror or error}; check it and run again", 1))
    except MemoryError:
        sys.exit(_said(program, "not enough memory; give fewer files at a time, or a larger machine", 1))
    except (KeyboardInterrupt, SystemExit):
        if watch.caught is None:
            raise
        sys.exit(_said(program, SIGNALS[signal.Signals(watch.caught).name], 128 + watch.caught))


class _Watch:
    """Heeds signals while a command runs, and gives back what it found.

    Attributes:
        caught: the first signal that came.
    """

    def __init__(self, program: str, signals: Sequence[str]) -> None:
        self._program, self._pid = program, os.getpid()
        self._numbers = [getattr(signal, name) for name in signals if hasattr(signal, name)]
        self._found: dict[int, Any] = {}
        self.caught: int | None = None

    def take(self, handler: Any) -> None:
        """Handle the signals; one that is ignored stays so, and so do all outside the main thread."""
        for number in self._numbers:
            found = signal.getsignal(number)
            ours = getattr(found, "__qualname__", "").startswith(f"{_Watch.__name__}.")
            if ours or found in (signal.SIG_DFL, signal.default_int_handler):
                try:
                    self._found.setdefault(number, signal.signal(number, handler.__get__(self)))
                except ValueError:  # only the main thread may
                    return

    def leave(self, number: int, _: FrameType | None = None) -> None:
        """End the process at once."""
        with suppress(OSError):
            os.write(2, f"{self._program}: {SIGNALS[signal.Signals(number).name]}\n".encode())
        os._exit(128 + number)

    def stop(self, number: int, _: FrameType | None = None) -> None:
        """End the command by an exception; a second signal ends the process at once."""
        if os.getpid() != self._pid:  # a child of the command, which is none of ours
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self.caught = number
        self.take(_Watch.leave)
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    def _unraisable(self, found: Any) -> None:
        """An exception that came where none can be raised, such as in a finalizer, would be printed and forgotten."""
        if self.caught is not None and issubclass(found.exc_type, KeyboardInterrupt | SystemExit):
            self.leave(self.caught)
        self._hook(found)

    def __enter__(self) -> None:
        self._hook = sys.unraisablehook
        sys.unraisablehook = self._unraisable
        self.take(_Watch.stop)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._found.items():
            signal.signal(number, handler)
        sys.unraisablehook = self._hook


def _said(program: str, message: str, code: int) -> int:
    """Say it in one line; the exit code, for the caller."""
    with suppress(OSError):  # of standard error: there is nowhere else to say it, and the exit code still tells
        sys.stderr.write(f"{program}: {' '.join(message.split())}\n")
        sys.stderr.flush()
    return code
