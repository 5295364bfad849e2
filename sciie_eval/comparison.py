"""Two or more systems on the same sentences: paired tests, differences per type and per kind of error, won and lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sciie_eval.counting import Counts
from sciie_eval.error_comparison import ErrorChanges, Kinds, compare_kinds, kinds_of
from sciie_eval.exceptions import InputError
from sciie_eval.matching import Match
from sciie_eval.paired_tests import Comparison, compare_counts, holm
from sciie_eval.results import CorpusScore
from sciie_eval.rules import Task
from sciie_eval.schema import Example, Extraction
from sciie_eval.scoring import Prediction, tally_predictions
from sciie_eval.settings import Settings
from sciie_eval.sides import Item
from sciie_eval.stats import cluster_difference_interval, cluster_totals

__all__ = ["Change", "System", "SystemComparison", "TaskComparison", "compare", "compare_systems", "difference"]

FIELDS: dict[Task, int] = {"ner": 2, "rel": 3, "rel+": 5}
"""Fields of an item that say what it is; with multisets the number of the repetition follows."""


@dataclass(frozen=True)
class System:
    """One system's results, as `compare_systems` needs them.

    Attributes:
        name: what to call it.
        score: its scores.
        matches: what was matched in each sentence.
        examples: the sentences, in the same order.
    """

    name: str
    score: CorpusScore
    matches: Sequence[Mapping[Task, Match]] = field(repr=False)
    examples: Sequence[Example] = field(repr=False)


@dataclass(frozen=True)
class Change:
    """A gold item that only one of two systems found."""

    id: str
    item: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"id": self.id, "item": list(self.item)}


@dataclass(frozen=True)
class TaskComparison:
    """One task of one system beside the baseline.

    Attributes:
        baseline: counts of the baseline.
        other: counts of the system.
        test: difference, interval and p-values; None where an F1 is undefined.
        p_holm: both p-values after Holm's correction over the systems compared, by kind of test.
        by_type: (baseline, system) counts per type.
        won: gold items that the system found and the baseline did not.
        lost: the other way round.
        errors: how the kinds of error differ; None where there are none to tell (compat, partial credit).
    """

    baseline: Counts
    other: Counts
    test: Comparison | None
    p_holm: dict[str, float] | None
    by_type: dict[str, tuple[Counts, Counts]]
    won: tuple[Change, ...]
    lost: tuple[Change, ...]
    errors: ErrorChanges | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "baseline_f1": self.baseline.f1,
            "f1": self.other.f1,
            **(_undefined() if self.test is None else {**self.test._asdict(), "ci": list(self.test.ci)}),
            "p_holm": self.p_holm,
            "by_type": {
                name: {"baseline_f1": one.f1, "f1": two.f1, "delta": difference(one, two)}
                for name, (one, two) in self.by_type.items()
            },
            "errors": None if self.errors is None else self.errors.to_dict(),
            "won": [change.to_dict() for change in self.won],
            "lost": [change.to_dict() for change in self.lost],
        }


@dataclass(frozen=True)
class SystemComparison:
    """One system beside the baseline, task by task (None where a task was not scored on both sides)."""

    name: str
    tasks: dict[Task, TaskComparison | None]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        tasks = {task: None if found is None else found.to_dict() for task, found in self.tasks.items()}
        return {"name": self.name, "tasks": tasks}


def difference(one: Counts, two: Counts) -> float | None:
    """F1 of the second minus F1 of the first; None where either is undefined."""
    return None if one.f1 is None or two.f1 is None else two.f1 - one.f1


def compare(
    gold: Sequence[Example | Extraction | Mapping[str, Any]],
    baseline: Sequence[Prediction] | Mapping[str, Prediction],
    *others: Sequence[Prediction] | Mapping[str, Prediction],
    **settings: Any,
) -> list[SystemComparison]:
    """Compare one or more systems with a baseline on the same sentences.

    Args:
        gold: one item a sentence, as for `scoring.score`.
        baseline: its predictions, likewise.
        *others: predictions of the systems to compare with it.
        **settings: the fields of `Settings`.

    Returns:
        One comparison a system, named ``system 1``, ``system 2``, … in the order given.

    >>> gold = [{"ner": [["BERT", "Method"]]}] * 30
    >>> found = compare(gold, [{"ner": []}] * 30, gold)[0].tasks["ner"]
    >>> found.test.delta, len(found.won), found.test.p_randomization < 0.01
    (1.0, 30, True)
    """
    how = Settings.of(**settings)
    systems = []
    for number, predicted in enumerate((baseline, *others)):
        tallied = tally_predictions(gold, predicted, how, keep=True)
        name = f"system {number}" if number else "baseline"
        systems.append(System(name, tallied.score(signature_of_tests(how)), tallied.tally.matches, tallied.examples))
    return compare_systems(systems[0], systems[1:], how)


def signature_of_tests(settings: Settings) -> str:
    """The field that the signature of a compared system has beyond that of a score."""
    return f"test:bootstrap{settings.bootstrap}.randomization{settings.bootstrap}.seed{settings.seed}"


def compare_systems(baseline: System, others: Sequence[System], settings: Settings) -> list[SystemComparison]:
    """Compare every system with the baseline.

    Raises:
        InputError: the systems were not scored on the same sentences, or ids do not tell these apart; or there are
            no documents to resample.
    """
    if settings.cluster == "doc_id" and baseline.score.sentences.n_documents < 2:
        raise InputError("cluster=doc_id resamples documents, and the sentences name fewer than two (field doc_id)")
    for other in others:
        if other.score.items != baseline.score.items:
            raise InputError(
                f"{baseline.name} is compared with gold by {baseline.score.items} and {other.name} by "
                f"{other.score.items}; give gold in string form, such as --dataset scier --split test"
            )
    places = [_places(baseline, other) for other in others]
    found: list[dict[Task, TaskComparison | None]] = [{} for _ in others]
    kinds = [_kinds(system, settings) for system in (baseline, *others)]
    for task in settings.tasks:
        changes = _error_changes(task, kinds, others, places, settings)
        tests = [_test(baseline, other, task, at, settings) for other, at in zip(others, places, strict=True)]
        corrected = _corrected(tests)
        for number, (other, at) in enumerate(zip(others, places, strict=True)):
            compared = _task(baseline, other, task, at, tests[number], corrected[number])
            found[number][task] = compared and replace(compared, errors=changes[number])
    return [SystemComparison(other.name, tasks) for other, tasks in zip(others, found, strict=True)]


def _kinds(system: System, settings: Settings) -> Kinds | None:
    sentences = [example.sentence for example in system.examples]
    return kinds_of(system.matches, sentences, settings, system.score.items == "offsets")


def _error_changes(
    task: Task, kinds: Sequence[Kinds | None], others: Sequence[System], places: Sequence[list[int]], settings: Settings
) -> Sequence[ErrorChanges | None]:
    """Of every system; the baseline's items are put into its order."""
    known = [some[task] for some in kinds if some is not None]
    if len(known) < len(kinds):
        return [None] * len(others)
    before = [[known[0][place] for place in at] for at in places]
    return compare_kinds(task, before, known[1:], [other.score.documents for other in others], settings)


