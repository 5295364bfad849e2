"""`score`: gold and predictions in, every number with its interval, health and signature out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sciie_eval.counting import GoldSentence
from sciie_eval.exceptions import InputError
from sciie_eval.items import EMPTY, items_of
from sciie_eval.parsing import ParsedCompletion, message_text, parse_completion, parse_mapping
from sciie_eval.results import CorpusScore, corpus_score
from sciie_eval.schema import SECTIONS, Example, Extraction
from sciie_eval.settings import Settings
from sciie_eval.signature import GoldHash
from sciie_eval.tally import Tally

__all__ = [
    "ABSENT",
    "Prediction",
    "Tallied",
    "Watch",
    "add_prediction",
    "read_prediction",
    "score",
    "tally_predictions",
]

Prediction = Extraction | ParsedCompletion | str | Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
"""An extraction, a parsed or raw completion, a message or list of messages, a mapping in SciER's form, or nothing."""
ABSENT: Any = object()
"""Stands for a sentence without a prediction; None is a completion without an answer."""
Watch = Callable[[Tally, Example, ParsedCompletion | None], None]
"""Called with the tally, the example and what was predicted, once a sentence was counted; the last of the tally's
``matches`` are those of the sentence, and it may take them away."""


def score(
    gold: Sequence[Example | Extraction | Mapping[str, Any]],
    predicted: Sequence[Prediction] | Mapping[str, Prediction],
    **settings: Any,
) -> CorpusScore:
    """Score predictions against gold.

    Args:
        gold: one item a sentence.
        predicted: one prediction a sentence in the same order, or a mapping from example id to prediction (sentences
            without one are missing). Raw completions are parsed.
        **settings: the fields of `Settings`: match, threshold, normalize, duplicates, symmetric, credit, parse, tasks,
            schema, compat, ci, bootstrap, cluster, seed.

    Raises:
        InputError: lengths that differ, an unknown id, or something that is no prediction.
        UsageError: a wrong setting.

    >>> gold = [{"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}]
    >>> result = score(gold, ['<answer>{"ner": [["BERT", "Method"]], "rel": []}</answer>'])
    >>> result.ner.precision, result.ner.recall, result.rel.f1
    (1.0, 0.5, 0.0)
    """
    return tally_predictions(gold, predicted, Settings.of(**settings), keep=False).score()


@dataclass(frozen=True)
class Tallied:
    """Predictions given from Python, counted.

    Attributes:
        tally: the sums.
        examples: the gold sentences, in order.
    """

    tally: Tally
    examples: list[Example]

    def score(self, extra: str = "") -> CorpusScore:
        """The scores; ``extra`` adds fields to the signature."""
        return corpus_score(self.tally, lambda: f"given@{GoldHash(self.examples).hexdigest()[:12]}", extra=extra)


def tally_predictions(
    gold: Sequence[Example | Extraction | Mapping[str, Any]],
    predicted: Sequence[Prediction] | Mapping[str, Prediction],
    settings: Settings,
    *,
    keep: bool,
    watch: Watch | None = None,
) -> Tallied:
    """Parse, match and count; the arguments are those of `score`, whether to keep the matches, and who looks on."""
    if isinstance(gold, str | Mapping) or not isinstance(gold, Iterable):
        raise InputError(f"gold: expected a list with one item a sentence, got {type(gold).__name__}")
    examples = [
        item if isinstance(item, Example) else _example(item, number, settings) for number, item in enumerate(gold)
    ]
    aligned = _aligned(examples, predicted)
    tally = Tally(settings, _placed(examples, aligned), keep or watch is not None)
    # an example that stands in the list several times is prepared once
    identities = list(map(id, examples))
    different = dict(zip(identities, examples, strict=True))
    prepared = {identity: GoldSentence(items_of(example.gold)) for identity, example in different.items()}
    golds = [prepared[identity] for identity in identities]
    if watch is None and all(isinstance(value, str) for value in aligned):
        tally.add_texts(golds, cast(list[str], list(aligned)), [example.doc_id for example in examples])
    else:
        for sentence, value, example in zip(golds, aligned, examples, strict=True):
            add_prediction(tally, sentence, value, example, watch)
    return Tallied(tally, examples)


