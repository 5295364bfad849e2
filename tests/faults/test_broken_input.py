"""Files that were cut off or damaged: an error of one line that names the place, or every row that is whole."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tomllib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from programs import SAMPLE, WITH_GOLD, run

from sciie_eval import Settings, read_gold
from sciie_eval.cards import Card, SplitFile, load_card
from sciie_eval.corpus import load_split
from sciie_eval.evaluate import evaluate_file
from sciie_eval.exceptions import CorpusError, InputError
from sciie_eval.labels import LabelSchema

ROWS = [
    {"id": f"{number}", "sentence": f"é BERT {number} .", "completion": "<answer>{}</answer>", "gold": {"ner": []}}
    for number in range(3)
]
TEXT = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
GOLD = b"".join(
    json.dumps({"sentence": f"s {n}", "ner": [], "rel": [], "rel_plus": []}).encode() + b"\n" for n in "123"
)


def zst(data: bytes) -> bytes:
    zstandard = pytest.importorskip("zstandard")
    packed: bytes = zstandard.ZstdCompressor().compress(data)
    return packed


def parquet(data: bytes) -> bytes:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as writer

    stream = io.BytesIO()
    writer.write_table(pyarrow.Table.from_pylist([json.loads(line) for line in data.splitlines()]), stream)
    return stream.getvalue()


def n_read(path: Path) -> int | InputError:
    """Sentences that were scored, or the error; anything else that is raised fails the test."""
    try:
        return evaluate_file(path, Settings(bootstrap=10)).score().n_sentences
    except InputError as error:
        found = error
    assert str(found).startswith(f"{path}")
    assert "\n" not in str(found)
    return found


def test_predictions_cut_at_every_byte(tmp_path: Path) -> None:
    """Every cut inside a line is an error that says so; a cut between two lines leaves the rows before it."""
    path = tmp_path / "preds.jsonl"
    ends = {place for place in range(len(TEXT) + 1) if TEXT[:place].endswith(b"\n") or TEXT[place : place + 1] == b"\n"}
    for cut in range(1, len(TEXT)):
        path.write_bytes(TEXT[:cut])
        found = n_read(path)
        if cut in ends:
            assert found == TEXT[: cut + 1].count(b"\n"), cut
        else:
            assert "the file ends in this line: was it cut off?" in str(found), cut
            assert f"line {1 + TEXT[:cut].count(bytes([10]))}, column " in str(found), cut


@pytest.mark.parametrize(
    ("name", "packed"), [("p.jsonl.gz", gzip.compress), ("p.jsonl.zst", zst), ("p.parquet", parquet)]
)
def test_packed_predictions_cut_at_every_byte(name: str, packed: Callable[[bytes], bytes], tmp_path: Path) -> None:
    data, path = packed(TEXT), tmp_path / name
    for cut in range(0, len(data), max(1, len(data) // 200)):
        path.write_bytes(data[:cut])
        assert isinstance(n_read(path), InputError), cut
    path.write_bytes(data)
    assert n_read(path) == 3


@pytest.mark.parametrize("packed", [bytes, gzip.compress, zst, parquet])
def test_damaged_predictions(packed: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """Bytes that are not what they were: an error or other rows, and nothing else that is raised."""
    name = {gzip.compress: "p.jsonl.gz", zst: "p.jsonl.zst", parquet: "p.parquet"}.get(packed, "p.jsonl")
    data, path, rng = packed(TEXT), tmp_path / name, random.Random(1)
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        n_read(path)


def test_gold_cut_at_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    for cut in range(len(GOLD)):
        path.write_bytes(GOLD[:cut])
        if GOLD[:cut].endswith(b"\n") or GOLD[cut : cut + 1] == b"\n":
            if cut:
                assert len(read_gold(path)) == GOLD[: cut + 1].count(b"\n")
        else:
            with pytest.raises(InputError, match=r"gold\.jsonl(, line \d, column \d+: not JSON: .*cut off|: no rows)"):
                read_gold(path)


def test_a_card_cut_at_every_byte(tmp_path: Path) -> None:
    text = (SAMPLE.parent / "semeval2010_task8.toml").read_bytes()
    for cut in range(0, len(text), 29):
        path = tmp_path / f"{cut}.toml"
        path.write_bytes(text[:cut])
        with pytest.raises(InputError, match=f"^{path}: ") if not whole(text[:cut]) else nullcontext():
            load_card(path)


def whole(text: bytes) -> bool:
    """Whether it is a card still: one that was cut between two tables."""
    try:
        found = tomllib.loads(text.decode())
    except tomllib.TOMLDecodeError:
        return False
    types = found.get("schema", {}).get("relation_types")
    return bool(types) and all({"name", "definition"} <= set(one) for one in types)


def test_a_dataset_file_cut_at_every_byte_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIIE_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("SCIIE_DATA_DIR", raising=False)
    file = SplitFile(path="d", sha256=hashlib.sha256(GOLD).hexdigest(), rows=3, form="string", local="dev.jsonl")
    card = Card(name="toy", title="A toy", schema=LabelSchema(name="toy"), splits={"dev": file})
    (tmp_path / "toy").mkdir()
    for cut in range(len(GOLD)):
        (tmp_path / "toy" / "dev.jsonl").write_bytes(GOLD[:cut])
        with pytest.raises(CorpusError, match="not the file that the card describes"):
            load_split(card, "dev")
    (tmp_path / "toy" / "dev.jsonl").write_bytes(GOLD)
    assert len(load_split(card, "dev")) == 3


@pytest.mark.parametrize("command", ["score", "passk", "errors", "report", "validate"])
def test_every_command_says_where_its_input_was_cut(command: str, tmp_path: Path) -> None:
    path, out = tmp_path / "preds.jsonl", tmp_path / "out"
    path.write_bytes((SAMPLE / "predictions.jsonl").read_bytes()[:1000])
    found = run(command, path, *WITH_GOLD, "-o", out)
    assert (found.code, found.out, out.exists()) == (1, b"", False)
    assert found.err.startswith(f"sciie-eval: {path}, line 1, column ")
    assert found.err.endswith("was it cut off?\n")
    assert found.err.count("\n") == 1


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that cannot be read from its start")
def test_a_file_that_cannot_be_read() -> None:
    found = run("score", "/proc/self/mem", *WITH_GOLD)
    assert (found.code, found.out) == (1, b"")
    assert found.err == "sciie-eval: /proc/self/mem: cannot be read: Input/output error; check the file\n"
