"""Does a radio go on as it should: away from what was skipped, without repeats, by the dial, as playlists go on?

Tasks, each on an index of its own:

    skips      from a track drawn by chance, one track comes and is heard out, or skipped. `heard` and `skipped` are the
               mean cosine of the two that come next to it, in the joint space; `heard - skipped` is paired
    radios     a session asks for something composed from the catalogue's own facets (`recsys.synthesis`), then "keep
               going" until `--tracks` are given, ten at a time. `repeats` counts tracks that came before, or another
               version of which did; `close artists`, tracks whose artist came within the ten before, `said` those of
               batches that say so, for want of artists; `unmet`, tracks that are known to go against a demand of the
               session, or of which a demanded thing is not known. `ended` is the share of radios that ended before, for
               want of tracks that meet what is demanded. The playlist that the session begins with is not counted
    dial       a listener likes twenty tracks drawn from the `NEAR` nearest to another; a radio from that one gives
               `DIALLED` tracks with the dial towards what is familiar, in its middle and towards what is new: the
               share by artists of the twenty. `supply` is the share of the catalogue that is by them
    playlists  one playlist in five is hidden before indexing (`evals.held_out`). Of each, in its order, the first half
               is given, and NDCG@10 of the second is of the ten best of all other tracks: by popularity (playlists that
               have a track), by likeness alone (the start and the last three), with shared playlists beside it, and
               with the model of what comes next beside both. The model learns from the playlists that stayed; its
               weight is chosen on half of the hidden ones, the least that is tried where it adds nothing, and all
               figures are of the other half. `A - B` is paired over playlists. Needs `--catalogue`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree

import numpy as np

from assistant.app import Assistant
from assistant.radio import CLOSER, ENDED
from assistant.radio_start import RadioStart
from assistant.reply import Message
from evals.errors import EvaluationDataError
from evals.held_out import hide, read_playlists, split
from evals.latency import FailedTurnError
from evals.metrics import summarise
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings, serve
from recsys.constraints import check
from recsys.radio import ARTIST_GAP, Radio, Station
from recsys.recommender import Recommender
from recsys.retrieval.company import Company
from recsys.retrieval.sequential import Following
from recsys.sequential.choosing import fitted
from recsys.sequential.port import silent
from recsys.sequential.steps import steps_of_playlists
from recsys.sequential.successors import Successors
from recsys.synthesis import synthesise
from recsys.trial import ndcg
from recsys.types import Facet, FloatArray, IntArray, Progress

TASKS = ("skips", "radios", "dial", "playlists")
BATCH, DIALLED, N_LIKED, NEAR, DEPTH = 10, 50, 20, 100, 10
DIALS = {"familiar": -1.0, "middle": 0.0, "new": 1.0}
SYSTEMS = ("popularity", "likeness", "+ playlists", "+ model")
#: What a model counts where it adds nothing: the least that is tried.
_LEAST_WEIGHT = 0.5


@dataclass(frozen=True)
class Size:
    """How much is tried, per seed."""

    starts: int = 100  # for skips
    radios: int = 50
    tracks: int = 200  # of each radio
    listeners: int = 20  # for the dial


def choose_tasks(text: str) -> tuple[str, ...]:
    """Read "skips,dial" or "all".

    Raises:
        EvaluationDataError: there is no such task.
    """
    chosen = TASKS if text == "all" else tuple(dict.fromkeys(one.strip() for one in text.split(",")))
    if unknown := [one for one in chosen if one not in TASKS]:
        raise EvaluationDataError(f"there is no task {unknown[0]!r}; choose from {', '.join(TASKS)}, or all")
    return chosen


def evaluate(
    tasks: Sequence[str],
    size: Size,
    seeds: Sequence[int],
    *,
    catalogue: Path | None = None,
    home: Path | None = None,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Run the tasks and report them.

    Args:
        tasks: of `TASKS`.
        size: how much is tried.
        seeds: of what is drawn by chance.
        catalogue: a table to index; the starter without one.
        home: a data folder to copy and to ask instead, for all tasks but `playlists`.
        kept: where encoded texts are kept from one run to the next, if anywhere.
        progress: told about every stage.

    Raises:
        EvaluationDataError: `playlists` without a table that has some.
    """
    if "playlists" in tasks and catalogue is None:
        raise EvaluationDataError(
            "playlists are hidden in a table; give --catalogue one that has some, or other --tasks"
        )
    stated: dict[str, object] = {"catalogue": catalogue or "starter", "home": home, **vars(size)}
    found: dict[str, dict[str, list[float]]] = {}
    with served(home, catalogue, kept, progress) as assistant:
        recommender = assistant.serving().recommender
        stated |= {"n_tracks": len(recommender.catalogue)} | product_settings(assistant.settings)
        for seed in seeds:
            if "skips" in tasks:
                _extend(found, "skips", skips(recommender, size.starts, seed))
            if "radios" in tasks:
                _extend(found, "radios", radios(assistant, size.radios, size.tracks, seed, progress))
            if "dial" in tasks:
                _extend(found, "dial", dial(assistant, size.listeners, seed, progress))
    if "playlists" in tasks and catalogue is not None:
        for seed in seeds:
            _extend(found, "playlists", playlists(catalogue, seed, kept, progress))
    report = Report("segue eval radio", stated, seeds)
    for task, figures in found.items():
        for name, values in figures.items():
            report.add(f"{task}: {name}", "all", _METRICS[task], summarise(values))
    return report


