"""The bundled sample as a dataset with a card of its own, and what ``sciie-eval datasets export`` makes of it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from toy import ROOT, command

GOLD = ROOT / "datasets" / "sample" / "gold.jsonl"


def own_card(folder: Path) -> Path:
    """A card ``own`` with SciER's labels and one split, ``train``; its file lies in ``folder/own``."""
    (folder / "own").mkdir(parents=True, exist_ok=True)
    shutil.copy(GOLD, folder / "own" / "train.jsonl")
    text = (ROOT / "datasets" / "scier.toml").read_text(encoding="utf-8")
    labels = text[: text.index("# String form")].replace('name = "scier"', 'name = "own"', 1)
    labels = "\n".join(line for line in labels.splitlines() if not line.startswith("base_url"))
    digest = hashlib.sha256(GOLD.read_bytes()).hexdigest()
    split = f'path = "x"\nlocal = "train.jsonl"\nform = "string"\nrows = 60\nsha256 = "{digest}"\n'
    (folder / "own.toml").write_text(f"{labels}\n[splits.train]\n{split}", encoding="utf-8")
    return folder / "own.toml"


def export(folder: Path, trainer: str, name: str) -> Path:
    """Export the split for a trainer through the command line; returns the file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    card = own_card(folder)
    done = command(
        "datasets", "export", card, "--split", "train", "--to", trainer, "-o", path, SCIIE_DATA_DIR=str(folder)
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return path
