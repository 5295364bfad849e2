"""The wheel alone, in a fresh environment, far from the checkout: what a user gets from ``pip install sciie-eval``."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from toy import FIXTURES, GOLD, ROOT, rows_of

Run = Callable[..., subprocess.CompletedProcess[str]]
PREDS = FIXTURES / "native_completion.jsonl"
OPTIONAL = ("datasets", "matplotlib", "pyarrow", "ray", "torch", "trl", "zstandard")


def checked(*command: str | Path, **options: object) -> str:
    """Run a command that must succeed."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and an environment that holds it, made by whichever worker comes first."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "core-only"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            checked(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT)
            venv.create(folder / "venv", clear=True, with_pip=True)
            pip = (folder / "venv" / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check")
            checked(*pip, "-c", ROOT / "constraints.txt", the_wheel(folder), cwd=folder)
            (folder / "done").touch()
    return folder


def the_wheel(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Run:
    """Runs a program of the fresh environment in an empty folder, with nothing of ours in its environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SCIIE_", "PYTHON", "COV_"))}
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONUTF8": "1"}
    folder = tmp_path / "here"
    folder.mkdir()

    def program(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [str(installed / "venv" / "bin" / name), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, encoding="utf-8", cwd=folder, env={**kept, **home})

    return program


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


# -- what is in it ---------------------------------------------------------------------------------------------------


def test_what_the_wheel_holds(installed: Path) -> None:
    with zipfile.ZipFile(the_wheel(installed)) as wheel:
        names = wheel.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"sciie_eval", "sciie_rewards"}
    cards = {f"sciie_eval/_datasets/{path.relative_to(ROOT / 'datasets')}" for path in (ROOT / "datasets").rglob("*.*")}
    assert cards <= set(names)
    configs = {path.relative_to(ROOT).as_posix() for path in (ROOT / "sciie_rewards/recipe/configs").glob("*.yaml")}
    assert {*configs, "sciie_rewards/_benchmarks/published.toml"} <= set(names)
    assert len(configs) == 5
    assert {"sciie_eval/py.typed", "sciie_rewards/py.typed"} <= set(names)
    assert [name for name in names if name.endswith("/licenses/LICENSE")]
    assert not [name for name in names if "cache" in name or "/." in name]


def test_only_the_core_is_installed(run: Run) -> None:
    code = f"import importlib.util as u; print([name for name in {OPTIONAL!r} if u.find_spec(name)])"
    assert said(run("python", "-c", code)) == "[]\n"  # not even `datasets`, the name of our folder of cards


def test_importing(run: Run, installed: Path) -> None:
    code = "import sciie_eval as s, sciie_rewards; print(s.__file__); [getattr(s, name) for name in s.__all__]"
    assert Path(said(run("python", "-c", code)).strip()).is_relative_to(installed / "venv")
    reward = (
        'from sciie_rewards import r2_reward; print(r2_reward(["x"], gold=[{"sentence": "x", "ner": [], "rel": []}]))'
    )
    assert said(run("python", "-c", reward)) == "[0.0]\n"
    gold = '[{"ner": [["BERT", "Method"]]}]'
    assert said(run("python", "-c", f"from sciie_eval import score; print(score({gold}, {gold}).ner.f1)")) == "1.0\n"


# -- what it does ----------------------------------------------------------------------------------------------------


def test_demo(run: Run) -> None:
    text = said(run("sciie-eval", "demo"))
    assert text.startswith("60 sentences of our own, ")
    assert "_datasets/sample/predictions.jsonl" in text
    assert "signature  tasks:ner,rel,rel+|" in text


def test_score(run: Run) -> None:
    value = json.loads(said(run("sciie-eval", "score", PREDS, "--gold", GOLD, "--format", "json")))
    assert value["tasks"]["ner"]["f1"] == 0.8
    assert "|gold:gold.jsonl@" in value["signature"]
    relaxed = run("sciie-eval", "score", PREDS, "--gold", GOLD, "--match", "fuzzy", "--cluster", "doc_id")
    assert said(relaxed).startswith("task ")


def test_compare(run: Run) -> None:
    text = said(run("sciie-eval", "compare", PREDS, FIXTURES / "native_predictions.jsonl", "--gold", GOLD))
    assert text.startswith("against native_completion (")


def test_report(run: Run, tmp_path: Path) -> None:
    assert said(run("sciie-eval", "report", PREDS, "--gold", GOLD, "-o", tmp_path / "r.html")) == ""
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.rstrip().endswith("</html>")
    assert "DecompressionStream" in page  # the scripts are in the wheel


def test_validate(run: Run) -> None:
    assert "native rows" in said(run("sciie-eval", "validate", PREDS))


def test_broken_json_is_mended(run: Run) -> None:
    code = """from sciie_eval import parse_completion; print(parse_completion("{'ner': [['A', 'Task'],]}").status)"""
    assert said(run("python", "-c", code)) == "repaired\n"


def test_data_frames(run: Run) -> None:
    code = "from sciie_eval import score; print(len(score([{'ner': []}], [{'ner': []}]).to_frame()))"
    assert said(run("python", "-c", code)) == "4\n"


@pytest.mark.parametrize(
    "names",
    [[], ["score"], ["passk"], ["compare"], ["validate"], ["demo"], ["datasets"]]
    + [["datasets", name] for name in ("list", "show", "fetch", "verify", "export")],
    ids=" ".join,
)
def test_help(run: Run, names: list[str]) -> None:
    assert "Usage: " in said(run("sciie-eval", *names, "--help"))


@pytest.mark.parametrize(("name", "package"), [("p.jsonl.zst", "zstandard"), ("p.parquet", "pyarrow")])
def test_what_needs_an_extra_says_which(run: Run, tmp_path: Path, name: str, package: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    done = run("sciie-eval", "score", tmp_path / name, "--gold", GOLD)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        rf"sciie-eval: reading .* needs the package {package}, .*; run: pip install 'sciie-eval\[io\]'\n", done.stderr
    )


def test_several_processes_and_ray(run: Run) -> None:
    preds = FIXTURES / "native_completions.jsonl"
    alone = said(run("sciie-eval", "score", preds, "--gold", GOLD))
    assert said(run("sciie-eval", "score", preds, "--gold", GOLD, "--workers", "2")) == alone
    done = run("sciie-eval", "score", preds, "--gold", GOLD, "--engine", "ray")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(
        "--engine ray needs the package ray, which is not installed; run: pip install 'sciie-eval[ray]'\n"
    )


def test_curves_without_a_picture_and_with_one(run: Run) -> None:
    preds = FIXTURES / "native_completions.jsonl"
    assert "Consensus" in said(run("sciie-eval", "passk", preds, "--gold", GOLD))
    done = run("sciie-eval", "passk", preds, "--gold", GOLD, "--plot", "curves.png")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(
        "needs the package matplotlib, which is not installed; run: pip install 'sciie-eval[report]'\n"
    )


def test_explain(run: Run) -> None:
    assert "Usage: " in said(run("sciie-rewards", "explain", "--help"))
    assert "reward 1.0000" in said(run("sciie-rewards", "explain", PREDS, "--gold", GOLD, "--row", "3"))


def test_datasets_list_and_show(run: Run) -> None:
    assert said(run("sciie-eval", "datasets", "list")).startswith("scier ")
    assert "Entity types" in said(run("sciie-eval", "datasets", "show", "scier"))


def test_datasets_fetch_verify_export(run: Run, tmp_path: Path) -> None:
    """A card of one's own with its files on a mirror in a folder, from download to score."""
    data = GOLD.read_bytes()
    (tmp_path / "mirror" / "up").mkdir(parents=True)
    (tmp_path / "mirror" / "up" / "dev.jsonl").write_bytes(data)
    card = tmp_path / "toy.toml"
    card.write_text(
        f'name = "toy"\ntitle = "A toy"\nbase_url = "file://{tmp_path}/mirror/"\n'
        '[schema]\nentity_types = [{ name = "Method" }, { name = "Task" }, { name = "Dataset" }]\n'
        'relation_types = [{ name = "Used-For" }, { name = "Compare-With" }]\n'
        '[splits.dev]\npath = "up/dev.jsonl"\nlocal = "dev.jsonl"\nform = "string"\nrows = 4\n'
        f'sha256 = "{hashlib.sha256(data).hexdigest()}"\n',
        encoding="utf-8",
    )
    absent = run("sciie-eval", "datasets", "verify", card)
    assert absent.returncode == 1
    assert absent.stderr.count("\n") == 1
    assert "run: sciie-eval datasets fetch" in absent.stderr
    target = tmp_path / "cache" / "sciie-eval" / "toy" / "dev.jsonl"
    assert said(run("sciie-eval", "datasets", "fetch", card)) == f"ok  {target}\n"
    assert target.read_bytes() == data
    assert said(run("sciie-eval", "datasets", "verify", card)) == f"ok      dev           {target}\n"
    assert f"ok: {target}" in said(run("sciie-eval", "datasets", "show", card))
    assert said(run("sciie-eval", "datasets", "export", card, "--split", "dev", "-o", "dev.jsonl")) == ""
    rows = rows_of(tmp_path / "here" / "dev.jsonl")
    assert [row["id"] for row in rows] == ["dev-0", "dev-1", "dev-2", "dev-3"]
    scored = run("sciie-eval", "score", "dev.jsonl", "--dataset", card, "--split", "dev", "--format", "json")
    value = json.loads(said(scored))
    assert {task["f1"] for task in value["tasks"].values()} == {1.0}
    assert "|schema:toy@" in value["signature"]
    assert "|gold:toy/dev@" in value["signature"]


# -- the folder of cards has a famous name ---------------------------------------------------------------------------


def test_the_hugging_face_package_is_found_in_the_repository_root() -> None:
    """A folder without ``__init__.py`` comes after every package; this one must stay such a folder."""
    code = "import datasets; print(datasets.__file__)"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
    found = checked(sys.executable, "-c", code, cwd=ROOT, env={**kept, "PYTHONPATH": str(ROOT)})
    assert "site-packages" in Path(found.strip()).parts


def test_the_folder_of_cards_is_no_package_where_hugging_face_is_absent(installed: Path) -> None:
    code = "import datasets; print(datasets.__file__, hasattr(datasets, 'load_dataset'))"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTHON"))}
    assert checked(installed / "venv" / "bin" / "python", "-c", code, cwd=ROOT, env=kept) == "None False\n"