def _aligned(
    examples: list[Example], predicted: Sequence[Prediction] | Mapping[str, Prediction]
) -> Sequence[Prediction]:
    """The predictions in the order of the examples."""
    if isinstance(predicted, Mapping):
        known = {example.id for example in examples}
        if len(known) < len(examples):
            raise InputError("gold: ids are not unique, so a mapping of predictions does not tell the sentences apart")
        if unknown := [name for name in predicted if name not in known]:
            raise InputError(f"predicted: {len(unknown)} ids are not in gold, the first is {unknown[0]!r}")
        return [predicted.get(example.id, ABSENT) for example in examples]
    if isinstance(predicted, str) or not isinstance(predicted, Sequence):
        raise InputError(f"predicted: expected a list of predictions or a mapping, got {type(predicted).__name__}")
    if len(predicted) != len(examples):
        raise InputError(
            f"predicted: expected one prediction a sentence ({len(examples)}), got {len(predicted)}; "
            "give a mapping from example id to prediction where some are missing"
        )
    return predicted


def _placed(examples: list[Example], predicted: Sequence[Prediction]) -> bool:
    """Whether gold and all predictions are extractions with offsets, so that these can be compared."""
    if not all(isinstance(value, Extraction) or value is ABSENT for value in predicted):
        return False
    golds = [items_of(example.gold) for example in examples]
    said = [items_of(value) for value in predicted if isinstance(value, Extraction)]
    return any(items.entities or items.relations for items in golds) and all(items.has_spans for items in golds + said)


def add_prediction(
    tally: Tally, gold: GoldSentence, value: Prediction, example: Example, watch: Watch | None = None
) -> None:
    """Count one prediction; ``gold`` is the example's, prepared, and ``ABSENT`` a prediction that is missing.

    Raises:
        InputError: as `read_prediction`.
    """
    if isinstance(value, str) and watch is None:
        tally.add_text(gold, value, example.doc_id)
        return
    parsed = None if value is ABSENT else read_prediction(value, tally.settings, example.id)
    tally.add(gold, parsed, example.doc_id)
    if watch is not None:
        watch(tally, example, parsed)


def read_prediction(value: Prediction, settings: Settings, name: str = "") -> ParsedCompletion:
    """Bring any form of prediction to a parsed completion; None becomes no_answer.

    Raises:
        InputError: it is none of the forms of `Prediction`; ``name`` says whose it is.
    """
    if isinstance(value, str):
        return parse_completion(value, settings.schema, mode=settings.parse)
    if isinstance(value, ParsedCompletion):
        return value
    if isinstance(value, Extraction):
        return ParsedCompletion(items_of(value), "ok")
    if isinstance(value, Mapping) and ("content" not in value or not SECTIONS.isdisjoint(value)):
        return parse_mapping(value, settings.schema, mode=settings.parse)
    if isinstance(value, Mapping) or (isinstance(value, Sequence) and all(isinstance(m, Mapping) for m in value)):
        return parse_completion(message_text(value), settings.schema, mode=settings.parse)
    if value is None:
        return ParsedCompletion(EMPTY, "no_answer")
    raise InputError(
        f"prediction {name!r}: expected one completion, mapping or Extraction a sentence, got {type(value).__name__}"
    )


def _example(item: Extraction | Mapping[str, Any], number: int, settings: Settings) -> Example:
    if isinstance(item, Extraction):
        return Example(id=str(number), sentence="", gold=item)
    if isinstance(item, Mapping):
        gold = Extraction.from_scier(item, settings.schema, where=f"gold[{number}]")
        name, document, sentence = (item.get(key) for key in ("id", "doc_id", "sentence"))
        return Example(
            id=str(number if name is None else name),
            doc_id=str(document or ""),
            sentence=str(sentence or ""),
            gold=gold,
        )
    raise InputError(f"gold[{number}]: expected an Example, an Extraction or a mapping, got {type(item).__name__}")
