"""``sciie-eval score --task classification``: which options apply, and the call that does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from sciie_eval.cli_options import Options
from sciie_eval.exceptions import UsageError
from sciie_eval.label_parsing import LABEL_CARD

__all__ = ["score_label_files"]

APPLY = frozenset(
    {"gold", "schema", "parse", "sample", "ci", "bootstrap", "seed", "skip_bad_lines", "format", "output"}
)
"""The options that mean something for one label a sentence."""
INSTEAD = {
    "dataset": "say --gold FILE, and --schema CARD where the labels are not SemEval-2010's",
    "split": "say --gold FILE",
    "join": "rows are joined by id",
}


def score_label_files(named: Sequence[tuple[str, str]], options: Options) -> None:
    """Score files of one label a sentence and write the report.

    Raises:
        UsageError: an option that does not apply.
        InputError: what is wrong with a file, where, and what to do.
    """
    from sciie_eval.cli_output import write_labels
    from sciie_eval.label_evaluation import LabelGold, evaluate_labels

    for option in fields(Options):
        if option.name not in APPLY and getattr(options, option.name) != option.default:
            name = f"--{option.name.replace('_', '-')}"
            raise UsageError(
                f"{name} does not apply to --task classification; {INSTEAD.get(option.name, 'leave it out')}"
            )
    options = replace(options, schema=options.schema or LABEL_CARD)
    settings = options.settings
    gold = None if options.gold is None else LabelGold(options.gold, settings)
    scores = []
    for name, path in named:
        with options.reading(path) as reading:
            scores.append((name, evaluate_labels(path, settings, gold, reading)))
    write_labels(scores, options)
