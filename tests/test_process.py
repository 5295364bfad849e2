"""What ends a command: exit codes, one line, and signals given back as they were found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from toy import environment

from sciie_eval import process
from sciie_eval.exceptions import InputError, UsageError
from sciie_eval.process import SIGNALS, ended

NUMBERS = [signal.Signals[name] for name in SIGNALS]


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """No signal is ignored at first, as some are where the tests run in the background."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    for number in NUMBERS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def raising(error: BaseException) -> int:
    """The exit code of a command that ends this way."""
    with pytest.raises(SystemExit) as caught, ended("prog"):
        raise error
    return int(caught.value.code or 0)


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("one\ntwo\n  three"), 1, "prog: one two three\n"),
        (UsageError("no"), 2, "prog: no\n"),
        (OSError(28, "No space left on device"), 1, "prog: standard output: No space left on device; check it and run"),
        (OSError(28, "No space left on device", "x"), 1, "prog: x: No space left on device; check it and run again\n"),
        (MemoryError(), 1, "prog: not enough memory; "),
        (SystemExit(3), 3, ""),
    ],
)
def test_errors(error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(error) == code
    said = capsys.readouterr().err
    assert said.startswith(line)
    assert said.count("\n") == int(bool(line))


def test_other_errors_are_not_hidden() -> None:
    for error in (KeyError("x"), KeyboardInterrupt()):
        with pytest.raises(type(error)), ended("prog"):
            raise error


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_signals(number: signal.Signals, capsys: pytest.CaptureFixture[str]) -> None:
    before = [signal.getsignal(one) for one in NUMBERS]
    cleaned = []

    def work() -> None:
        try:
            signal.raise_signal(number)
        finally:
            cleaned.append(number)

    with pytest.raises(SystemExit) as caught, ended("prog"):
        work()
    assert (caught.value.code, cleaned) == (128 + number, [number])
    assert capsys.readouterr().err == f"prog: {SIGNALS[number.name]}\n"
    assert [signal.getsignal(one) for one in NUMBERS] == before


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As with ``nohup``."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended("prog"):
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    codes = []
    thread = threading.Thread(target=lambda: codes.append(raising(UsageError("no"))))
    thread.start()
    thread.join()
    assert codes == [2]


class Left(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """`os._exit` raises; returns what was said."""

    def leave(code: int) -> None:
        raise Left(code)

    monkeypatch.setattr(os, "_exit", leave)
    return lambda: capfd.readouterr().err


def test_a_second_signal_ends_the_process_at_once(left: Callable[[], str]) -> None:
    def work() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Left, match="143"), ended("prog"):
        work()
    assert left() == "prog: terminated\n"


def test_an_interrupt_that_python_would_forget(left: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception in a finalizer goes to a hook, and no further."""
    others: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", others.append)
    other = SimpleNamespace(exc_type=ValueError)

    def work() -> None:
        sys.unraisablehook(other)  # type: ignore[arg-type]
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            sys.unraisablehook(SimpleNamespace(exc_type=KeyboardInterrupt))  # type: ignore[arg-type]

    with pytest.raises(Left, match="130"), ended("prog"):
        work()
    assert others == [other]
    assert left() == "prog: interrupted\n"


def test_before_a_command_runs_there_is_nothing_to_take_away(left: Callable[[], str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        process.begin("prog")
        with pytest.raises(Left, match="130"):
            signal.raise_signal(signal.SIGINT)
        assert left() == "prog: interrupted\n"
        with pytest.raises(SystemExit), ended("prog"):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(Left, match="130"):  # nor afterwards
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


CHILD = """
import os, signal
from sciie_eval.process import ended
with ended("prog"):
    child = os.fork()
    if not child:
        signal.raise_signal(signal.SIGTERM)
        os._exit(0)
    print(os.WTERMSIG(os.waitpid(child, 0)[1]))
"""


def test_a_child_of_the_command_ends_as_it_would_without() -> None:
    """A worker that is terminated has no part in what the command has to take away."""
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, env=environment(), check=True)
    assert (done.stdout, done.stderr) == (f"{int(signal.SIGTERM)}\n", "")
