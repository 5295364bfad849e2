"""The asked shape, read piece by piece: ``<think>…</think><answer>{"ner": [[…]], "rel": [[…]]}</answer>``.

Most completions of a trained model look like this to the letter, and most of their items were seen before: in gold, or
in another sample. So the answer is only cut into its items, each still as JSON (``BERT", "Method``), and each distinct
piece is decoded once. Whatever is not exactly of this form is declined and takes the general way through `layout`,
`rescue` and `shapes`. Both ways give the same answer for every text (a test says so).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import is_normalized

from sciie_eval.items import ArgumentTypes, Items
from sciie_eval.schema import Section

__all__ = ["ITEMS", "KINDS", "MAX_TEXT", "PLAIN_SECTIONS", "cut_plain", "pieces_of", "read_plain"]

PLAIN_SECTIONS: frozenset[Section] = frozenset({"ner", "rel"})
MAX_TEXT = 50_000
"""Longest text that is read piece by piece: no honest completion is longer, many new pieces take time, and fewer items
than `shapes.MAX_OTHER` fit in."""
MAX_PIECE = 300
"""Longest piece that is remembered; with `MAX_PIECES` this bounds the memory."""
MAX_PIECES = 1 << 15
_NO_TYPES: list[ArgumentTypes] = [(None, None)]
_GAPS = ("", "\n", "\n\n", " ")
_HEADS = frozenset(f'</think>{gap}<answer>{blank}{{"ner": [' for gap in _GAPS for blank in _GAPS)
_TAILS = frozenset(f"]}}{blank}</answer>{gap}" for gap in _GAPS for blank in _GAPS)
_BETWEEN = '], "rel": ['
_BETWEEN_ITEMS = f'"]{_BETWEEN}["'
_COMMA = '"], ["'
_BREAK = '", "'
_QUOTE, _MARK = '\\"', "\0"
_NO_ITEM = ('"',)
_PLAIN = r"(?! )[ !#-9;=-\[\]-~]+(?<! )"
_SURE = re.compile(f"{_PLAIN}{_BREAK}{_PLAIN}(?:{_BREAK}{_PLAIN})?")
"""Most pieces: ASCII without what might need care. Of the others it takes longer to tell."""


def cut_plain(texts: Iterable[str]) -> tuple[list[str], list[int]]:
    """Cut completions whose frame is exactly as asked (also with reasoning that the prompt opened) into their items.

    Returns:
        The items of all as pieces: JSON without brackets and outer quotes, such as ``BERT", "Method``, and unchecked:
        what a piece says, if anything, `ITEMS` knows. And two numbers a completion: how many of the pieces are its
        entities, and how many its relations. A completion of another form has one piece, which says nothing.

    >>> cut_plain(['so</think><answer>{"ner": [["BERT", "Method"]], "rel": []}</answer>'])
    (['BERT", "Method'], [1, 0])
    """
    pieces: list[str] = []
    lengths: list[int] = []
    add = lengths.append
    # at first the usual frame, then that of the completion before: those of a model are alike
    first, last, alone, n_first, n_last, n_alone = _USUAL
    for text in texts:
        rest = text[text.find("<", text.startswith("<think>")) :] if len(text) <= MAX_TEXT else ""
        start, both, end = rest.partition(_BETWEEN_ITEMS)
        ner: Sequence[str]
        rel: Sequence[str] = ()
        if start.startswith(first) and end.endswith(last) and text.isascii():
            ner, rel = start[n_first:].split(_COMMA), end[:n_last].split(_COMMA)
        elif not both and start.startswith(first) and start.endswith(alone) and text.isascii():
            ner = start[n_first:n_alone].split(_COMMA)
        else:
            start, _, end = rest.partition(_BETWEEN)
            frame = start[: start.find("[") + 1], end[end.rfind("]") :]
            if frame[0] in _HEADS and frame[1] in _TAILS and _encodable(text):
                ner, rel = _listed(start[len(frame[0]) :]), _listed(end[: -len(frame[1])])
                first, last, alone, n_first, n_last, n_alone = _bounds(*frame)
            else:
                ner = _NO_ITEM
        add(len(ner))
        add(len(rel))
        pieces += ner
        pieces += rel
    return pieces, lengths


def _bounds(head: str, tail: str) -> tuple[str, str, str, int, int, int]:
    """What stands before the first entity, behind the last relation, and behind the last entity where no relation is.

    And for slices, where the first ends and the others begin.
    """
    first, last, alone = head + '["', '"]' + tail, '"]' + _BETWEEN + tail
    return first, last, alone, len(first), -len(last), -len(alone)


_USUAL = _bounds('</think>\n<answer>\n{"ner": [', "]}\n</answer>")


def _listed(section: str) -> Sequence[str]:
    """The pieces of a section without its brackets."""
    if section.startswith('["') and section.endswith('"]'):
        return section[2:-2].split(_COMMA)
    return _NO_ITEM if section else ()


def _encodable(text: str) -> bool:
    """Whether there are no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read(piece: str) -> tuple[str, ...]:
    """What `ITEMS` says of a piece."""
    if len(piece) > MAX_PIECE:
        return ()
    if _SURE.fullmatch(piece) is not None:
        return tuple(piece.split(_BREAK))
    bare = piece.replace(_QUOTE, _MARK)
    fields = bare.split(_BREAK)
    if not (2 <= len(fields) <= 3 and piece.isprintable() and _is_plain(bare, fields)):
        return ()
    colon = len(fields) == 3 and ":" in fields[0] + fields[2]
    return (*[field.replace(_MARK, '"') for field in fields], *("", "")[: 2 * colon])


