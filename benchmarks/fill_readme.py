"""Fills README.md and docs between their markers: the demo's output, and figures from benchmarks/results/.

Run: ``scripts/readme``. ``fill(text)`` is what the tests compare the pages with.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from scale_tables import billion_table, scale_table

from sciie_eval.files import write_whole

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    ROOT / "README.md",
    ROOT / "docs" / "metrics.md",
    ROOT / "docs" / "passk.md",
    ROOT / "docs" / "errors.md",
    ROOT / "docs" / "reward_hacking.md",
    ROOT / "docs" / "robustness.md",
    ROOT / "docs" / "mimic.md",
    ROOT / "docs" / "recipe.md",
    ROOT / "docs" / "published.md",
    ROOT / "docs" / "large.md",
)
SHOWN_LINES = 9


def main() -> None:
    """Rewrite the pages."""
    for path in PAGES:
        write_whole(path, [fill(path.read_text(encoding="utf-8"))])


def fill(text: str) -> str:
    """A page's text with its marked parts made anew."""
    for name, content in PARTS.items():
        start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
        if start in text:
            before, rest = text.split(start)
            text = f"{before}{start}\n{content()}\n{end}{rest.split(end)[1]}"
    return text


def _said(*arguments: str) -> list[str]:
    """The lines that ``sciie-eval`` prints."""
    code = "from sciie_eval.cli import main; main()"
    run = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True, cwd=ROOT)
    return run.stdout.splitlines()


def _errors() -> str:
    """The report on the bundled sample without its tables of relations, which look like that of entities."""
    sample = ("datasets/sample/predictions.jsonl", "--gold", "datasets/sample/gold.jsonl")
    lines = [line.rstrip() for line in _said("errors", *sample, "--show", "1")]
    rel, confusion = (
        next(i for i, line in enumerate(lines) if line.startswith(start)) for start in ("rel: ", "ner: gold")
    )
    return "\n".join(["```text", *lines[:rel], "…", "", *lines[confusion:], "```"])


def _demo() -> str:
    lines = _said("demo")
    head, tail = lines[:SHOWN_LINES], lines[next(i for i, line in enumerate(lines) if "sentences ·" in line) :]
    return "\n".join(["```text", *(line.rstrip() for line in [*head, "…", *tail]), "```"])


def _results(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / f"benchmarks/results/{name}.json").read_text(encoding="utf-8"))
    return found


def _gap() -> str:
    results = _results("evaluator_gap")
    lines = ["| predictions | task | F1 | F1 without those false positives |", "|---|---|---|---|"]
    for name, rows in results.items():
        if name == "measured_on":
            continue
        for task, row in rows.items():
            lines.append(f"| {name} | {task} | {100 * row['f1']:.1f} | {100 * row['f1_forgetting']:.1f} |")
    return "\n".join(lines)


def _coverage() -> str:
    lines = ["| 95 % interval | holds the truth |", "|---|---|"]
    shares = _results("coverage")["coverage"]
    return "\n".join(lines + [f"| {name} | {100 * share:.1f} % |" for name, share in shares.items()])


def _coverage_samples() -> str:
    rows = _results("coverage_samples")["coverage"]
    names = list(next(iter(rows.values())))
    lines = [f"| 95 % interval, holds the truth of | {' | '.join(names)} |", "|---" * (1 + len(names)) + "|"]
    return "\n".join(
        lines + [_row(name, (f"{100 * share:.1f} %" for share in row.values())) for name, row in rows.items()]
    )


def _estimators() -> str:
    results = _results("estimators")
    lines = [_row("Best-F1@K in points", (f"K = {k}" for k in results["k"])), "|---" * (1 + len(results["k"])) + "|"]
    lines.append(_row("truth", (f"{100 * value:.2f}" for value in results["truth"])))
    for name, row in results["estimators"].items():
        lines.append(_row(f"{name}: bias", (f"{100 * value:+.2f}" for value in row["bias"])))
        lines.append(_row(f"{name}: standard deviation", (f"{100 * v:.2f}" for v in row["standard_deviation"])))
    return "\n".join(lines)


