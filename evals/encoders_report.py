"""The report of the study of content vectors: figures, what they are compared with, and who is shown.

Systems are called "hot: hybrid of tags"; those of content are compared with the same recommender on the same vectors
shuffled, and with the best that knows no content (hot: of `elsa` and `ease`; cold: `popularity`), chosen on the
validation part where it has one. `A - B` are paired differences.

Who is shown, of the first 20 of each ranking: the share of all that is shown that each genre, country, language and
tenth of popularity gets, beside its share of what could be shown. `away` is half the sum of the differences of both
(total variation): 0 where everybody gets what they are, 1 where others get everything; null where of nothing that is
shown the kind is known.

Shapes: Q questions, I items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evals.encoders import Measured, Plan
from evals.encoders_data import Facts, StudyData, popularity_deciles
from evals.metrics import Summary, summarise
from evals.report import Report
from recsys.cold.splits import Protocol
from recsys.types import FloatArray, IntArray

METRICS = tuple(f"{name}@{cut}" for cut in (10, 20, 50) for name in ("hr", "recall", "ndcg"))
#: Of these, differences are told.
COMPARED = ("ndcg@10", "recall@20", "hr@50")
#: Of what is shown, this many of the largest are told by name.
_NAMED = 12


class Figures:
    """All cells of a run, seeds together."""

    def __init__(self, measured: Sequence[Measured]) -> None:
        """Take what the grid came to."""
        self.measured = sorted(measured, key=lambda one: (one.cell.protocol != "hot", one.cell.seed))
        self._of: dict[tuple[Protocol, str], list[Measured]] = {}
        self._summaries: dict[tuple[Protocol, str, str], Summary] = {}
        for one in self.measured:
            self._of.setdefault((one.cell.protocol, one.cell.system), []).append(one)

    def systems(self, protocol: Protocol) -> list[str]:
        """Name the systems of a protocol."""
        return [system for of, system in self._of if of == protocol]

    def cells(self, protocol: Protocol, system: str) -> list[Measured]:
        """Return a system's cells, one for each seed, by seed."""
        return sorted(self._of.get((protocol, system), []), key=lambda one: one.cell.seed)

    def values(self, protocol: Protocol, system: str, metric: str) -> tuple[FloatArray, list[int]]:
        """Return a figure for each listener and seed, and who those listeners are."""
        cells = self.cells(protocol, system)
        values = np.concatenate([one.figures[metric] for one in cells])
        return values, np.concatenate([one.listeners for one in cells]).tolist()

    def summary(self, protocol: Protocol, system: str, metric: str = "ndcg@10") -> Summary:
        """Return a mean with its interval over listeners."""
        key = (protocol, system, metric)
        if key not in self._summaries:
            values, listeners = self.values(*key)
            self._summaries[key] = summarise(values.tolist(), groups=listeners)
        return self._summaries[key]

    def difference(self, protocol: Protocol, system: str, other: str, metric: str = "ndcg@10") -> Summary:
        """Return a mean paired difference with its interval over listeners."""
        values, listeners = self.values(protocol, system, metric)
        return summarise((values - self.values(protocol, other, metric)[0]).tolist(), groups=listeners)

    def mean(self, protocol: Protocol, system: str, metric: str = "ndcg@10") -> float:
        """Return a mean."""
        return float(self.values(protocol, system, metric)[0].mean())

    def chosen_by(self, protocol: Protocol, system: str) -> float:
        """Return the mean of what was measured on the validation part; NaN where nothing was."""
        found = [one.chosen.get("ndcg@10", np.nan) for one in self.cells(protocol, system)]
        return float(np.mean(found))

    def without_content(self, protocol: Protocol) -> str | None:
        """Name what content is compared with: on hot data ELSA or EASE, else popularity; None where it was not run."""
        there = set(self.systems(protocol))
        return next((one for one in ("elsa", "ease", "popularity") if one in there), None)

    def seconds(self) -> float:
        """Return the seconds of the processor that all cells took."""
        return sum(one.seconds for one in self.measured)


