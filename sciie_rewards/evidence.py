"""What a piece of reasoning shows: its steps, its quotes, and which relations it evidences or names.

Everything is read lazily and by searching for texts, so the work is linear in the length of the reasoning (of which no
more than `LONGEST` characters are read), and nothing is read for a relation that is not right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Set
from typing import NamedTuple

from sciie_eval.rules import Normalization
from sciie_eval.sides import normalizer

__all__ = ["Claim", "Reasoning", "places_of", "quotes_in", "stands_in", "steps_in"]

QUOTED_SHARE = 0.6
"""Quotes of one step that together are longer than this share of the sentence point at nothing in it."""

LONGEST = 200_000
"""Characters of a reasoning block that are read: more than any model's limit lets it write, and soon read."""

_QUOTE = re.compile(r'"([^"\n]*)"|“([^“”\n]*)”')
_QUOTE_OR_END = re.compile(r'"[^"\n]*"|“[^“”\n]*”|(?<=[^\s.!?])[.!?]+(?= )')


class Claim(NamedTuple):
    """A relation as reasoning is searched for it; texts are normalised as the rule says.

    Attributes:
        subject: text of the subject.
        object: text of the object.
        quoted: both in straight quotes.
        verbatim: both stand in the sentence.
        low: both in lower case.
        labels: spellings of the relation's name in lower case: as it is, and with blanks for its hyphens.
        opposite: the same relation with its arguments exchanged, where that would contradict it; else None.
        typings: pairs of (text, type) for subject and object that make an allowed signature; None where any will do.
    """

    subject: str
    object: str
    quoted: tuple[str, str]
    verbatim: bool
    low: tuple[str, str]
    labels: tuple[str, str]
    opposite: tuple[str, str, str] | None
    typings: tuple[tuple[tuple[str, str], tuple[str, str]], ...] | None


class Reasoning:
    r"""The text of a reasoning block.

    Args:
        text: the block without its tags.
        normalize: what the rule does to texts; the reasoning is searched in the same spelling.

    >>> reasoning = Reasoning('First, "BERT" helps.\nIt is good. "NER" is a task.', "none")
    >>> reasoning.quotes(), steps_in(reasoning.lines()[1])
    (['BERT', 'NER'], ['It is good.', '"NER" is a task.'])
    """

    __slots__ = ("_holds", "_lines", "_norm", "text")

    def __init__(self, text: str, normalize: Normalization) -> None:
        if len(text) > LONGEST:
            text = text[:LONGEST]
        self.text = text if text.isascii() else normalizer("none")(text)
        self._norm: Callable[[str], str] | None = None
        self._holds = stands_in
        if normalize != "none":
            self._norm, self._holds = normalizer(normalize), _holds_anywhere
        self._lines: list[str] | None = None

    def lines(self) -> list[str]:
        """The lines; where blanks are not compared, the steps, since these must be told apart before blanks go."""
        if self._lines is None:
            lines, norm = self.text.split("\n"), self._norm
            self._lines = lines if norm is None else [norm(step) for line in lines for step in steps_in(line)]
        return self._lines

    def quotes(self) -> list[str]:
        """The distinct quotes, in the order of their first occurrence."""
        marked = self._marked()
        if marked is None or any("\n" in quote for quote in marked):
            return list(dict.fromkeys([quote for line in self.lines() for quote in quotes_in(line)]))
        return [quote for quote in dict.fromkeys(map(str.strip, marked)) if quote]

    def fabricated(self, sentence: str, known: Set[str] = frozenset()) -> float:
        """Share of the distinct quotes that do not stand in the sentence, from 0 to 1; ``known`` are texts that do."""
        marked = self._marked()
        # a quote that began or ended on another line holds a line break, and is no text of the sentence
        if marked is not None and "\n" not in sentence:
            for quote in set(marked) - known:
                if quote not in sentence:
                    break
            else:
                return 0.0
        quotes = self.quotes()
        return sum([quote not in sentence for quote in quotes]) / len(quotes) if quotes else 0.0

    def _marked(self) -> list[str] | None:
        """What stands between straight quotation marks, read across lines; None where other marks may quote, too."""
        return self.text.split('"')[1:-1:2] if self._norm is None and self.text.isascii() else None

    def look_for(self, claim: Claim, sentence: str) -> tuple[str | None, str | None]:
        """A step that evidences a relation, and one that names it, each None where there is none.

        A step evidences it when its verbatim quotes hold both arguments and are together at most 60 % of the sentence;
        just the two arguments are never too much, however short the sentence. A step names it when both arguments and
        the relation stand in it, in any letter case.
        """
        subject, object_ = claim.subject, claim.object
        evidence = naming = None
        if self._norm is None and (line := self._line_of(claim)) is not None:  # both stand there as words
            if claim.verbatim:
                evidence = line
            low, (label, spaced) = line.lower(), claim.labels
            if label in low or spaced in low:
                naming = line
            if evidence is not None and naming is not None:
                return evidence, naming
        for line in self._lines or self.lines():
            if subject in line and object_ in line:
                for step in steps_in(line):
                    if evidence is None and _evidences(step, subject, object_, sentence, self._holds):
                        evidence = step
                    if naming is None and self._names(step.lower(), claim):
                        naming = step
                if evidence is not None and naming is not None:
                    return evidence, naming
        return evidence, naming or self._naming(claim)

    def _line_of(self, claim: Claim) -> str | None:
        """A line of one step that quotes just the two arguments, as most reasoning does; None where none was found."""
        text, (subject, object_) = self.text, claim.quoted
        at = text.rfind(subject)  # from the end: entities are listed first, what relates them comes last
        while at >= 0:
            start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
            line = text[start:end] if end >= 0 else text[start:]
            if object_ in line:
                pieces = line.split('"')
                if len(pieces) == 5 and pieces[1] == claim.subject and pieces[3] == claim.object:
                    return line if _is_step(line) and line.isascii() else None
            at = text.rfind(subject, 0, start)
        return None

    def _names(self, low: str, claim: Claim) -> bool:
        """Whether a step in lower case names a relation."""
        label, spaced = claim.labels
        return (label in low or spaced in low) and self._holds(low, claim.low[0]) and self._holds(low, claim.low[1])

    def _naming(self, claim: Claim) -> str | None:
        """The first step that names a relation, in any letter case."""
        subject, object_ = claim.low
        for line in self.lines():
            low = line.lower()
            if subject in low and object_ in low:
                for step in steps_in(low):
                    if self._names(step, claim):
                        return step
        return None


