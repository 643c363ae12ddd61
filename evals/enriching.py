"""Does `segue enrich` find out what tracks do not say, is it right, and does asking for it get better?

Task. Of a real catalogue (`spotify-songs`) a share of the artists, drawn by seed, keep what the table states of their
tracks; of all other tracks only title and artist are left. Playlists, which name genres, are hidden throughout. What is
then found out is compared with what was hidden, and the same requests are put to the product before and after.

**Values.** Per source of knowledge and field, over hidden tracks; intervals by bootstrap over artists, since tracks of
one artist are right or wrong together.

    coverage    share of the tracks that get a value sure enough to be shown
    right       of those, the share that is right (`recsys.enrich.base`); of lists, the share of words, averaged over
                tracks. A word is right if it, or one below it in the vocabulary, is stated: a request is truly met
    any_right   of lists: the share of tracks with at least one right word
    confidence  what the source itself says of how sure it is, the mean; calibrated where it equals `right`

A track states the genres of the playlists it was found in, which is not all that it is: a word that is not stated need
not be wrong, so `right` is a low estimate. `commonest` gives every track the two genres that described
tracks state most: what a value is worth that knows nothing of the artist.

The source `artist` has nothing to say of an artist whose tracks are all hidden, so its row under `tracks` is of another
draw: as many tracks described as before, but drawn one by one.

**Requests.** At most 100: genres, decades, and genres of a decade, drawn by seed among those that at least 15 hidden
tracks truly are. `p@10` is the share of the first ten that truly are what was asked, missing ones wrong; `before` and
`after` enriching from artists and facts, ranked by the product (`Assistant.rank`) without taste.

    all          the first ten of the ranking as served, strict: undescribed tracks compete with described ones
    undescribed  the first ten hidden tracks of that ranking: what the product finds of what nobody described. Before,
                 a genre or a decade that nobody stated is not known to be met, so none is found
    by likeness  the first ten hidden tracks of a ranking that is not strict, in which what is unknown may come too:
                 before, the words alone and what the ranker knows of artists find them
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assistant.app import Assistant
from evals.errors import EvaluationDataError
from evals.metrics import Summary, summarise
from evals.report import Report
from evals.scratch import scratch_home, scratch_settings
from recsys.annotations import LEAST_CONFIDENCE, Annotation
from recsys.enrich.artist import from_artists
from recsys.enrich.base import agrees, is_list, word_agrees
from recsys.enrich.facts import from_facts
from recsys.sources import read_source
from recsys.text import artist_key
from recsys.types import Facet, Progress, Track
from recsys.vocabulary import Vocabulary, load_vocabulary

#: Fields of which the table states the truth.
FIELDS = ("genres", "year", "energy", "danceability")
N_REQUESTS, LEAST_TRACKS, FIRST = 100, 15, 10
#: How requests are divided into genres, decades and both.
_KINDS = {"genre": 0.4, "era": 0.2, "genre and era": 0.4}
_STATED = ("album", "year", "duration_s", "energy", "valence", "danceability", "acousticness", "instrumentalness")
_LISTENER = "nobody"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A catalogue of which most is hidden."""

    truth: Mapping[str, Track]  # every track, as the table states it
    tracks: tuple[Track, ...]  # as far as the product may know it
    hidden: frozenset[str]


