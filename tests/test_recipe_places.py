"""Where texts stand, and the words between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciie_rewards.evidence import stands_in
from sciie_rewards.recipe.places import between, places

TEXTS = st.text(alphabet="ab -", max_size=8)


@given(TEXTS, TEXTS)
def test_a_text_has_a_place_where_the_rewards_say_that_it_stands(sentence: str, text: str) -> None:
    found = places(sentence, text)
    assert bool(found) == stands_in(sentence, text)
    assert all(sentence[start:end] == text for start, end in found)
    assert found == sorted(set(found))


@given(TEXTS, TEXTS, TEXTS)
def test_the_words_between_are_of_the_sentence_and_hold_both(sentence: str, one: str, other: str) -> None:
    words = between(sentence, one, other)
    assert words in sentence
    assert words == between(sentence, other, one)
    assert bool(words) == bool(places(sentence, one) and places(sentence, other))
    if words:
        assert one in words
        assert other in words


@pytest.mark.parametrize(
    ("sentence", "one", "other", "expected"),
    [
        ("A b c A d B", "A", "B", "A d B"),  # the nearest
        ("net and deep net", "deep net", "net", "net and deep net"),  # apart rather than one in the other
        ("a deep net", "net", "deep net", "deep net"),
        ("A b", "A", "A", "A"),
        ("A b", "A", "C", ""),
    ],
)
def test_the_words_between_are_those_of_the_nearest_places(sentence: str, one: str, other: str, expected: str) -> None:
    assert between(sentence, one, other) == expected
