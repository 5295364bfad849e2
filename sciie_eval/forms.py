"""The forms in which predictions are stored, recognised by their shape: row -> who, what, gold.

Native rows, TRL's logged completions, OpenAI and vLLM batch output, lm-evaluation-harness samples, and the token-span
documents of supervised systems. Each form is one function; `recognise` says which one a row is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from sciie_eval.exceptions import InputError, brief
from sciie_eval.parsing import message_text
from sciie_eval.schema import Extraction
from sciie_eval.spans import is_span_row, read_document

__all__ = ["Form", "RawPrediction", "Sample", "read_row", "recognise"]

Form = Literal["native", "trl", "batch", "lm-eval", "spans"]
Sample = str | Mapping[str, Any] | Extraction | None
"""A completion, a mapping in SciER's form, a placed extraction, or None for an answer that never came."""

SECTION_KEYS = ("ner", "rel", "rel_plus")


class RawPrediction(NamedTuple):
    """The samples for one sentence, before they are joined with gold.

    Attributes:
        where: file and line, for errors.
        samples: one or more predictions.
        id: of the sentence, if the row gives one.
        doc_id: of its document.
        sentence: its text.
        prompt: what the model was asked, where the sentence is to be sought.
        gold: in-row gold: as it stands in the row, or read.
        is_part: other rows may hold more samples for the same sentence (TRL logs one completion a row).
        number: of the row, from 0; None where one line holds several.
    """

    where: str
    samples: list[Sample]
    id: str | None = None
    doc_id: str | None = None
    sentence: str | None = None
    prompt: str | None = None
    gold: Any = None
    is_part: bool = False
    number: int | None = None


def recognise(row: Mapping[str, Any]) -> Form:
    """Tell the form of a row from its keys."""
    if is_span_row(row):
        return "spans"
    if "custom_id" in row and ("response" in row or "error" in row):
        return "batch"
    if "resps" in row:
        return "lm-eval"
    if "completion" in row and "prompt" in row and ("advantage" in row or "step" in row or "sciie/id" in row):
        return "trl"
    return "native"


def read_row(row: Mapping[str, Any], where: str, *, gold_elsewhere: bool) -> Iterator[RawPrediction]:
    """Read one row of any form; token-span documents give one prediction a sentence.

    Args:
        row: the decoded line.
        where: file and line, for errors.
        gold_elsewhere: gold comes from a file or dataset, so ``ner`` / ``rel`` without a completion are predictions.

    Raises:
        InputError: names the field and what was expected.
    """
    return _READERS[recognise(row)](row, where, gold_elsewhere)


def _native(row: Mapping[str, Any], where: str, gold_elsewhere: bool) -> Iterator[RawPrediction]:
    samples, own = _samples(row, where, gold_elsewhere)
    gold = row.get("gold")
    if gold is None and not own and any(row.get(key) is not None for key in SECTION_KEYS):
        gold = {key: row[key] for key in SECTION_KEYS if key in row}
    yield RawPrediction(
        where,
        samples,
        id=_text(row, "id", where) or _text(row, "custom_id", where),
        doc_id=_text(row, "doc_id", where),
        sentence=_text(row, "sentence", where),
        gold=gold,
    )


def _samples(row: Mapping[str, Any], where: str, gold_elsewhere: bool) -> tuple[list[Sample], bool]:
    """The samples of a native row, and whether its own ``ner`` / ``rel`` are the prediction."""
    kinds = ("completion", "completions", "prediction", "predictions")
    # columnar stores pad rows of mixed kinds with null; a null that stands alone is an answer that never came
    given = [key for key in kinds if row.get(key) is not None] or [key for key in kinds if key in row][:1]
    if len(given) > 1:
        raise InputError(f"{where}: expected one of completion, completions, prediction, predictions; got {given}")
    if not given:
        if not any(key in row for key in SECTION_KEYS):
            raise InputError(
                f"{where}: no prediction; expected one of the fields completion, completions, prediction, predictions "
                f"(or ner / rel / rel_plus), got {sorted(row)}"
            )
        if not gold_elsewhere:
            raise InputError(
                f"{where}: this row holds ner / rel and no completion, so it is a prediction without gold; "
                "say where gold is: --gold FILE, or --dataset scier --split test"
            )
        return [{key: row[key] for key in SECTION_KEYS if row.get(key) is not None}], True
    field = given[0]
    values = row[field] if field.endswith("s") else [row[field]]
    if not isinstance(values, list) or not values:
        raise InputError(f"{where}: field {field}: expected a list with at least one sample, got {brief(values, 80)}")
    read = _completion if field.startswith("completion") else _mapping
    return [read(value, f"{where}: field {field}") for value in values], False


