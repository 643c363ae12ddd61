"""The tool that checks the starter catalogue: every verdict on planted tracks, and the shipped rows themselves."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from evals.errors import EvaluationDataError
from evals.starter import CPCD, HITS, SPOTIFY, RealTracks, check, count, describe, draw, shares
from recsys.sources import read_starter
from recsys.types import Track


@pytest.fixture
def real(tmp_path: Path) -> RealTracks:
    spotify = [
        ("s1", "So What", "Miles Davis", "Kind of Blue", "1959-08-17"),
        ("s2", "So What - Remastered 2011", "Miles Davis", "Kind of Blue (Legacy)", "2009"),
        ("s3", "Moanin'", "Art Blakey & The Jazz Messengers", "Moanin'", "1958"),
        ("s4", "The Sound of Silence", "Disturbed", "Immortalized", "2015"),
        ("s6", "Christmas Time Is Here - Vocal", "Vince Guaraldi Trio", "A Charlie Brown Christmas", "1965"),
        ("s7", "Christmas Time Is Here", "A Cover Band", "Covers", "2014"),
        ("s5", "Graceland", "Paul Simon", "Graceland", "1986"),
    ]
    header = ("track_id", "track_name", "track_artist", "track_album_name", "track_album_release_date")
    _write_csv(tmp_path / SPOTIFY, header, spotify)
    _write_csv(
        tmp_path / HITS,
        ("track", "artist", "uri", "decade"),
        [("Respect", "Aretha Franklin", "spotify:track:6cpzEL4b73qHCO4B2LjGRH", "60s")],
    )
    (tmp_path / CPCD).parent.mkdir(parents=True)
    row = {"track_ids": "v1", "track_titles": "Yumeji's Theme", "track_artists": ["Shigeru Umebayashi"]}
    row |= {"track_release_titles": "In the Mood for Love", "track_cluster_ids": "c1"}
    (tmp_path / CPCD).write_text(json.dumps(row) + "\n", encoding="utf-8")
    return RealTracks.read(tmp_path)


def _write_csv(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    path.parent.mkdir(parents=True)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def _track(title: str, artist: str, year: int | None = None) -> Track:
    return Track(f"{artist}-{title}", title, (artist,), year=year)


@pytest.mark.parametrize(
    ("track", "verdict"),
    [
        (_track("So What", "Miles Davis", 1959), "confirmed"),
        (_track("So What", "Miles Davis", 1960), "confirmed"),  # one year off is how albums and singles differ
        (_track("So What", "Miles Davis"), "confirmed"),
        (_track("So What", "Miles Davis", 1957), "contradicted"),
        (_track("Moanin'", "Art Blakey", 1958), "confirmed"),  # the catalogue names his band too
        (_track("Respect", "Aretha Franklin", 1967), "confirmed"),  # in the decade of the chart
        (_track("Respect", "Aretha Franklin", 1977), "contradicted"),
        (_track("Yumeji's Theme", "Shigeru Umebayashi", 2000), "confirmed"),  # no year known speaks against it
        (_track("The Sound of Silence", "Paul Simon", 1964), "contradicted"),  # by others, and he is known
        (_track("Christmas Time Is Here", "Vince Guaraldi Trio", 1965), "confirmed"),
        (_track("The Sound of Silence", "Pat Nobody", 1964), "unconfirmed"),
        (_track("So What", "Art Blakey", 1959), "unconfirmed"),  # too short a title to belong to one work
        (_track("Nothing Anyone Knows", "Miles Davis", 1959), "unconfirmed"),
    ],
)
def test_verdicts(real: RealTracks, track: Track, verdict: str) -> None:
    finding = real.judge(track)
    assert finding.verdict == verdict, describe(finding)
    assert bool(finding.reason) == (verdict == "contradicted")


def test_report_counts_shares_and_draws_by_seed(real: RealTracks) -> None:
    tracks = [_track("So What", "Miles Davis", 1959), *(_track(f"Unknown {n}", "Nobody") for n in range(9))]
    findings = check(tracks, real)
    assert count(findings) == "10 tracks: 1 confirmed, 9 unconfirmed, 0 contradicted"
    assert shares(findings, 0)["confirmed"].mean == pytest.approx(0.1)
    drawn = draw(findings, 4, seed=3)
    assert len(drawn) == 4
    assert drawn == draw(findings, 4, seed=3) != draw(findings, 4, seed=4)
    assert len(draw(findings, 100, seed=3)) == 9


def test_missing_data_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(EvaluationDataError, match=r"spotify_songs\.csv\.gz"):
        RealTracks.read(tmp_path)


def test_shipped_rows_hold_against_the_real_catalogues(eval_data: Path) -> None:
    """At least 60 % confirmed, none contradicted."""
    findings = check(read_starter().tracks, RealTracks.read(eval_data))
    contradicted = [describe(finding) for finding in findings if finding.verdict == "contradicted"]
    assert contradicted == []
    assert shares(findings, 0)["confirmed"].mean >= 0.6