def _curves() -> str:
    """Micro and macro F1 of every statistic at every K, per oracle where it matters."""
    per_task, joint = next(value for name, value in _results("curves").items() if name != "measured_on").values()
    ks = per_task["k"]
    lines = [_row("task", ["micro-F1", *(f"K = {k}" for k in ks), "macro-F1", *(f"K = {k}" for k in ks)])]
    lines.append("|---" * (3 + 2 * len(ks)) + "|")
    for task in ("ner", "rel", "rel+"):
        chosen = {
            "Best, per task": per_task[task]["best"],
            "Best, joint": joint[task]["best"],
            "Avg": per_task[task]["avg"],
            "Consensus": per_task[task]["consensus"],
        }
        for name, curve in chosen.items():
            micro, macro = ([f"{100 * value:.1f}" for value in curve[kind]] for kind in ("micro", "macro"))
            lines.append(_row(task, [name, *micro, name, *(macro or ["–"] * len(ks))]))
    return "\n".join(lines)


def _throughput_samples() -> str:
    found = _results("throughput")["samples"]
    number = f"{found['sentences']:,} sentences × {found['samples_per_sentence']:,} samples"
    lines = [f"{number}, {found['file_mb']:.0f} MB of JSON, one core (`benchmarks/throughput_samples.py`):", ""]
    lines += ["| | CPU seconds | peak memory |", "|---|---|---|"]
    lines += [f"| {name} | {row['seconds']:.1f} | {row['peak_mb']:.0f} MB |" for name, row in found["rows"].items()]
    return "\n".join([*lines, "", f"That is {found['microseconds_per_sample']:.0f} µs a sample."])


def _row(name: str, cells: Iterable[str]) -> str:
    return f"| {' | '.join([name, *cells])} |"


def _hacking() -> str:
    found = _results("reward_hacking")["profiles"]
    lines = [
        "| answer | robust | beats 80 % | released | beats 80 % | without relations: robust | released | beats 80 % |"
    ]
    lines.append("|---" * 8 + "|")
    robust, released = found["robust"], found["released"]
    for name, row in robust["honest"].items():
        other = released["honest"][name]
        lines.append(f"| honest, {name} | {_cells(row, other, None, None)} |")
    for name, row in robust["exploits"].items():
        other = released["exploits"][name]
        beats = [entry["beats"]["80 % noise"] for entry in (row, other)]
        lines.append(f"| {name} | {_cells(row['mean'], other['mean'], *beats)} |")
    return "\n".join(lines)


def _cells(
    robust: dict[str, float], released: dict[str, float], beats: dict[str, float] | None, more: dict[str, float] | None
) -> str:
    def share(of: dict[str, float] | None, part: str) -> str:
        return "" if of is None else f"{100 * of[part]:.1f} %"

    cells = [f"{robust['all']:.2f}", share(beats, "all"), f"{released['all']:.2f}", share(more, "all")]
    part = "without relations"
    return " | ".join([*cells, f"{robust[part]:.2f}", f"{released[part]:.2f}", share(more, part)])


def _bounds() -> str:
    bounds = _results("reward_hacking")["bounds"]
    return "\n".join(
        f"- {'Holds' if bound['holds'] else 'BROKEN'}: {name} ({bound['found']})." for name, bound in bounds.items()
    )


