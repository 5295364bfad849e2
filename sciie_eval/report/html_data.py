"""One sentence of the HTML report as JSON: gold, and for every sample of every system what became of its items.

Offsets in the JSON count UTF-16 units, as JavaScript does. What a model wrote is cut where it is longer than a reader
would scroll through, so that one runaway completion does not make the page heavy; every number is of the whole.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sciie_eval.classification import Classified, Finding, Stated
from sciie_eval.forms import Sample
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.rules import Task
from sciie_eval.schema import Example, Extraction

__all__ = ["OUTSIDE", "gold_data", "kind_of", "pairs_of", "sample_data"]

OUTSIDE = "spurious, not in sentence"
"""The kind of a spurious item one of whose texts is not in the sentence."""

MOST_TEXT = 12_000
"""Characters of a completion that the page holds."""
MOST_ITEMS = 150
"""Findings of a task, and flags, of a sample that the page holds."""
MOST_LABEL = 240
"""Characters of a text or label."""

GoldIndex = dict[Stated, list[int]]


class _Offsets:
    """Character places as UTF-16 places."""

    def __init__(self, text: str) -> None:
        self._wide = [] if text.isascii() else [place for place, char in enumerate(text) if ord(char) > 0xFFFF]

    def __call__(self, place: int) -> int:
        return place + sum(wide < place for wide in self._wide) if self._wide else place


def kind_of(finding: Finding) -> str:
    """The kind of a finding, spurious items told apart by whether they are in the sentence."""
    return OUTSIDE if finding.kind == "spurious" and finding.in_sentence is False else finding.kind


def pairs_of(finding: Finding) -> str:
    """Task, gold label, predicted label and kind as one string of JSON: what a cell of a matrix counts."""
    gold = "" if finding.gold is None else short(finding.gold.label)
    predicted = "" if finding.predicted is None else short(finding.predicted.label)
    return json.dumps([finding.task, gold, predicted, finding.kind], ensure_ascii=False)


def gold_data(example: Example, nothing: Classified, relations: Task) -> tuple[dict[str, Any], GoldIndex]:
    """A sentence with its gold, and the number of each gold item.

    Args:
        example: the sentence.
        nothing: the sentence explained without a prediction, so that all of gold is missed.
        relations: whether relations are shown as ``rel`` or ``rel+``.
    """
    offsets = _Offsets(example.sentence)
    index: GoldIndex = defaultdict(list)
    gold: dict[str, list[Any]] = {}
    tasks: dict[str, Task] = {"ner": "ner", "rel": relations}
    for name, task in tasks.items():
        items = sorted((finding.gold for finding in nothing.of(task) if finding.gold is not None), key=_first_place)
        for number, item in enumerate(items):
            index[item].append(number)
        gold[name] = [_stated(item, offsets) for item in items]
    row = {"id": short(example.id), "doc": short(example.doc_id), "sentence": example.sentence, "gold": gold}
    return row, index


def sample_data(
    sample: Sample, parsed: ParsedCompletion, found: Classified, index: Mapping[Stated, Sequence[int]], relations: Task
) -> dict[str, Any]:
    """One sample, explained.

    Args:
        sample: as it was written.
        parsed: what it says.
        found: what became of its items.
        index: the numbers of the gold items (`gold_data`).
        relations: as there.
    """
    raw = _written(sample)
    shown = raw[:MOST_TEXT]
    offsets = _Offsets(found.sentence)
    return {
        "status": parsed.status,
        "issues": list(parsed.issues),
        "kinds": sorted({*_codes(found), f"parse:{parsed.status}", *(f"issue:{code}" for code in parsed.issues)}),
        "pairs": sorted({pairs_of(finding) for finding in found.findings})[:MOST_ITEMS],
        "flags": [[flag.code, *map(short, flag.item)] for flag in found.flags[:MOST_ITEMS] if flag.item],
        "ner": list(_findings(found, "ner", index, offsets)),
        "rel": list(_findings(found, relations, index, offsets)),
        "raw": shown,
        "cut": len(raw) - len(shown),
        "reasoning": _place_of(parsed.reasoning, shown),
    }


def _codes(found: Classified) -> Iterator[str]:
    """Everything that the page can filter by."""
    for finding in found.findings:
        yield f"{finding.task}:{kind_of(finding)}"
    for flag in found.flags:
        yield f"audit:{flag.code}"


def _findings(
    found: Classified, task: Task, index: Mapping[Stated, Sequence[int]], offsets: _Offsets
) -> Iterator[tuple[str, int, Any]]:
    """Kind, number of the gold item (-1 without), and the predicted item: None without, 0 when it is as gold has it."""
    used: defaultdict[Stated, int] = defaultdict(int)
    wrong_first = sorted(
        found.of(task), key=lambda one: (one.kind == "correct", _first_place(one.predicted or one.gold))
    )
    for number, finding in enumerate(wrong_first):
        place = -1
        if finding.gold is not None:
            numbers = index[finding.gold]
            place = numbers[used[finding.gold] % len(numbers)]
            used[finding.gold] += 1
        if number < MOST_ITEMS or place >= 0:
            predicted = finding.predicted
            same = predicted is not None and predicted == finding.gold
            yield kind_of(finding), place, 0 if same else predicted and _stated(predicted, offsets)


def _first_place(item: Stated | None) -> tuple[int, ...]:
    """Sorts items as they stand in the sentence, those without a place last."""
    return tuple(found[0][0] if found else sys.maxsize for found in item.places) if item is not None else ()


def _stated(item: Stated, offsets: _Offsets) -> list[Any]:
    """Label, texts, places and types of an item."""
    places = [[[offsets(start), offsets(end)] for start, end in found] for found in item.places]
    return [short(item.label), [short(text) for text in item.texts], places, [short(kind) for kind in item.types]]


def short(text: str) -> str:
    """A text or label, cut where nobody would read on."""
    return text if len(text) <= MOST_LABEL else f"{text[: MOST_LABEL - 1]}…"


def _written(sample: Sample) -> str:
    """A sample as it stands in its file."""
    if isinstance(sample, str):
        return sample
    if isinstance(sample, Extraction):
        return json.dumps(sample.to_scier(), ensure_ascii=False)
    return "" if sample is None else json.dumps(sample, ensure_ascii=False, default=str)


def _place_of(reasoning: str, raw: str) -> tuple[int, int] | None:
    """Where the reasoning stands in the completion, as far as that is shown."""
    start = raw.find(reasoning[:200]) if reasoning else -1
    if start < 0:
        return None
    offsets = _Offsets(raw)
    return offsets(start), offsets(min(len(raw), start + len(reasoning)))
