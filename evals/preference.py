"""Do predicted popularity and aesthetics tell which of two pieces people prefer? Votes of battles, pairwise.

Task. For every decided battle (A or B won) a system gives a margin; above 0 it says A. What it learns (`evals
.preference_models`), it learns from other battles:

    all            neither the prompt nor the pair of systems is in what is learnt from
    by prompt      the prompt is not
    by pair        the pair of systems is not, in either order
    new system     battles of one system, learnt without any battle of it, one system after another
    ungrouped      battles are dealt out regardless of both, as published: only to show how much that adds

    accuracy   the share of decided battles in which the sign is right; a margin of 0 counts half
    auc        the area under the ROC curve of the margin for A

Intervals are 95 % percentile-bootstrap intervals over prompts, seeded; "X − Y" is paired. Ties and "both bad" are
counted in the settings, and have no right sign.

Systems. `rule NAME` takes the larger value of one head, untrained: the sign is the natural one (more is preferred), so
below .5 is worse than chance and is told so. `duration`, `loudness`, `genre`, `system identity` (Bradley–Terry) and
`acoustics` are what a preference may be about without any aesthetics. `popularity`, `aesthetics` and both together
learn from the heads of that group; `vector` from the raw frozen embedding. The decisive figure is `popularity +
aesthetics − popularity`; `confounders` are length, loudness, genre and acoustics together, and the same difference is
told beside them.

Columns of words among the battles (genre, instrumental) divide the results of `all`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.apex_metrics import N_RESAMPLES, Resamples, auc
from evals.errors import EvaluationDataError
from evals.preference_data import (
    ACOUSTICS,
    AESTHETICS,
    BOTH_BAD,
    DURATION,
    GENRE,
    LOUDNESS,
    POPULARITY,
    TIE,
    A,
    B,
    Battles,
    read_battles,
)
from evals.preference_models import choose_and_fit, fit_strengths, system_differences
from evals.report import Report
from recsys.appeal.learners import folds_by_group
from recsys.types import Progress

Values = NDArray[np.float64]
Rows = NDArray[np.int64]
Split = tuple[Rows, Rows]
IDENTITY, VECTOR, CONFOUNDERS = "system identity", "vector", "confounders"
BOTH = f"{POPULARITY} + {AESTHETICS}"
_DIFFERENCES = (
    (BOTH, POPULARITY),
    (BOTH, IDENTITY),
    (BOTH, VECTOR),
    (f"{CONFOUNDERS} + {BOTH}", f"{CONFOUNDERS} + {POPULARITY}"),
)
#: What a preference may be about without any aesthetics.
_CONFOUNDING = (DURATION, LOUDNESS, GENRE, ACOUSTICS)
_N_FOLDS = 5
_LEAST = 20


def evaluate(
    battles: Path,
    features: Sequence[Path],
    seeds: Sequence[int],
    *,
    vectors: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Compare what tells who wins.

    Args:
        battles: the votes (see `evals.preference_data`).
        features: what is known of the pieces.
        seeds: the first draws folds and intervals.
        vectors: of the pieces of the first features file.
        progress: told (system, splits done, splits).

    Raises:
        EvaluationDataError: the files do not fit together, or too few battles are decided.
    """
    read = read_battles(battles, features, vectors)
    report = Report("segue eval preference", _settings(read, battles, features, vectors), seeds)
    compare(report, read, seeds[0], progress)
    return report


def compare(
    report: Report,
    battles: Battles,
    seed: int,
    progress: Progress | None = None,
    *,
    n_resamples: int = N_RESAMPLES,
) -> None:
    """Add the figures of all systems on the battles to a report.

    Raises:
        EvaluationDataError: too few battles are decided.
    """
    decided = np.array([row for row, vote in enumerate(battles.votes) if vote in (A, B)])
    if len(decided) < _LEAST:
        raise EvaluationDataError(f"{len(decided)} battles are decided; give at least {_LEAST} with a vote for A or B")
    margins = {}
    splits = {name: list(found) for name, found in _splits(battles, decided, seed).items()}
    systems = _systems(battles)
    for done, (system, differences) in enumerate(systems.items(), start=1):
        margins[system] = {
            name: _margins(battles, system, differences, of, decided, seed) for name, of in splits.items()
        }
        if progress:
            progress("systems", done, len(systems))
    won = np.array([float(vote == A) for vote in battles.votes])
    prompts = np.array(battles.prompts)
    subsets = dict.fromkeys(splits, decided)
    drawn = {
        rows.tobytes(): Resamples(prompts[rows].tolist(), seed=seed, n=n_resamples)
        for rows in [decided, *(rows for _, rows in _parts(battles, decided))]
    }
    pairs = [(one, other) for one, other in _DIFFERENCES if one in systems and other in systems]
    for name, rows in [*subsets.items(), *_parts(battles, decided)]:
        protocol = name if name in splits else "all"
        for system, found in margins.items():
            _add(report, system, name, rows, won, found[protocol], None, drawn)
        for one, other in pairs:
            both = (margins[one][protocol], margins[other][protocol])
            _add(report, f"{one} − {other}", name, rows, won, *both, drawn)


