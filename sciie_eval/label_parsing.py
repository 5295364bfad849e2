"""One label out of a completion: ``<think>…</think><answer>Cause-Effect(e1,e2)</answer>``.

Where reasoning and answer stand is up to `layout`, as for every completion; here is what an answer says that holds one
label of a fixed list, such as the 19 of SemEval-2010 Task 8.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

from sciie_eval.cards import load_schema
from sciie_eval.exceptions import InputError, UsageError
from sciie_eval.labels import LabelSchema
from sciie_eval.layout import find_layout, without_surrogates
from sciie_eval.parsing import ISSUES, ParseMode, ParseStatus

__all__ = ["LABEL_CARD", "LABEL_ISSUES", "LabelReader", "ParsedLabel", "label_reader", "parse_label", "relation_of"]

LABEL_CARD = "semeval2010_task8"
"""The card whose labels are meant where none is named."""

_FROM_LAYOUT = (
    *("answer_in_reasoning", "answer_not_closed", "several_answers", "reasoning_not_closed", "several_reasonings"),
    *("too_many_tags", "no_answer_tags", "lone_surrogate"),
)
LABEL_ISSUES: dict[str, str] = {
    **{code: ISSUES[code] for code in _FROM_LAYOUT},
    "loose_label": "the label is spelled with other case, blanks, hyphens or quotes around it",
    "prose_around_label": "text stands around the label",
    "several_labels": "different labels stand in the answer, so it says none",
    "no_direction": "a relation without its direction is no label",
    "unknown_label": "no label of the schema stands in the answer",
    "long_answer": "the answer is longer than the limit; only its beginning was read",
    "not_strict": "--parse strict: the answer is not exactly one label, so it was dropped",
}
"""Every issue of a label and what it means."""

MAX_ANSWER = 10_000
"""Characters of an answer that are read: a label has thirty."""
MAX_LABEL = 200
"""Characters beyond which a text is no label."""

_DIRECTION = re.compile(r"\((e1,e2|e2,e1)\)$")
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-")
_GAPS = re.compile(r"[\s_<>-]+")
_EDGES = " \t\r\n\f\v\"'`*.,;:!?[]{}<>\u201c\u201d\u2018\u2019\u201e\u00ab\u00bb"
"""What may stand around a label and is none of it."""


class ParsedLabel(NamedTuple):
    """What a completion says.

    Attributes:
        label: a label of the schema; None where the status is no_answer or invalid.
        status: ok (exactly as asked), repaired (a label, but not as asked), no_answer (nothing that could be an answer)
            or invalid (an answer that is no label of the schema, or several).
        issues: codes of `LABEL_ISSUES`, sorted; a status ok has none.
        reasoning: text of the reasoning block, without its tags.
        tags: the tags in their order, T and t for reasoning opened and closed, A and a for answer: "TtAa" is as asked.
    """

    label: str | None
    status: ParseStatus
    issues: tuple[str, ...] = ()
    reasoning: str = ""
    tags: str = ""


def relation_of(label: str) -> str:
    """The relation of a label, which is the label without its direction.

    >>> relation_of("Cause-Effect(e2,e1)"), relation_of("Other")
    ('Cause-Effect', 'Other')
    """
    return _DIRECTION.sub("", label)


def parse_label(text: str, schema: LabelSchema | str | None = None, *, mode: ParseMode = "lenient") -> ParsedLabel:
    """Read the one label that a completion answers with.

    The answer is found as `parse_completion` finds it. Lenient: case, blanks, hyphens, underscores and quotes are not
    looked at; of an answer with more text the one label in it counts, two different ones are none. A label with a
    direction may stand anywhere in that text, one without (Other) on a line of its own, behind a colon, or as the last
    word of a line. Strict: the answer is exactly one label. The direction is part of the label, always. Time is linear
    in the length of the text.

    Args:
        text: whatever the model wrote.
        schema: whose relation types are the labels; those of SemEval-2010 Task 8 by default.
        mode: ``lenient`` or ``strict``.

    Returns:
        The label; never raises for any string.

    Raises:
        InputError: ``text`` is not a string.
        UsageError: the schema has no relation types.

    >>> parse_label("<think>The fire makes smoke.</think><answer>Cause-Effect(e1,e2)</answer>").label
    'Cause-Effect(e1,e2)'
    >>> loose = "<answer>cause effect (e2, e1)</answer>"
    >>> parse_label(loose)[:3], parse_label(loose, mode="strict").label
    (('Cause-Effect(e2,e1)', 'repaired', ('loose_label',)), None)
    >>> parse_label("<answer>Cause-Effect(e1,e2) or Other</answer>")[:3]
    (None, 'invalid', ('several_labels',))
    """
    return label_reader(load_schema(LABEL_CARD if schema is None else schema)).completion(text, mode)


class LabelReader:
    """Reads the labels of one schema. Stateless, thread-safe, picklable.

    Args:
        schema: whose relation types are the labels.

    Raises:
        UsageError: it has none.

    Attributes:
        labels: the labels, in the card's order.
        relations: their relations, each once, in the same order.
    """

    def __init__(self, schema: LabelSchema) -> None:
        self.labels = schema.relation_names
        if not self.labels:
            raise UsageError(f"schema {schema.name} has no relation types, so there are no labels to choose from")
        self.relations = tuple(dict.fromkeys(map(relation_of, self.labels)))
        self._known = frozenset(self.labels)
        self._folded = _unambiguous(self.labels)
        self._plain = {key: label for key, label in self._folded.items() if relation_of(label) == label}
        self._bare = {_fold(name) for name in self.relations} - self._plain.keys()
        self._mention = _mention([name for name in self.relations if name not in self._known])

    def completion(self, text: str, mode: ParseMode = "lenient") -> ParsedLabel:
        """Read a completion; see `parse_label`."""
        if not isinstance(text, str):
            raise InputError(f"text: expected a string, got {type(text).__name__}; message_text reads chat messages")
        issues: set[str] = set()
        if not text.isascii():
            text = without_surrogates(text, issues)
        layout = find_layout(text, issues)
        label, found = None, set[str]()
        for answer in layout.answers:
            found = set()
            label = self._find(answer, found)
            if label is not None:
                break
        if label is None and not layout.tagged and "several_labels" not in found:
            return ParsedLabel(None, "no_answer", tuple(sorted(issues)), layout.reasoning, layout.tags)
        issues |= found if layout.tagged else found | {"no_answer_tags"}
        return _result(label, issues, mode, layout.reasoning, layout.tags)

    def given(self, text: str | None, mode: ParseMode = "lenient") -> ParsedLabel:
        """Read a label that stands alone, without a completion around it; None is an answer that never came."""
        if text is None:
            return ParsedLabel(None, "no_answer")
        issues: set[str] = set()
        return _result(self._find(without_surrogates(text, issues), issues), issues, mode)

    def check(self, label: object, where: str) -> str:
        """A gold label, which must be one of the labels to the letter.

        Raises:
            InputError: it is none; names the place and what was expected.
        """
        if isinstance(label, str) and label in self._known:
            return label
        like = self._folded.get(_fold(label)) if isinstance(label, str) else None
        meant = f"; did you mean {like}?" if like else f"; expected one of {', '.join(self.labels)}"
        raise InputError(f"{where}: {label!r:.80} is no label of the schema{meant}")

    def _find(self, answer: str, issues: set[str]) -> str | None:
        """The label that a text says; what is wrong with it is added to ``issues``."""
        if (exact := answer.strip()) in self._known:
            return exact
        if len(answer) > MAX_ANSWER:
            issues.add("long_answer")
        text = normalize("NFKC", answer[:MAX_ANSWER]).translate(_DASHES)
        whole = _fold(text.strip(_EDGES))
        if whole in self._folded:
            issues.add("loose_label")
            return self._folded[whole]
        found = self._mentioned(text)
        if len(found) == 1:
            issues.add("prose_around_label")
            return found.pop()
        issues.add("several_labels" if found else "no_direction" if whole in self._bare else "unknown_label")
        return None

    def _mentioned(self, text: str) -> set[str]:
        """The labels in a text that is more than a label."""
        found = (
            {self._folded.get(_fold(match[0])) for match in self._mention.finditer(text)} if self._mention else set()
        )
        for line in text.splitlines():
            said = line.strip(_EDGES)
            behind = re.split("[:=]", said)[-1].strip(_EDGES)
            found |= {self._plain.get(_fold(part)) for part in (said, behind)}
            last = said.split()[-1:]
            found |= {label for label in self._plain.values() if [label] == last}
        return {label for label in found if label is not None}


@lru_cache(maxsize=16)
def label_reader(schema: LabelSchema) -> LabelReader:
    """The reader of a schema's labels, made once."""
    return LabelReader(schema)


