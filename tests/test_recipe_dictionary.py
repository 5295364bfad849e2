"""The dictionary baseline: what it looks up, and the floor that it sets on SciER."""

from __future__ import annotations

import pytest
from recipe_examples import BERT, example

from sciie_eval.schema import Example, Extraction
from sciie_eval.scoring import score
from sciie_rewards.recipe.dictionary import Dictionary


def entities(train: list[Example], sentence: str) -> list[list[str]]:
    found = Dictionary.of(train).predict(sentence)
    assert found["rel"] == []
    return found["ner"]


@pytest.mark.parametrize(("split", "expected"), [("dev", 0.476), ("test", 0.443), ("test_ood", 0.106)])
def test_the_floor_on_scier(gold: dict[str, list[Example]], split: str, expected: float) -> None:
    dictionary = Dictionary.of(gold["train"])
    predicted = [Extraction.from_scier(dictionary.predict(e.sentence)) for e in gold[split]]
    found = score([e.gold for e in gold[split]], predicted)
    assert found.ner is not None
    assert found.rel is not None
    assert round(found.ner.f1, 3) == expected
    assert found.rel.n_pred == 0


def test_the_longest_match_wins_and_the_search_goes_on_behind_it() -> None:
    train = [example("a deep net b", ("deep net", "Method")), example("net b", ("net", "Task"), ("b", "Task"))]
    assert entities(train, "deep net net b") == [["deep net", "Method"], ["net", "Task"], ["b", "Task"]]


def test_a_text_labelled_in_half_of_its_occurrences_is_looked_up_and_below_that_not() -> None:
    labelled, not_labelled = example("net", ("net", "Method")), example("a net")
    assert entities([labelled, not_labelled], "net") == [["net", "Method"]]
    assert entities([labelled, not_labelled, not_labelled], "net") == []


def test_an_occurrence_within_a_longer_entity_counts() -> None:
    longer = example("deep net", ("deep net", "Method"))
    assert entities([example("net", ("net", "Method")), longer, longer], "net") == []


def test_the_type_is_that_of_the_majority_and_of_the_first_among_equals() -> None:
    task, method = example("net", ("net", "Task")), example("net", ("net", "Method"))
    assert entities([task, method, method], "net") == [["net", "Method"]]
    assert entities([task, method], "net") == [["net", "Task"]]


def test_words_and_case_are_compared_as_they_stand() -> None:
    assert entities([BERT], "Bert ( BERT ) , BERTs , BERT.") == [["BERT", "Method"]]


def test_an_empty_training_split_finds_nothing() -> None:
    assert entities([], "BERT") == []
