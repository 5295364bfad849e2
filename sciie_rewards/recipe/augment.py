"""Augmentation: entities swapped for others, in sentence, entities and relations alike, so that a model must copy.

A small model that sees 5,575 sentences again and again learns their entities by heart. Here an entity becomes another
of its type, or a made-up name, wherever it stands; what the sentence says of it stays. Afterwards every entity stands
verbatim in the sentence, and the relations are between the same entities under their new names. An entity that lies
within another one, or shares words with it, stays as it is, and so does the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

from sciie_eval.schema import Entity, Example, Extraction, Relation
from sciie_rewards.recipe.places import Place, places
from sciie_rewards.recipe.sections import Augment

__all__ = ["NamePool", "augmented", "made_up"]

MADE_UP = 0.5
"""Share of the new names that are made up."""

TRIES = 4
"""Names that are drawn for an entity; it stays as it is where none of them can be told from what is there."""

_VOWELS, _CONSONANTS = "aeiouy", "bcdfghjklmnpqrstvwxz"
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class NamePool:
    """The names of a corpus.

    Attributes:
        names: distinct entity texts by type, in the order of their first occurrence.
    """

    names: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, examples: Iterable[Example]) -> NamePool:
        """The names that gold holds."""
        found: dict[str, dict[str, None]] = {}
        for example in examples:
            for entity in example.gold.entities:
                if entity.text.strip():
                    found.setdefault(entity.type, {})[entity.text] = None
        return cls({kind: tuple(names) for kind, names in found.items()})

    def draw(self, kind: str, rng: Random) -> str:
        """A name of a type, half of the time made up; empty where the corpus has no such type."""
        names = self.names.get(kind)
        if not names:
            return ""
        name = rng.choice(names)
        return made_up(name, rng) if rng.random() < MADE_UP else name


def made_up(name: str, rng: Random) -> str:
    """A name that sounds like another one: letters exchanged in its capitalised words, or in one word without any.

    Blanks, digits, punctuation, case and the place of vowels stay, so that it is written as the corpus writes names.

    >>> made_up("MS COCO - 1 0", Random(1)), made_up("deep learning", Random(1))
    ('FT GUDI - 1 0', 'xaif learning')
    """
    words = list(_WORD.finditer(name))
    capitalised = [word for word in words if word[0] != word[0].lower()]
    chosen = capitalised or ([rng.choice(words)] if words else [])
    for word in reversed(chosen):
        new = "".join(_letter(letter, rng) for letter in word[0])
        name = name[: word.start()] + new + name[word.end() :]
    return name


def augmented(example: Example, pool: NamePool, rng: Random, settings: Augment) -> Example:
    """The example with some entities swapped, or as it is. Offsets, where it has any, are left out of a changed one.

    Args:
        example: a sentence with gold.
        pool: where new names are from.
        rng: draws everything; the same state gives the same example.
        settings: which share of the rows is changed, and of the entities of such a row.
    """
    if rng.random() >= settings.rows:
        return example
    tiles = _tiles(example)
    new = _new_names(example, sorted(set(tiles.values())), pool, rng, settings.entities)
    return _renamed(example, tiles, new) if new else example


def _tiles(example: Example) -> dict[Place, str]:
    """Where entities stand that can be swapped, in the order of the sentence.

    None for a text that anywhere shares a character with another text of gold, even within a word, that has two types,
    or that is an argument alone.
    """
    sentence, kinds = example.sentence, _kinds(example)
    texts = {text for r in example.gold.relations for text in (r.subject, r.object)} | kinds.keys()
    fixed = {text for text in texts if len(kinds.get(text, ())) != 1}
    end, owner = 0, ""
    found = sorted((place, text) for text in texts for place in _anywhere(sentence, text))
    for place, text in found:
        if place[0] < end:
            fixed |= {text, owner}
        if place[1] > end:
            end, owner = place[1], text
    return dict(sorted((place, text) for text in texts - fixed for place in places(sentence, text)))


def _kinds(example: Example) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = {}
    for entity in example.gold.entities:
        kinds.setdefault(entity.text, set()).add(entity.type)
    return kinds


def _anywhere(sentence: str, text: str) -> Iterator[Place]:
    """Every place of a text, within words too."""
    start = sentence.find(text) if text else -1
    while start >= 0:
        yield start, start + len(text)
        start = sentence.find(text, start + 1)


def _new_names(example: Example, texts: list[str], pool: NamePool, rng: Random, share: float) -> dict[str, str]:
    """New names for some of the texts, none of which holds or is held by another text of gold or the sentence."""
    kinds = _kinds(example)
    taken = [example.sentence, *kinds]
    new: dict[str, str] = {}
    for text in texts:
        if rng.random() >= share:
            continue
        for _ in range(TRIES):
            name = pool.draw(next(iter(kinds[text])), rng)
            if name and not any(name in other or other in name for other in taken):
                new[text] = name
                taken.append(name)
                break
    return new


def _renamed(example: Example, tiles: Mapping[Place, str], new: Mapping[str, str]) -> Example:
    """Sentence, entities and relations under the new names."""
    pieces, end = [], 0
    for place, text in tiles.items():
        pieces += [example.sentence[end : place[0]], new.get(text, text)]
        end = place[1]
    gold = example.gold
    entities = tuple(Entity(text=new.get(entity.text, entity.text), type=entity.type) for entity in gold.entities)
    relations = tuple(
        Relation(
            subject=new.get(r.subject, r.subject),
            type=r.type,
            object=new.get(r.object, r.object),
            subject_type=r.subject_type,
            object_type=r.object_type,
        )
        for r in gold.relations
    )
    return Example(
        id=example.id,
        doc_id=example.doc_id,
        sentence="".join([*pieces, example.sentence[end:]]),
        gold=Extraction(entities=entities, relations=relations, sections=gold.sections),
    )


def _letter(letter: str, rng: Random) -> str:
    """Another letter of its kind in the same case; letters that are not a to z stay."""
    low = letter.lower()
    kind = _VOWELS if low in _VOWELS else _CONSONANTS if low in _CONSONANTS else ""
    if not kind:
        return letter
    new = rng.choice(kind)
    return new if letter == low else new.upper()
