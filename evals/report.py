"""One report for every evaluation and benchmark: a table for people on stdout, one JSON form for machines.

The JSON holds exactly

    {"schema": 1, "command", "settings", "versions", "hardware", "seeds",
     "results": {SYSTEM: {SUBSET: {METRIC: {"mean", "low", "high", "sd", "n"}}}},
     "selection": {…},
     "cases": […]}

and, where an evaluation tells more than averages, "details": {…}.

Conventions. SYSTEM is what the command line calls it; SUBSET `all` comes first, others by name; METRIC is in lower
case and carries its unit where it has one (`p50_ms`, `seconds`, `peak_mb`). `low` and `high` bound the 95 % interval
of `mean` (see `evals.metrics`). Figures that were used for choosing something stand only under `selection`. `cases` are
single units to be looked at, such as those that failed; the key is there only where an evaluation names any.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evals.metrics import Summary

#: Distributions whose version can change a figure.
_REPORTED = ("segue", "numpy", "torch", "onnxruntime", "tokenizers", "chromadb", "bm25s", "scipy", "sqlalchemy")
#: Columns of a table that goes into a file or a pipe.
_FILE_WIDTH = 200


@dataclass
class Report:
    """The figures of one run, and what made them."""

    command: str
    settings: Mapping[str, Any]
    seeds: Sequence[int]
    results: dict[str, dict[str, dict[str, Summary]]] = field(default_factory=dict)
    selection: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    cases: list[dict[str, Any]] = field(default_factory=list)

    def add(self, system: str, subset: str, metric: str, summary: Summary) -> None:
        """Note one figure.

        Raises:
            ValueError: the first subset of a system is not `all`, or the metric's name is not in lower case.
        """
        subsets = self.results.setdefault(system, {})
        if not subsets and subset != "all":
            raise ValueError(f"the first subset of {system!r} is {subset!r}; add its figures for 'all' first")
        if metric != metric.lower():
            raise ValueError(f"the metric {metric!r} is not in lower case; name it {metric.lower()!r}")
        subsets.setdefault(subset, {})[metric] = summary

    def to_json(self) -> dict[str, Any]:
        """The report as plain data, in the form of the module's docstring."""
        return {
            "schema": 1,
            "command": self.command,
            "settings": {name: _plain(value) for name, value in self.settings.items()},
            "versions": versions(),
            "hardware": hardware(),
            "seeds": list(self.seeds),
            "results": {
                system: {
                    subset: {metric: summary.to_json() for metric, summary in figures.items()}
                    for subset, figures in subsets.items()
                }
                for system, subsets in self.results.items()
            },
            "selection": self.selection,
            **({"cases": self.cases} if self.cases else {}),
        } | ({"details": self.details} if self.details else {})

    def write(self, path: Path) -> None:
        """Write the JSON form; the folder must exist."""
        _replace(path, json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    def write_markdown(self, path: Path) -> None:
        """Write what `show` prints as Markdown; the folder must exist."""
        header = ["system", "subset", *self._metrics(), "n"]
        rows = [header, ["---", "---", *["---:"] * (len(header) - 2)], *self._cells()]
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        said = "\n\n".join([f"`{self.command}`", *self._said()])
        _replace(path, f"{said}\n\n" + "\n".join(lines) + "\n\nmean [95 % interval]\n")

    def show(self, console: Console | None = None) -> None:
        """Print what was measured on what, then a table with a row per system and subset."""
        out = console or _console()
        out.print(Text(self.command, style="bold"))
        for line in self._said():
            out.print(line, soft_wrap=True)
        table = Table(caption="mean [95 % interval]", caption_justify="left")
        for name in ("system", "subset"):
            table.add_column(name, no_wrap=True)
        for metric in (*self._metrics(), "n"):
            table.add_column(metric, justify="right")
        for row in self._cells():
            table.add_row(*map(Text, row))
        out.print(table)

    def _said(self) -> list[str]:
        """The lines before the table: hardware, versions, seeds and settings."""
        machine = hardware()
        # What is nested is for machines.
        flat = {name: value for name, value in self.settings.items() if not isinstance(value, Mapping)}
        stated = {name: _plain(value) for name, value in flat.items() if value not in (None, "", [], ())}
        words = [f"seeds {', '.join(map(str, self.seeds))}", *(f"{name} {_listed(v)}" for name, v in stated.items())]
        return [
            f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}",
            ", ".join(f"{name} {version}" for name, version in versions().items()),
            " · ".join(words),
        ]

    def _metrics(self) -> list[str]:
        by_subset = [one for subsets in self.results.values() for one in subsets.items()]
        by_subset.sort(key=lambda one: one[0] != "all")
        return list(dict.fromkeys(metric for _, figures in by_subset for metric in figures))

    def _cells(self) -> list[list[str]]:
        """One row per system and subset; whole sets come first."""
        rows = [
            (system, subset, figures)
            for system, by_subset in self.results.items()
            for subset, figures in by_subset.items()
        ]
        rows.sort(key=lambda row: row[1] != "all")
        metrics = self._metrics()
        cells = []
        for system, subset, figures in rows:
            counts = sorted({summary.n for summary in figures.values()})
            shown = [_cell(figures[metric]) if metric in figures else "" for metric in metrics]
            cells.append([system, subset, *shown, "–".join(map(str, counts[:: max(1, len(counts) - 1)]))])
        return cells


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def versions() -> dict[str, str]:
    """Name the versions of Python and of the distributions that can change a figure."""
    found = {"python": platform.python_version()}
    for name in _REPORTED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def hardware() -> dict[str, Any]:
    """Describe the machine: processor, usable cores, memory in GB (10⁹ bytes), system."""
    import psutil

    return {
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return value.name  # a figure does not depend on where a file lies
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _console() -> Console:
    """Open stdout; as wide as the table needs where it is no terminal."""
    wide = None if sys.stdout.isatty() else _FILE_WIDTH
    return Console(width=wide, highlight=False, markup=False, emoji=False)


def _cell(summary: Summary) -> str:
    if summary.low == summary.high:
        return _number(summary.mean)
    return f"{_number(summary.mean)} [{_number(summary.low)}, {_number(summary.high)}]"


def _number(value: float) -> str:
    """Write three decimals below ten, one below a thousand, none above."""
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 1_000 else f"{value:,.0f}"
