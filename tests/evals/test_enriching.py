"""Enriching, measured: what is hidden stays hidden, what is right counts, and requests gain on a known answer."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from evals import enriching
from evals.enriching import FIRST, LEAST_TRACKS, Request, draw, draw_requests, evaluate, hide, hide_tracks, judge
from evals.errors import EvaluationDataError
from recsys.annotations import Annotation
from recsys.artist_facts import load_artist_facts
from recsys.types import Track
from recsys.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary()
TRACKS = [
    Track(f"t{n}", f"T{n}", (f"Artist {n // 4}",), year=1960 + n % 50, genres=("jazz",), tags=("my list",))
    for n in range(400)
]


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_of_hidden_tracks_nothing_is_left_but_title_and_artist() -> None:
    hidden = hide(draw(TRACKS, 0, rng()), 0.2, rng())
    assert len(hidden.hidden) == 320
    for track in hidden.tracks:
        if track.track_id in hidden.hidden:
            assert track == Track(track.track_id, track.title, track.artists)
        else:
            assert track.genres == ("jazz",)
        assert track.tags == ()  # names of playlists name genres
    artists = {track.artists for track in hidden.tracks if track.track_id in hidden.hidden}
    assert not artists & {track.artists for track in hidden.tracks if track.track_id not in hidden.hidden}


def test_one_seed_is_one_draw_and_tracks_are_hidden_one_by_one_too() -> None:
    assert draw(TRACKS, 100, rng()) == draw(TRACKS, 100, rng())
    assert 100 <= len(draw(TRACKS, 100, rng())) < 104
    by_track = hide_tracks(TRACKS, 0.2, rng())
    assert len(by_track.hidden) == 320
    artists = [{t.artists for t in by_track.tracks if (t.track_id in by_track.hidden) == bare} for bare in (0, 1)]
    assert artists[0] & artists[1]


def test_a_table_without_genres_is_no_truth() -> None:
    with pytest.raises(EvaluationDataError, match="0 tracks state genre and year"):
        draw([Track("a", "One", ("Ann",))], 0, rng())


def test_requests_are_those_that_hidden_tracks_truly_meet() -> None:
    hidden = hide(draw(TRACKS, 0, rng()), 0.2, rng())
    requests = draw_requests(hidden, rng(), VOCABULARY)
    assert {one.kind for one in requests} == {"genre", "era", "genre and era"}
    for one in requests:
        met = [t for t in hidden.hidden if one.met_by(hidden.truth[t], VOCABULARY)]
        assert len(met) >= LEAST_TRACKS
    rock = Request("some rock", "genre", "rock", None)
    assert rock.met_by(Track("a", "A", ("B",), genres=("indie rock",)), VOCABULARY)
    assert not rock.met_by(Track("a", "A", ("B",)), VOCABULARY)


def test_a_value_is_judged_word_by_word() -> None:
    truth = Track("a", "A", ("B",), year=1985, genres=("indie rock", "folk"))
    said = Annotation("a", "genres", ("rock", "jazz"), 0.8, "artist")
    assert judge(said, truth, VOCABULARY) == {"right": 0.5, "any_right": 1.0}
    assert judge(Annotation("a", "year", 1981, 0.8, "artist"), truth, VOCABULARY) == {"right": 1.0}
    assert judge(Annotation("a", "energy", 0.5, 0.8, "artist"), truth, VOCABULARY) == {}


def test_facts_that_are_true_make_requests_find_what_nobody_described(
    tmp_path: Path, forty_tracks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enriching, "N_REQUESTS", 10)
    chosen = [one for one in load_artist_facts().values() if len(one.decades) == 1 and len(one.songs) >= 4][:36]
    table = tmp_path / "true.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["track_id", "title", "artist", "genres", "year"])
        for artist in chosen:
            for number, title in enumerate(list(artist.songs)[:4]):
                row = [f"{artist.name}-{number}", title, artist.name, ";".join(artist.genres), artist.decades[0] + 5]
                writer.writerow(row)
    report = evaluate(table, (1,), n_tracks=0, described=0.2, steps=5, kept=forty_tracks)
    figures = report.results
    assert figures["artist-facts: genres"]["all"]["coverage"].mean > 0.9
    assert figures["artist-facts: genres"]["all"]["right"].mean > 0.9
    assert figures["artist: genres"]["all"]["coverage"].mean == 0
    assert figures["artist: genres"]["tracks"]["coverage"].mean > 0.3
    assert figures["before, undescribed"]["all"]["p@10"].mean == 0
    assert figures["after - before, undescribed"]["all"]["p@10"].low > 0.5
    assert FIRST == 10
