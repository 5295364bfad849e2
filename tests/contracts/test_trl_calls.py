"""TRL 1.16: its calls replayed, and the exported file, the shell and the docs run with it."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import multiprocessing
import os
import pickle
import random
import subprocess
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from batch import Case, calls, cases, column, core
from exported import export
from snippets import commands, snippets
from toy import ROOT, environment

from sciie_rewards import R2Reward, r2_components, r2_weights
from sciie_rewards.trainers.trl import r2_reward

PROMPTS = [[{"role": "user", "content": "…"}]]
HERE = Path(__file__).resolve().parent
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}


def call(chosen: list[Case], chat: bool = True, reward: Any = r2_reward, **more: Any) -> list[float | None]:
    """As `_calculate_rewards` calls it, but for what only the trainer can give."""
    said: list[Any] = [case.completion for case in chosen]
    got: list[float | None] = reward(
        prompts=PROMPTS * len(chosen) if chat else [case.asked for case in chosen],
        completions=[[{"role": "assistant", "content": text}] for text in said] if chat else said,
        completion_ids=[[1, 2]] * len(chosen),
        id=[str(place) for place in range(len(chosen))],
        doc_id=[""] * len(chosen),
        sentence=column("sentence", chosen),
        gold=column("gold", chosen),
        **more,
    )
    return got


def test_every_reward_is_the_cores() -> None:
    logged: dict[str, list[Any]] = {}
    metrics: dict[str, float] = {}
    more = {"trainer_state": object(), "log_extra": logged.__setitem__, "log_metric": metrics.__setitem__}
    chosen = list(cases())
    assert call(chosen, **more) == pytest.approx(core(), abs=1e-12, rel=0)
    assert call(chosen, chat=False) == pytest.approx(core(True), abs=1e-12, rel=0)
    assert {len(values) for values in logged.values()} == {300}
    assert {type(value) for values in logged.values() for value in values} == {str}
    assert {type(value) for value in metrics.values()} == {float}
    assert logged["sciie/gold"] == column("gold", chosen)


def test_columns_that_stores_pad_with_none() -> None:
    chosen = list(cases()[:8])
    padded = [{**case.row, "text": None, "spans": None} for case in chosen]
    got = r2_reward([case.completion for case in chosen], gold=padded, answer=[None] * 8, environments=None)
    assert got == list(core()[:8])
    named = {name: column(name, chosen) for name in ("sentence", "ner", "rel", "rel_plus")}
    assert r2_reward([case.completion for case in chosen], **named) == list(core()[:8])


def test_special_tokens_of_the_tool_path() -> None:
    got = r2_reward(
        [f"{case.completion}<|im_end|><|endoftext|>" for case in cases()], gold=column("gold", list(cases()))
    )
    assert got == pytest.approx(core(), abs=1e-12, rel=0)


def test_order_ranks_and_evaluation_do_not_matter() -> None:
    """A row's reward depends on that row alone: shuffled, cut anywhere over ranks, or alone as in evaluation."""
    places = list(range(300))
    random.Random(0).shuffle(places)
    shuffled = call([cases()[place] for place in places])
    assert shuffled == [core()[place] for place in places]
    for ranks in (2, 3, 7):  # 3 and 7 split groups of four
        size = -(-300 // ranks)
        parts = [call(list(cases()[first : first + size])) for first in range(0, 300, size)]
        assert [reward for part in parts for reward in part] == list(core())
    assert [call([case])[0] for case in cases()[:50]] == list(core()[:50])
    assert call([]) == []


def test_rows_of_other_tasks_are_not_applicable() -> None:
    case = cases()[0]
    assert r2_reward([case.completion] * 2, gold=[None, case.gold]) == [None, core()[0]]


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_spawned_child_gives_the_same(method: str) -> None:
    """AsyncGRPO pickles its rewards for a spawned worker, which calls them in threads, a group at a time."""
    wanted = [list(core()[first : first + 4]) for first in range(0, 40, 4)]
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        assert pool.submit(groups, pickle.dumps(r2_reward)).result() == wanted


def groups(pickled: bytes) -> list[list[float | None]]:
    reward = pickle.loads(pickled)

    async def gathered() -> list[Any]:
        parts = [list(cases()[first : first + 4]) for first in range(0, 40, 4)]
        return await asyncio.gather(*(asyncio.to_thread(call, part, True, reward) for part in parts))

    return asyncio.run(gathered())


def test_what_trl_and_unsloth_ask_of_a_reward() -> None:
    names = [reward.__name__ for reward in (r2_reward, *r2_components())]
    assert len(set(names)) == 7
    first, second = r2_components(), r2_components()
    assert first is not second  # TRL changes the list it is given
    assert not inspect.iscoroutinefunction(r2_reward.__call__)
    assert isinstance(r2_reward, R2Reward)


# -- the installed trainer -------------------------------------------------------------------------------------------


def test_the_installed_trainer_calls_it_so() -> None:
    trl = pytest.importorskip("trl")
    for trainer in (trl.GRPOTrainer, trl.RLOOTrainer):
        tree = ast.parse(textwrap.dedent(inspect.getsource(trainer._calculate_rewards)))
        (shape,) = {c for c in calls(tree, "reward_func") if "completions" in c.keywords}
        assert (shape.positional, shape.keywords, shape.rest) == (0, ("prompts", "completions", "completion_ids"), True)
        added = {node.slice.value for node in ast.walk(tree) if _is_added(node)}  # type: ignore[attr-defined]
        assert added == {"trainer_state", "log_extra", "log_metric", "environments"} & (added | {"trainer_state"})
        inspect.signature(r2_reward).bind(**dict.fromkeys((*shape.keywords, *added, "gold", "sentence")))
    script = inspect.getsource(__import__("trl.scripts.grpo", fromlist=["main"]).main)
    assert 'func_name.rsplit(".", 1)' in script


def _is_added(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "reward_kwargs"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folder of an exported file, and one with a model for it."""
    pytest.importorskip("trl")
    base = tmp_path_factory.mktemp("trl")
    data = export(base, "trl", "data/train.jsonl")
    run(sys.executable, "-P", HERE / "real" / "model.py", data, base / "model")
    return data, base / "model"


def run(*command: str | Path, **changes: str) -> subprocess.CompletedProcess[str]:
    changed = environment(**OFFLINE, PYTHONPATH=os.pathsep.join(map(str, (ROOT, HERE))), **changes)
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=changed)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def test_grpo_and_rloo_train_and_evaluate_with_it(trained: tuple[Path, Path], tmp_path: Path) -> None:
    done = run(sys.executable, "-W", "ignore", "-P", HERE / "real" / "trl.py", *trained, tmp_path)
    found = json.loads(done.stdout.splitlines()[-1])
    for name in ("grpo", "rloo"):
        recorded = found[name]["calls"]
        assert len(recorded) >= 3  # two steps, and the evaluation of two rows
        for one in recorded:
            golds = [json.loads(gold)["sentence"] for gold in one["gold"]]
            assert golds == one["sentence"]  # every row has its own gold, in whatever order the sampler gave them
            again = r2_reward(one["completions"], one["prompts"], gold=one["gold"])
            assert one["rewards"] == pytest.approx(again, abs=1e-12, rel=0)
        keys = {"completions", "prompts", "completion_ids", "gold", "id", "sentence", "doc_id", "trainer_state"}
        assert keys < set(recorded[0]["keys"])
        assert {len(set(one["id"])) for one in recorded} == {1}  # a group of four in one call
        logged = {key for row in found[name]["log"] for key in row}
        assert {"rewards/r2_reward/mean", "eval_rewards/r2_reward/mean"} <= logged


def test_the_components_train_as_the_docs_have_it(trained: tuple[Path, Path], tmp_path: Path) -> None:
    (code,) = snippets("TRL", "python")
    small = "use_cpu=True, bf16=False, max_steps=1, per_device_train_batch_size=2, num_generations=2, beta=0.0, "
    small += "max_completion_length=8, report_to=[], save_strategy='no', logging_steps=1, "
    code = code.replace('"MODEL"', repr(str(trained[1]))).replace('"data/train.jsonl"', repr(str(trained[0])))
    code = code.replace('output_dir="out", ', f"output_dir={str(tmp_path)!r}, {small}")
    said = run(sys.executable, "-W", "ignore", "-c", code).stdout
    assert all(f"rewards/{reward.__name__}/mean" in said for reward in r2_components())
    assert len(r2_weights()) == 6


def test_trl_grpo_from_the_shell(trained: tuple[Path, Path], tmp_path: Path) -> None:
    """The command of the docs, with the sample for SciER, a tiny model and two steps."""
    data, model = trained
    config = tmp_path / "reward.toml"
    config.write_text('profile = "robust"\nweights = { SPAN = 0 }\n', encoding="utf-8")
    (line,) = [words for words in commands("TRL") if words[0] == "trl"]
    line = [str(model) if part == "MODEL" else str(data.parent) if part == "data" else part for part in line]
    more = "--max_steps 2 --use_cpu --bf16 false --max_completion_length 8 --num_generations 4 --logging_steps 1"
    program = Path(sys.executable).with_name("trl")
    batch = "--per_device_train_batch_size 4 --gradient_accumulation_steps 1 --report_to none --save_strategy no"
    done = run(
        program,
        *line[1:],
        *more.split(),
        *batch.split(),
        "--output_dir",
        tmp_path / "out",
        SCIIE_REWARD_CONFIG=str(config),
    )
    said = done.stdout + done.stderr
    assert "sciie-rewards: r2_reward, profile robust, weights FORMAT 0.111111, NER 0.277778" in said
    assert f"settings from {config}" in said
    assert said.count("rewards/r2_reward/mean") == 2
    assert (tmp_path / "out" / "model.safetensors").is_file()