def _places(baseline: System, other: System) -> list[int]:
    """Where the sentences of a system stand in the baseline's order."""
    ours, theirs = ([example.id for example in system.examples] for system in (baseline, other))
    if ours == theirs:
        return list(range(len(ours)))
    order = {name: place for place, name in enumerate(ours)}
    if set(theirs) != set(order):
        raise InputError(f"{other.name}: not scored on the same sentences as {baseline.name}")
    if not len(ours) == len(theirs) == len(order):
        raise InputError(
            f"{other.name}: several sentences have one id, and they are not in the order of {baseline.name}"
        )
    return [order[name] for name in theirs]


def _test(baseline: System, other: System, task: Task, places: list[int], settings: Settings) -> Comparison | None:
    if baseline.score.tasks.get(task) is None or other.score.tasks.get(task) is None:
        return None
    one, two = baseline.score.counts[task][places], other.score.counts[task]
    documents = None
    if settings.cluster == "doc_id":
        both = cluster_totals(np.hstack([one, two]), other.score.documents)
        one, two = both[:, :3], both[:, 3:]
        documents = cluster_difference_interval(one, two, level=settings.ci)
    test = compare_counts(one, two, level=settings.ci, resamples=settings.bootstrap, seed=settings.seed)
    return test if test is None or documents is None else test._replace(ci=documents)


def _corrected(tests: Sequence[Comparison | None]) -> list[dict[str, float] | None]:
    """Holm-corrected p-values, each kind of test apart; the family is the systems that were tested."""
    tested = [test for test in tests if test is not None]
    bootstrap = iter(holm([test.p_bootstrap for test in tested]))
    randomization = iter(holm([test.p_randomization for test in tested]))
    return [
        None if test is None else {"bootstrap": next(bootstrap), "randomization": next(randomization)} for test in tests
    ]


def _task(
    baseline: System,
    other: System,
    task: Task,
    places: list[int],
    test: Comparison | None,
    p_holm: dict[str, float] | None,
) -> TaskComparison | None:
    one, two = baseline.score.tasks.get(task), other.score.tasks.get(task)
    if one is None or two is None:
        return None
    won: list[Change] = []
    lost: list[Change] = []
    for place, example, matches in zip(places, other.examples, other.matches, strict=True):
        before, after = baseline.matches[place][task].found(), matches[task].found()
        won.extend(_changes(after - before, task, example))
        lost.extend(_changes(before - after, task, example))
    nothing = Counts(0, 0, 0)
    types = [*one.by_type, *(name for name in two.by_type if name not in one.by_type)]
    return TaskComparison(
        baseline=one.counts,
        other=two.counts,
        test=test,
        p_holm=p_holm,
        by_type={name: (one.by_type.get(name, nothing), two.by_type.get(name, nothing)) for name in types},
        won=tuple(won),
        lost=tuple(lost),
    )


def _changes(items: set[Item], task: Task, example: Example) -> list[Change]:
    shown = (tuple(_shown(part, example.sentence) for part in item[: FIELDS[task]]) for item in items)
    return [Change(example.id, item) for item in sorted(shown)]


def _shown(part: object, sentence: str) -> str:
    """A field of an item as text: offsets as what stands there, several types joined."""
    if isinstance(part, tuple):
        return sentence[part[0] : part[1]] if isinstance(part[0], int) else "|".join(part)
    return str(part)


def _undefined() -> dict[str, None]:
    return dict.fromkeys(Comparison._fields)
