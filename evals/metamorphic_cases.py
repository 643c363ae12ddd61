"""The cases of the metamorphic suite: how many count, and in how many their relation holds.

`evals.metamorphic` says what the relations and the figures are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evals.metrics import Summary, summarise
from evals.report import Report

RELATIONS = ("refusal", "addition", "order", "dislike", "undo", "same seed", "pins")
#: Share of its counting cases in which a dislike has to lower the neighbours.
MIN_DISLIKED = 0.9
_Z = 1.959964  # 97.5 % quantile of the normal distribution


@dataclass(frozen=True, slots=True)
class Case:
    """One relation between replies, looked at once."""

    relation: str
    kind: str
    conversation: str
    counts: bool
    holds: bool
    told: str
    changed: float | None = None  # share of the slate


def fill(report: Report, cases: Sequence[Case]) -> None:
    """Put shares into a report: all relations together, each by itself, and each of its kinds."""
    for subset, chosen in subsets(cases):
        counting = [case for case in chosen if case.counts]
        report.add("segue", subset, "counts", wilson(len(counting), len(chosen)))
        if counting:
            report.add("segue", subset, "holds", wilson(sum(case.holds for case in counting), len(counting)))
            changed = [case.changed for case in counting if case.changed is not None]
            if changed and len(changed) == len(counting):
                report.add("segue", subset, "changed", summarise(changed))


def subsets(cases: Sequence[Case]) -> Iterator[tuple[str, list[Case]]]:
    """The cases together, of each relation, and of each kind where a relation has several."""
    yield "all", list(cases)
    for relation in RELATIONS:
        chosen = [case for case in cases if case.relation == relation]
        if not chosen:
            continue
        yield relation, chosen
        kinds = sorted({case.kind for case in chosen})
        for kind in kinds if len(kinds) > 1 else ():
            yield f"{relation}: {kind}", [case for case in chosen if case.kind == kind]


def wilson(n_true: int, n: int) -> Summary:
    """The share of n cases with Wilson's interval, which does not shrink to nothing where all agree."""
    share = n_true / n
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    sd = math.sqrt(share * (1 - share) * n / (n - 1)) if n > 1 else 0.0
    return Summary(share, max(middle - half, 0.0), min(middle + half, 1.0), sd, n)


def kept_promises(cases: Sequence[Case]) -> bool:
    """Tell whether every relation holds as often as it has to: always, a dislike in `MIN_DISLIKED` of its cases."""
    disliked = [case.holds for case in cases if case.relation == "dislike" and case.counts]
    others = all(case.relation == "dislike" for case in broken(cases))
    return others and (not disliked or sum(disliked) >= MIN_DISLIKED * len(disliked))


def broken(cases: Sequence[Case]) -> list[Case]:
    """The cases that count and in which their relation does not hold."""
    return [case for case in cases if case.counts and not case.holds]


def tell(cases: Sequence[Case]) -> str:
    """Write for each relation how many cases there are, how many count, and in how many it does not hold."""
    lines = []
    for relation in RELATIONS:
        counting = [case for case in cases if case.relation == relation and case.counts]
        n = sum(case.relation == relation for case in cases)
        n_broken = sum(not case.holds for case in counting)
        lines.append(f"{relation}: {n:,} cases, {len(counting):,} not vacuous, {n_broken:,} violations")
    return "\n".join(lines)
