"""Small rows about one sentence, for the tests of errors."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
SENT = "the deep neural network beats a small net on NER and QA ."
TYPED = (("deep neural network", "Method"), ("NER", "Task"), ("QA", "Task"))


def ner(*pairs: tuple[str, str]) -> Row:
    return {"ner": [list(pair) for pair in pairs], "rel": []}


def rel(*triples: tuple[str, str, str], ner: tuple[tuple[str, str], ...] = ()) -> Row:
    return {"ner": [list(pair) for pair in ner], "rel": [list(triple) for triple in triples]}