_METRICS = {"skips": "cosine", "radios": "tracks", "dial": "familiar", "playlists": "ndcg@10"}


def skips(recommender: Recommender, n: int, seed: int) -> dict[str, list[float]]:
    """Hear out, or skip, the first track of n radios."""
    vectors = recommender.ranker.vectors
    radio = Radio(recommender.catalogue, vectors, recommender.company, recommender.following)
    found: dict[str, list[float]] = {"heard": [], "skipped": [], "heard - skipped": []}
    for number, start in enumerate(np.random.default_rng(seed).integers(len(vectors), size=n).tolist()):
        begun = Station(start=(start,), given=(start,), seed=number)
        first = radio.next(begun, 1).picks[0].row
        given = (start, first)
        nearness = [
            float(np.mean(vectors[[pick.row for pick in radio.next(station, 2).picks]] @ vectors[first]))
            for station in (replace(begun, heard=(first,), given=given), replace(begun, skipped=(first,), given=given))
        ]
        for name, value in zip(found, (*nearness, nearness[0] - nearness[1]), strict=True):
            found[name].append(value)
    return found


def radios(
    assistant: Assistant, n: int, n_tracks: int, seed: int, progress: Progress | None = None
) -> dict[str, list[float]]:
    """Let n radios play on, and count what must not be."""
    agent = assistant.serving()
    catalogue, vocabulary = agent.recommender.catalogue, agent.recommender.vocabulary
    asked = [one.text for one in synthesise(catalogue, vocabulary, n, np.random.default_rng(seed))]
    found: dict[str, list[float]] = {name: [] for name in ("repeats", "close artists", "said", "unmet", "ended")}
    for number, text in enumerate(asked[:n]):
        session = f"radio {seed} {number}"
        constraints = agent.read(session, text).constraints
        allowed = check(catalogue, vocabulary, constraints).allowed()
        alone = any(c.facet is Facet.ARTIST and c.wanted and c.hard and len(c.values) == 1 for c in constraints)
        given = _say(assistant, session, text)[0]
        counted = dict.fromkeys(found, 0.0)
        n_first = len(given)
        while len(given) < n_first + n_tracks:
            rows, said = _say(assistant, session, "keep going")
            for row in rows:
                close = catalogue.artist_rows[row] in catalogue.artist_rows[given[-ARTIST_GAP:]] and not alone
                counted["repeats"] += catalogue.work[row] in catalogue.work[given]
                counted["close artists"] += close and not said
                counted["said"] += close and said
                counted["unmet"] += not allowed[row]
                given.append(row)
            if len(rows) < BATCH:
                counted["ended"] = 1.0
                break
        for name, value in counted.items():
            found[name].append(value)
        if progress:
            progress(f"radios (seed {seed})", number + 1, n)
    return found


def dial(assistant: Assistant, n: int, seed: int, progress: Progress | None = None) -> dict[str, list[float]]:
    """Let n listeners hear a radio with the dial in three places."""
    recommender = assistant.serving().recommender
    catalogue, vectors = recommender.catalogue, recommender.ranker.vectors
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {name: [] for name in (*DIALS, "supply")}
    for number in range(n):
        listener = f"dial {seed} {number}"
        start = int(rng.integers(len(catalogue)))
        near = np.argsort(-(vectors @ vectors[start]), kind="stable")[1 : NEAR + 1]
        liked = rng.choice(near, min(N_LIKED, len(near)), replace=False).tolist()
        for row in liked:
            assistant.feedback(listener, None, catalogue.track_ids[row], "like")
        known = frozenset(catalogue.artist_rows[liked].tolist())
        found["supply"].append(float(np.isin(catalogue.artist_rows, list(known)).mean()))
        for name, place in DIALS.items():
            wish = RadioStart(of="track", key=catalogue.track_ids[start])
            message = Message(
                listener_id=listener,
                session_id=f"{listener} {name}",
                text="",
                radio=wish,
                discovery=place,
                n_tracks=DIALLED,
            )
            rows = catalogue.rows([track.track_id for track in assistant.reply(message).tracks])
            found[name].append(float(np.mean([artist in known for artist in catalogue.artist_rows[rows].tolist()])))
        if progress:
            progress(f"dial (seed {seed})", number + 1, n)
    return found