def _result(label: str | None, issues: set[str], mode: ParseMode, reasoning: str = "", tags: str = "") -> ParsedLabel:
    status: ParseStatus = "invalid" if label is None else "repaired" if issues else "ok"
    if mode == "strict" and status == "repaired":
        label, status = None, "invalid"
        issues.add("not_strict")
    return ParsedLabel(label, status, tuple(sorted(issues)), reasoning, tags)


def _fold(text: str) -> str:
    """What spellings of one label have in common; "" for what is too long to be one."""
    return _GAPS.sub("", text).casefold() if len(text) <= MAX_LABEL else ""


def _unambiguous(labels: Sequence[str]) -> dict[str, str]:
    """The labels by what their spellings have in common, without those that only their spelling tells apart."""
    number = Counter(map(_fold, labels))
    return {key: label for label in labels if number[key := _fold(label)] == 1 and key}


def _mention(relations: Sequence[str]) -> re.Pattern[str] | None:
    """Finds relations with a direction in a text, however they are spelled; gaps are bounded, so time is linear."""
    gap = r"[\s_-]{0,3}"
    names = (gap.join(map(re.escape, re.split(r"[\s_-]+", name))) for name in sorted(relations, key=len, reverse=True))
    blank, end = r"\s{0,3}", "<?e[12]>?"
    direction = rf"{blank}\({blank}{end}{blank},{blank}{end}{blank}\)"
    return re.compile(rf"(?<![\w-])(?:{'|'.join(names)}){direction}", re.IGNORECASE) if relations else None
