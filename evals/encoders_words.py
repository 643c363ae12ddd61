"""What the study of content vectors comes to, in words: what content adds with history, without, and which to take.

Which system stands for content, and which encoder is named for a case, is chosen on the validation part; the figures
beside are of the test part. "Adds" and "loses" are said only where the interval of the paired difference leaves out 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evals.encoders import Plan
from evals.encoders_data import StudyData
from evals.encoders_plot import Bar
from evals.encoders_report import Figures, best_by_validation
from evals.metrics import Summary
from recsys.cold.splits import Protocol
from recsys.cold.weights import EncoderWeights

_SAID = {"hot": "With a listening history", "cold": "Without one"}


def in_words(
    data: StudyData,
    figures: Figures,
    plan: Plan,
    probes: Mapping[str, Mapping[str, Summary]],
    agreements: Mapping[str, Any],
    recovered: Mapping[str, Summary],
) -> list[str]:
    """Say it, a paragraph at a time."""
    said = []
    for protocol in plan.protocols:
        said += _of_protocol(figures, plan, protocol)
    if recovered:
        told = [f"{name} {100 * one.mean:.0f} % {_interval(one, 100)}" for name, one in recovered.items()]
        said.append(
            "Of the NDCG@10 that collaborative vectors reach when the held-out artists' plays by other listeners are "
            f"known, this much is left without any: {'; '.join(told)}."
        )
    if probes:
        for kind in sorted({kind for one in probes.values() for kind in one}):
            told = [f"{name} {one[kind].mean:.3f}" for name, one in probes.items() if kind in one]
            said.append(f"A linear probe reads the {kind} from the vectors with a ROC-AUC of {', '.join(told)}.")
    told = [
        f"{name} {one['spearman']:+.2f} (chance {one.get('chance', float('nan')):.2f}), without {_plain(one)}"
        for name, one in agreements.items()
    ]
    if told:
        n = max(one["encoders"] for one in agreements.values())
        said.append(
            f"Rank correlation of probe and NDCG@10 over {n} tables, the random one and without it: {'; '.join(told)}. "
            "With so few encoders only the largest values say anything."
        )
    said += [note[0].upper() + note[1:] + "." for note in data.notes]
    return said


def _of_protocol(figures: Figures, plan: Plan, protocol: Protocol) -> list[str]:
    best = best_by_validation(figures, protocol, plan.encoders)
    if best is None:
        return []
    other = figures.without_content(protocol)
    of = figures.summary(protocol, best)
    said = [f"{_SAID[protocol]}, the best of content is {best}: NDCG@10 {of.mean:.3f} {_interval(of)}."]
    if other is not None:
        without = figures.mean(protocol, other)
        difference = figures.difference(protocol, best, other)
        said.append(f"{other}, which knows no content, has {without:.3f}: content {_verdict(difference)}.")
    shuffled = f"{best} shuffled"
    if shuffled in figures.systems(protocol):
        difference = figures.difference(protocol, best, shuffled)
        said.append(
            f"The same vectors given to other items have {figures.mean(protocol, shuffled):.3f}: what they say "
            f"{_verdict(difference)}."
        )
    named = []
    for recommender in plan.recommenders:
        mine = {
            encoder: figures.chosen_by(protocol, f"{recommender} of {encoder}")
            for encoder in plan.encoders
            if f"{recommender} of {encoder}" in figures.systems(protocol)
        }
        mine = {encoder: value for encoder, value in mine.items() if np.isfinite(value)}
        if mine:
            encoder = max(mine, key=lambda one: mine[one])
            named.append(f"{recommender} {encoder} ({figures.mean(protocol, f'{recommender} of {encoder}'):.3f})")
    if named:
        said.append(f"Which vectors to take: {', '.join(named)}.")
    return [" ".join(said)]


def plot_of(figures: Figures, plan: Plan, protocol: Protocol) -> list[Bar]:
    """Return the bars of a protocol, the best first: content, shuffled and random content, and none."""
    found = []
    for system in figures.systems(protocol):
        of = figures.summary(protocol, system)
        kind = 2 if " of " not in system else 1 if system.endswith((" shuffled", " random")) else 0
        found.append(Bar(system, of.mean, of.low, of.high, kind))
    return sorted(found, key=lambda one: -one.value)


def weights_of(data: StudyData, figures: Figures, plan: Plan) -> EncoderWeights:
    """Share out 1 among encoders by what each adds on the validation part to the same vectors shuffled.

    Of the recommenders the one that each encoder does best with there is taken; what adds nothing gets nothing.
    """
    shares: dict[Protocol, Mapping[str, float]] = {}
    for protocol in plan.protocols:
        lifts = {}
        for encoder in plan.encoders:
            if encoder in data.combined:
                continue
            found = [
                figures.chosen_by(protocol, system) - figures.chosen_by(protocol, f"{system} shuffled")
                for system in (f"{recommender} of {encoder}" for recommender in plan.recommenders)
                if f"{system} shuffled" in figures.systems(protocol)
            ]
            known = [value for value in found if np.isfinite(value)]
            if known:
                lifts[encoder] = max(0.0, max(known))
        total = sum(lifts.values())
        if total > 0:
            shares[protocol] = {encoder: lift / total for encoder, lift in lifts.items()}
    return EncoderWeights(shares, data.name)


def time_in_words(n_cells: int, seconds: float) -> str:
    """Say how long the cells took: the sum of the processor's time, which no other work on the machine changes."""
    return f"{n_cells} cells, {_minutes(seconds)} of one core, on two cores at least {_minutes(seconds / 2)}"


def as_markdown(command: str, parts: Sequence[str], plots: Sequence[str]) -> str:
    """Put paragraphs, tables and plots into a page."""
    drawn = (f"![]({one})" for one in plots)
    return "\n\n".join(["# What content vectors are worth", f"`{command}`", *parts, *drawn]) + "\n"


def _plain(agreement: Mapping[str, Any]) -> str:
    without = agreement["without_random"]
    return "too few" if without is None else f"{without['spearman']:+.2f}"


def _minutes(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d} min"


def _verdict(difference: Summary) -> str:
    amount = f"{abs(difference.mean):.3f} {_interval(difference)}"
    if difference.low > 0:
        return f"adds {amount}"
    if difference.high < 0:
        return f"loses {amount}"
    return f"adds nothing that can be told ({difference.mean:+.3f} {_interval(difference)})"


def _interval(summary: Summary, times: float = 1.0) -> str:
    digits = 3 if times == 1.0 else 0
    return f"[{times * summary.low:.{digits}f}, {times * summary.high:.{digits}f}]"