def _evidences(step: str, subject: str, object_: str, sentence: str, holds: Callable[[str, str], bool]) -> bool:
    """Whether the verbatim quotes of a step hold both arguments and are short enough."""
    quotes = {quote for quote in quotes_in(step) if quote in sentence}
    for text in (subject, object_):
        if text not in quotes and not any(holds(quote, text) for quote in quotes):
            return False
    length = sum(map(len, quotes))
    return length <= QUOTED_SHARE * len(sentence) or length <= len(subject) + len(object_)


def steps_in(line: str) -> list[str]:
    """The sentences of a line. A full stop ends one behind a word and before a blank, but never inside a quote.

    >>> steps_in('BERT 1 . 1 is used. "It works. Well" they say! Good.')
    ['BERT 1 . 1 is used.', '"It works. Well" they say!', 'Good.']
    """
    if _is_step(line):
        return [line]
    steps, start = [], 0
    for found in _QUOTE_OR_END.finditer(line):
        if found[0][0] not in '"“':
            steps.append(line[start : found.end()].strip())
            start = found.end()
    return [*steps, line[start:].strip()]


def _is_step(line: str) -> bool:
    """Whether nothing in a line can end a sentence."""
    return ". " not in line and "! " not in line and "? " not in line


def quotes_in(line: str) -> list[str]:
    """The quotes of a line or step, "…" or “…”, without outer blanks; a mark that is not closed quotes nothing.

    >>> quotes_in('The "deep net" and “CNN " s” and " is open')
    ['deep net', 'CNN " s']
    """
    if line.isascii():
        return [quote for piece in line.split('"')[1:-1:2] if (quote := piece.strip())]
    return [quote for straight, curly in _QUOTE.findall(line) if (quote := (straight or curly).strip())]


def stands_in(text: str, phrase: str) -> bool:
    """Whether a phrase stands in a text as whole words.

    >>> stands_in("an RCNN", "CNN"), stands_in("a CNN-based one", "CNN")
    (False, True)
    """
    return next(places_of(text, phrase), None) is not None


def places_of(text: str, phrase: str) -> Iterator[tuple[int, int]]:
    """Where a phrase stands in a text as whole words: character offsets (start, end), end exclusive, in order.

    >>> list(places_of("CNN , an RCNN , a CNN-based one", "CNN"))
    [(0, 3), (18, 21)]
    """
    at = text.find(phrase) if phrase else -1
    while at >= 0:
        end = at + len(phrase)
        before, after = text[at - 1 : at], text[end : end + 1]
        if not (before.isalnum() and phrase[0].isalnum()) and not (after.isalnum() and phrase[-1].isalnum()):
            yield at, end
        at = text.find(phrase, at + 1)


def _holds_anywhere(text: str, phrase: str) -> bool:
    """Without blanks words have no borders."""
    return bool(phrase) and phrase in text