def playlists(
    table: Path, seed: int, kept: Path | None = None, progress: Progress | None = None
) -> dict[str, list[float]]:
    """Hide playlists, and find how each goes on.

    Raises:
        EvaluationDataError: the table has no playlists that could be hidden.
    """
    named = read_playlists(table)
    hidden = split(named, seed).hidden
    with scratch_home(kept) as home, Assistant(scratch_settings(home)) as assistant:
        copy = home.with_name("catalogue.csv")
        hide(table, hidden, copy)
        assistant.index(copy, progress=progress)
        recommender = assistant.serving().recommender
        catalogue = recommender.catalogue
        whole = [catalogue.rows(dict.fromkeys(one.track_ids)).tolist() for one in named if one.collection_id in hidden]
        asked = [Held(rows) for rows in whole if len(rows) > 1]
        steps = steps_of_playlists(catalogue, seed=seed)
        if steps is None or len(asked) < 2:
            raise EvaluationDataError(f"{table.name} has too few playlists of two tracks or more; give one with more")
        model = fitted("mixture", steps.sequences, seed=seed, progress=progress or silent)
        counted = Successors().fit(steps.sequences)
        following = Following.over(catalogue, model.name, model, counted, steps.sequences.names)
        radio = Radio(catalogue, recommender.ranker.vectors, Company(catalogue))
        drawn = np.random.default_rng(seed).permutation(len(asked)).tolist()
        half = len(asked) // 2
        weight = radio.weight_of(
            following, [np.array(asked[n].rows) for n in drawn[:half]], [str(n) for n in drawn[:half]], seed
        )
        popularity = np.bincount(np.concatenate(catalogue.collection_rows), minlength=len(catalogue))
        return continued(radio, following, weight, popularity, [asked[n] for n in drawn[half:]])


@dataclass(frozen=True)
class Held:
    """A hidden playlist."""

    rows: list[int]  # in its order

    @property
    def given(self) -> list[int]:
        """Its first half, by the rule of `Radio.weight_of`."""
        return self.rows[: (len(self.rows) + 1) // 2]

    @property
    def wanted(self) -> frozenset[int]:
        """Its second half."""
        return frozenset(self.rows[(len(self.rows) + 1) // 2 :])


def continued(
    radio: Radio, following: Following, weight: float, popularity: IntArray, asked: Sequence[Held]
) -> dict[str, list[float]]:
    """Rank what comes after the first half of each playlist with every system: NDCG@10."""
    found: dict[str, list[float]] = {name: [] for name in SYSTEMS}
    for one in asked:
        parts = radio.parts(Station(start=tuple(one.given), given=tuple(one.given)))
        likeness = parts["start"] + parts["recent"]
        beside = likeness + parts["company"]
        modelled = beside + np.float32(weight or _LEAST_WEIGHT) * following.scores(one.given)
        ranked = (popularity.astype(np.float32), likeness, beside, modelled)
        for name, scores in zip(SYSTEMS, ranked, strict=True):
            found[name].append(_ndcg(scores, one))
    for name, other in (("+ playlists", "likeness"), ("+ model", "+ playlists")):
        pairs = zip(found[name], found[other], strict=True)
        found[f"{name} - {other}"] = [a - b for a, b in pairs]
    return found | {"weight of the model": [weight]}


def _ndcg(scores: FloatArray, one: Held) -> float:
    left = scores.copy()
    left[one.given] = -np.inf
    return ndcg(np.argsort(-left, kind="stable")[:DEPTH], one.wanted, DEPTH)


def _say(assistant: Assistant, session: str, text: str) -> tuple[list[int], bool]:
    """Say something; the rows that come, and whether it is said that artists are nearer than ten tracks."""
    reply = assistant.reply(Message(listener_id=session, session_id=session, text=text))
    if reply.last_resort:
        raise FailedTurnError(text)
    stays = ENDED in reply.text and not reply.diff.added  # what was on screen
    came = () if stays else reply.tracks
    rows = assistant.serving().recommender.catalogue.rows([track.track_id for track in came])
    return rows.tolist(), CLOSER in reply.text


def _extend(found: dict[str, dict[str, list[float]]], task: str, figures: dict[str, list[float]]) -> None:
    of_task = found.setdefault(task, {})
    for name, values in figures.items():
        of_task.setdefault(name, []).extend(values)


@contextmanager
def served(
    home: Path | None, catalogue: Path | None, kept: Path | None, progress: Progress | None
) -> Iterator[Assistant]:
    """Serve a copy of a data folder, or an index of a table or of the starter."""
    with scratch_home(kept if home is None else None) as scratch:
        if home is not None:
            copytree(home, scratch, dirs_exist_ok=True)
        with Assistant(scratch_settings(scratch)) as assistant:
            if home is None:
                serve(assistant, catalogue, progress=progress)
            yield assistant
