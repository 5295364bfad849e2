"""Which gold a score was made on: a named split, part of one, or an altered copy of one.

Altered copies of SciER are in circulation, and scores on them look like scores on SciER. The cards hold a hash of each
split's gold and the documents it is from, so such a copy is noticed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sciie_eval.cards import Card, SplitFile, list_cards, load_card
from sciie_eval.corpus import load_split
from sciie_eval.exceptions import CorpusError
from sciie_eval.schema import Example, Section
from sciie_eval.signature import GoldHash, same_row

__all__ = ["altered_gold"]


def altered_gold(examples: Sequence[Example]) -> str | None:
    """Say so when gold is an altered copy of a known split; None when it is not, or nothing is known about it.

    Args:
        examples: the gold that was scored on.
    """
    examples = [example for example in examples if example.sentence]  # without text nobody can tell which row it is
    found = _nearest_split(examples)
    if found is None:
        return None
    card, name, split = found
    elsewhere = {doc for other in card.splits.values() for doc in other.docs}.difference(split.docs)
    examples = [example for example in examples if example.doc_id not in elsewhere]  # gold may join several splits
    gold_hash = GoldHash(examples).hexdigest()
    if not split.gold_sha256 or gold_hash == split.gold_sha256:
        return None
    label = f"{card.name}/{name}"
    try:
        original = load_split(card, name)
    except CorpusError:
        if len(examples) < split.rows:
            return None  # perhaps a part of the split; without the original nobody can tell
        return (
            f"gold looks like {label} but is not the same (hash {gold_hash[:12]}, expected {split.gold_sha256[:12]}); "
            f"scores are not comparable. To see where it differs: sciie-eval datasets fetch {card.name} --split {name}"
        )
    return _difference(examples, original, label)


def _nearest_split(examples: Sequence[Example]) -> tuple[Card, str, SplitFile] | None:
    """The split from which most of the documents are."""
    documents = {example.doc_id for example in examples} - {""}
    best: tuple[int, Card, str, SplitFile] | None = None
    for card in map(load_card, list_cards()):
        for name, split in card.splits.items():
            shared = len(documents.intersection(split.docs)) if split.form == "string" else 0
            if shared and (best is None or shared > best[0]):
                best = shared, card, name, split
    return None if best is None else best[1:]


def _difference(examples: Sequence[Example], original: Sequence[Example], label: str) -> str | None:
    """Name what an altered copy changes; None when it is the split itself or a part of it."""
    spoken = frozenset[Section]().union(*(example.gold.sections for example in examples))
    original = [_speaking_of(spoken, example) for example in original]
    theirs = {_key(example) for example in original}
    different = {same_row(example): example for example in examples}
    known_rows = {row for row, example in different.items() if _key(example) in theirs}
    altered = [example for example in examples if same_row(example) not in known_rows]
    if not altered:
        return None
    known: dict[tuple[str, str], Example] = {(e.doc_id, e.sentence): e for e in original}
    changed = [(known[e.doc_id, e.sentence], e) for e in altered if (e.doc_id, e.sentence) in known]
    parts = []
    if changed:
        entities = sum(_changes([_entities(e) for e in pair]) for pair in changed)
        relations = sum(_changes([_relations(e) for e in pair]) for pair in changed)
        parts.append(f"{len(changed)} with other annotation ({entities} entities, {relations} relations differ)")
    if len(altered) > len(changed):
        parts.append(f"{len(altered) - len(changed)} that {label} does not have")
    return (
        f"gold is an altered copy of {label}: {len(altered)} of {len(examples)} rows differ: {', '.join(parts)}; "
        f"the first is {altered[0].id}. Scores are not comparable with those on {label}"
    )


def _speaking_of(sections: frozenset[Section], example: Example) -> Example:
    """The example without what gold of these sections says nothing about."""
    silent = {} if "ner" in sections else {"entities": ()}
    silent |= {} if sections & {"rel", "rel_plus"} else {"relations": ()}
    return example.model_copy(update={"gold": example.gold.model_copy(update=silent)})


def _key(example: Example) -> tuple[object, ...]:
    return example.doc_id, example.sentence, _entities(example), _relations(example)


def _entities(example: Example) -> frozenset[tuple[object, int]]:
    return frozenset(Counter((e.text, e.type) for e in example.gold.entities).items())


def _relations(example: Example) -> frozenset[tuple[object, int]]:
    return frozenset(Counter((r.subject, r.type, r.object) for r in example.gold.relations).items())


def _changes(sides: list[frozenset[tuple[object, int]]]) -> int:
    """Items of the one side that the other lacks, whichever lacks more: a replaced item is one change."""
    counters = [Counter(dict(side)) for side in sides]
    return max((counters[0] - counters[1]).total(), (counters[1] - counters[0]).total())
