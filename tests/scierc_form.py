"""Documents of our own in SciERC's form: tokens, entities as ranges of them through the whole document, relations.

What SciERC has and SciER has not: six types of entities, Generic ones among them, an entity within another, symmetric
relations, coreference clusters, sentences without anything, one text with two types.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Marked = tuple[str, list[tuple[str, str]], list[tuple[str, str, str]]]
"""A tokenised sentence, its entities (text, type) and its relations (subject, type, object)."""

TRAIN: dict[str, list[Marked]] = {
    "moss-1": [
        (
            "We present MossParser , a chart parser for sentence parsing .",
            [
                ("MossParser", "Method"),
                ("chart parser", "Method"),
                ("sentence parsing", "Task"),
            ],
            [
                ("MossParser", "HYPONYM-OF", "chart parser"),
                ("chart parser", "USED-FOR", "sentence parsing"),
            ],
        ),
        (
            "It is trained on the FernBank treebank .",
            [("It", "Generic"), ("FernBank treebank", "Material")],
            [("FernBank treebank", "USED-FOR", "It")],
        ),
        ("We thank our readers .", [], []),
    ],
    "moss-2": [
        (
            "Precision and recall of word tagging are measured .",
            [("Precision", "Metric"), ("recall", "Metric"), ("word tagging", "Task")],
            [
                ("Precision", "CONJUNCTION", "recall"),
                ("Precision", "EVALUATE-FOR", "word tagging"),
                ("recall", "EVALUATE-FOR", "word tagging"),
            ],
        ),
        (
            "The beam of the beam search decoder is wide .",
            [("beam", "OtherScientificTerm"), ("beam search decoder", "Method"), ("beam search", "Method")],
            [("beam", "FEATURE-OF", "beam search decoder"), ("beam search", "PART-OF", "beam search decoder")],
        ),
    ],
}
DEV: dict[str, list[Marked]] = {
    "fern-1": [
        (
            "FernNet solves leaf counting .",
            [("FernNet", "Method"), ("leaf counting", "Task")],
            [("FernNet", "USED-FOR", "leaf counting")],
        ),
        ("See the table .", [], []),
    ]
}
TEST: dict[str, list[Marked]] = {
    "bark-1": [
        (
            "BarkTagger is compared with TwigTagger on the BarkBank corpus .",
            [("BarkTagger", "Method"), ("TwigTagger", "Method"), ("BarkBank corpus", "Material")],
            [("BarkTagger", "COMPARE", "TwigTagger"), ("BarkBank corpus", "EVALUATE-FOR", "BarkTagger")],
        ),
        (
            "Such methods need bark segmentation .",
            [("Such methods", "Generic"), ("bark segmentation", "Task")],
            [("bark segmentation", "USED-FOR", "Such methods")],
        ),
        ("Nothing follows .", [], []),
    ]
}
SPLITS = {"train": TRAIN, "dev": DEV, "test": TEST}


def document(key: str, marked: list[Marked]) -> dict[str, Any]:
    """One document as a line of SciERC holds it."""
    row: dict[str, Any] = {"doc_key": key, "sentences": [], "ner": [], "relations": [], "clusters": []}
    first = 0
    for sentence, entities, relations in marked:
        tokens = sentence.split()
        places = {text: place(tokens, text.split(), first) for text, _ in entities}
        row["sentences"].append(tokens)
        row["ner"].append([[*places[text], kind] for text, kind in entities])
        row["relations"].append([[*places[one], *places[two], kind] for one, kind, two in relations])
        first += len(tokens)
    return row


def place(tokens: list[str], wanted: list[str], first: int) -> list[int]:
    """First and last token of a text, numbered through the document; its first occurrence."""
    start = next(at for at in range(len(tokens)) if tokens[at : at + len(wanted)] == wanted)
    return [first + start, first + start + len(wanted) - 1]


def write(folder: Path) -> dict[str, Path]:
    """The three files of a user, by split."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for split, documents in SPLITS.items():
        paths[split] = folder / f"{split}.json"
        lines = [json.dumps(document(key, marked)) + "\n" for key, marked in documents.items()]
        paths[split].write_text("".join(lines), encoding="utf-8")
    return paths
