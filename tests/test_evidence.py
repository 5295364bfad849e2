"""What reasoning shows: the ways that are quick for common reasoning find what the definition finds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sciie_eval import Example
from sciie_eval.cards import load_schema
from sciie_eval.rules import MatchRule
from sciie_rewards.evidence import Reasoning, quotes_in, stands_in, steps_in
from sciie_rewards.gold import GoldRow

LONG = "DNN 2.0 there with all of them in use and some more at the end of this"
ROW = GoldRow(
    Example.from_row(
        {
            "sentence": 'we use a deep net ( DNN ) of A . B for " naïve parsing and ' + LONG,
            "ner": [["deep net", "Method"], ["DNN", "Method"], ["parsing", "Task"], ["A . B", "Dataset"]],
            "rel": [
                ["deep net", "Used-For", "parsing"],
                ["DNN", "Used-For", "parsing"],
                ["DNN", "Synonym-Of", "deep net"],
                ["DNN", "Evaluated-With", "A . B"],
                ["naïve parsing", "Part-Of", "parsing"],
                ["absent", "Part-Of", "DNN"],
            ],
        },
        id="a",
    ),
    load_schema(),
    MatchRule(),
)
texts = st.sampled_from(
    ("deep net", "DNN", "parsing", "A . B", "naïve parsing", "absent", "Deep net", "RDNN", "use a ")
)
labels = st.sampled_from(("Used-For", "used for", "Synonym-Of", "part-of", "Evaluated-With", "is"))
quoted = st.builds(str.format, st.sampled_from(('"{}"',) * 6 + ("“{}”", "{}", '"{}', '{}"', '" {}"', '"{}\n"')), texts)
told = st.builds("{} {} {}{}".format, quoted, labels, quoted, st.sampled_from(("", "", ".", ". So. ", "! é", "\r")))
about = st.builds(
    lambda relation, word, tail: f'"{relation[0]}" {word} "{relation[2]}"{tail}',
    st.sampled_from(sorted(ROW.claims)),
    labels | st.just("is. So"),
    st.sampled_from(("", "", ". Used-For", f' "{LONG}"', f" “{LONG}”")),
)
lines = (
    about
    | told
    | quoted
    | st.sampled_from(('"', "", '"" ', '"x. y"', '"DNN"parsing"there" is used for', "A. B? ", 'He: "'))
)
reasonings = st.builds(
    lambda lines, mark, times: mark.join(lines * times),
    st.lists(lines, max_size=5),
    st.sampled_from(("\n", "\n", "\r\n", " ")),
    st.integers(1, 2),
)


def shown(text: str, sentence: str, subject: str, object_: str) -> bool:
    """Whether a step evidences a relation, word for word as the docs define it."""
    for line in text.split("\n"):
        for step in steps_in(line):
            quotes = {quote for quote in quotes_in(step) if quote in sentence}
            if all(any(stands_in(quote, argument) for quote in quotes) for argument in (subject, object_)):
                length = sum(map(len, quotes))
                if length <= 0.6 * len(sentence) or length <= len(subject) + len(object_):
                    return True
    return False


def named(text: str, label: str, subject: str, object_: str) -> bool:
    """Whether a step names a relation, likewise."""
    steps = [step.lower() for line in text.split("\n") for step in steps_in(line)]
    spellings, arguments = (label.lower(), label.lower().replace("-", " ")), (subject.lower(), object_.lower())
    return any(
        any(spelling in step for spelling in spellings) and all(stands_in(step, argument) for argument in arguments)
        for step in steps
    )


@settings(max_examples=300)
@given(reasonings)
def test_a_relation_is_evidenced_and_named_as_the_docs_define_it(text: str) -> None:
    reasoning = Reasoning(text, "none")
    for (subject, label, object_), claim in ROW.claims.items():
        evidence, naming = reasoning.look_for(claim, ROW.sentence)
        assert (evidence is not None) == shown(reasoning.text, ROW.sentence, subject, object_)
        assert (naming is not None) == named(reasoning.text, label, subject, object_)


@settings(max_examples=300)
@given(reasonings)
def test_quotes_are_those_of_the_lines_and_fabricated_what_is_not_in_the_sentence(text: str) -> None:
    reasoning = Reasoning(text, "none")
    quotes = list(dict.fromkeys(quote for line in reasoning.text.split("\n") for quote in quotes_in(line)))
    assert reasoning.quotes() == quotes
    share = sum(quote not in ROW.sentence for quote in quotes) / len(quotes) if quotes else 0.0
    assert reasoning.fabricated(ROW.sentence, ROW.verbatim) == reasoning.fabricated(ROW.sentence) == share


def test_a_line_that_was_found_first_does_not_hide_an_earlier_one() -> None:
    text = '"DNN" is used for "parsing".\n"DNN" and "parsing" stand there'
    (claim,) = [claim for key, claim in ROW.claims.items() if key == ("DNN", "Used-For", "parsing")]
    assert Reasoning(text, "none").look_for(claim, ROW.sentence) == (
        '"DNN" and "parsing" stand there',
        '"DNN" is used for "parsing".',
    )
