"""Does the joint space find the rest of a playlist, from its name and half of its tracks?

Task. One playlist in five of a catalogue is held out and hidden (see `evals.held_out`), and the catalogue without them
is indexed and trained on, in a data folder of its own, by the product's own path. For each held-out playlist a listener
of its own keeps a random half of its tracks (`Assistant.feedback(…, "keep")`), asks for the playlist by its name, and
the whole catalogue is ranked (`Assistant.rank`). Relevant is the other half.

Conventions. The history's tracks are taken out of every system's ranking, whether or not the system looks at the
history. The whole catalogue is ranked: what the words demand ("90s", a genre) is preferred and does not filter as it
does in a slate (`strict=False`), for in such a table a track's genres are those of its playlists, and hiding a playlist
leaves the genre of most of its tracks unknown. A target counts only as itself: another version of the same work is a
miss. Metrics are those of `evals.metrics`, averaged over playlists; several seeds make several splits, whose playlists
are resampled together by playlist. Systems:

    segue               both: the name and the listener's history, everything as shipped
    segue-words         the name alone (a listener without history)
    segue-taste         the history alone (an empty request)
    segue-without-jam   both, but the joint space counts for nothing in the ranking (`RankingWeights(translation=0)`)
    bm25, popularity, cooccurrence     see `evals.baselines`
    A - B               the paired difference of two systems, playlist by playlist

Subset `new names` holds the playlists whose name no remaining playlist has. Playlists with a name that is left
elsewhere can be found by that name, which is fair, for owners name playlists alike, but easier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assistant.app import Assistant
from assistant.settings import Settings
from evals.baselines import BASELINES
from evals.held_out import HeldOut, hide, read_playlists, split
from evals.metrics import ranking_metrics, summarise
from evals.naming import choose
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings
from evals.trec import Entry, TrecFolder
from recsys import generations
from recsys.catalogue import Catalogue
from recsys.ranking import RankingWeights
from recsys.types import Collection, Progress, TrackId

METRICS = ("ndcg@10", "recall@10", "hit@10", "mrr@10", "ndcg@100", "recall@100")
_DEPTH = 100
OURS = ("segue", "segue-words", "segue-taste", "segue-without-jam")
SYSTEMS = (*OURS, *BASELINES)
#: Differences that are reported where both systems ran.
DIFFERENCES = (
    ("segue", "bm25"),
    ("segue", "cooccurrence"),
    ("segue", "segue-words"),
    ("segue", "segue-taste"),
    ("segue", "segue-without-jam"),
)

#: Ranks the catalogue for a held-out playlist: track ids, best first, the history included or not.
Ranker = Callable[[HeldOut], Sequence[TrackId]]


def choose_systems(names: str) -> tuple[str, ...]:
    """Read a comma-separated list of systems; "all" is everything.

    Raises:
        UnknownSystemError: one of them does not exist.
    """
    return choose(names, SYSTEMS)


def evaluate(
    catalogue: Path,
    seeds: Sequence[int],
    systems: Sequence[str],
    *,
    trec: Path | None = None,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Run the whole evaluation.

    Args:
        catalogue: a table with named playlists, such as `spotify_songs.csv.gz`.
        seeds: one split each.
        systems: which systems to score.
        trec: folder for run and qrels files, if they are wanted.
        kept: where encoded texts are kept from one run to the next, if anywhere.
        progress: told about every stage.

    Raises:
        EvaluationDataError: the catalogue has no playlists that could be held out.
    """
    playlists = read_playlists(catalogue)
    scores = _Scores()
    settings: Settings | None = None
    for seed in seeds:
        with scratch_home(kept) as home:
            settings = scratch_settings(home)
            _score_split(catalogue, playlists, seed, systems, settings, scores, progress)
        if trec is not None:
            scores.write(TrecFolder(trec, by_seed=True), seed)
    said = {"catalogue": catalogue, "systems": list(systems)} | (product_settings(settings) if settings else {})
    report = Report("segue eval playlists", said, seeds)
    scores.fill(report, systems)
    return report


