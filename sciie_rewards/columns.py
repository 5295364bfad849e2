"""Gold as trainers hand it over: dataset columns in, one prepared row a completion out.

Gold is the column ``gold`` (a mapping in SciER's form or its JSON string) or the columns ``ner`` and ``rel`` (or
``rel_plus``), and ``sentence``. What is wrong there is the user's to mend, so it is an error that names column and row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from threading import Lock
from typing import Any

from pydantic_core import to_json

from sciie_eval.exceptions import InputError, brief
from sciie_eval.labels import LabelSchema
from sciie_eval.rules import MatchRule
from sciie_eval.schema import SECTIONS, Example, Extraction
from sciie_rewards.gold import GoldRow

__all__ = ["GoldRows", "as_list", "listed_completions"]

PREPARED = 8192
"""Rows that are kept prepared; the one prepared first makes room."""

GOLD = '{"ner": [[text, type], …], "rel": [[subject, relation, object], …]}'
FORMS = {
    "gold": f"a mapping {GOLD} or its JSON string",
    "sentence": "a string",
    "ner": "[[text, type], …]",
    "rel": "[[subject, relation, object], …]",
    "rel_plus": '[["text:Type", relation, "text:Type"], …]',
}


class GoldRows:
    """Reads gold; a row that comes again (with every completion of its group, in every epoch) is prepared once.

    Thread-safe; at most `PREPARED` rows are kept.

    Args:
        schema: label schema that knows the entity types and the signatures.
        rule: how items compare.
    """

    def __init__(self, schema: LabelSchema, rule: MatchRule) -> None:
        self._schema, self._rule = schema, rule
        self._kept: dict[object, GoldRow] = {}
        self._lock = Lock()

    def of(self, example: Example | Mapping[str, Any] | str) -> GoldRow:
        """The row of one example: an `Example`, or a mapping with sentence, ner and rel, or its JSON string.

        Raises:
            InputError: it is none of these, or something in it is missing or of the wrong form.
        """
        if isinstance(example, Example):
            return self._kept.get(example) or self._keep(example, example)
        if not isinstance(example, Mapping | str):
            raise InputError(
                f"example: expected an Example, or a mapping with sentence, ner and rel, got {brief(example)}"
            )
        return self._row(example, None, "example", None)

    def of_columns(self, columns: Mapping[str, Any], number: int) -> list[GoldRow | None]:
        """The rows of a batch; None where a row has no gold at all, since it is another task's.

        Args:
            columns: the dataset's columns; those that are not gold are not looked at.
            number: how many completions there are, hence values in each column.

        Raises:
            InputError: a column that is missing, too short or of the wrong form; names column, row and what it should
                be.
        """
        given = {name: columns[name] for name in FORMS if columns.get(name) is not None}
        if number and "gold" not in given and not ("ner" in given and ("rel" in given or "rel_plus" in given)):
            missing = "rel" if "ner" in given else "ner" if "rel" in given else "gold"
            raise InputError(
                f"column {missing}: missing from row 0 on; expected gold: {FORMS['gold']}; or ner: {FORMS['ner']} and "
                f"rel: {FORMS['rel']}; one value a completion; got the columns {', '.join(sorted(columns)) or 'none'}"
            )
        given = {name: _column(name, values, number) for name, values in given.items()}
        sentences, golds = given.pop("sentence", None), given.pop("gold", None)
        rows: list[GoldRow | None] = []
        for place in range(number):
            value = None if golds is None else golds[place]
            name = "column gold"
            if value is None and given:
                name = f"columns {', '.join(given)}"
                value = {part: values[place] for part, values in given.items()}
                value = None if all(part is None for part in value.values()) else value
            sentence = None if sentences is None else sentences[place]
            rows.append(None if value is None else self._row(value, sentence, name, place))
        return rows

    def _row(self, value: object, sentence: object, name: str, place: int | None) -> GoldRow:
        key: object = None
        try:
            key = (str(value) if isinstance(value, str) else to_json(value), sentence)
            row = self._kept.get(key)  # fails where the sentence cannot be hashed
        except (TypeError, ValueError):  # neither is what it should be, as reading will say
            row = None
        if row is None:
            example = self._example(value, sentence, name if place is None else f"{name}, row {place}")
            row = self._keep(key, example)
        return row

    def _keep(self, key: object, example: Example) -> GoldRow:
        row = GoldRow(example, self._schema, self._rule)
        if key is None:
            return row
        with self._lock:
            if len(self._kept) >= PREPARED:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = row
        return row

    def _example(self, value: object, sentence: object, where: str) -> Example:
        gold = _decoded(value, FORMS["gold"], where)
        if not isinstance(gold, Mapping):
            raise InputError(f"{where}: expected {FORMS['gold']}, got {brief(value)}")
        gold = {name: part for name, part in gold.items() if part is not None}  # columnar stores pad with None
        for section in SECTIONS & gold.keys():
            gold[section] = _decoded(gold[section], FORMS[section], f"{where}: {section}")
        for name in ("ner", "rel"):
            if name not in gold and not (name == "rel" and "rel_plus" in gold):
                raise InputError(f"{where}: {name} is missing; expected {FORMS[name]}, [] where there is none")
        own = gold.get("sentence")
        if sentence is not None and own is not None and own != sentence:
            raise InputError(f"{where}: its sentence is not that of the column sentence: {brief(own)}")
        text = own if sentence is None else sentence
        if not isinstance(text, str):
            place = where.rpartition(", ")[2]
            raise InputError(f"column sentence, {place}: expected {FORMS['sentence']}, got {brief(text)}")
        extraction = Extraction.from_scier(gold, self._schema, where=where)
        return Example(id=str(gold.get("id", "")), sentence=text, gold=extraction)


def as_list(values: Any) -> list[Any] | None:
    """The values of what has an order, such as an array or a column of a data frame, by place; None for all else."""
    if type(values) is list:
        return values
    if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__len__"):
        return None
    return list(values) if hasattr(values, "__getitem__") else None


def listed_completions(completions: object) -> list[Any]:
    """The completions of a batch.

    Raises:
        InputError: they are no list.
    """
    said = as_list(completions)
    if said is None:
        raise InputError(f"completions: expected a list with one completion a row, got {brief(completions)}")
    return said


def _column(name: str, values: object, number: int) -> list[Any]:
    """A column, which holds one value a completion."""
    expected = f"column {name}: expected a list with {number} values, one a completion, each {FORMS[name]}"
    listed = as_list(values)
    if listed is None:
        raise InputError(f"{expected}; got {brief(values)}")
    if len(listed) != number:
        raise InputError(f"{expected}; got {len(listed)}, so row {min(len(listed), number)} has none")
    return listed


def _decoded(value: object, form: str, where: str) -> object:
    """A JSON string stands for what it encodes."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: expected {form}, got {brief(value)}, which is not JSON ({error})") from None
