"""Completions that never come twice: real ones, malformed ones and hostile ones, with the gold that each belongs to.

A number that is new in every text stands in the sentence, in the gold and in the completion, so that whatever the
package keeps of a text is of no use for the next one: a store without a bound would grow for as long as a run lasts.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from honest import HONEST, in_full, in_one_line
from hostile import GOLD, golden, nasty
from synthetic import MALFORMATIONS, completion, noisy, reasoning

from sciie_eval import Example, load_split

__all__ = ["GROUP", "Batch", "Texts"]

TESTS = Path(__file__).resolve().parent.parent / "tests"
SPLITS = ("train", "dev", "test", "test_ood")
NOISES = (0.0, 0.2, 0.5, 0.8)
GROUP = 8
"""Completions a sentence, as a trainer samples them."""
SENTENCE = "The BERT model is used for NER ."


@dataclass(frozen=True)
class Batch:
    """Completions with their gold.

    Attributes:
        kind: ``real``, ``malformed`` or ``hostile``.
        completions: the texts.
        examples: the gold of each.
        rows: the same as trainers hand it over, one JSON string each.
        name: of a hostile case.
        said: distinct entities that the answers name, where that is known.
    """

    kind: str
    completions: list[str]
    examples: list[Example]
    rows: list[str]
    name: str = ""
    said: int | None = None


class Texts:
    """Makes batches without end, each from random numbers of its own.

    Args:
        seed: of all random numbers.
    """

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._numbers = itertools.count(10_000_000)  # all of one width: texts that differ by them are equally long
        self._sentences = [
            example for split in SPLITS for example in load_split("scier", split) if example.gold.entities
        ]
        malformed = (TESTS / "golden" / "malformed.jsonl").read_text(encoding="utf-8").splitlines()
        self._malformed = [str(json.loads(line)["completion"]) for line in malformed]
        self._hostile = {**golden(), **nasty(), **_of_the_report()}
        self._names = itertools.cycle(self._hostile)

    @property
    def n_hostile(self) -> int:
        """How many hostile cases there are."""
        return len(self._hostile)

    def real(self, number: int) -> Batch:
        """Groups of completions for so many sentences: honest answers and reasoning of many lengths."""
        rng, completions, examples, said = self._rng, [], [], 0
        for _ in range(number):
            example = self._renamed(rng.choice(self._sentences))
            for _ in range(GROUP):
                if rng.random() < 0.25:
                    answer = HONEST[rng.choice(list(HONEST))](example, rng)
                    completions.append(rng.choice((in_full, in_one_line))(answer))
                else:
                    answer = noisy(example, rng.choice(NOISES), rng)
                    completions.append(completion(answer, rng.randrange(200)))
                said += len(set(map(tuple, answer["ner"])))
                examples.append(example)
        return Batch("real", completions, examples, list(map(_row, examples)), said=said)

    def malformed(self) -> Batch:
        """Every malformed completion that the tests know, and every way of breaking the format, once."""
        rng, completions, examples = self._rng, [], []
        for text in self._malformed:
            example, number = self._toy()
            completions.append(text.replace("BERT", f"BERT{number}"))
            examples.append(example)
        for broken in MALFORMATIONS.values():
            example = self._renamed(rng.choice(self._sentences))
            answer = noisy(example, rng.choice(NOISES), rng)
            completions.append(broken(answer, reasoning(answer, rng.randrange(100))))
            examples.append(example)
        return Batch("malformed", completions, examples, list(map(_row, examples)))

    def hostile(self) -> Batch:
        """The next of the hostile cases, one after the other."""
        name = next(self._names)
        example, number = self._toy()
        text = self._hostile[name].replace("BERT", f"BERT{number}")
        return Batch("hostile", [text], [example], [_row(example)], name)

    def _renamed(self, example: Example) -> Example:
        """The sentence with a new name for one of its entities."""
        number = next(self._numbers)
        old = self._rng.choice(example.gold.entities).text
        row = example.to_row()
        row["sentence"] = example.sentence.replace(old, f"{old}{number}")
        row["ner"] = [[f"{text}{number}" if text == old else text, kind] for text, kind in row["ner"]]
        row["rel"] = [[f"{part}{number}" if part == old else part for part in item] for item in row["rel"]]
        row.pop("rel_plus", None)
        return Example.from_row({**row, "id": f"soak-{number}"}, id=f"soak-{number}")

    def _toy(self) -> tuple[Example, int]:
        """The sentence that malformed and hostile completions are about, with a new name in it."""
        number = next(self._numbers)
        text = json.dumps({"id": f"soak-{number}", "doc_id": "", "sentence": SENTENCE, **GOLD[0]})
        return Example.from_row(json.loads(text.replace("BERT", f"BERT{number}")), id=f"soak-{number}"), number


def _row(example: Example) -> str:
    return json.dumps({"id": example.id, "sentence": example.sentence, **example.gold.to_scier()}, ensure_ascii=False)


def _of_the_report() -> dict[str, str]:
    """The cases that the tests of the report have."""
    spec = importlib.util.spec_from_file_location("hostile_completions", TESTS / "hostile_completions.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(TESTS)
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {f"report_{name}": text for name, text in module.HOSTILE.items()}
