"""What a completion earned and why, for people and for machines."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

from sciie_eval.parsing import parse_completion
from sciie_rewards.boundary import nearest
from sciie_rewards.components import Rule
from sciie_rewards.gold import GoldRow
from sciie_rewards.profiles import Robust
from sciie_rewards.result import RewardResult

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Explanation", "explain"]

Shown = list[list[Any]]
"""Items as they stand in an answer."""


@dataclass(frozen=True)
class Explanation:
    """Component by component what a completion earned; with profile ``released``, only that.

    Attributes:
        sentence: the sentence.
        score: the reward.
        status: how the completion was parsed, with ``issues``.
        components: name -> value (None where vacuous), weight, and what it adds to the score.
        entities: right, wrong and missed ones, and those near: [gold, predicted, overlap].
        relations: right, wrong and missed ones.
        checks: for every right relation the steps that evidence and name it (or None) and the checks of RULE.
        quotes: of the reasoning: found in the sentence, or fabricated.
    """

    sentence: str
    score: float
    status: str
    issues: tuple[str, ...]
    components: dict[str, dict[str, float | None]]
    entities: dict[str, Shown] = field(default_factory=dict)
    relations: dict[str, Shown] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    quotes: dict[str, list[str]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: the attributes by name."""
        return {**asdict(self), "issues": list(self.issues)}

    def to_text(self, console: Console | None = None) -> str:
        """The form for people; a console says how wide, and whether in colour."""
        from rich.console import Console
        from rich.text import Text

        out = Console(
            file=io.StringIO(),
            width=console.width if console is not None else 100,
            force_terminal=console is not None and console.is_terminal,
            no_color=console is None or console.no_color,
            legacy_windows=False,
        )
        for style, line in self._lines():
            out.print(Text(_printable(line), style=style), soft_wrap=True)
        return cast(io.StringIO, out.file).getvalue()

    def _lines(self) -> Sequence[tuple[str, str]]:
        """Style and text of every line."""
        issues = f" ({', '.join(self.issues)})" if self.issues else ""
        lines = [("", self.sentence), ("bold", f"reward {self.score:.4f}   parse: {self.status}{issues}"), ("", "")]
        for name, row in self.components.items():
            value, weight, adds = row["value"], row["weight"], row["adds"]
            if value is None:
                lines.append(("dim", f"{name:<10}      –  nothing to judge"))
            else:
                style = "green" if value >= 1 else "red" if value <= 0 else "yellow"
                lines.append((style, f"{name:<10} {value:6.3f}  x weight {weight:.3f} adds {adds:.4f}"))
        for title, groups in (("entities", self.entities), ("relations", self.relations)):
            if any(groups.values()):
                lines += [("", ""), ("bold", title)]
            for word, items in groups.items():
                lines += [(_STYLES[word], f"  {word:<7} {_item(item)}") for item in items]
        for check in self.checks:
            lines += [("", ""), ("bold", f"why {_item(check['relation'])}")]
            for word in ("evidenced", "named"):
                step = check[word]
                lines.append(("red", f"  not {word} by any step") if step is None else ("green", f"  {word}: {step}"))
            lines += [
                ("green" if ok else "red", f"  {'ok ' if ok else 'NO '} {what}") for what, ok in check["rule"].items()
            ]
        for word, quotes in self.quotes.items():
            lines += [(_STYLES[word], f"  {word} quote “{quote}”") for quote in quotes]
        return lines


_STYLES = {
    "right": "green",
    "near": "yellow",
    "wrong": "red",
    "missed": "magenta",
    "found": "green",
    "fabricated": "red",
}


def explain(
    result: RewardResult, weights: Mapping[str, float], row: GoldRow, text: str, scorer: Robust | None
) -> Explanation:
    """Explain a result.

    Args:
        result: what was earned.
        weights: of the components.
        row: the gold.
        text: the completion.
        scorer: that of the profile ``robust``; None for ``released``, which looks at nothing that could be shown.
    """
    earned = sum(weights[name] * value for name, value in result.components.items() if name not in result.vacuous)
    scale = earned / result.score if result.score else 1.0  # the weight of what is not vacuous, where that is left out
    components: dict[str, dict[str, float | None]] = {
        name: {"value": None, "weight": 0.0, "adds": 0.0}
        if name in result.vacuous
        else {"value": value, "weight": weights[name] / scale, "adds": weights[name] * value / scale}
        for name, value in result.components.items()
    }
    sentence, score, status, issues = row.example.sentence, result.score, result.status, parse_completion(text).issues
    if scorer is None:
        return Explanation(sentence, score, status, issues, components)
    parsed = parse_completion(text, scorer.schema)
    case = scorer.judge.case(row, parsed, None)
    matches = scorer.judge.matches(row, parsed)
    ner, rel = matches["ner"], matches[scorer.judge.task]
    right = {*ner.exact, *(pair.predicted for pair in ner.pairs)}
    quotes = scorer.judge.reasoning(parsed).quotes()
    relations = {look.relation for look in case.looks}
    near = [[list(pair.gold), list(pair.predicted), pair.similarity] for pair in nearest(row.entities, case.written)]
    return Explanation(
        sentence,
        score,
        status,
        parsed.issues,
        components,
        {
            "right": _sorted(right),
            "near": near,
            "wrong": _sorted(ner.predicted.keys - right),
            "missed": _sorted(ner.gold.keys - ner.found()),
        },
        {
            "right": _sorted(relations),
            "wrong": _sorted(case.relations - relations),
            "missed": _sorted({key[:3] for key in rel.gold.keys - rel.found()}),
        },
        [
            {
                "relation": list(look.relation),
                "evidenced": look.evidence,
                "named": look.naming,
                "rule": Rule.checks(look, case),
            }
            for look in sorted(case.looks, key=lambda look: look.relation)
        ],
        {
            "found": [quote for quote in quotes if quote in row.sentence],
            "fabricated": [quote for quote in quotes if quote not in row.sentence],
        },
    )


def _sorted(items: set[Any]) -> Shown:
    return [list(item) for item in sorted(items)]


def _item(item: list[Any]) -> str:
    if isinstance(item[0], list):
        return f"{_item(item[1])} for {_item(item[0])}, overlap {item[2]:.2f}"
    return f"{item[0]} [{item[1]}]" if len(item) == 2 else f"{item[0]} —{item[1]}→ {item[2]}"


def _printable(text: str) -> str:
    """Control characters as what they are: the text comes from a model, and a terminal would obey them."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
