"""How alike two texts are."""

from __future__ import annotations

import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.fuzz import ratio

from sciie_eval.rules import MatchRule
from sciie_eval.similarity import (
    _TokenSets,
    behind,
    fuzzy_similarity,
    looks_behind,
    offset_overlap,
    similarity,
    token_overlap,
    tokens,
)

WORDS = st.lists(st.sampled_from(("a", "b", "c", "-", "d")), max_size=6)
SPANS = st.tuples(st.integers(0, 12), st.integers(1, 8)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3D-CNNs", ["3D", "-", "CNNs"]),
        ("F1_score (%)", ["F1_score", "(", "%", ")"]),
        ("\u00e9t\u00e9 \u03b1\u2192\u03b2", ["\u00e9t\u00e9", "\u03b1", "\u2192", "\u03b2"]),
        (" \t", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@given(WORDS, WORDS)
def test_token_overlap_is_the_jaccard_index_of_multisets(left: list[str], right: list[str]) -> None:
    one, two = " ".join(left), " ".join(right)
    found = token_overlap(one, two)
    assert found == pytest.approx(reference.jaccard(one, two), abs=1e-15)
    assert found == token_overlap(two, one)
    assert 0 <= found <= 1
    assert token_overlap(one, one) == (1 if left else 0)


def test_token_overlap_counts_repetitions() -> None:
    assert token_overlap("a a b", "a b b") == 0.5
    assert token_overlap("a a", "a") == 0.5
    assert token_overlap("a a a", "a a") == pytest.approx(2 / 3)


def test_what_is_kept_of_texts_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = _TokenSets()
    monkeypatch.setattr(_TokenSets, "_MOST", 3)
    monkeypatch.setattr(_TokenSets, "_LONGEST", 5)
    for number in range(10):
        assert kept[f"a {number}"] == {"a", str(number)}
        assert len(kept) <= 3
    assert kept["a long text"] == {"a", "long", "text"}
    assert "a long text" not in kept


@given(SPANS, SPANS)
def test_offset_overlap_is_the_jaccard_index_of_characters(left: tuple[int, int], right: tuple[int, int]) -> None:
    one, two = set(range(*left)), set(range(*right))
    assert offset_overlap(left, right) == len(one & two) / len(one | two)


@given(st.text(max_size=8), st.text(max_size=8))
def test_fuzzy_similarity_is_rapidfuzz(left: str, right: str) -> None:
    assert fuzzy_similarity(left, right) == ratio(left, right) / 100


@pytest.mark.parametrize("match", ["strict", "boundaries"])
def test_equality(match: str) -> None:
    alike = similarity(MatchRule(match=match))  # type: ignore[arg-type]
    assert (alike("a", "a"), alike("a", "b")) == (1.0, 0.0)


def test_overlap_of_texts_and_offsets() -> None:
    rule = MatchRule(match="overlap")
    assert similarity(rule)("a b", "b c") == pytest.approx(1 / 3)
    assert similarity(rule)("a", "a") == 1.0
    assert similarity(rule, spans=True)((0, 4), (2, 4)) == 0.5


@pytest.mark.parametrize(
    ("match", "normalize", "spans", "expected"),
    [
        ("overlap", "none", False, False),
        ("overlap", "spacing", False, True),
        ("overlap", "spacing", True, False),
        ("fuzzy", "spacing", False, False),
        ("fuzzy", "none", True, True),
        ("strict", "spacing", True, False),
    ],
)
def test_who_looks_behind(match: str, normalize: str, spans: bool, expected: bool) -> None:
    assert looks_behind(MatchRule(match=match, normalize=normalize), spans) is expected  # type: ignore[arg-type]


def test_what_stands_behind_is_looked_up_on_its_own_side() -> None:
    alike = behind(token_overlap, {"ab": "a b", "b": "b"}, {"ab": "ab", "b": "b"})
    assert alike("ab", "b") == 0.5
    assert alike("b", "ab") == 0.0
    assert alike("ab", "ab") == 1.0
    placed = behind(fuzzy_similarity, {(0, 4): "BERT"}, {(5, 10): "BERTs"})
    assert placed((0, 4), (5, 10)) == pytest.approx(8 / 9)
    assert placed((0, 4), (0, 4)) == 1.0
