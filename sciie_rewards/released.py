r"""The four rewards of the public R2GRPO release, number for number, for reproduction and comparison.

They are kept as they are, with all that can be gamed in them (docs/migration.md has computed examples); to train, use
the robust profile. What makes the release crash or crawl does neither here: an answer that is no JSON object, and a
section that is no list, count as empty; an item that is not a flat list counts as wrong; every search is linear.

Source: the reward functions of the R2GRPO release, which reads a completion with regular expressions and scores it
against the first gold of its batch; its batches hold one prompt, so gold of each row is the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic_core import SchemaValidator, core_schema

from sciie_eval.cards import load_schema
from sciie_eval.parsing import message_text
from sciie_eval.rules import MatchRule
from sciie_eval.schema import Example
from sciie_rewards.columns import GoldRows

__all__ = [
    "RELEASED",
    "format_reward",
    "ner_reward",
    "reasoning_reward",
    "rel_reward",
    "released_format",
    "released_ner",
    "released_reasoning",
    "released_rel",
    "released_rewards",
    "released_scores",
]

Item = tuple[Any, ...]
_ROWS = GoldRows(load_schema(), MatchRule())

QUOTE_CAP = 0.6
SCALE = 1 / 6
REASONING_CAP = 0.5

_THINK = (re.compile("<think>", re.IGNORECASE), re.compile("</think>", re.IGNORECASE))
_ANSWER = (re.compile("<answer>", re.IGNORECASE), re.compile("</answer>", re.IGNORECASE))
_THINK_THEN_ANSWER = re.compile(r"</think>\s*+<answer>")

_QUOTE = re.compile(r"""['"]([^'"]++)['"]""")
_REASON_WORDS = (
    *("implies", "suggests", "because", "maps to", "indicates", "pattern", "rule"),
    *("therefore", "hence", "thus", "consequently", "leads to"),
)
# From a first word, any white space, then anything on that line, to a second word. The plain way to write this tries
# every pair of words; here the run between them stops at the next word of either kind, so no text is read twice.
_RULE = re.compile(
    r"(?:pattern|rule)\s*+"
    r"(?:[^\nprismd]++|(?!pattern|rule|implies|suggests|indicates|means|defines)[prismd])*+"
    r"(?:implies|suggests|indicates|means|defines)"
)
_RELATION = re.compile(
    r"relation(?:ship)?+\s*+"
    r"(?:[^\nrbda]++|(?!relation|(?<=[ ])(?:because|due[ ]to|as))[rbda])*+"
    r"(?:because|due[ ]to|as)"
)
# One pattern each, led by its rarest character: a search for that runs at the speed of a text search.
_STEPS = tuple(map(re.compile, (r"step\s++\d", r"\.(?<=\d\.)", r"\)(?<=[a-z]\))", r"-\s", r"•\s")))


def ner_reward(text: str, example: Example) -> float:
    """Entities: 0.7 · F1 + 0.3 · overlap; in [0, 1].

    F1 is over the sets of exact (text, type) pairs; overlap is the mean over the gold texts of the best Jaccard index
    of word sets with any predicted text, whatever its type. Without gold or without a readable answer 0.

    >>> from sciie_eval import Example
    >>> example = Example.from_row({"sentence": "BERT helps NER .", "ner": [["BERT", "Method"]], "rel": []}, id="a")
    >>> ner_reward('<answer>{"ner": [["BERT", "Task"]]}</answer>', example)
    0.3
    """
    return _ner(_items(_answer(text), "ner"), example)


def rel_reward(text: str, example: Example) -> float:
    """Relations: 2 · F1 over the sets of (subject, relation, object); 2 when both are empty; in [0, 2].

    A missing or unreadable answer counts as empty.

    >>> from sciie_eval import Example
    >>> example = Example.from_row({"sentence": "BERT helps NER .", "ner": [["BERT", "Method"]], "rel": []}, id="a")
    >>> rel_reward("no idea", example)
    2.0
    """
    return _rel(_items(_answer(text), "rel"), example)


def reasoning_reward(text: str, example: Example) -> float:
    """Keywords, quotes and mentions in the think block: (quotes + words + mentions) / 6, at most 0.5.

    Quotes from the sentence earn 0.1 to 0.2 each (short ones more), together at most 0.6; a word of reasoning 0.5;
    "pattern" or "rule" with a verb behind it 0.3; "relation" with a reason behind it 0.4; a step mark 0.3; and 0.7
    times the share of gold triples whose three parts are in the text (without gold, "no relation" earns half of that).

    >>> from sciie_eval import Example
    >>> example = Example.from_row({"sentence": "BERT helps NER .", "ner": [], "rel": []}, id="a")
    >>> round(reasoning_reward("<think>The rule implies no relation because.</think>", example), 4)
    0.2583
    """
    think = (_block(text, _THINK) or "").lower()
    if not think:
        return 0.0
    words = 0.5 * any(word in think for word in _REASON_WORDS)
    words += 0.3 * bool(_RULE.search(think)) + 0.4 * bool(_RELATION.search(think))
    words += 0.3 * any(step.search(think) for step in _STEPS)
    return min((_quotes(think, example.sentence.lower()) + words + _mentions(think, example)) * SCALE, REASONING_CAP)


def format_reward(text: str, example: Example) -> float:
    """Layout: 0.5 when a think block, optional white space and an answer block stand anywhere, in lower case; or 0.

    >>> from sciie_eval import Example
    >>> example = Example.from_row({"sentence": "BERT helps NER .", "ner": [], "rel": []}, id="a")
    >>> format_reward("<think></think><answer></answer>", example)
    0.5
    """
    del example  # every reward has the same arguments
    opened = text.find("<think>")
    between = _THINK_THEN_ANSWER.search(text, opened + len("<think>")) if opened >= 0 else None
    return 0.5 if between and text.find("</answer>", between.end()) >= 0 else 0.0


RELEASED: dict[str, Callable[[str, Example], float]] = {
    "ner": ner_reward,
    "rel": rel_reward,
    "reasoning": reasoning_reward,
    "format": format_reward,
}
"""The rewards of one completion by name; the release adds them up."""


def released_scores(text: str, example: Example) -> dict[str, float]:
    """All of `RELEASED` at once; the answer is decoded once.

    >>> from sciie_eval import Example
    >>> example = Example.from_row({"sentence": "BERT helps NER .", "ner": [["BERT", "Method"]], "rel": []}, id="a")
    >>> released_scores('<think>so</think><answer>{"ner": [["BERT", "Method"]]}</answer>', example)
    {'ner': 1.0, 'rel': 2.0, 'reasoning': 0.0, 'format': 0.5}
    """
    answer = _answer(text)
    return {
        "ner": _ner(_items(answer, "ner"), example),
        "rel": _rel(_items(answer, "rel"), example),
        "reasoning": reasoning_reward(text, example),
        "format": format_reward(text, example),
    }


def released_ner(completions: Sequence[Any], **columns: Any) -> list[float | None]:
    """`ner_reward` of every row, as trainers call it.

    Args:
        completions: texts, messages or lists of messages.
        columns: the dataset's columns: ``sentence``, and gold as ``gold`` (JSON strings or mappings) or as ``ner`` and
            ``rel``; one value a completion. Others are ignored.

    Returns:
        One float a completion; None where the row has no gold at all, because it belongs to another task.

    Raises:
        InputError: a column is missing or has not the expected form; names column and row.

    >>> answer = '<answer>{"ner": [["BERT", "Method"]], "rel": []}</answer>'
    >>> released_ner([answer], sentence=["BERT helps ."], ner=[[["BERT", "Method"]]], rel=[[]])
    [1.0]
    """
    return _each(ner_reward, completions, columns)


def released_rel(completions: Sequence[Any], **columns: Any) -> list[float | None]:
    """`rel_reward` of every row; arguments as `released_ner` has them."""
    return _each(rel_reward, completions, columns)


def released_reasoning(completions: Sequence[Any], **columns: Any) -> list[float | None]:
    """`reasoning_reward` of every row; arguments as `released_ner` has them."""
    return _each(reasoning_reward, completions, columns)


def released_format(completions: Sequence[Any], **columns: Any) -> list[float | None]:
    """`format_reward` of every row; arguments as `released_ner` has them."""
    return _each(format_reward, completions, columns)


def released_rewards() -> list[Callable[..., list[float | None]]]:
    """The four callables, in the order ner, rel, reasoning, format; a fresh list, since trainers change theirs.

    >>> [reward.__name__ for reward in released_rewards()]
    ['released_ner', 'released_rel', 'released_reasoning', 'released_format']
    """
    return [released_ner, released_rel, released_reasoning, released_format]


def _block(text: str, tags: tuple[re.Pattern[str], re.Pattern[str]]) -> str | None:
    """What stands between the first opening tag and the next closing one, without outer blanks."""
    opening, closing = tags
    start = opening.search(text)
    end = closing.search(text, start.end()) if start else None
    return text[start.end() : end.start()].strip() if start and end else None


def _answer(text: str) -> dict[str, Any]:
    """The answer; empty where it is no JSON object."""
    answer = _block(text, _ANSWER)
    value = _decoded(answer) if answer and answer[0] == "{" else None
    return value if isinstance(value, dict) else {}


def _decoded(text: str) -> object:
    try:
        return _PLAIN.validate_json(text)  # what it takes means the same to the release's decoder, which is slower
    except ValueError:
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # no JSON, or beyond the decoder's limits
        return None


def _plain() -> SchemaValidator:
    """Decodes sections that hold lists of strings, and nothing else, to sets of tuples; other keys do not matter."""
    item = core_schema.tuple_schema([core_schema.str_schema(strict=True)], variadic_item_index=0)
    section = core_schema.typed_dict_field(core_schema.set_schema(item, strict=True, fail_fast=True), required=False)
    return SchemaValidator(core_schema.typed_dict_schema({"ner": section, "rel": section}, extra_behavior="ignore"))


_PLAIN = _plain()


def _items(answer: dict[str, Any], section: str) -> set[Item]:
    """The distinct items of a section; what is not a flat list becomes (), which is never right."""
    items = answer.get(section)
    if isinstance(items, set):  # `_PLAIN` made it: all are tuples of strings
        return items
    return {_item(item) for item in items} if isinstance(items, list) else set()


def _item(item: object) -> Item:
    try:
        hash(fields := tuple(item) if isinstance(item, list | tuple) else ())
    except TypeError:  # lists or mappings in it
        return ()
    return fields


def _ner(predicted: set[Item], example: Example) -> float:
    gold = [(entity.text, entity.type) for entity in example.gold.entities]
    return 0.7 * _f1(predicted, set(gold)) + 0.3 * _overlap(predicted, gold)


def _rel(predicted: set[Item], example: Example) -> float:
    gold = {(relation.subject, relation.type, relation.object) for relation in example.gold.relations}
    return 2 * _f1(predicted, gold) if predicted or gold else 2.0


def _f1(predicted: set[Item], gold: set[Any]) -> float:
    correct = len(predicted & gold)
    return 2 * correct / (len(predicted) + len(gold)) if correct else 0.0


def _overlap(predicted: set[Item], gold: list[tuple[str, str]]) -> float:
    """Mean over the gold texts, repetitions included, of the best Jaccard index of words with a predicted text."""
    texts = {item[0] for item in predicted if item and isinstance(item[0], str)}
    bags = [set(text.split()) for text in texts]
    best = {text: max((_jaccard(set(text.split()), bag) for bag in bags), default=0.0) for text, _ in gold}
    return sum(best[text] for text, _ in gold) / len(gold) if gold else 0.0


def _jaccard(left: set[str], right: set[str]) -> float:
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared) if shared else 0.0


def _quotes(think: str, sentence: str) -> float:
    """Each quote that is in the sentence and not all of it earns 0.1 to 0.2; at most `QUOTE_CAP` together."""
    earned = 0.0
    for found in _QUOTE.finditer(think):
        if (quote := found[1].strip()) in sentence and quote and quote != sentence:
            earned += 0.1 + 0.1 * (1 - len(quote) / len(sentence))
            if earned >= QUOTE_CAP:
                break
    return min(earned, QUOTE_CAP)


def _mentions(think: str, example: Example) -> float:
    relations = [(r.subject.lower(), r.type.lower(), r.object.lower()) for r in example.gold.relations]
    if not relations:
        return 0.35 * ("no relation" in think)
    found = {part: part in think for part in {part for parts in relations for part in parts}}
    return 0.7 * sum(all(found[part] for part in parts) for parts in relations) / len(relations)


def _each(
    reward: Callable[[str, Example], float], completions: Sequence[Any], columns: Mapping[str, Any]
) -> list[float | None]:
    rows = _ROWS.of_columns(columns, len(completions))
    return [
        None if row is None else reward(message_text(completion), row.example)
        for completion, row in zip(completions, rows, strict=True)
    ]