class _Items(dict[str, tuple[str, ...]]):
    """What distinct pieces say, decoded once where they say something; emptied when full, which bounds the memory."""

    def __missing__(self, piece: str) -> tuple[str, ...]:
        item = _read(piece)
        if item:
            if len(self) >= MAX_PIECES:
                self.clear()
            self[piece] = item
        return item


class _Kinds(dict[str, str]):
    """What kinds of items distinct pieces are; emptied when it is full, as `_Items`."""

    def __init__(self) -> None:
        super().__init__()
        self._shared: dict[str, str] = {}

    def __missing__(self, piece: str) -> str:
        item = _read(piece)
        if not item:
            return "0"
        if len(self) >= MAX_PIECES:
            self.clear()
            self._shared.clear()
        kind = f"{len(item)}{item[1]}"
        found = self[piece] = self._shared.setdefault(kind, kind)
        return found


ITEMS = _Items()
"""Piece -> (text, type) of an entity, or (subject, relation, object).

Nothing if it is neither, or might need more care: with escapes (but of a quote), control characters, tags, outer
blanks, a blank text, or one that Unicode normalisation would change. A relation with a colon in an argument has two
blank strings more: it is one only if no known type stands behind the colon.

>>> ITEMS['BERT", "Method'], ITEMS["BERT"], ITEMS['a:b", "Used-For", "c']
(('BERT', 'Method'), (), ('a:b', 'Used-For', 'c', '', ''))
"""
KINDS = _Kinds()
"""Piece -> the number of strings that `ITEMS` has for it and its label, in one string that pieces of one kind share.

>>> KINDS['BERT", "Method'], KINDS["BERT"], KINDS['a:b", "Used-For", "c']
('2Method', '0', '5Used-For')
"""


def pieces_of(items: list[tuple[str, ...]]) -> list[str] | None:
    """The pieces that say exactly these items; None when one of them is not plain.

    >>> pieces_of([("BERT", "Method")])
    ['BERT", "Method']
    """
    for write in _BREAK.join, _escaped:
        pieces = list(map(write, items))
        if list(map(ITEMS.__getitem__, pieces)) == items:
            return pieces
    return None


def _escaped(item: tuple[str, ...]) -> str:
    return _BREAK.join([field.replace('"', _QUOTE) for field in item])


def _is_plain(bare: str, fields: list[str]) -> bool:
    """Whether the strings of a piece, in which quotes are marked, stand for themselves."""
    if bare.count('"') != 2 * len(fields) - 2 or "\\" in bare or "<" in bare:
        return False
    return is_normalized("NFC", bare) and all(field and field == field.strip() for field in fields)


def read_plain(text: str) -> tuple[Items, str, str] | None:
    """Read a completion of exactly the asked shape.

    Returns:
        The items, the reasoning and the tags; None for any other text, also for one that only might need more care.
    """
    pieces, (n_entities, n_relations) = cut_plain((text,))
    found: list[Any] = list(map(ITEMS.__getitem__, pieces))
    if list(map(len, found)) != [2] * n_entities + [3] * n_relations:
        return None
    entities, relations = found[:n_entities], found[n_entities:]
    items = Items(entities, relations, _NO_TYPES * n_relations, PLAIN_SECTIONS, None, None, True)
    if text.startswith("<think>"):
        return items, text[7 : text.find("<", 7)].strip(), "TtAa"
    return items, text[: text.find("<")].strip(), "tAa"
