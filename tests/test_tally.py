"""From matches to the sums of a corpus."""

from __future__ import annotations

from typing import Any

import pytest

from sciie_eval.counting import GoldSentence
from sciie_eval.items import EMPTY, Items
from sciie_eval.lane import FastLane
from sciie_eval.parsing import ParsedCompletion, ParseStatus, parse_completion
from sciie_eval.results import corpus_score
from sciie_eval.rules import Task
from sciie_eval.schema import Section
from sciie_eval.settings import Settings
from sciie_eval.tally import Tally

ALL: frozenset[Section] = frozenset({"ner", "rel", "rel_plus"})


def gold(*entities: tuple[str, str], sections: frozenset[Section] = ALL) -> GoldSentence:
    return GoldSentence(Items(entities=list(entities), sections=sections))


def said(
    *entities: tuple[str, str], status: ParseStatus = "ok", sections: frozenset[Section] = ALL
) -> ParsedCompletion:
    return ParsedCompletion(Items(entities=list(entities), sections=sections), status)


def tally(**settings: Any) -> Tally:
    return Tally(Settings(**settings), keep=True)


def counts(sums: Tally, task: Task) -> list[list[float]]:
    place = 3 * sums.settings.tasks.index(task)
    return sums.sentences.matrix()[:, place : place + 3].tolist()  # type: ignore[no-any-return]


def mean_f1(sums: Tally, task: Task) -> float | None:
    found = corpus_score(sums, lambda: "").tasks[task]
    return None if found is None else found.sentence_f1


def test_counts_per_sentence() -> None:
    sums = tally()
    sums.add(gold(("a", "Task"), ("b", "Method")), said(("a", "Task"), ("a", "Method")), "d1")
    sums.add(gold(), None, "d2")
    assert counts(sums, "ner") == [[1, 2, 2], [0, 0, 0]]
    assert counts(sums, "rel+") == [[0, 0, 0], [0, 0, 0]]
    assert mean_f1(sums, "ner") == 0.75
    assert (sums.n_sentences, sums.missing, sums.sentences.documents()) == (2, 1, ["d1", "d2"])
    assert dict(sums.statuses) == {"ok": 1}


def test_nothing_added() -> None:
    sums = tally(tasks=("ner", "rel"))
    assert sums.sentences.matrix().shape == (0, 6)
    assert sums.spoken_tasks() == ()


def test_matched_predictions_are_filed_under_their_gold_type() -> None:
    sums = tally(match="boundaries")
    sums.add(gold(("a", "Task"), ("b", "Method")), said(("a", "Method"), ("c", "Dataset")))
    assert sums.by_type("ner") == {"Task": (1, 1, 1), "Method": (0, 0, 1), "Dataset": (0, 1, 0)}


def test_partial_credit() -> None:
    sums = tally(match="overlap", credit="partial")
    sums.add(gold(("a b c", "Task")), said(("a b", "Task")))
    assert counts(sums, "ner") == [[pytest.approx(2 / 3), 1, 1]]
    assert sums.by_type("ner")["Task"] == (pytest.approx(2 / 3), 1, 1)
    assert sums.matches[0]["ner"].n == 1


@pytest.mark.parametrize("status", ["no_answer", "invalid"])
def test_garbage_earns_nothing_on_empty_gold(status: ParseStatus) -> None:
    sums = tally()
    sums.add(gold(), ParsedCompletion(EMPTY, status, ("no_answer_tags",)))
    assert mean_f1(sums, "ner") == 0
    assert dict(sums.issues) == {"no_answer_tags": 1}


def test_truncated_answers_are_well_formed() -> None:
    sums = tally()
    sums.add(gold(), said(status="truncated"))
    assert mean_f1(sums, "ner") == 1


def test_compat_forgets_predictions_of_sentences_with_f1_zero() -> None:
    sums = tally(compat="r2grpo")
    sums.add(gold(("a", "Task")), said(("b", "Task")))
    sums.add(gold(("a", "Task")), said(("a", "Task"), ("b", "Method")))
    sums.add(gold(), said(("b", "Task")))
    assert counts(sums, "ner") == [[0, 0, 1], [1, 2, 1], [0, 0, 0]]
    assert sums.by_type("ner") == {"Task": (1, 1, 2), "Method": (0, 1, 0)}


def test_watches_spacing() -> None:
    sums = tally()
    sums.add(gold(("state - of", "Task")), said(("state-of", "Task"), ("state -of", "Method"), ("b", "Task")))
    sums.add(gold(), said(("x", "Task")))
    assert sums.spacing == (1, 4)


@pytest.mark.parametrize("settings", [{"normalize": "spacing"}, {"match": "overlap"}, {"match": "fuzzy"}])
def test_does_not_watch_spacing_where_it_cannot_matter(settings: dict[str, Any]) -> None:
    sums = tally(**settings)
    sums.add(gold(("a b", "Task")), said(("ab", "Task")))
    assert sums.spacing == (0, 0)


