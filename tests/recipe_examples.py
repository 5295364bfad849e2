"""Made-up sentences with gold, and what hypothesis draws of them: what the tests of the recipe share."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sciie_eval.schema import Example, Extraction

KINDS = ("Method", "Task", "Dataset")
LABELS = ("Used-For", "Part-Of", "Compare-With", "Evaluated-With", "Unknown-Label")
WORDS = ("a", "net", "deep", "NER", "al.", "Well.", "?", '"', "“", "”", "-", "3", "of", "é", "Used-For", "CNN", "CNNs")


def example(sentence: str, *ner: tuple[str, str], rel: tuple[tuple[str, str, str], ...] = (), id: str = "a") -> Example:
    """An example whose relations have the types of the first entity of their text."""
    row: dict[str, Any] = {"ner": [list(entity) for entity in ner], "rel": [list(relation) for relation in rel]}
    kinds = dict(reversed(ner))
    row["rel_plus"] = [[typed(s, kinds), label, typed(o, kinds)] for s, label, o in rel]
    return Example(id=id, sentence=sentence, gold=Extraction.from_scier(row))


def typed(text: str, kinds: dict[str, str]) -> str:
    return f"{text}:{kinds[text]}" if text in kinds else text


BERT = example(
    "We use BERT for NER on MS COCO - 1 0 , and it turns out that BERT works .",
    ("BERT", "Method"),
    ("NER", "Task"),
    ("MS COCO - 1 0", "Dataset"),
    ("BERT", "Method"),
    rel=(("BERT", "Used-For", "NER"), ("BERT", "Evaluated-With", "MS COCO - 1 0")),
)
NOTHING = example("See the next part .")


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Sentences whose entities repeat, overlap, lie in one another, hold marks and full stops, and disagree in type."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=14))
    entities = []
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(words) - 1))
        end = draw(st.integers(start + 1, min(len(words), start + 3)))
        entities.append((" ".join(words[start:end]), draw(st.sampled_from(KINDS))))
    texts = [text for text, _ in entities]
    rel: list[tuple[str, str, str]] = []
    if texts:
        argument, label = st.sampled_from(texts), st.sampled_from(LABELS)
        rel = draw(st.lists(st.tuples(argument, label, argument), max_size=4))
    return example(" ".join(words), *entities, rel=tuple(rel))
