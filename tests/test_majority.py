"""The vote of a group: what becomes pseudo-gold, what silence earns, and groups that are not whole."""

from __future__ import annotations

import json
import pickle
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parent / "golden"))

from hostile import hostile

from sciie_eval.exceptions import InputError, UsageError
from sciie_rewards import MajorityVote, Vote, majority_vote

Answer = dict[str, list[list[str]]]
EMPTY: Answer = {"ner": [], "rel": []}
A, B, C = (["a", "Method"], ["b", "Task"], ["c", "Method"])
R, S = (["a", "Used-For", "b"], ["b", "Part-Of", "a"])


def said(*ner: list[str], rel: list[list[str]] | None = None) -> str:
    return f"<answer>{json.dumps({'ner': list(ner), 'rel': rel or []})}</answer>"


def scores(group: list[str], reward: MajorityVote = majority_vote) -> list[float]:
    return reward.vote(group).scores


items = st.lists(st.sampled_from((A, B, C, ["a", "Task"], [" ", "Task"])), max_size=4)
triples = st.lists(st.sampled_from((R, S, ["a", "Used-For", "c"])), max_size=3)
answers = st.builds(lambda ner, rel: said(*ner, rel=rel), items, triples)
completions = answers | st.sampled_from(("", "no idea", "<answer>none</answer>"))


def by_definition(group: list[str], theta: Fraction) -> list[float]:
    """The reward, read off the definition with plain sets."""
    read = [json.loads(text[8:-9]) if '"ner"' in text else None for text in group]
    valid = [answer for answer in read if answer is not None]
    if len(valid) < 2:
        return [0.0] * len(group)
    golds: dict[str, set[Any]] = {}
    sets = {t: [{tuple(x) for x in answer[t]} for answer in valid] for t in ("ner", "rel")}
    for task, found in sets.items():
        every = {item for one in found for item in one if all(part.strip() for part in item)}
        kept = {item for item in every if Fraction(sum(item in one for one in found), len(valid)) >= theta}
        if kept or Fraction(sum(not one for one in found), len(valid)) >= theta:
            golds[task] = kept
    if not any(golds.values()):
        return [0.0] * len(group)
    out = []
    for answer in read:
        f1s = []
        for task, gold in golds.items():
            own = {(x[0].strip(), *x[1:]) for x in answer[task]} if answer else set()
            if gold or own:
                f1s.append(2 * len(gold & own) / (len(gold) + len(own)))
        out.append(sum(f1s) / len(f1s) if answer else 0.0)
    return out


@given(st.lists(completions, max_size=7), st.sampled_from(("0.3", "0.5", "0.75", "1")))
def test_the_reward_is_as_defined(group: list[str], theta: str) -> None:
    reward = MajorityVote(theta=float(theta))
    assert scores(group, reward) == pytest.approx(by_definition(group, Fraction(theta)), abs=1e-12)