def _ablation() -> str:
    found = _results("reward_ablation")["variants"]
    gaps = list(found["default"]["gap"])
    lines = [
        "| weights | rank correlation | ordered | difference from default | told apart "
        f"| {' | '.join(gaps)} | best exploit | above the bound |"
    ]
    lines.append("|---" * (7 + len(gaps)) + "|")
    for name, row in found.items():
        best = max(value for exploit, value in row["exploits"].items() if not exploit.startswith("oracle: correct"))
        change = row["difference from default"]["pairs of a group in the order of F1"]
        cells = [
            f"{row['rank correlation with F1']:.3f}",
            f"{100 * row['pairs of a group in the order of F1']:.1f} %",
            "" if name == "default" else f"{100 * change['low']:+.2f} … {100 * change['high']:+.2f}",
            f"{100 * row['answers of equal F1 told apart']:.0f} %",
            *(f"{row['gap'][gap]:.3f}" for gap in gaps),
            f"{best:.3f}",
            str(row["exploits above the bound"]),
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _gains() -> str:
    found = _results("reward_ablation")
    names = list(found["gain_when_left_out"])
    lines = [
        f"| exploit | default | {' | '.join(f'without {name}' for name in names)} |",
        "|---" * (2 + len(names)) + "|",
    ]
    for exploit, value in found["variants"]["default"]["exploits"].items():
        gains = [f"{found['gain_when_left_out'][name][exploit]:+.3f}" for name in names]
        lines.append(f"| {exploit} | {value:.3f} | {' | '.join(gains)} |")
    return "\n".join(lines)


def _noise() -> str:
    """True F1 in the first world along the way, and at the end in all; who fakes reasoning there."""
    found = _results("noise")
    (world, first), *others = found["worlds"].items()
    points = [share * found["steps"] // 4 for share in (1, 2)]
    titles = [f"after {point} steps" for point in points] + [f"after {found['steps']}", "fakes reasoning"]
    lines = [_row(world, [*titles, *(f"{name}: after {found['steps']}" for name, _ in others)])]
    lines.append("|---" * (5 + len(others)) + "|")
    start = [f"{other['rewards']['no noise']['curve'][0]:.2f}" for _, other in others]
    before = first["rewards"]["no noise"]["curve"][0]
    lines.append(_row("before training", ["", "", f"{before:.2f}", f"{100 * found['fakes']:.0f} %", *start]))
    for name, row in first["rewards"].items():
        along = [f"{row['curve'][point // found['every']]:.2f}" for point in points]
        ends = [_ended(other["rewards"][name]["final"]) for _, other in others]
        lines.append(_row(name, [*along, _ended(row["final"]), f"{100 * row['style']['phrases only']:.0f} %", *ends]))
    return "\n".join(lines)


def _ended(final: dict[str, float]) -> str:
    return f"{final['mean']:.2f} ({final['low']:.2f}–{final['high']:.2f})"


def _nano_cpu() -> str:
    """The tables of the run on two cores, and what GRPO changed."""
    lines = []
    found = _results("nano-cpu/tables")
    for split in dict.fromkeys(row["split"] for row in found["summary"]):
        rows = [row for row in found["summary"] if row["split"] == split]
        lines += [
            _row(split, ["ner", "rel", "rel+", f"ner Best@{found['k']}", f"rel Best@{found['k']}", "released rel"])
        ]
        lines.append("|---" * 7 + "|")
        measures = ("avg ner", "avg rel", "avg rel+", "best ner", "best rel", "released rel")
        lines += [_row(row["system"], (_interval(row[measure]) for measure in measures)) for row in rows]
        lines.append("")
    lines.append(_row("GRPO", ["mean reward, first and last fifth", "dev ner", "dev rel", "dev parsed"]))
    lines.append("|---" * 5 + "|")
    for name, row in _results("nano-cpu/learned").items():
        before, kept, last = (row["dev"][when] for when in ("before", "kept", "last"))
        dev = (
            f"{100 * before[figure]:.1f} → {100 * kept[figure]:.1f} (last step {100 * last[figure]:.1f})"
            for figure in ("dev/ner_f1", "dev/rel_f1", "dev/ok")
        )
        lines.append(_row(name, [f"{row['reward']['first']:.3f} → {row['reward']['last']:.3f}", *dev]))
    took = _results("nano-cpu/time")
    return "\n".join([*lines, "", f"The whole run took {took['minutes']:.0f} minutes on {took['cores']} cores."])


def _interval(value: dict[str, float | None]) -> str:
    shown = (None if bound is None else f"{100 * bound:.1f}" for bound in value.values())
    middle, low, high = ("–" if bound is None else bound for bound in shown)
    return f"{middle} ({low}–{high})"


def _mimic() -> str:
    found = _results("mimic_targets")
    number, judged = found["sentences"], ("FORMAT", "RELEVANCE", "RULE")
    lines = [_row("style", ["status ok", "equal gold", *judged, "mean reward", "tokens: mean", "99 %", "most"])]
    lines.append("|---" * 10 + "|")
    for style, row in found["styles"].items():
        counts = [row["status ok"], row["equal gold"], *(row["full"][name] for name in judged)]
        tokens = [f"{row['tokens'][name]:.0f}" for name in ("mean", "99 %", "most")]
        lines.append(_row(f"`{style}`", [*(f"{count:,}" for count in counts), f"{row['mean reward']:.4f}", *tokens]))
    return "\n".join([f"{number:,} sentences, made in {found['seconds']:.1f} seconds a style:", "", *lines])


def _mimic_exceptions() -> str:
    found = _results("mimic_targets")["exceptions"]
    counts = ", ".join(f"{count} × {kind}" for kind, count in found["counts"].items())
    listed = "; ".join(found["listed"])
    return f"SciER train: {counts}, in {found['sentences']} sentences.\n\n{listed}."


def _augmentation() -> str:
    lines = [_row("one epoch", ["sentences changed", "entities swapped", "new names made up", "seconds"])]
    lines.append("|---" * 5 + "|")
    titles = {"default": "default shares, .8 and .5", "all": "all that can be swapped"}
    for name, row in _results("mimic_targets")["augmentation"].items():
        shares = [f"{100 * row[key]:.0f} %" for key in ("sentences changed", "entities swapped", "made up")]
        lines.append(_row(titles[name], [*shares, f"{row['seconds']:.1f}"]))
    return "\n".join(lines)


def _dictionary() -> str:
    found = _results("mimic_targets")["dictionary"]
    return "\n".join(["| split | NER F1 |", "|---|---|", *(_row(name, [f"{f1:.3f}"]) for name, f1 in found.items())])


def _published() -> str:
    """Numbers on the two test splits, a † where an evaluator may drop false positives; then how we know each."""
    rows = tomllib.loads((ROOT / "benchmarks" / "published.toml").read_text(encoding="utf-8"))["result"]
    lines = []
    for split, title in (("scier", "SciER test"), ("ood", "SciER test_ood")):
        lines += [_row(title, ["ner", "rel", "rel+", "rel Best@5"]), "|---" * 5 + "|"]
        lines += [_row(_system(row), _numbers(row, row[split])) for row in rows if split in row]
        lines.append("")
    lines += [_row("system", ["grade", "drops false positives", "source"]), "|---" * 4 + "|"]
    for row in rows:
        source = " ".join([row["source"], *([f"({row['note'].rstrip('.')})"] if "note" in row else [])])
        lines.append(_row(_system(row), [row["grade"], row["drops_false_positives"], source]))
    return "\n".join(lines)


def _system(row: dict[str, Any]) -> str:
    name: str = row["system"]
    return name.replace("*", "\\*")


def _numbers(row: dict[str, Any], found: dict[str, float]) -> list[str]:
    mark = "" if row["drops_false_positives"] == "no" else " †"
    tasks = ("ner", "rel", "rel+", "best@5 rel")
    return [f"{found[task]:.2f}{mark}" if task in found else "" for task in tasks]


PARTS: dict[str, Callable[[], str]] = {
    "demo": _demo,
    "errors": _errors,
    "gap": _gap,
    "coverage": _coverage,
    "coverage_samples": _coverage_samples,
    "estimators": _estimators,
    "curves": _curves,
    "throughput_samples": _throughput_samples,
    "hacking": _hacking,
    "bounds": _bounds,
    "ablation": _ablation,
    "gains": _gains,
    "noise": _noise,
    "mimic": _mimic,
    "mimic_exceptions": _mimic_exceptions,
    "augmentation": _augmentation,
    "dictionary": _dictionary,
    "nano_cpu": _nano_cpu,
    "published": _published,
    "scale": lambda: scale_table(_results("scale")),
    "billion": lambda: billion_table(_results("scale")),
}
"""What stands between the markers, by name."""


if __name__ == "__main__":
    main()