@dataclass
class _Scores:
    """Metric values per system, one per held-out playlist in one order for all systems."""

    units: list[HeldOut] = field(default_factory=list)
    values: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    seeds: list[int] = field(default_factory=list)  # of the units
    rankings: dict[str, list[Sequence[TrackId]]] = field(default_factory=dict)

    def fill(self, report: Report, systems: Sequence[str]) -> None:
        """Put means and paired differences into the report, for all playlists and for those with a new name."""
        chosen = self._subsets()
        pairs = [(a, b) for a, b in DIFFERENCES if a in systems and b in systems]
        for name, minus in [*((system, None) for system in systems), *pairs]:
            for subset, numbers in chosen.items():
                groups = [self.units[number].playlist_id for number in numbers]
                for metric in METRICS if numbers else ():
                    values = [self._value(name, minus, number, metric) for number in numbers]
                    title = name if minus is None else f"{name} - {minus}"
                    report.add(title, subset, metric, summarise(values, groups=groups))

    def write(self, files: TrecFolder, seed: int) -> None:
        """Write what was ranked under a seed, and what was to be found."""
        for subset, numbers in self._subsets().items():
            for name, rankings in self.rankings.items():
                entries = [
                    Entry(self.units[number].playlist_id, rankings[number], self.units[number].targets)
                    for number in numbers
                    if self.seeds[number] == seed
                ]
                files.write_entries(subset, name, seed, entries)

    def _subsets(self) -> dict[str, list[int]]:
        """Positions of units by subset."""
        new = [number for number, unit in enumerate(self.units) if unit.name_is_new]
        return {"all": list(range(len(self.units))), "new names": new}

    def _value(self, name: str, minus: str | None, number: int, metric: str) -> float:
        value = self.values[name][number][metric]
        return value if minus is None else value - self.values[minus][number][metric]


def _score_split(
    path: Path,
    playlists: Sequence[Collection],
    seed: int,
    systems: Sequence[str],
    settings: Settings,
    scores: _Scores,
    progress: Progress | None,
) -> None:
    held_out = split(playlists, seed)
    table = settings.home.with_name("catalogue.csv")
    hide(path, held_out.hidden, table)
    with _systems(table, held_out.playlists, systems, settings, progress) as rankers:
        for done, playlist in enumerate(held_out.playlists, start=1):
            scores.units.append(playlist)
            scores.seeds.append(seed)
            heard = set(playlist.history)
            for name, ranker in rankers.items():
                ranking = [track_id for track_id in ranker(playlist) if track_id not in heard][:_DEPTH]
                scores.rankings.setdefault(name, []).append(ranking)
                scores.values.setdefault(name, []).append(ranking_metrics(ranking, playlist.targets, METRICS))
            if progress:
                progress(f"rank (seed {seed})", done, len(held_out.playlists))


@contextmanager
def _systems(
    table: Path,
    playlists: Sequence[HeldOut],
    names: Sequence[str],
    settings: Settings,
    progress: Progress | None,
) -> Iterator[dict[str, Ranker]]:
    """Index the hidden table, let every listener keep their half, and open the systems in the order named."""
    with ExitStack() as open_:
        assistant = open_.enter_context(Assistant(settings))
        assistant.index(table, progress=progress)
        for done, playlist in enumerate(playlists, start=1):
            for track_id in playlist.history:
                assistant.feedback(playlist.playlist_id, None, track_id, "keep")
            if progress:
                progress("replay histories", done, len(playlists))
        catalogue = Catalogue.load(generations.current(settings.home).folder / "catalogue")
        rankers: dict[str, Ranker] = {}
        for name in names:
            if name in BASELINES:
                rankers[name] = _baseline(name, catalogue)
            elif name == "segue-without-jam":
                plain = open_.enter_context(Assistant(settings, weights=RankingWeights(translation=0.0)))
                rankers[name] = _ours(name, plain)
            else:
                rankers[name] = _ours(name, assistant)
        yield rankers


def _ours(name: str, assistant: Assistant) -> Ranker:
    def rank(playlist: HeldOut) -> Sequence[TrackId]:
        listener = "a listener without history" if name == "segue-words" else playlist.playlist_id
        text = "" if name == "segue-taste" else playlist.name
        return assistant.rank(listener, text, _DEPTH + len(playlist.history), strict=False).track_ids

    return rank


def _baseline(name: str, catalogue: Catalogue) -> Ranker:
    import numpy as np

    score = BASELINES[name](catalogue)

    def rank(playlist: HeldOut) -> Sequence[TrackId]:
        values = score(playlist.name, catalogue.rows(playlist.history))
        best = np.argsort(-values, kind="stable")[: _DEPTH + len(playlist.history)]
        return [catalogue.track_ids[row] for row in best.tolist()]

    return rank