@given(st.lists(completions, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_who_is_invalid_has_no_say(group: list[str], random: Any) -> None:
    found = scores(group)
    assert all(0 <= score <= 1 for score in found)
    order = list(range(len(group)))
    random.shuffle(order)
    assert scores([group[place] for place in order]) == [found[place] for place in order]
    assert scores([*group, "no idea", "<answer>nothing</answer>"]) == [*found, 0, 0]


@given(st.lists(answers, min_size=2, max_size=6))
def test_the_pseudo_gold_itself_earns_the_most(group: list[str]) -> None:
    vote = majority_vote.vote(group)
    kept = {task: [list(item) for item in sorted(found or ())] for task, found in vote.items.items()}
    if any(kept.values()):
        again = majority_vote.vote([*group, f"<answer>{json.dumps(kept)}</answer>"])
        assert again.scores[-1] == max(again.scores)


# -- silence ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "group",
    [
        [said()] * 4,  # nobody says anything
        [said(A), said(B), said(C), said()],  # everybody says something else, but for one
        [said(), said(), said(), said(A)],  # most are silent
        [said(), "no idea", "no idea", "no idea"],  # one valid answer, silent
        [said(A), "no idea", "no idea", "no idea"],  # and one that only agrees with itself
        ["no idea"] * 4,
        [],
    ],
    ids=["all silent", "no agreement", "most silent", "one silent", "one alone", "none valid", "none"],
)
def test_where_the_vote_gives_no_item_nobody_earns(group: list[str]) -> None:
    assert scores(group) == [0.0] * len(group)


def test_silence_never_earns_where_others_agree() -> None:
    assert scores([said(A), said(A), said(), said()]) == [1, 1, 0, 0]
    assert scores([said(A, rel=[R]), said(A, rel=[R]), said(A), said(A)]) == [1, 1, 0.5, 0.5]


def test_relations_without_agreement_are_left_out_for_everybody() -> None:
    """Who tries a relation is not worse off than who says none, as long as the vote has not said there are none."""
    others = [["a", "Part-Of", "b"], ["b", "Used-For", "a"], R]
    group = [said(A, rel=[relation]) for relation in others] + [said(A)]
    vote = majority_vote.vote(group)
    assert vote.items == {"ner": {("a", "Method")}, "rel": None}
    assert vote.scores == [1, 1, 1, 1]


def test_where_half_say_that_there_is_no_relation_one_too_many_costs() -> None:
    vote = majority_vote.vote([said(A), said(A), said(A, rel=[R]), said(A, rel=[S])])
    assert vote == Vote([1, 1, 0.5, 0.5], {"ner": {("a", "Method")}, "rel": set()}, 4)


def test_blank_texts_are_no_pseudo_gold() -> None:
    group = [said([" ", "Method"])] * 3
    assert majority_vote.vote(group).items["ner"] is None
    assert scores(group) == [0, 0, 0]


# -- settings --------------------------------------------------------------------------------------------------------


def test_normalisation_decides_what_is_the_same() -> None:
    group = [said(["deep net", "Method"]), said(["Deep  Net", "Method"]), said(["deepnet", "Method"]), said(A)]
    assert scores(group) == [0, 0, 0, 0]
    assert scores(group, MajorityVote(normalize="spacing")) == [1, 0, 1, 0]
    assert scores(group, MajorityVote(normalize="casefold")) == [1, 1, 1, 0]


def test_gold_is_not_looked_at() -> None:
    reward, group = MajorityVote(num_generations=3), [said(A), said(A, B), said(A)]
    plain = reward(group, ["x"] * 3)
    for gold in ([None] * 3, [{"sentence": "x", "ner": [B], "rel": []}] * 3, ["{"] * 3):
        assert reward(group, ["x"] * 3, gold=gold, sentence=[1, 2, 3]) == plain


@pytest.mark.parametrize("name", hostile())
def test_hostile_completions_harm_nobody(name: str) -> None:
    found = scores([said(A), hostile()[name], said(A), said(A)])
    assert found[0] == found[2] == found[3] == 1
    assert 0 <= found[1] <= 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_generations": 1}, "num_generations: expected a whole number from 2 on, got 1"),
        ({"num_generations": 4.0}, "num_generations: expected"),
        ({"theta": 0}, "theta: expected a share above 0 and at most 1, got 0"),
        ({"theta": True}, "theta: expected"),
        ({"normalize": "upper"}, "normalize: "),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as error:
        MajorityVote(**settings)
    assert str(error.value).startswith(message)


# -- groups ----------------------------------------------------------------------------------------------------------


class Trainer:
    """What TRL's calls show of a trainer."""

    num_generations = 4
    num_generations_eval = 2

    def __init__(self, training: bool = True) -> None:
        self.model = SimpleNamespace(training=training)
        self.metrics: dict[str, float] = {}

    def log_metric(self, name: str, value: float) -> None:
        self.metrics[name] = value


def test_every_group_votes_by_itself_in_any_order() -> None:
    trainer = Trainer()
    group, other = [said(A), said(A), said(B), "no idea"], [said(C), said(), said(C), said(C)]
    asked = [[{"role": "user", "content": name}] for name in "xy"]
    found = majority_vote(group + other, [asked[0]] * 4 + [asked[1]] * 4, log_metric=trainer.log_metric)
    assert found == scores(group) + scores(other) == [1, 1, 0, 0, 1, 0, 1, 1]
    assert trainer.metrics == {"majority_vote/valid": 7 / 8, "majority_vote/decided": 1, "majority_vote/items": 1}
    mixed = [text for pair in zip(group, other, strict=True) for text in pair]
    again = majority_vote(mixed, asked * 4, log_metric=trainer.log_metric)
    assert again == [score for pair in zip(found[:4], found[4:], strict=True) for score in pair]
    assert majority_vote([], [], log_metric=trainer.log_metric) == []


def test_a_prompt_that_stands_twice_in_the_dataset_has_two_groups() -> None:
    group = [said(A), said(A), said(B), said(B)] + [said(C)] * 4
    assert majority_vote(group, ["x"] * 8, log_metric=Trainer().log_metric) == [2 / 3] * 4 + [1] * 4


def test_a_split_group_is_refused_with_its_mend() -> None:
    wanted = (
        "majority_vote: 2 completions of the prompt of row 4, where a group has 4: the group is split over processes "
        "or batches; make per_device_train_batch_size × steps_per_generation a multiple of num_generations (in "
        "evaluation per_device_eval_batch_size of num_generations_eval)"
    )
    for reward, more in ((majority_vote, {"log_metric": Trainer().log_metric}), (MajorityVote(num_generations=4), {})):
        with pytest.raises(InputError) as error:
            reward([said(A)] * 6, ["x"] * 4 + ["y"] * 2, **more)
        assert str(error.value) == wanted


def test_the_trainer_knows_the_size_of_a_group_best() -> None:
    assert majority_vote([said(A)] * 2, ["x"] * 2, log_metric=Trainer(training=False).log_metric) == [1, 1]
    reward = MajorityVote(num_generations=8)
    assert reward([said(A)] * 4, ["x"] * 4, log_metric=Trainer().log_metric) == [1] * 4
    with pytest.raises(InputError, match=r"give MajorityVote\(num_generations=…\), the trainer's own number"):
        majority_vote([said(A)] * 4, ["x"] * 4)
    with pytest.raises(InputError, match="prompts: majority_vote needs 4, one a completion, got None"):
        reward([said(A)] * 4)
    with pytest.raises(InputError, match="completions: expected a list"):
        reward("no", ["x"])


def test_it_survives_pickling() -> None:
    reward = MajorityVote(num_generations=2, normalize="casefold", name="vote")
    again = pickle.loads(pickle.dumps(reward))
    assert again.__name__ == "vote"
    assert again([said(["A", "Method"]), said(A)], ["x"] * 2) == [1, 1]
    assert repr(again) == "MajorityVote(num_generations=2, theta=0.5, normalize='casefold', schema='scier')"
