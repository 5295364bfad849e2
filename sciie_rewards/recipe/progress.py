"""Bars and live figures on a terminal; elsewhere nothing, since a log is no place for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sciie_rewards.recipe.checkpoints import Callback

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["StepBar", "bar"]

SHOWN = {"loss": "loss", "reward": "reward", "dev/ner_f1": "dev ner", "dev/rel_f1": "dev rel"}
"""Figures beside the bar of a training, and what they are called there."""


@contextmanager
def bar(console: Console, title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar that is moved by calling it with how much more is done."""
    with _progress(console) as progress:
        task = progress.add_task(title, total=total, figures="")
        yield lambda number: progress.advance(task, number)


class StepBar(Callback):
    """A bar over the steps of a trainer, with its last figures."""

    def __init__(self, console: Console, title: str) -> None:
        self._progress, self._title = _progress(console), title
        self._figures: dict[str, float] = {}
        self._task: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **named: object) -> None:
        """The trainer starts, possibly in the middle."""
        del args, control, named
        self._task = self._progress.add_task(self._title, total=state.max_steps, figures="")
        self._progress.update(self._task, completed=state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **named: object) -> None:
        """One step more."""
        del args, control, named
        self._progress.update(self._task, completed=state.global_step)

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **named: object
    ) -> None:
        """New figures."""
        del args, state, control, named
        self._figures.update({SHOWN[name]: value for name, value in (logs or {}).items() if name in SHOWN})
        text = "  ".join(f"{name} {value:.3f}" for name, value in self._figures.items())
        self._progress.update(self._task, figures=text)

    def __enter__(self) -> StepBar:
        """Show the bar."""
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Take it away, whatever happened."""
        self._progress.stop()


def _progress(console: Console) -> Any:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
