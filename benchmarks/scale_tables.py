"""What `scale` measured, as the tables of docs/large.md."""

from __future__ import annotations

from typing import Any

__all__ = ["billion_table", "scale_table"]


def scale_table(found: dict[str, Any]) -> str:
    """Time and memory by number of completions, for every way of reading."""
    sizes = found["completions"]
    lines = [
        "| | " + " | ".join(f"{size:,}" for size in sizes) + " | slope | µs each | bytes each |",
        "|---|" + "---|" * (len(sizes) + 3),
    ]
    for name, by_size in found["by_way"].items():
        cells = [f"{run['seconds']:.1f} s, {run['peak_mb']:.0f} MB" for run in by_size.values()]
        grown = found["growth"][name]
        each = f"{grown['microseconds_per_completion']:.1f} | {grown['peak_bytes_per_completion']:.0f}"
        lines.append(f"| {name} | {' | '.join(cells)} | {grown['slope_of_seconds']:.2f} | {each} |")
    ups = ", ".join(f"{value:.2f} x at {int(size):,}" for size, value in found["speed_up_of_two_workers"].items())
    return "\n".join(
        [
            *lines,
            "",
            "Seconds from the command to its end, and the peak of all its processes; the slope, on log-log paper, "
            f"of the time beyond start-up, and what a completion adds, from {sizes[1]:,} to {sizes[-1]:,}. Rows of "
            f"{found['bytes_per_completion'] / 1000:.1f} kB with a completion of about 150 words and gold; "
            f"{found['measured_on']['machine']}. Two workers against one: {ups}. (`benchmarks/scale.py`)",
        ]
    )


def billion_table(found: dict[str, Any]) -> str:
    """From the measured constants to 10^9 completions."""
    part, number = found["of_4_MiB"], 10**9
    hours = number * part["counting_seconds"] / part["completions"] / 3600
    chunks = number / part["completions"]
    rows = [
        ("text", f"{number * found['bytes_per_completion'] / 1e12:.1f} TB"),
        ("counting", f"{hours:.0f} core hours, so {60 * hours / 64:.0f} minutes on 64 cores that are fed as fast"),
        ("chunks of 4 MiB", f"{chunks:,.0f}"),
        ("counts sent to the driver", f"{chunks * part['result_bytes'] / 1e9:.0f} GB"),
        ("merging them there", f"{chunks * part['merging_seconds'] / 60:.0f} minutes, while the others count"),
        ("memory of the driver", f"{16 * number / 1e9:.0f} GB: 16 bytes a row that holds its gold and an id"),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])
