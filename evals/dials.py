"""Does each dial do what its name says, step by step, and does no wish pay for it?

Task. Requests and listeners are drawn from a catalogue by the grammar of `recsys.synthesis` (seeded); only listeners
with at least `LEAST_HISTORY` tracks take part, and their tracks are stored as kept. Each request is asked once per
setting of each dial (`SETTINGS`) in a session of its own, with the same seed, everything else as usual. Measured on
each slate:

    how_much_me   mean cosine between the slate's tracks and the listener's vector (unit vectors of the joint space)
    discovery     share of the slate's tracks whose main artist is one of the listener's history
    fame          mean popularity (0–1) of the tracks whose popularity is stated

Conventions. `spearman` is the rank correlation, request by request, between a dial's settings and what is measured,
with the sign turned for discovery, which should lower it; ties take their mean rank. A request for which nothing that
the dial could move is there (all slates measure the same) has no correlation: it is left out and counted in `vacuous`.
`lowest` to `highest` are the means at the settings, from the dial's low end to its high end.

`harmed` is the share of a request's settings in which a wish of the receipt is met by a smaller share of the slate than
at the usual setting, or a demand gave way that did not there; `violated` the number of tracks in a slate that do not
meet a demand which did not give way, `violated_usual` the same at the usual setting.

Subset `all` is over all three dials, the others are the dials by name. The dials of one request are resampled
together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.app import Assistant
from assistant.reply import Message, ReceiptLine, Reply
from evals.errors import EvaluationDataError
from evals.metrics import summarise
from evals.report import Report
from evals.scratch import open_served, product_settings, scratch_home, scratch_settings, serve
from recsys.catalogue import Catalogue
from recsys.recommendation import Query
from recsys.recommender import Recommender
from recsys.synthesis import Triple, synthesise
from recsys.types import Event, EventKind, FloatArray, IntArray, Progress
from recsys.vocabulary import load_vocabulary

#: Dial → its settings, from the low end to the high end, and the usual one.
SETTINGS: dict[str, tuple[tuple[float, ...], float]] = {
    "how_much_me": ((0.0, 0.5, 1.0, 2.0, 3.0), 1.0),
    "discovery": ((-1.0, -0.5, 0.0, 0.5, 1.0), 0.0),
    "fame": ((-1.0, -0.5, 0.0, 0.5, 1.0), 0.0),
}
#: What a dial should do to what is measured.
_SIGN = {"how_much_me": 1, "discovery": -1, "fame": 1}
#: Tracks that a listener's history has at least.
LEAST_HISTORY = 5
#: Triples drawn for each that is used: a third of the listeners has no history.
_DRAWN = 6
_NAMES = ("lowest", "low", "usual", "high", "highest")


@dataclass(frozen=True, slots=True)
class Turned:
    """One request under all settings of one dial."""

    dial: str
    request: str  # whose dials they are
    measured: tuple[float, ...]  # by setting
    harmed: float  # share of the other settings in which a wish was met less than at the usual one
    violated: float  # tracks of a slate that do not meet a demand, on average over the other settings
    violated_usual: float

    @property
    def spearman(self) -> float | None:
        """The rank correlation in the direction of the dial's name, None where nothing moved."""
        if len(set(self.measured)) == 1:
            return None
        return _SIGN[self.dial] * rank_correlation(SETTINGS[self.dial][0], self.measured)


