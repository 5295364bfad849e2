"""How good is an extraction of entities and relations from a scientific sentence?

`score`, `errors`, `score_samples` and `compare` take gold and predictions from Python; `parse_completion` reads
whatever a model wrote; `load_split` and `load_schema` read datasets by their cards. The command ``sciie-eval`` does the
same with files.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sciie_eval.cards import list_cards, load_card, load_schema
    from sciie_eval.classification import classify
    from sciie_eval.comparison import compare
    from sciie_eval.corpus import load_split, read_gold
    from sciie_eval.curve_results import SampleScores
    from sciie_eval.error_report import ErrorReport, errors
    from sciie_eval.evaluate_samples import score_samples
    from sciie_eval.exceptions import CorpusError, InputError, MissingExtraError, SciieError, UsageError
    from sciie_eval.label_files import LabelExample, read_labels
    from sciie_eval.label_parsing import ParsedLabel, parse_label
    from sciie_eval.label_scoring import LabelScore, score_labels
    from sciie_eval.labels import EntityType, LabelSchema, RelationType
    from sciie_eval.parsing import ParsedCompletion, parse_completion
    from sciie_eval.passk import avg_at_k, best_at_k
    from sciie_eval.results import CorpusScore, TaskScore
    from sciie_eval.schema import Entity, Example, Extraction, Relation
    from sciie_eval.scoring import score
    from sciie_eval.settings import Settings

__all__ = [
    "CorpusError",
    "CorpusScore",
    "Entity",
    "EntityType",
    "ErrorReport",
    "Example",
    "Extraction",
    "InputError",
    "LabelExample",
    "LabelSchema",
    "LabelScore",
    "MissingExtraError",
    "ParsedCompletion",
    "ParsedLabel",
    "Relation",
    "RelationType",
    "SampleScores",
    "SciieError",
    "Settings",
    "TaskScore",
    "UsageError",
    "avg_at_k",
    "best_at_k",
    "classify",
    "compare",
    "errors",
    "list_cards",
    "load_card",
    "load_schema",
    "load_split",
    "parse_completion",
    "parse_label",
    "read_gold",
    "read_labels",
    "score",
    "score_labels",
    "score_samples",
]

_HOME = {
    **dict.fromkeys(("list_cards", "load_card", "load_schema"), "cards"),
    **dict.fromkeys(("classify",), "classification"),
    **dict.fromkeys(("compare",), "comparison"),
    **dict.fromkeys(("load_split", "read_gold"), "corpus"),
    **dict.fromkeys(("SampleScores",), "curve_results"),
    **dict.fromkeys(("score_samples",), "evaluate_samples"),
    **dict.fromkeys(("ErrorReport", "errors"), "error_report"),
    **dict.fromkeys(("CorpusError", "InputError", "MissingExtraError", "SciieError", "UsageError"), "exceptions"),
    **dict.fromkeys(("LabelExample", "read_labels"), "label_files"),
    **dict.fromkeys(("ParsedLabel", "parse_label"), "label_parsing"),
    **dict.fromkeys(("LabelScore", "score_labels"), "label_scoring"),
    **dict.fromkeys(("EntityType", "LabelSchema", "RelationType"), "labels"),
    **dict.fromkeys(("ParsedCompletion", "parse_completion"), "parsing"),
    **dict.fromkeys(("avg_at_k", "best_at_k"), "passk"),
    **dict.fromkeys(("CorpusScore", "TaskScore"), "results"),
    **dict.fromkeys(("Entity", "Example", "Extraction", "Relation"), "schema"),
    **dict.fromkeys(("score",), "scoring"),
    **dict.fromkeys(("Settings",), "settings"),
}
"""The module of every public name. Names are imported when first used (PEP 562), so importing the package is cheap."""


def __getattr__(name: str) -> Any:
    """Import a public name from its module; ``__version__`` is read from the installed distribution."""
    if name == "__version__":
        return import_module(f"{__name__}.signature").package_version()
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return list(__all__)
