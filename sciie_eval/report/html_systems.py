"""What the HTML report needs of every prediction file: its scores, its curves over K, and all samples explained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sciie_eval.classification import Classified, Classifier
from sciie_eval.comparison import System, signature_of_tests
from sciie_eval.counting import GoldSentence, SentenceScorer
from sciie_eval.curve_results import SampleScores
from sciie_eval.evaluate import Evaluation, Gold, Reading, evaluate_file
from sciie_eval.evaluate_samples import evaluate_samples
from sciie_eval.exceptions import InputError
from sciie_eval.items import EMPTY, items_of
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.predictions import Joined, PredictionFile
from sciie_eval.report.html_data import gold_data, kind_of, pairs_of, sample_data
from sciie_eval.rules import Task
from sciie_eval.sampling import Sampling
from sciie_eval.scoring import read_prediction
from sciie_eval.settings import Settings
from sciie_eval.workers import PARTS, spread

__all__ = ["Findings", "Read", "explain", "read_system", "relations_of"]


class _KeptFile(PredictionFile):
    """A file that can be gone through several times: standard input, too, is read once."""

    kept: list[Joined] | None = None

    def __iter__(self) -> Iterator[Joined]:
        if self.kept is None:
            self.kept = list(super().__iter__())
        return iter(self.kept)


@dataclass(frozen=True)
class _Once(Reading):
    """Reads a file the first time it is opened and gives the same rows every time after."""

    opened: list[_KeptFile] = field(default_factory=list)

    def open(
        self, path: str | Path, settings: Settings, gold: Gold | None, *, gold_needed: bool = True
    ) -> PredictionFile:
        if not self.opened:
            examples = gold.examples if gold is not None else None
            self.opened.append(
                _KeptFile(
                    path,
                    settings.schema,
                    examples,
                    self.join,
                    self.skip_bad_lines,
                    self.on_bytes,
                    gold_needed=gold_needed,
                )
            )
        return self.opened[0]


@dataclass
class Read:
    """One prediction file.

    Attributes:
        system: its scores and matches, as comparisons take them.
        rows: its sentences with their samples, in the order in which they were counted.
        spans: whether offsets were compared.
        sample: which sample the scores are of.
        curves: over K, where sentences have several samples.
        notes: what to know beside the scores' warnings.
        found: in the scored samples.
    """

    system: System
    rows: list[Joined]
    spans: bool
    sample: int
    curves: SampleScores | None
    notes: list[str]
    found: Findings = field(default_factory=lambda: Findings())


@dataclass
class Findings:
    """What became of the items of some samples.

    Attributes:
        kinds: findings by task and kind.
        pairs: the same by `html_data.pairs_of`.
        audits: flags by code.
    """

    kinds: dict[Task, Counter[str]] = field(default_factory=dict)
    pairs: Counter[str] = field(default_factory=Counter)
    audits: Counter[str] = field(default_factory=Counter)

    def add(self, sample: Classified) -> None:
        """Count one sample in."""
        for finding in sample.findings:
            self.kinds.setdefault(finding.task, Counter())[kind_of(finding)] += 1
            self.pairs[pairs_of(finding)] += 1
        self.audits.update(flag.code for flag in sample.flags)

    def merge(self, other: Findings) -> None:
        """Add those of other samples."""
        for task, counter in other.kinds.items():
            self.kinds.setdefault(task, Counter()).update(counter)
        self.pairs.update(other.pairs)
        self.audits.update(other.audits)


def read_system(name: str, path: str | Path, settings: Settings, gold: Gold | None, reading: Reading) -> Read:
    """Read a file once and score it, with its curves where there are several samples.

    Raises:
        InputError: what is wrong with the file, where, and what to do.
    """
    once = _Once(reading.join, reading.skip_bad_lines, reading.sample, reading.on_bytes)
    found = evaluate_file(path, settings, gold, once, keep=True)
    rows = once.opened[0].kept or []
    curves, notes = None, []
    if any(len(row.samples) > 1 for row in rows):
        try:
            curves = evaluate_samples(path, settings, Sampling(), gold, once)
        except InputError as error:
            notes.append(f"no curves over K: {error}")
    return Read(_system(name, found, settings), rows, found.tally.scorer.spans, reading.sample, curves, notes)


def _system(name: str, found: Evaluation, settings: Settings) -> System:
    score = found.score(signature_of_tests(settings))
    return System(name, score, found.tally.matches, found.examples)


def relations_of(systems: Sequence[Read]) -> Task:
    """Relations are shown with the types of their arguments where every system was scored on these."""
    typed = all(read.system.score.tasks.get("rel+") is not None for read in systems)
    return "rel+" if typed else "rel"


def explain(systems: Sequence[Read], settings: Settings, workers: int = 1) -> list[dict[str, Any]]:
    """Every sentence with all samples of all systems as JSON; the findings of the scored samples are counted.

    Args:
        systems: the files.
        settings: how they were scored.
        workers: number of processes.
    """
    orders = [_by_occurrence(read.rows) for read in systems]
    task = partial(_explained, orders, [(read.spans, read.sample) for read in systems], relations_of(systems), settings)
    keys = list(orders[0])
    size = max(1, -(-len(keys) // (PARTS * workers)))
    sentences: list[dict[str, Any]] = []
    for told, found in spread(task, [keys[start : start + size] for start in range(0, len(keys), size)], workers):
        sentences += told
        for read, more in zip(systems, found, strict=True):
            read.found.merge(more)
    return sentences


def _explained(
    orders: Sequence[dict[tuple[str, int], Joined]],
    how: Sequence[tuple[bool, int]],
    relations: Task,
    settings: Settings,
    keys: Sequence[tuple[str, int]],
) -> tuple[list[dict[str, Any]], list[Findings]]:
    """Some of the sentences, and what was found in them, by system; ``how`` holds its spans and its scored sample."""
    findings = [Findings() for _ in how]
    sentences = []
    for key in keys:
        row = orders[0][key]
        data, index = gold_data(row.example, _Explainer(row, settings, how[0][0]).nothing(), relations)
        data["systems"] = []
        for order, (spans, scored), found in zip(orders, how, findings, strict=True):
            explainer = _Explainer(order[key], settings, spans)
            explained = list(explainer.samples())
            # where a sentence has fewer samples its last one is counted, and where it has none that it is missing
            found.add(explained[min(scored, len(explained) - 1)][2] if explained else explainer.nothing())
            data["systems"].append(
                [sample_data(sample, parsed, classified, index, relations) for sample, parsed, classified in explained]
            )
        sentences.append(data)
    return sentences, findings


def _by_occurrence(rows: Sequence[Joined]) -> dict[tuple[str, int], Joined]:
    """Rows by id, and where several sentences have one id by the number of its occurrence."""
    seen: Counter[str] = Counter()
    found = {}
    for row in rows:
        found[row.example.id, seen[row.example.id]] = row
        seen[row.example.id] += 1
    return found


class _Explainer:
    """Explains the samples of one sentence, each different text once."""

    def __init__(self, row: Joined, settings: Settings, spans: bool) -> None:
        self._row, self._settings = row, settings
        self._scorer = SentenceScorer(settings.rule, settings.tasks, spans)
        self._classifier = Classifier(settings, spans)
        self._gold = GoldSentence(items_of(row.example.gold))

    def nothing(self) -> Classified:
        """The sentence without a prediction."""
        return self._classifier.explain(self._row.example, None, self._scorer.matches(self._gold, EMPTY))

    def samples(self) -> Iterator[tuple[Any, ParsedCompletion, Classified]]:
        """Every sample with what it says and what became of it."""
        texts: dict[str, tuple[Any, ParsedCompletion, Classified]] = {}
        for sample in self._row.samples:
            known = texts.get(sample) if isinstance(sample, str) else None
            if known is None:
                parsed = read_prediction(sample, self._settings, self._row.example.id)
                matches = self._scorer.matches(self._gold, parsed.items)
                known = sample, parsed, self._classifier.explain(self._row.example, parsed, matches)
                if isinstance(sample, str):
                    texts[sample] = known
            yield known
