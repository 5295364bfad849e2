"""The one line under which a number can be compared, and the hash that tells one gold from another.

Two numbers are comparable when their signatures agree; a field that differs says why they do not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from sciie_eval.labels import LabelSchema
from sciie_eval.schema import Example
from sciie_eval.settings import Settings

__all__ = ["GoldHash", "label_signature", "package_version", "same_row", "signature"]


def package_version() -> str:
    """The version of the installed distribution."""
    try:
        return version("sciie-eval")
    except PackageNotFoundError:  # a checkout on the path that was never installed
        return "0+unknown"


def _schema_hash(schema: LabelSchema) -> str:
    """Tells schemas of one name apart by what reaches a number: labels and which relations are symmetric."""
    labels = [sorted(schema.entity_names), sorted(schema.relation_names), sorted(schema.symmetric_relations)]
    return hashlib.sha256(json.dumps(labels).encode()).hexdigest()[:6]


class GoldHash:
    """A hash of gold rows that does not depend on their order or on the order of their items.

    The SHA-256 of each row, added up modulo 2^256: equal collections have equal sums.
    """

    def __init__(self, examples: Sequence[Example] = ()) -> None:
        self._sum = 0
        self.rows = 0
        different = {same_row(example): example for example in examples}
        hashes = {row: self.of(example) for row, example in different.items()}
        for example in examples:
            self.add_hash(hashes[same_row(example)])

    def add_row(self, row: object) -> None:
        """Count in a row of any kind that JSON can write."""
        self.add_hash(_row_hash(row))

    def add_hash(self, row: int) -> None:
        """Count one row in whose hash is known."""
        self._sum += row
        self.rows += 1

    @staticmethod
    def of(example: Example) -> int:
        """The hash of one row."""
        scier = example.gold.to_scier()
        items = {name: sorted(rows) for name, rows in scier.items() if name != "rel" or "rel_plus" not in scier}
        return _row_hash([example.doc_id, example.sentence, items])

    def merge(self, other: GoldHash) -> None:
        """Count in the rows of another."""
        self._sum += other._sum
        self.rows += other.rows

    def hexdigest(self) -> str:
        """64 hexadecimal digits; signatures show the first 12."""
        return f"{self._sum % (1 << 256):064x}"


def same_row(example: Example) -> tuple[str, str, int]:
    """Equal for examples that differ in nothing but their id: rows of one sentence share the gold that was read."""
    return example.doc_id, example.sentence, id(example.gold)


def _row_hash(row: object) -> int:
    text = json.dumps(row, sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), "big")


def signature(
    settings: Settings, *, gold: str, items: str, agg: str = "micro", sample: int | None = None, extra: str = ""
) -> str:
    """Everything that reached a number, as ``key:value|key:value``.

    Args:
        settings: the scoring settings.
        gold: name and hash of the gold.
        items: ``text`` or ``offsets``: what was compared.
        agg: how sentences become one number.
        sample: which of K samples was scored, when there were several.
        extra: more fields, already joined.
    """
    rule = settings.rule
    resampled = f"bootstrap{settings.bootstrap}.seed{settings.seed}" if settings.cluster == "sentence" else "student-t"
    fields = {
        "tasks": ",".join(settings.tasks),
        "match": rule.match if rule.threshold is None else f"{rule.match}>={rule.threshold:.12g}",
        "items": items,
        "norm": rule.normalize,
        "dup": rule.duplicates,
        "sym": settings.symmetric,
        "empty": "both1-one0-unparsed0",
        "credit": settings.credit,
        "parse": settings.parse,
        "agg": agg,
        "sample": "" if sample is None else str(sample),
        "compat": settings.compat or "",
        "ci": f"{settings.ci:.12g}%.{settings.cluster}.{resampled}",
        "schema": f"{settings.schema.name}@{_schema_hash(settings.schema)}",
        "gold": gold,
    }
    parts = [f"{key}:{value}" for key, value in fields.items() if value]
    return "|".join([*parts, *([extra] if extra else []), f"sciie-eval:{package_version()}"])


def label_signature(settings: Settings, *, gold: str, sample: int | None = None) -> str:
    """Everything that reached a number about one label a sentence, as `signature` writes it.

    Args:
        settings: of which schema, parse, ci, bootstrap and seed apply.
        gold: name and hash of the gold.
        sample: which of K samples was scored, when there were several.
    """
    fields = {
        "task": "classification",
        "unread": "wrong",  # a sentence without a label counts as wrong, as if Other had not been said either
        "macro": "gold-relations",  # as the task's scorer: relations that gold has, without Other, 0/0 counting as 0
        "parse": settings.parse,
        "sample": "" if sample is None else str(sample),
        "ci": f"{settings.ci:.12g}%.sentence.bootstrap{settings.bootstrap}.seed{settings.seed}",
        "schema": f"{settings.schema.name}@{_schema_hash(settings.schema)}",
        "gold": gold,
    }
    parts = [f"{key}:{value}" for key, value in fields.items() if value]
    return "|".join([*parts, f"sciie-eval:{package_version()}"])
