"""The prompt says what the card says, and asks for what the parser reads and the reward pays."""

import json
import re

import pytest

from sciie_eval import InputError, parse_label
from sciie_eval.cards import list_cards, load_card
from sciie_eval.layout import find_layout
from sciie_eval.parsing import parse_completion
from sciie_eval.prompts import ANSWER_FORM, guideline, label_guideline, label_messages, label_prompt, messages, prompt


@pytest.mark.parametrize("name", list_cards())
def test_everything_on_the_card_is_in_the_prompt(name: str) -> None:
    card = load_card(name)
    text = guideline(card)
    for kind in (*card.schema.entity_types, *card.schema.relation_types):
        assert kind.name in text
        assert " ".join(kind.definition.split()) in text
    assert all(note in text for note in card.notes)
    assert all(f"{a} -> {b}" in text for kind in card.schema.relation_types for a, b in kind.signatures)
    assert ("Entity types:" in text) == bool(card.schema.entity_types)
    assert ("Notes:" in text) == bool(card.notes)
    assert not re.search(r"(?m)^- .*[: ]$", text)


def test_the_sentence_comes_last_as_it_is() -> None:
    card, sentence = load_card("scier"), 'A "quoted" {name} <think> .'
    assert prompt(card, sentence).endswith(f"\n\nSentence: {sentence}")
    assert messages(card, sentence) == [{"role": "user", "content": prompt(card, sentence)}]
    assert prompt(card, sentence).startswith(guideline(card))


def test_the_guideline_leaves_no_reasoning_open() -> None:
    """A text prompt that did would count as a completion's opening tag."""
    assert not find_layout(prompt(load_card("scier"), "A ."), set()).tags.endswith("T")


def test_the_answer_form_is_what_the_parser_reads() -> None:
    filled = ANSWER_FORM.replace(", …", "").replace("text, type", '"NER", "Task"')
    filled = filled.replace("subject, relation, object", '"a", "Part-Of", "b"')
    parsed = parse_completion(f"<think>…</think><answer>{filled}</answer>")
    assert parsed.status == "ok"
    assert parsed.extraction.to_scier() == json.loads(filled)


def test_the_prompt_for_one_label() -> None:
    """It holds every label with its definition, leaves no reasoning open, and its sentence stands last, as it is."""
    card, sentence = load_card("semeval2010_task8"), 'The <e1>fire</e1> made "<e2>smoke</e2>" .'
    text = label_prompt(card, sentence)
    assert label_messages(card, sentence) == [{"role": "user", "content": text}]
    assert text == f"{label_guideline(card)}\n\nSentence: {sentence}"
    for kind in card.schema.relation_types:
        assert f"- {kind.name}: {' '.join(kind.definition.split())}" in text
        asked = f"<think>x</think><answer>{kind.name}</answer>"
        assert parse_label(asked, mode="strict").label == kind.name
    assert all(note in text for note in card.notes)
    assert "JSON" not in text
    assert find_layout(text, set()).tags == "TtAa"


@pytest.mark.parametrize(
    "sentence", ["", "no marks", "<e1>a</e1>", "<e1>a</e1> <e2>b</e2> <e2>c</e2>", "<e1>a<e1> <e2>b</e2>"]
)
def test_a_sentence_without_its_marks_is_an_error(sentence: str) -> None:
    with pytest.raises(InputError, match="expected <e1>…</e1> and <e2>…</e2> once each"):
        label_prompt(load_card("semeval2010_task8"), sentence)