def evaluate(
    catalogue: Path | None,
    n_requests: int,
    seeds: Sequence[int],
    *,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Index a catalogue, the starter by default, and turn the dials over so many requests per seed."""
    with scratch_home(kept) as home:
        settings = scratch_settings(home)
        with Assistant(settings) as assistant:
            serve(assistant, catalogue, progress=progress)
            found = [one for seed in seeds for one in turn_dials(assistant, n_requests, seed, progress=progress)]
            n_tracks = assistant.status().n_tracks
    stated = {"catalogue": catalogue or "starter", "tracks": n_tracks, "requests": n_requests}
    report = Report("segue eval dials", stated | product_settings(settings), seeds)
    fill(report, found)
    return report


def fill(report: Report, found: Sequence[Turned]) -> None:
    """Put correlations, means by setting and harm into a report."""
    for subset in ("all", *SETTINGS):
        of_dial = [one for one in found if subset in ("all", one.dial)]
        moved = [(one.spearman, one.request) for one in of_dial if one.spearman is not None]
        groups = [one.request for one in of_dial]
        if moved:
            values, requests = [value for value, _ in moved], [request for _, request in moved]
            report.add("segue", subset, "spearman", summarise(values, groups=requests))
        for metric, values in (
            ("vacuous", [float(one.spearman is None) for one in of_dial]),
            ("harmed", [one.harmed for one in of_dial]),
            ("violated", [one.violated for one in of_dial]),
            ("violated_usual", [one.violated_usual for one in of_dial]),
        ):
            report.add("segue", subset, metric, summarise(values, groups=groups))
        if subset != "all":
            for number, name in enumerate(_NAMES):
                report.add("segue", subset, name, summarise([one.measured[number] for one in of_dial], groups=groups))


def turn_dials(
    assistant: Assistant, n_requests: int, seed: int, *, progress: Progress | None = None
) -> Iterator[Turned]:
    """Ask every request under every setting.

    Raises:
        EvaluationDataError: the catalogue yields too few listeners with a history, or states no popularity.
    """
    recommender = open_served(assistant.settings)
    catalogue = recommender.catalogue
    if np.isnan(catalogue.numeric["popularity"]).all():
        raise EvaluationDataError(
            "the catalogue states no popularity, so the dial cannot be measured; give --catalogue a table with one"
        )
    for number, triple in enumerate(_drawn(catalogue, n_requests, seed)):
        listener = f"dials {seed} {number}"
        assistant.add_history(listener, [(catalogue.track_ids[row], "keep", 1) for row in triple.history.tolist()])
        measure = _Measure(recommender, triple)
        for dial, (settings, usual) in SETTINGS.items():
            replies = [_ask(assistant, listener, triple.text, dial, value, number) for value in settings]
            yield _turned(dial, listener, settings.index(usual), replies, [measure(dial, reply) for reply in replies])
        if progress:
            progress("turn dials", number + 1, n_requests)


class _Measure:
    """What the dials should move, on the slates of one listener."""

    def __init__(self, recommender: Recommender, triple: Triple) -> None:
        ids = recommender.catalogue.track_ids
        kept = tuple(Event("", ids[row], EventKind.KEEP, 0.0) for row in triple.history.tolist())
        vector = recommender.stand(Query("", listener_events=kept, now=0.0), 1).point.user
        self._user: FloatArray = vector / max(float(np.linalg.norm(vector)), 1e-9)
        self._catalogue, self._vectors = recommender.catalogue, recommender.ranker.vectors
        self._artists = np.unique(self._catalogue.artist_rows[triple.history])

    def __call__(self, dial: str, reply: Reply) -> float:
        rows: IntArray = self._catalogue.rows(track.track_id for track in reply.tracks)
        if not len(rows):
            return 0.0
        if dial == "how_much_me":
            return float((self._vectors[rows] @ self._user).mean())
        if dial == "discovery":
            return float(np.isin(self._catalogue.artist_rows[rows], self._artists).mean())
        stated = self._catalogue.numeric["popularity"][rows]
        stated = stated[~np.isnan(stated)]
        return float(stated.mean()) if len(stated) else 0.0


def rank_correlation(left: Sequence[float], right: Sequence[float]) -> float:
    """Spearman's ρ: Pearson's correlation of the ranks, ties at their mean rank; neither side may be constant."""
    return float(np.corrcoef(_ranks(left), _ranks(right))[0, 1])


def _ranks(values: Sequence[float]) -> FloatArray:
    _, which, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[which], dtype=np.float32)


def _drawn(catalogue: Catalogue, n: int, seed: int) -> list[Triple]:
    rng = np.random.default_rng(seed)
    drawn = [t for t in synthesise(catalogue, load_vocabulary(), _DRAWN * n, rng) if len(t.history) >= LEAST_HISTORY]
    if len(drawn) < n:
        raise EvaluationDataError(
            f"{n} requests of listeners with {LEAST_HISTORY} tracks were asked for and the catalogue yields "
            f"{len(drawn)}; lower --requests or give --catalogue a larger table"
        )
    return drawn[:n]


def _ask(assistant: Assistant, listener: str, text: str, dial: str, value: float, seed: int) -> Reply:
    session = f"{listener} {dial} {value}"
    return assistant.reply(
        Message(listener_id=listener, session_id=session, text=text, seed=seed).model_copy(update={dial: value})
    )


def _turned(dial: str, request: str, usual: int, replies: Sequence[Reply], measured: Sequence[float]) -> Turned:
    others = [reply for number, reply in enumerate(replies) if number != usual]
    return Turned(
        dial,
        request,
        tuple(measured),
        harmed=float(np.mean([_harms(reply, replies[usual]) for reply in others])),
        violated=float(np.mean([_n_violated(reply) for reply in others])),
        violated_usual=float(_n_violated(replies[usual])),
    )


def _harms(reply: Reply, usual: Reply) -> bool:
    """Tell whether a wish is met less than in the usual slate."""
    before = {line.constraint: line for line in usual.receipt if line.n_total}
    for line in reply.receipt:
        was = before.get(line.constraint)
        if was is not None and (_met(line) < _met(was) - 1e-9 or line.relaxed > was.relaxed):
            return True
    return bool(usual.tracks) and not reply.tracks


def _met(line: ReceiptLine) -> float:
    return line.n_met / line.n_total if line.n_total else 1.0


def _n_violated(reply: Reply) -> int:
    return sum(line.n_total - line.n_met for line in reply.receipt if line.hard and not line.relaxed and line.n_total)