def fill(report: Report, figures: Figures, plan: Plan) -> None:
    """Put means and paired differences into a report."""
    for protocol in plan.protocols:
        other = figures.without_content(protocol)
        for system in figures.systems(protocol):
            for metric in METRICS:
                report.add(f"{protocol}: {system}", "all", metric, figures.summary(protocol, system, metric))
        for system in figures.systems(protocol):
            shuffled = f"{system} shuffled"
            against = [one for one in (shuffled, other) if one in figures.systems(protocol) and one != system]
            if system.endswith((" shuffled", " random")) or " of " not in system:
                continue
            for one in against:
                for metric in COMPARED:
                    difference = figures.difference(protocol, system, one, metric)
                    report.add(f"{protocol}: {system} - {one}", "all", metric, difference)


def exposure(data: StudyData, figures: Figures, protocol: Protocol) -> dict[str, Any]:
    """Say what is shown by each system, beside what could be shown."""
    deciles = [f"{10 * number}–{10 * number + 10} %" for number in popularity_deciles(data.interactions)]
    kinds: dict[str, list[tuple[str, ...]]] = {
        "genre": [one[:1] for one in data.facts.genres],
        "country": [(one,) if one else () for one in data.facts.countries],
        "language": [(one,) if one else () for one in data.facts.languages],
        "popularity": [(one,) for one in deciles],
    }
    found: dict[str, Any] = {}
    systems = figures.systems(protocol)
    if not systems:
        return found
    candidates = {
        one.cell.seed: data.split(protocol, one.cell.seed).asking.candidates
        for one in figures.cells(protocol, systems[0])
    }
    for kind, values in kinds.items():
        known = np.array([bool(one) for one in values])
        if not known.any():
            continue
        could = _shares(values, np.concatenate([np.flatnonzero(one) for one in candidates.values()]))
        told: dict[str, Any] = {
            "known_share": round(float(known.mean()), 3),
            "could_be_shown": _largest(could),
            "systems": {},
        }
        for system in systems:
            first = np.concatenate([one.first.ravel() for one in figures.cells(protocol, system)])
            shown = _shares(values, first[first >= 0])
            away = sum(abs(shown.get(one, 0.0) - could.get(one, 0.0)) for one in {*shown, *could}) / 2
            told["systems"][system] = {"away": round(away, 3) if shown else None, "shown": _largest(shown)}
        found[kind] = told
    return found


def genre_counts(facts: Facts, items: IntArray | None = None) -> dict[str, int]:
    """Count items by their first genre, the most frequent first; "not known" comes last."""
    rows = range(len(facts.genres)) if items is None else items.tolist()
    counts = Counter(facts.genres[row][0] if facts.genres[row] else "" for row in rows)
    unknown = counts.pop("", 0)
    return dict(counts.most_common()) | ({"not known": unknown} if unknown else {})


def chosen(figures: Figures) -> dict[str, Any]:
    """Tell what choosing on the validation part came to."""
    found: dict[str, Any] = {}
    for one in figures.measured:
        if one.chosen:
            plain = {name: round(value, 4) if isinstance(value, float) else value for name, value in one.chosen.items()}
            found.setdefault(f"{one.cell.protocol}: {one.cell.system}", {})[f"seed {one.cell.seed}"] = plain
    return found


def best_by_validation(figures: Figures, protocol: Protocol, encoders: Sequence[str]) -> str | None:
    """Name the system of content that the validation part likes best; None where none was measured there."""
    mine = [
        system for system in figures.systems(protocol) if " of " in system and system.partition(" of ")[2] in encoders
    ]
    found = {system: figures.chosen_by(protocol, system) for system in mine}
    known = {system: value for system, value in found.items() if np.isfinite(value)}
    return max(known, key=lambda one: known[one]) if known else None


def _shares(values: Sequence[tuple[str, ...]], items: IntArray) -> Mapping[str, float]:
    """Return the share of each value among those items of which one is known."""
    counts = Counter(one for item in items.tolist() for one in values[item])
    total = max(1, sum(counts.values()))
    return {one: count / total for one, count in counts.items()}


def _largest(shares: Mapping[str, float]) -> dict[str, float]:
    ordered = sorted(shares.items(), key=lambda one: (-one[1], one[0]))
    return {name: round(share, 3) for name, share in ordered[:_NAMED]}
