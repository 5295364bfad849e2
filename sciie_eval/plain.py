"""The asked shape, read piece by piece: ``<think>…</think><answer>{"ner": [[…]], "rel": [[…]]}</answer>``.

Most completions of a trained model look like this to the letter, and most of their items were seen before: in gold, or
in another sample. So the answer is only cut into its items, each still as JSON (``BERT", "Method``), and each distinct
piece is decoded once. Whatever is not exactly of this form is declined and takes the general way through `layout`,
`rescue` and `shapes`. Both ways give the same answer for every text (a test says so).
"""

from __future__ import annotations

from typing import Any, TypeVar, cast
from unicodedata import is_normalized

from sciie_eval.items import ArgumentTypes, Items
from sciie_eval.schema import Section

__all__ = ["ENTITIES", "PLAIN_SECTIONS", "RELATIONS", "Pieces", "cut_plain", "piece_of", "read_plain"]

T = TypeVar("T")

PLAIN_SECTIONS: frozenset[Section] = frozenset({"ner", "rel"})
MAX_PIECE = 300
"""Longest piece that is remembered; with `MAX_PIECES` this bounds the memory."""
MAX_PIECES = 1 << 14
MAX_TEXT = 50_000
"""Longest text that is read piece by piece: no honest completion is longer, and many new pieces take time."""
_NO_TYPES: list[ArgumentTypes] = [(None, None)]
_GAPS = ("", "\n", "\n\n", " ")
_HEADS = frozenset(f'</think>{gap}<answer>{blank}{{"ner": ' for gap in _GAPS for blank in _GAPS)
_TAILS = frozenset(f"]}}{blank}</answer>{gap}" for blank in _GAPS for gap in _GAPS)


Pieces = tuple[list[str], list[str], int]
"""A completion, cut: its entities, its relations, and where the reasoning ends.

The items are JSON without brackets and outer quotes, such as ``BERT", "Method``, and unchecked: a piece is an entity
only if `ENTITIES` has it, and a relation only if `RELATIONS` does.
"""


def cut_plain(text: str) -> Pieces | None:
    """Cut a completion whose frame is exactly as asked (also with reasoning that the prompt opened); else None."""
    if len(text) > MAX_TEXT:
        return None
    end = text.rfind("</think>")
    first = text.find("[", end)
    last = text.rfind("]")
    if text[end:first] not in _HEADS or text[last:] not in _TAILS:
        return None
    opened = text.find("<", 0, end)
    if opened >= 0 and (text.find("<", opened + 1, end) >= 0 or not text.startswith("<think>", opened)):
        return None
    if not text.isascii() and not _encodable(text):
        return None
    ner, found, rel = text[first:last].partition('"]], "rel": [["')
    if found:
        if ner[:3] == '[["' and rel[-2:] == '"]':
            return ner[3:].split('"], ["'), rel[:-2].split('"], ["'), end
        return None
    ner, found, rel = text[first + 1 : last].partition('], "rel": [')
    entities, relations = _items(ner), _items(rel)
    return (entities, relations, end) if found and entities is not None and relations is not None else None


def _items(section: str) -> list[str] | None:
    """The pieces of a section without its brackets; None when it is no list of lists of strings."""
    if not section:
        return []
    return section[2:-2].split('"], ["') if section.startswith('["') and section.endswith('"]') else None


def _encodable(text: str) -> bool:
    """Whether there are no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def piece_of(item: tuple[Any, ...]) -> str:
    """The piece that stands for an item.

    >>> piece_of(("BERT", "Method"))
    'BERT", "Method'
    """
    return '", "'.join(item)


class _Decoded(dict[str, T]):
    """What distinct pieces say, each decoded once; emptied when it is full, which bounds its memory.

    Args:
        size: number of strings of a piece.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def __missing__(self, piece: str) -> T:
        fields = tuple(_fields(piece))
        if len(fields) != self.size:
            raise KeyError(piece)
        if len(self) >= MAX_PIECES:
            self.clear()
        found = self[piece] = cast(T, fields)
        return found


ENTITIES: _Decoded[tuple[str, str]] = _Decoded(2)
"""Piece -> (text, type).

Raises:
    KeyError: the piece is no entity, or one that might need more care: with escapes, control characters, tags, a colon
        (a type may be inside the text), outer blanks, a blank text, or a text that Unicode normalisation would change.

>>> ENTITIES['BERT", "Method']
('BERT', 'Method')
"""
RELATIONS: _Decoded[tuple[str, str, str]] = _Decoded(3)
"""Piece -> (subject, relation, object), likewise."""


def _fields(piece: str) -> list[str]:
    """The strings of a piece; none when one of them might need more care."""
    fields = piece.split('", "')
    if len(piece) > MAX_PIECE or not piece.isprintable() or not is_normalized("NFC", piece):
        return []
    if piece.count('"') != 2 * len(fields) - 2 or "\\" in piece or "<" in piece or ":" in piece:
        return []
    return fields if all(field and field == field.strip() for field in fields) else []


def read_plain(text: str) -> tuple[Items, str, str] | None:
    """Read a completion of exactly the asked shape.

    Returns:
        The items, the reasoning and the tags; None for any other text, also for one that only might need more care.
    """
    cut = cut_plain(text)
    if cut is None:
        return None
    try:
        entities, relations = [ENTITIES[piece] for piece in cut[0]], [RELATIONS[piece] for piece in cut[1]]
    except KeyError:
        return None
    items = Items(entities, relations, _NO_TYPES * len(relations), PLAIN_SECTIONS, None, None, True)
    opened = text.find("<think>", 0, cut[2])
    return (items, text[opened + 7 : cut[2]].strip(), "TtAa") if opened >= 0 else (items, text[: cut[2]].strip(), "tAa")