def _completion(value: object, where: str) -> Sample:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping | list):
        return message_text(value)
    raise InputError(f"{where}: expected text or messages, got {brief(value, 80)}")


def _mapping(value: object, where: str) -> Sample:
    if value is None or isinstance(value, Mapping):
        return value
    raise InputError(f"{where}: expected a mapping with ner, rel and/or rel_plus, got {brief(value, 80)}")


def _trl(row: Mapping[str, Any], where: str, gold_elsewhere: bool) -> Iterator[RawPrediction]:
    prompt = row["prompt"]
    text = prompt if isinstance(prompt, str) else "\n".join(_every_text(prompt))
    yield RawPrediction(
        where,
        [_completion(row["completion"], f"{where}: field completion")],
        id=_text(row, "sciie/id", where) or _text(row, "id", where),
        doc_id=_text(row, "doc_id", where),
        sentence=_text(row, "sentence", where),
        prompt=text,
        gold=row.get("gold") if row.get("sciie/gold") is None else row["sciie/gold"],
        is_part=True,
    )


def _every_text(messages: object) -> Iterator[str]:
    for message in messages if isinstance(messages, list) else [messages]:
        yield message_text({**message, "role": "assistant"} if isinstance(message, Mapping) else message)


def _batch(row: Mapping[str, Any], where: str, gold_elsewhere: bool) -> Iterator[RawPrediction]:
    response = row.get("response")
    body = response.get("body") if isinstance(response, Mapping) else None
    samples: list[Sample] = [None]  # the request failed: an answer that never came
    if isinstance(body, Mapping) and isinstance(body.get("choices"), list) and body["choices"]:
        samples = [_choice(choice) for choice in body["choices"]]
    elif isinstance(body, Mapping) and isinstance(body.get("output"), list):
        samples = [message_text([part for part in body["output"] if isinstance(part, Mapping) and "content" in part])]
    yield RawPrediction(where, samples, id=_text(row, "custom_id", where), gold=row.get("gold"))


def _choice(choice: object) -> Sample:
    if not isinstance(choice, Mapping):
        return None
    return message_text(choice["message"]) if "message" in choice else _completion(choice.get("text"), "choice")


def _lm_eval(row: Mapping[str, Any], where: str, gold_elsewhere: bool) -> Iterator[RawPrediction]:
    responses = row["resps"]
    first = responses[0] if isinstance(responses, list) and responses else None
    first = first if isinstance(first, list) else responses
    if not isinstance(first, list) or not first:
        raise InputError(f"{where}: field resps: expected a list of lists of texts, got {brief(responses, 80)}")
    document = row.get("doc")
    document = document if isinstance(document, Mapping) else {}
    gold = document.get("gold")
    if gold is None and any(document.get(key) is not None for key in SECTION_KEYS):
        gold = {key: document[key] for key in SECTION_KEYS if key in document}
    yield RawPrediction(
        where,
        [_completion(text, f"{where}: field resps") for text in first],
        id=_text(document, "id", where),
        doc_id=_text(document, "doc_id", where),
        sentence=_text(document, "sentence", where),
        gold=gold,
    )


def _spans(row: Mapping[str, Any], where: str, gold_elsewhere: bool) -> Iterator[RawPrediction]:
    for placed in read_document(row, where):
        predicted = placed.predicted if placed.predicted is not None else placed.gold
        if predicted is None or (placed.predicted is None and not gold_elsewhere):
            raise InputError(
                f"{where}: no predicted_ner and no predicted_relations in this token-span document; "
                "to score its ner / relations as predictions, say where gold is with --gold or --dataset"
            )
        gold = placed.gold if placed.predicted is not None else None
        yield RawPrediction(where, [predicted], doc_id=placed.doc_id, sentence=placed.sentence, gold=gold)


def _text(row: Mapping[str, Any], field: str, where: str) -> str | None:
    value = row.get(field)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InputError(f"{where}: field {field}: expected a string, got {brief(value, 80)}")


_READERS: dict[Form, Callable[[Mapping[str, Any], str, bool], Iterator[RawPrediction]]] = {
    "native": _native,
    "trl": _trl,
    "batch": _batch,
    "lm-eval": _lm_eval,
    "spans": _spans,
}
