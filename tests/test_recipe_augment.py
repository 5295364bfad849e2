"""Augmentation: other names, the same sentence, entities and relations."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from recipe_examples import BERT, NOTHING, example, examples

from sciie_eval.schema import Entity, Example, Extraction
from sciie_rewards.evidence import stands_in
from sciie_rewards.recipe.augment import NamePool, augmented, made_up
from sciie_rewards.recipe.sections import Augment

ALL = Augment(rows=1, entities=1)
NAMES = NamePool.of(
    [
        example(
            "GPT - 2 , ELMo , word vectors , net , parsing , WSJ , al. and deep",
            ("GPT - 2", "Method"),
            ("ELMo", "Method"),
            ("word vectors", "Method"),
            ("net", "Method"),
            ("parsing", "Task"),
            ("al.", "Task"),
            ("WSJ", "Dataset"),
            ("deep", "Dataset"),
        )
    ]
)
SETTINGS = st.builds(Augment, rows=st.sampled_from((0.5, 1.0)), entities=st.sampled_from((0.3, 1.0)))


def renaming(before: Example, after: Example) -> dict[str, str]:
    """Old text -> new text, checked to be one for all entities and relations, and one to one."""
    pairs = [(a.text, b.text) for a, b in zip(before.gold.entities, after.gold.entities, strict=True)]
    for one, two in zip(before.gold.relations, after.gold.relations, strict=True):
        pairs += [(one.subject, two.subject), (one.object, two.object)]
        assert one.model_dump(include={"type", "subject_type", "object_type"}) == two.model_dump(
            include={"type", "subject_type", "object_type"}
        )
    new = dict(pairs)
    assert set(pairs) == set(new.items())
    assert len(set(new.values())) == len(new)
    return new


def assert_sound(before: Example, after: Example) -> None:
    """Every entity verbatim in the sentence, every argument among the entities."""
    renaming(before, after)
    assert [e.type for e in before.gold.entities] == [e.type for e in after.gold.entities]
    assert (before.id, before.doc_id, before.gold.sections) == (after.id, after.doc_id, after.gold.sections)
    entities = {e.text for e in after.gold.entities}
    assert all(text in after.sentence for text in entities)
    assert all({r.subject, r.object} <= entities for r in after.gold.relations)


@given(examples(), st.integers(0, 2**32), SETTINGS)
@hypothesis_settings(max_examples=500)
def test_entities_stand_verbatim_and_arguments_are_entities_on_made_up_sentences(
    before: Example, seed: int, settings: Augment
) -> None:
    assert_sound(before, augmented(before, NAMES, Random(seed), settings))


@pytest.mark.parametrize("split", ["train", "test_ood"])
def test_entities_stand_verbatim_and_arguments_are_entities_on_scier(
    gold: dict[str, list[Example]], split: str
) -> None:
    pool, rng = NamePool.of(gold["train"]), Random(7)
    changed = 0
    for before in gold[split]:
        after = augmented(before, pool, rng, ALL)
        changed += after is not before
        assert_sound(before, after)
        assert all(stands_in(after.sentence, entity.text) for entity in after.gold.entities)
    with_entities = sum(bool(e.gold.entities) for e in gold[split])
    assert changed > 0.8 * with_entities


def test_a_name_is_swapped_wherever_it_stands_and_all_else_stays() -> None:
    after = augmented(BERT, NAMES, Random(3), ALL)
    new = renaming(BERT, after)
    assert all(one != two for one, two in new.items())
    expected = BERT.sentence
    for one, two in new.items():
        expected = expected.replace(one, two)
    assert after.sentence == expected
    assert after.sentence.count(new["BERT"]) == 2


def test_a_text_within_a_word_is_not_touched() -> None:
    before = example("CNNs and a CNN - based RCNN .", ("CNN", "Method"))
    after = augmented(before, NAMES, Random(1), ALL)
    assert after.sentence == f"CNNs and a {after.gold.entities[0].text} - based RCNN ."
    assert after.gold.entities[0].text != "CNN"


@pytest.mark.parametrize(
    "before",
    [
        example("A deep net and a net .", ("deep net", "Method"), ("net", "Method")),
        example("A very deep net .", ("very deep", "Method"), ("deep net", "Method")),
        example("CNNs beat all .", ("CNNs", "Method"), ("CNN", "Method")),
        example("TIMIT has TIMIT .", ("TIMIT", "Dataset"), ("TIMIT", "Task")),
        example("A rule .", ("rule", "Odd")),  # a type that the pool does not know
        NOTHING,
    ],
)
def test_entities_that_share_characters_or_have_two_types_or_no_kin_stay(before: Example) -> None:
    assert all(augmented(before, NAMES, Random(seed), ALL) is before for seed in range(20))


def test_an_argument_that_is_no_entity_stays() -> None:
    before = example("BERT for parsing .", ("BERT", "Method"), rel=(("BERT", "Used-For", "parsing"),))
    after = augmented(before, NAMES, Random(1), ALL)
    assert after.gold.relations[0].object == "parsing"
    assert after.gold.relations[0].subject == after.gold.entities[0].text != "BERT"


def test_new_names_are_of_the_type_or_made_up_of_one() -> None:
    drawn = {NAMES.draw("Dataset", Random(seed)) for seed in range(60)}
    assert {"WSJ", "deep"} < drawn
    assert all(re.fullmatch("[A-Z]{3}|[a-z]{4}", name) for name in drawn)
    assert NAMES.draw("Odd", Random(1)) == ""


def test_new_names_cannot_be_taken_for_what_is_there() -> None:
    before = example("WSJ and deep things .", ("WSJ", "Dataset"))
    for seed in range(60):
        text = augmented(before, NAMES, Random(seed), ALL).gold.entities[0].text
        assert text == "WSJ" or text not in before.sentence


@given(st.text(alphabet="aBé3 -.", min_size=1), st.integers(0, 99))
def test_made_up_names_are_written_as_their_model(name: str, seed: int) -> None:
    def shape(text: str) -> str:
        text = re.sub("[aeiouy]|[AEIOUY]", lambda vowel: "v" if vowel[0].islower() else "V", text)
        return re.sub("[b-df-hj-np-tv-xz]|[B-DF-HJ-NP-TV-XZ]", lambda one: "c" if one[0].islower() else "C", text)

    assert shape(made_up(name, Random(seed))) == shape(name)


def test_shares_are_those_of_the_settings() -> None:
    def changed(settings: Augment) -> float:
        return sum(augmented(BERT, NAMES, rng, settings) is not BERT for rng in map(Random, range(1000))) / 1000

    assert changed(Augment(rows=0, entities=1)) == 0
    assert changed(Augment(rows=1, entities=0)) == 0
    assert changed(Augment(rows=0.5, entities=1)) == pytest.approx(0.5, abs=0.05)
    swapped = sum(
        text != new
        for seed in range(1000)
        for text, new in renaming(BERT, augmented(BERT, NAMES, Random(seed), Augment(rows=1, entities=0.5))).items()
    )
    assert swapped / 3000 == pytest.approx(0.5, abs=0.05)


def test_the_same_seed_gives_the_same_example_and_another_one_another() -> None:
    assert augmented(BERT, NAMES, Random(1), ALL) == augmented(BERT, NAMES, Random(1), ALL)
    assert len({augmented(BERT, NAMES, Random(seed), ALL).sentence for seed in range(20)}) > 15


def test_offsets_are_left_out_of_a_changed_example() -> None:
    placed = Extraction(entities=(Entity(text="BERT", type="Method", span=(0, 4)),))
    before = Example(id="a", sentence="BERT works .", gold=placed)
    after = augmented(before, NAMES, Random(1), ALL)
    assert after.gold.entities[0].span is None
    assert augmented(before, NAMES, Random(1), Augment(rows=0)).gold.entities[0].span == (0, 4)


def test_the_pool_holds_every_name_once_by_type() -> None:
    assert NamePool.of([BERT, BERT]).names == {"Method": ("BERT",), "Task": ("NER",), "Dataset": ("MS COCO - 1 0",)}