@pytest.mark.parametrize(
    ("told", "asked", "expected"),
    [
        ({"ner"}, ALL, ("ner",)),
        ({"rel"}, ALL, ("rel",)),
        ({"ner", "rel"}, ALL, ("ner", "rel", "rel+")),
        ({"rel_plus"}, ALL, ("rel", "rel+")),
        (ALL, {"ner"}, ("ner",)),
        (set(), {"ner", "rel"}, ("ner", "rel", "rel+")),
        ({"ner"}, {"rel"}, ()),
    ],
)
def test_spoken_tasks(told: set[Section], asked: set[Section], expected: tuple[str, ...]) -> None:
    sums = tally()
    sums.add(gold(sections=frozenset(asked)), said(sections=frozenset(told)))
    assert sums.spoken_tasks() == expected


def test_spoken_tasks_under_compat() -> None:
    sums = tally(compat="r2grpo")
    sums.add(gold(), said())
    assert sums.spoken_tasks() == ("ner", "rel")


def test_only_the_tasks_asked_for() -> None:
    sums = tally(tasks=("rel",))
    sums.add(gold(("a", "Task")), said())
    assert list(sums.matches[0]) == ["rel"]
    assert Tally(Settings()).matches == []


def test_types_are_counted_in_bulk() -> None:
    sums, one, two = tally(tasks=("ner",)), gold(("a", "Task"), ("b", "Odd")), said(("a", "Task"), (" ", "Task"))
    for number in range(1000):
        sums.add(one, two)
        if number % 300 == 0:  # asking in between changes nothing
            assert sums.by_type("ner")["Odd"] == (0, 0, number + 1)
    assert sums.by_type("ner") == {"Task": (1000, 2000, 1000), "Odd": (0, 0, 1000)}
    assert len(sums.sentences) == len(sums.matches) == 1000


PLAIN = '<think>so</think><answer>{"ner": [["a", "Task"]], "rel": []}</answer>'


@pytest.mark.parametrize("match", ["strict", "overlap"])
def test_texts_that_wait_keep_their_place_among_the_others(monkeypatch: pytest.MonkeyPatch, match: str) -> None:
    monkeypatch.setattr("sciie_eval.plain.MAX_TEXT", 200)
    sums = Tally(Settings(match=match))
    sums.add(gold(("a", "Task")), None, "d0")
    sums.add_text(gold(("a", "Task")), PLAIN, "d1")
    sums.add_text(gold(("a", "Task"), ("b", "Task")), "I see nothing.", "d2")
    sums.add(gold(("a", "Task")), said(("a", "Task"), ("b", "Task"), ("c", "Task")), "d3")
    sums.add(gold(("a", "Task")), None, "d4")
    sums.add_text(gold(("a", "Task")), PLAIN.replace("so", "so " * 100).replace('"a"', '"b"'), "d5")
    sums.add_text(gold(("a", "Task")), PLAIN, "d6")
    sums.add_texts([gold(("a", "Task"), ("b", "Task"))] * 2, [PLAIN, PLAIN.replace("so", "so " * 100)], ["d7", "d8"])
    assert sums.n_sentences == 9
    expected = [[0, 0, 1], [1, 1, 1], [0, 0, 2], [1, 3, 1], [0, 0, 1], [0, 1, 1], [1, 1, 1], [1, 1, 2], [1, 1, 2]]
    assert counts(sums, "ner") == expected
    assert sums.sentences.documents() == [f"d{number}" for number in range(9)]
    assert (sums.missing, dict(sums.statuses)) == (2, {"ok": 6, "no_answer": 1})
    sums.add_text(gold(), PLAIN.replace("]}", "], }"))
    assert dict(sums.issues) == {"repaired_json": 1}


def test_no_more_wait_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    count = FastLane.count

    def watched(lane: FastLane, golds: Any, texts: Any) -> Any:
        batches.append(sum(map(len, texts)))
        return count(lane, golds, texts)

    monkeypatch.setattr(FastLane, "count", watched)
    monkeypatch.setattr("sciie_eval.tally._MUCH", 3 * len(PLAIN))
    one, many = Tally(Settings()), Tally(Settings())
    for number in range(10):
        one.add_text(gold(("a", "Task")), PLAIN, str(number))
    many.add_texts([gold(("a", "Task"))] * 10, [PLAIN] * 10, [str(number) for number in range(10)])
    assert counts(one, "ner") == counts(many, "ner") == [[1, 1, 1]] * 10
    assert max(batches) == 4 * len(PLAIN)  # the last makes it too much
    one.add_text(gold(("a", "Task")), PLAIN)
    one.add(gold(("a", "Task")), parse_completion("I see nothing. " * 1000))
    assert sum(len(text) for _, text, _ in one._waiting) == len(PLAIN)  # of what was counted nothing is kept


def test_one_document_a_row() -> None:
    sums = Tally(Settings())
    with pytest.raises(ValueError, match="2 rows, but 1 documents"):
        sums.add_texts([gold()] * 2, [PLAIN] * 2, ["d"])
