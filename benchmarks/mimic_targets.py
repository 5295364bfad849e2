"""MimicSFT targets of SciER train: are they right, what do the rewards pay, how long are they; and what training adds.

Writes counts, ids and scores only, no text of the corpus. Tokens are those of a byte-level BPE as the nano model has
it, trained on the targets and sentences.

Run: ``python benchmarks/mimic_targets.py`` (needs SCIIE_DATA_DIR and the extra [train])
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, get_args

import numpy as np
from record import measured_on, write_result

from sciie_eval import Example, Extraction, load_split, parse_completion, score
from sciie_eval.cards import Card, load_card
from sciie_rewards import r2_reward
from sciie_rewards.recipe.augment import NamePool, augmented
from sciie_rewards.recipe.dictionary import Dictionary
from sciie_rewards.recipe.mimic import ReasoningStyle, forced_exceptions, target
from sciie_rewards.recipe.sections import Augment
from sciie_rewards.recipe.tasks import messages

STYLES: tuple[ReasoningStyle, ...] = get_args(ReasoningStyle)
JUDGED = ("FORMAT", "RELEVANCE", "RULE")
VOCABULARY = 6000
CONTEXT = 512


def main() -> None:
    """Measure, print, and write benchmarks/results/mimic_targets.json."""
    card, train = load_card("scier"), load_split("scier", "train")
    started = time.perf_counter()
    targets = {style: [target(card, "end2end", example, style) for example in train] for style in STYLES}
    seconds = (time.perf_counter() - started) / len(STYLES)
    count = _tokens([*targets["grounded"], *(example.sentence for example in train)])
    prompts = count(messages(card, "end2end", example, "short")[0]["content"] for example in train)
    result = {
        "measured_on": measured_on("tokenizers"),
        "sentences": len(train),
        "seconds": seconds,
        "styles": {style: _style(targets[style], train, count, prompts) for style in STYLES},
        "exceptions": _exceptions(card, train),
        "augmentation": _augmentation(train),
        "dictionary": _dictionary(train),
    }
    for name in ("styles", "augmentation", "dictionary"):
        print(name, result[name])
    write_result("mimic_targets", result)


def _tokens(texts: list[str]) -> Callable[[Iterable[str]], list[int]]:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=VOCABULARY, initial_alphabet=alphabet, show_progress=False)
    )
    return lambda some: [len(encoded.ids) for encoded in bpe.encode_batch(list(some))]


def _style(
    texts: list[str], train: list[Example], count: Callable[[Iterable[str]], list[int]], prompts: list[int]
) -> dict[str, Any]:
    parsed = [parse_completion(text) for text in texts]
    results = [r2_reward.score_one(text, example) for text, example in zip(texts, train, strict=True)]
    tokens = np.array(count(texts))
    return {
        "status ok": sum(one.status == "ok" for one in parsed),
        "equal gold": sum(_equal(one.extraction, e.gold) for one, e in zip(parsed, train, strict=True)),
        "mean reward": float(np.mean([one.score for one in results])),
        "full": {name: sum(name in one.vacuous or one.components[name] == 1 for one in results) for name in JUDGED},
        "tokens": {
            "mean": float(tokens.mean()),
            "median": float(np.median(tokens)),
            "99 %": float(np.percentile(tokens, 99)),
            "most": int(tokens.max()),
        },
        f"over {CONTEXT} with the prompt": int((tokens + np.array(prompts) > CONTEXT).sum()),
    }


def _equal(one: Extraction, gold: Extraction) -> bool:
    written, expected = one.to_scier(), gold.to_scier()
    return all(written[section] == expected[section] for section in ("ner", "rel"))


def _exceptions(card: Card, train: list[Example]) -> dict[str, Any]:
    """Counts by kind, and where they are: ids and labels, no texts."""
    found = [(e.id, relation[1], kind) for e in train for relation, kind in forced_exceptions(card.schema, e)]
    return {
        "counts": dict(Counter(kind for _, _, kind in found)),
        "sentences": len({id_ for id_, _, _ in found}),
        "listed": [f"{id_}: {label}: {kind}" for id_, label, kind in found],
    }


def _augmentation(train: list[Example]) -> dict[str, Any]:
    """One epoch with the default shares, and one in which all that can be swapped is."""
    pool = NamePool.of(train)
    known = {name for names in pool.names.values() for name in names}
    epochs = {"default": Augment(), "all": Augment(rows=1, entities=1)}
    rows: dict[str, Any] = {}
    for name, settings in epochs.items():
        rng, started = Random(1), time.perf_counter()
        after = [augmented(example, pool, rng, settings) for example in train]
        seconds = time.perf_counter() - started
        pairs = {
            (example.id, one.text, two.text)
            for example, changed in zip(train, after, strict=True)
            for one, two in zip(example.gold.entities, changed.gold.entities, strict=True)
        }
        swapped = [new for _, old, new in pairs if old != new]
        rows[name] = {
            "sentences changed": sum(one is not two for one, two in zip(train, after, strict=True)) / len(train),
            "entities swapped": len(swapped) / len(pairs),
            "made up": sum(new not in known for new in swapped) / len(swapped),
            "seconds": seconds,
        }
    return rows


def _dictionary(train: list[Example]) -> dict[str, float | None]:
    dictionary = Dictionary.of(train)
    found = {}
    for split in ("dev", "test", "test_ood"):
        examples = load_split("scier", split)
        predicted = [Extraction.from_scier(dictionary.predict(example.sentence)) for example in examples]
        ner = score([example.gold for example in examples], predicted).ner
        found[split] = None if ner is None else ner.f1
    return found


if __name__ == "__main__":
    main()