@dataclass(frozen=True, slots=True)
class Request:
    """A request, and what truly meets it."""

    text: str
    kind: str
    genre: str | None
    decade: int | None

    def met_by(self, track: Track, vocabulary: Vocabulary) -> bool:
        """Whether a track truly is what is asked."""
        if self.decade is not None and (track.year is None or track.year // 10 * 10 != self.decade):
            return False
        return self.genre is None or not vocabulary.descendants(Facet.GENRE, self.genre).isdisjoint(track.genres)


def evaluate(
    catalogue: Path,
    seeds: Sequence[int],
    *,
    n_tracks: int,
    described: float,
    steps: int,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Hide, enrich and compare.

    Args:
        catalogue: a table with genres and years, such as `spotify_songs.csv.gz`.
        seeds: one draw of artists, tracks and requests each.
        n_tracks: about as many tracks, those of artists drawn by seed; 0 takes all.
        described: share of the artists (0–1) that keep what is stated.
        steps: of training the joint space; few, since requests in words are what is measured.
        kept: where encoded texts are kept from one run to the next, if anywhere.
        progress: told about every stage.

    Raises:
        EvaluationDataError: the table states too little to hide.
    """
    stated = read_source(catalogue).tracks
    vocabulary = load_vocabulary()
    values: dict[tuple[str, str, str], list[tuple[str, dict[str, float]]]] = {}
    asked: list[tuple[Request, dict[str, float]]] = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        sample = draw(stated, n_tracks, rng)
        by_artist, by_track = hide(sample, described, rng), hide_tracks(sample, described, rng)
        for subset, hidden in (("all", by_artist), ("tracks", by_track)):
            for source, found in _sources(hidden, vocabulary).items():
                _judge(values, source, subset, hidden, found, vocabulary)
        asked += _requests(by_artist, rng, seed, steps, kept, vocabulary, progress)
    settings = {"catalogue": catalogue, "tracks": n_tracks or "all", "described": described, "training_steps": steps}
    report = Report("segue eval enrich", settings, seeds)
    _add_values(report, values)
    _add_requests(report, asked)
    return report


def draw(tracks: Sequence[Track], n_tracks: int, rng: np.random.Generator) -> list[Track]:
    """Take the tracks of artists drawn by chance until there are enough, without playlists' words; 0 takes all.

    Raises:
        EvaluationDataError: too few of them state a genre and a year.
    """
    by_artist: dict[str, list[Track]] = {}
    for track in tracks:
        if track.genres and track.year is not None:
            by_artist.setdefault(artist_key(track.artists[0]), []).append(replace(track, tags=()))
    artists = list(by_artist)
    drawn: list[Track] = []
    for number in rng.permutation(len(artists)).tolist():
        if n_tracks and len(drawn) >= n_tracks:
            break
        drawn += by_artist[artists[number]]
    if len(drawn) < LEAST_TRACKS * 2:
        raise EvaluationDataError(
            f"{len(drawn)} tracks state genre and year and at least {LEAST_TRACKS * 2} are needed; give --catalogue a "
            "table such as spotify_songs.csv.gz"
        )
    return sorted(drawn, key=lambda track: track.track_id)


def hide(tracks: Sequence[Track], described: float, rng: np.random.Generator) -> Hidden:
    """Leave only title and artist of all tracks but those of a share of the artists."""
    artists = sorted({artist_key(track.artists[0]) for track in tracks})
    n = round(described * len(artists))
    keep = {artists[number] for number in rng.permutation(len(artists))[:n].tolist()}
    return _hidden(tracks, lambda track: artist_key(track.artists[0]) in keep)


def hide_tracks(tracks: Sequence[Track], described: float, rng: np.random.Generator) -> Hidden:
    """Leave only title and artist of all tracks but a share of them."""
    keep = {tracks[n].track_id for n in rng.permutation(len(tracks))[: round(described * len(tracks))].tolist()}
    return _hidden(tracks, lambda track: track.track_id in keep)


def draw_requests(hidden: Hidden, rng: np.random.Generator, vocabulary: Vocabulary) -> list[Request]:
    """Draw requests that at least `LEAST_TRACKS` hidden tracks truly meet."""
    truth = [hidden.truth[track_id] for track_id in sorted(hidden.hidden)]
    genres = sorted({genre for track in truth for genre in track.genres})
    decades = sorted({track.year // 10 * 10 for track in truth if track.year is not None})
    possible = {
        "genre": [Request(f"some {genre}", "genre", genre, None) for genre in genres],
        "era": [Request(f"music from the {decade}s", "era", None, decade) for decade in decades],
        "genre and era": [
            Request(f"{genre} from the {decade}s", "genre and era", genre, decade)
            for genre in genres
            for decade in decades
        ],
    }
    drawn: list[Request] = []
    for kind, requests in possible.items():
        usable = [one for one in requests if sum(one.met_by(track, vocabulary) for track in truth) >= LEAST_TRACKS]
        most = N_REQUESTS - len(drawn) if kind == "genre and era" else round(N_REQUESTS * _KINDS[kind])
        drawn += [usable[n] for n in sorted(rng.permutation(len(usable))[:most].tolist())]
    return drawn


def judge(one: Annotation, truth: Track, vocabulary: Vocabulary) -> dict[str, float]:
    """Compare a value with the truth; empty where nothing of the field is stated."""
    stated = getattr(truth, one.field)
    if stated in (None, ()):
        return {}
    if not is_list(one.field):
        return {"right": float(agrees(one.field, one.value, stated))}
    words = [str(word) for word in one.value] if isinstance(one.value, tuple) else []
    right = [word_agrees(vocabulary, one.field, word, stated) for word in words]
    return {"right": float(np.mean(right)), "any_right": float(any(right))}


def _hidden(tracks: Sequence[Track], keeps: Callable[[Track], bool]) -> Hidden:
    shown = tuple(one if keeps(one) else Track(one.track_id, one.title, one.artists) for one in tracks)
    bare = frozenset(one.track_id for one in tracks if not keeps(one))
    return Hidden({one.track_id: one for one in tracks}, shown, bare)


def _sources(hidden: Hidden, vocabulary: Vocabulary) -> dict[str, list[Annotation]]:
    described = [track for track in hidden.tracks if track.track_id not in hidden.hidden]
    common = tuple(word for word, _ in Counter(g for track in described for g in track.genres).most_common(2))
    share = float(
        np.mean([word_agrees(vocabulary, "genres", w, track.genres) for track in described for w in common] or [False])
    )
    return {
        "artist": list(from_artists(hidden.tracks, hidden.hidden, vocabulary)),
        "artist-facts": list(from_facts(hidden.tracks, hidden.hidden, vocabulary)),
        # As sure as it must be to be looked at: a baseline is judged by what is right.
        "commonest": [
            Annotation(track_id, "genres", common, max(share, LEAST_CONFIDENCE), "commonest")
            for track_id in sorted(hidden.hidden)
        ],
    }


def _judge(
    values: dict[tuple[str, str, str], list[tuple[str, dict[str, float]]]],
    source: str,
    subset: str,
    hidden: Hidden,
    found: Sequence[Annotation],
    vocabulary: Vocabulary,
) -> None:
    of_track = {(one.track_id, one.field): one for one in found if one.confidence >= LEAST_CONFIDENCE}
    for track_id in sorted(hidden.hidden):
        truth = hidden.truth[track_id]
        for field in FIELDS:
            one = of_track.get((track_id, field))
            figures = {"coverage": float(one is not None)}
            if one is not None:
                figures |= judge(one, truth, vocabulary) | {"confidence": one.confidence}
            values.setdefault((source, field, subset), []).append((artist_key(truth.artists[0]), figures))


def _requests(
    hidden: Hidden,
    rng: np.random.Generator,
    seed: int,
    steps: int,
    kept: Path | None,
    vocabulary: Vocabulary,
    progress: Progress | None,
) -> list[tuple[Request, dict[str, float]]]:
    """Ask the product before and after it enriched what it has."""
    requests = draw_requests(hidden, rng, vocabulary)
    figures: list[dict[str, float]] = [{} for _ in requests]
    with scratch_home(kept) as home:
        table = home.parent / "hidden.csv"
        _write(hidden.tracks, table)
        with Assistant(scratch_settings(home, training_steps=steps, seed=seed)) as assistant:
            assistant.index(table, progress=progress)
            for when in ("before", "after"):
                if when == "after":
                    assistant.enrich(progress=progress)
                for number, request in enumerate(requests):
                    strict, loose = (
                        assistant.rank(_LISTENER, request.text, len(hidden.tracks), strict=strict).track_ids
                        for strict in (True, False)
                    )
                    for which, ranking in (
                        ("all", strict),
                        ("undescribed", [one for one in strict if one in hidden.hidden]),
                        ("by likeness", [one for one in loose if one in hidden.hidden]),
                    ):
                        share = _precision(request, ranking[:FIRST], hidden, vocabulary)
                        figures[number][f"{when}, {which}"] = share
                    if progress:
                        progress(f"ask {when} (seed {seed})", number + 1, len(requests))
    return list(zip(requests, figures, strict=True))


def _precision(request: Request, track_ids: Sequence[str], hidden: Hidden, vocabulary: Vocabulary) -> float:
    return sum(request.met_by(hidden.truth[track_id], vocabulary) for track_id in track_ids) / FIRST


def _write(tracks: Sequence[Track], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["track_id", "title", "artist", "genres", *_STATED])
        for track in tracks:
            facts = [getattr(track, field) for field in _STATED]
            artists, genres = ";".join(track.artists), ";".join(track.genres)
            writer.writerow([track.track_id, track.title, artists, genres, *("" if f is None else f for f in facts)])


def _add_values(
    report: Report, values: Mapping[tuple[str, str, str], Sequence[tuple[str, Mapping[str, float]]]]
) -> None:
    for (source, field, subset), figures in values.items():
        if not any(one["coverage"] for _, one in figures):
            continue
        system = f"{source}: {field}"
        if subset != "all" and system not in report.results:
            # Nothing of it where whole artists are hidden.
            report.add(system, "all", "coverage", Summary(0.0, 0.0, 0.0, 0.0, len(figures)))
        for metric in ("coverage", "right", "any_right", "confidence"):
            known = [(artist, one[metric]) for artist, one in figures if metric in one]
            if known and not (source == "commonest" and metric == "confidence"):
                summary = summarise([value for _, value in known], groups=[artist for artist, _ in known])
                report.add(system, subset, metric, summary)


def _add_requests(report: Report, asked: Sequence[tuple[Request, Mapping[str, float]]]) -> None:
    kinds = {"all": asked} | {kind: [one for one in asked if one[0].kind == kind] for kind in _KINDS}
    for which in ("all", "undescribed", "by likeness"):
        for subset, pairs in kinds.items():
            if not pairs:
                continue
            before, after = ([one[f"{when}, {which}"] for _, one in pairs] for when in ("before", "after"))
            texts = [request.text for request, _ in pairs]
            gain = [b - a for a, b in zip(before, after, strict=True)]
            for name, figures in (("before", before), ("after", after), ("after - before", gain)):
                report.add(f"{name}, {which}", subset, "p@10", summarise(figures, groups=texts))