def _systems(battles: Battles) -> dict[str, Values | None]:
    """Differences that each system looks at; None is Bradley–Terry, and a name beginning with "rule" is not fitted."""
    groups = battles.groups
    found: dict[str, Values | None] = {}
    for group in (POPULARITY, AESTHETICS):
        for column, name in enumerate(battles.columns.get(group, ())):
            found[f"rule {name}"] = groups[group][:, column : column + 1]
    found |= {name: groups[name] for name in _CONFOUNDING if name in groups}
    found[IDENTITY] = None
    found |= {name: groups[name] for name in (POPULARITY, AESTHETICS, VECTOR) if name in groups}
    confounding = [groups[name] for name in _CONFOUNDING if name in groups]
    if {POPULARITY, AESTHETICS} <= groups.keys():
        found[BOTH] = np.hstack([groups[POPULARITY], groups[AESTHETICS]])
        if confounding:
            found[f"{CONFOUNDERS} + {POPULARITY}"] = np.hstack([*confounding, groups[POPULARITY]])
            found[f"{CONFOUNDERS} + {BOTH}"] = np.hstack([*confounding, groups[POPULARITY], groups[AESTHETICS]])
    return found


def _splits(battles: Battles, decided: Rows, seed: int) -> dict[str, Iterator[Split]]:
    """By protocol: rows to learn from, of all battles, and decided rows to ask about."""
    prompts = np.array(battles.prompts)
    pairs = np.array([" against ".join(sorted(pair)) for pair in battles.systems])
    by_prompt, by_pair = (_fold_of(groups, seed) for groups in (prompts, pairs))
    each = np.array([str(row) for row in range(len(battles))])
    asked = np.zeros(len(battles), bool)
    asked[decided] = True

    def crossed() -> Iterator[Split]:
        for one in range(_N_FOLDS):
            for other in range(_N_FOLDS):
                yield from _filled(
                    (by_prompt != one) & (by_pair != other), asked & (by_prompt == one) & (by_pair == other)
                )

    def grouped(fold_of: Rows) -> Iterator[Split]:
        for fold in range(_N_FOLDS):
            yield from _filled(fold_of != fold, asked & (fold_of == fold))

    def left_out() -> Iterator[Split]:
        for system in sorted({name for pair in battles.systems for name in pair}):
            there = np.array([system in pair for pair in battles.systems])
            yield from _filled(~there, asked & there)

    return {
        "all": crossed(),
        "by prompt": grouped(by_prompt),
        "by pair": grouped(by_pair),
        "new system": left_out(),
        "ungrouped": grouped(_fold_of(each, seed)),
    }


def _filled(learn: NDArray[np.bool_], ask: NDArray[np.bool_]) -> Iterator[Split]:
    if ask.any():
        yield np.flatnonzero(learn), np.flatnonzero(ask)


def _fold_of(groups: NDArray[np.str_], seed: int) -> Rows:
    found = np.zeros(len(groups), np.int64)
    for number, rows in enumerate(folds_by_group(groups, _N_FOLDS, seed)):
        found[rows] = number
    return found


def _margins(
    battles: Battles, system: str, differences: Values | None, splits: Sequence[Split], decided: Rows, seed: int
) -> Values:
    """Return margins (n,), NaN for undecided battles; the mean where several splits ask about one battle."""
    sums, times = np.zeros(len(battles)), np.zeros(len(battles))
    won = np.array([{A: 1.0, B: 0.0}.get(vote, 0.5) for vote in battles.votes])
    taken = np.zeros(len(battles), bool)
    taken[decided] = True
    for learn, ask in splits:
        if system.startswith("rule ") and differences is not None:
            told = differences[ask, 0]
        elif differences is None:
            signs = system_differences(battles.systems)
            told = signs[ask] @ fit_strengths(signs[learn], won[learn])
        else:
            rows = learn[taken[learn]]
            weights, scale = choose_and_fit(differences[rows], won[rows], np.array(battles.prompts)[rows], seed)
            told = differences[ask] / scale @ weights
        sums[ask] += told
        times[ask] += 1
    with np.errstate(invalid="ignore"):
        return np.asarray(sums / times)


def _parts(battles: Battles, decided: Rows) -> Iterator[tuple[str, Rows]]:
    """Decided battles by each word of each further column, where both sides win some."""
    for column, words in battles.parts.items():
        for word in sorted(set(words)):
            rows = decided[[words[row] == word for row in decided]]
            votes = {battles.votes[row] for row in rows}
            if len(rows) >= _LEAST and len(votes) > 1:
                yield f"{column}: {word}", rows


def accuracy(won: Values, margins: Values) -> float:
    """Return the share of battles whose sign is right; 0 counts half."""
    return float(np.mean(np.where(margins == 0, 0.5, (margins > 0) == (won > 0))))


def _add(
    report: Report,
    system: str,
    subset: str,
    rows: Rows,
    won: Values,
    margins: Values,
    other: Values | None,
    drawn: Mapping[bytes, Resamples],
) -> None:
    draws = drawn[rows.tobytes()]
    for name, metric in (("accuracy", accuracy), ("auc", auc)):
        if other is None:
            summary = draws.figure(metric, won[rows], margins[rows])
        else:
            summary = draws.difference(metric, won[rows], margins[rows], other[rows])
        report.add(system, subset, name, summary)


def _settings(battles: Battles, votes: Path, features: Sequence[Path], vectors: Path | None) -> Mapping[str, object]:
    counted = {vote: battles.votes.count(vote) for vote in (A, B, TIE, BOTH_BAD)}
    said = {POPULARITY: "a proxy, predicted", AESTHETICS: "a model's"}
    heads = [
        f"{group} ({said[group]}): {', '.join(battles.columns[group])}" for group in said if group in battles.columns
    ]
    return {
        "battles": votes,
        "features": [path.name for path in features],
        "vectors": vectors,
        "votes (human)": [f"{vote} {count:,}" for vote, count in counted.items()],
        "systems": len({name for pair in battles.systems for name in pair}),
        "prompts": len(set(battles.prompts)),
        "without features": battles.n_without,
        "heads": heads,
        "acoustics": list(battles.columns.get(ACOUSTICS, ())),
    }
