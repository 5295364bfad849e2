"""Ray on this machine: the numbers of one process, from files, folders, globs and addresses, also if a worker dies."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sciie_eval import ray_source
from sciie_eval.error_report import errors_of_file
from sciie_eval.evaluate import Gold, Reading, _evaluated, evaluate_file
from sciie_eval.evaluate_samples import evaluate_samples
from sciie_eval.exceptions import InputError
from sciie_eval.ray_engine import RayEngine
from sciie_eval.sampling import Sampling
from sciie_eval.settings import Settings

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'sciie-eval[ray]'")

# Ray warns of its own ways
pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning"), pytest.mark.filterwarnings("ignore:.*ray.*")]
SETTINGS = Settings(bootstrap=50)
ON_RAY = Reading(engine=RayEngine())
TEXTS = ["BERT", "NER", "SQuAD", "line\u2028separator", "état"]


@pytest.fixture(scope="module", autouse=True)
def _cluster() -> Iterator[None]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init("local", num_cpus=2, log_to_driver=False, logging_level="ERROR", include_dashboard=False)
    yield
    ray.shutdown()


def rows(number: int, seed: int = 1) -> list[dict[str, Any]]:
    rng = random.Random(seed)

    def mapping() -> dict[str, Any]:
        ner = [[text, rng.choice(["Method", "Task"])] for text in rng.sample(TEXTS, 3)]
        return {"ner": ner, "rel": [[ner[0][0], "Used-For", ner[1][0]]]}

    return [
        {
            "id": f"s{seed}-{n}",
            "doc_id": f"d{n % 3}",
            "sentence": " ".join(TEXTS),
            "gold": mapping(),
            "completions": [json.dumps(mapping(), ensure_ascii=False) for _ in range(2)],
        }
        for n in range(number)
    ]


def write(path: Path, found: list[dict[str, Any]], extra: str = "") -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found) + extra
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def everything(path: str | Path, reading: Reading, gold: Gold | None = None) -> list[dict[str, Any]]:
    return [
        evaluate_file(path, SETTINGS, gold, reading).score().to_dict(),
        evaluate_samples(path, SETTINGS, Sampling(), gold, reading).to_dict(),
        errors_of_file(path, SETTINGS, gold, reading).to_dict(),
    ]


@pytest.fixture
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_source, "CHUNK_BYTES", 3000)


@pytest.mark.usefixtures("_small_chunks")
def test_equal_to_one_process_to_the_last_bit(tmp_path: Path) -> None:
    path = write(tmp_path / "preds.jsonl", rows(60))
    alone = everything(path, Reading())
    assert everything(path, ON_RAY) == alone
    assert everything(f"file://{path}", ON_RAY) == alone


def test_several_files_are_one_system(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.jsonl", rows(20, 1) + rows(20, 2))
    folder = tmp_path / "parts"
    folder.mkdir()
    write(folder / "a.jsonl.gz", rows(20, 1))
    write(folder / "b.jsonl", rows(20, 2))
    expected = evaluate_file(whole, SETTINGS).score().to_dict()
    for path in (folder, f"{folder}/*.jsonl*"):
        assert evaluate_file(path, SETTINGS, reading=ON_RAY).score().to_dict() == expected


def test_gold_elsewhere(tmp_path: Path) -> None:
    found = rows(30)
    write(tmp_path / "gold.jsonl", [{**row, **row["gold"]} for row in found])
    gold = Gold.from_options(tmp_path / "gold.jsonl", None, None, SETTINGS)
    path = write(tmp_path / "p.jsonl", [{key: row[key] for key in ("id", "completions")} for row in found[5:]])
    alone = everything(path, Reading(), gold)
    assert everything(path, ON_RAY, gold) == alone
    assert alone[0]["missing"] == 5


@pytest.mark.usefixtures("_small_chunks")
def test_a_worker_that_is_killed_costs_a_retry(tmp_path: Path) -> None:
    path, mark = write(tmp_path / "preds.jsonl", rows(60)), tmp_path / "killed"

    class Killed:  # local, so that Ray sends it by value
        def __init__(self, pass_over: Callable[[Reading], Any], mark: Path) -> None:
            self.pass_over, self.mark = pass_over, mark

        def __call__(self, reading: Reading) -> Any:
            if reading.some is not None and reading.some.lines > 20 and not self.mark.exists():
                self.mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return self.pass_over(reading)

    work = Killed(partial(_evaluated, path, SETTINGS, None, False, None), mark)
    found = Reading().count(work, path, None).score().to_dict()
    assert not mark.exists()
    assert ON_RAY.count(work, path, None).score().to_dict() == found
    assert mark.exists()


def said(path: str | Path, gold: Gold | None = None, **how: Any) -> str:
    with pytest.raises(InputError) as caught:
        evaluate_file(path, SETTINGS, gold, Reading(**how, engine=RayEngine()))
    return str(caught.value)


@pytest.mark.usefixtures("_small_chunks")
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "preds.jsonl", rows(30), "{\n")
    assert said(path).startswith(f"{path}, line 31, column 2: not JSON")
    skipped = Reading(skip_bad_lines=True, engine=RayEngine())
    assert "1 malformed lines were skipped: 31" in evaluate_file(path, SETTINGS, reading=skipped).score().warnings
    twice = write(tmp_path / "twice.jsonl", rows(30) + rows(1))
    assert "1 ids stand in more than one row" in said(twice)
    assert said(tmp_path / "none.jsonl").endswith("none.jsonl: No such file; check the path")
    assert "check the path" in said("nowhere://bucket/preds.jsonl")


def test_rows_that_depend_on_each_other(tmp_path: Path) -> None:
    logged = [
        {"step": 1, "prompt": "", "completion": "", "sciie/id": row["id"], "gold": row["gold"]} for row in rows(3)
    ]
    path = write(tmp_path / "logged.jsonl", logged)
    assert "what this row is depends on other rows; read the file in one process" in said(path)


def test_the_command_uses_the_cluster_that_is_there(tmp_path: Path) -> None:
    path = write(tmp_path / "preds.jsonl", rows(20))
    address = ray.get_runtime_context().gcs_address
    command = [sys.executable, "-m", "sciie_eval", "score", str(path), "--format", "json"]
    environment = {**os.environ, "RAY_ADDRESS": address, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.run([*command, "--engine", "ray"], capture_output=True, text=True, env=environment, check=True)
    assert run.stdout == subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    assert run.stderr == ""
