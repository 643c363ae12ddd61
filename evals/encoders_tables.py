"""The tables of the study of content vectors, as Markdown: each table of vectors by recommender, and who is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.encoders import WITHOUT_CONTENT, Plan
from evals.encoders_report import Figures
from recsys.cold.splits import Protocol

_KINDS = ("genre", "country", "language", "popularity")


def grid_table(figures: Figures, plan: Plan, protocol: Protocol, metric: str = "ndcg@10") -> str:
    """Return a row for each table of vectors, what is shuffled in brackets, and one for each system without content."""
    there = set(figures.systems(protocol))
    columns = [one for one in plan.recommenders if any(system.startswith(f"{one} of ") for system in there)]
    rows = [["vectors", *columns], ["---"] * (1 + len(columns))]
    for encoder in (*plan.encoders, "random"):
        cells = [_cell(figures, there, protocol, f"{one} of {encoder}", metric) for one in columns]
        if any(cells):
            rows.append([encoder, *cells])
    rows += [
        [f"*{one}*", _cell(figures, there, protocol, one, metric), *[""] * (len(columns) - 1)]
        for one in WITHOUT_CONTENT
        if one in there and columns
    ]
    return _table(rows)


def exposure_table(figures: Figures, found: Mapping[str, Any], protocol: Protocol) -> str:
    """Return, by system, how far what is shown is from what could be shown; shuffled vectors are left out."""
    kinds = [kind for kind in _KINDS if kind in found]
    if not kinds:
        return ""
    known = [f"{kind} (known of {100 * found[kind]['known_share']:.0f} %)" for kind in kinds]
    rows = [["system", "NDCG@10", *known, "most listened to tenth"], ["---"] * (3 + len(kinds))]
    for system in figures.systems(protocol):
        if not system.endswith(" shuffled"):
            away = [_number(found[kind]["systems"][system]["away"]) for kind in kinds]
            most = found["popularity"]["systems"][system]["shown"].get("90–100 %", 0.0)
            rows.append([system, f"{figures.mean(protocol, system):.3f}", *away, f"{100 * most:.0f} %"])
    return _table(rows)


def _cell(figures: Figures, there: set[str], protocol: Protocol, system: str, metric: str) -> str:
    if system not in there:
        return ""
    of = figures.summary(protocol, system, metric)
    told = f"{of.mean:.3f} [{of.low:.3f}, {of.high:.3f}]"
    shuffled = f"{system} shuffled"
    return f"{told} ({figures.mean(protocol, shuffled, metric):.3f})" if shuffled in there else told


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
