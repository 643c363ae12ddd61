"""Is the starter catalogue true? Its rows against three real catalogues, which know only a part of them.

Task. Every starter track (title, artists, year) is looked up in `spotify-songs`, `hits` and `cpcd` of a data folder.

Conventions. Titles are compared as `base_title` (no "Remastered", "Live", "feat."), and once more without anything in
brackets or after a dash ("Christmas Time Is Here - Vocal"); artists as `artist_key`, where two agree when one key is
the other or holds it as whole words ("art blakey and the jazz messengers").

- **confirmed**: a real catalogue has the title by one of the artists, and no year speaks against it.
- **contradicted (year)**: it has, but the year is off by more than one from every year known of that title and
  artist, and from every decade that `hits` gives it. A row without a year cannot be contradicted in this way.
- **contradicted (artist)**: no catalogue has the title by any of the artists, though the title, of three words or
  more, is known by others and the artist is known for other titles. Shorter titles are shared by too many works.
- **unconfirmed**: everything else. A share of these is drawn by seed, to be checked by hand.

Known years are album years, so a reissue can only confirm, never by itself contradict a year that another release has.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evals.errors import EvaluationDataError
from evals.metrics import Summary, summarise
from recsys.sources import read_source
from recsys.text import artist_key, base_title
from recsys.types import Track

#: Folder and file of each catalogue that is looked into.
SPOTIFY, HITS, CPCD = "spotify-songs/spotify_songs.csv.gz", "hits/tracks.csv.gz", "cpcd/tracks.jsonl"
VERDICTS = ("confirmed", "unconfirmed", "contradicted")
_ASIDE = re.compile(r"\s*[(\[][^)\]]*[)\]]|\s+-\s.*$")
_DISTINCTIVE_WORDS = 3
_MAX_YEARS_OFF = 1
_YEARS_IN_DECADE = 10


@dataclass(frozen=True, slots=True)
class Known:
    """What a real catalogue states of one track."""

    catalogue: str
    artists: tuple[str, ...]  # keys
    shown: str
    years: tuple[int, int] | None  # closed interval of years that agree with it


@dataclass(frozen=True, slots=True)
class Finding:
    """A starter track's verdict, with the reason where it is contradicted."""

    track: Track
    verdict: str
    reason: str = ""


class RealTracks:
    """Titles and artists of the real catalogues, to look up in."""

    def __init__(self, tracks: Iterable[tuple[str, Known]]) -> None:
        """Index pairs of a title and what is known of it."""
        self._by_title: dict[str, list[Known]] = defaultdict(list)
        self._artists: set[str] = set()
        for title, known in tracks:
            for key in _title_keys(title):
                self._by_title[key].append(known)
            self._artists.update(known.artists)

    @classmethod
    def read(cls, data: Path) -> RealTracks:
        """Read the three catalogues below the folder `data`.

        Raises:
            EvaluationDataError: one of them is not there.
        """
        for name in (SPOTIFY, HITS, CPCD):
            if not (data / name).is_file():
                raise EvaluationDataError(f"{data} has no {name}; give --data the folder with the real catalogues")
        return cls([*_dated(data / SPOTIFY), *_hits(data / HITS), *_dated(data / CPCD)])

    def judge(self, track: Track) -> Finding:
        """Say whether a track is confirmed, unconfirmed or contradicted."""
        ours = tuple(artist_key(name) for name in track.artists)
        titles = _title_keys(track.title)
        same_title = [known for title in titles for known in self._by_title.get(title, [])]
        same = [known for known in same_title if any(_agree(a, b) for a in ours for b in known.artists)]
        if not same:
            known_artists = [name for name, key in zip(track.artists, ours, strict=True) if key in self._artists]
            if same_title and known_artists and min(len(title.split()) for title in titles) >= _DISTINCTIVE_WORDS:
                others = ", ".join(sorted({known.shown for known in same_title})[:4])
                return Finding(track, "contradicted", f"known by {others}")
            return Finding(track, "unconfirmed")
        intervals = [known.years for known in same if known.years]
        if track.year is not None and intervals and not any(_within(track.year, years) for years in intervals):
            stated = ", ".join(_interval(years) for years in sorted(set(intervals))[:6])
            return Finding(track, "contradicted", f"year {track.year}, but known from {stated}")
        return Finding(track, "confirmed")


def check(tracks: Sequence[Track], real: RealTracks) -> list[Finding]:
    """Judge every track, in the order given."""
    return [real.judge(track) for track in tracks]


def shares(findings: Sequence[Finding], seed: int) -> dict[str, Summary]:
    """The share of each verdict, with its interval."""
    return {
        verdict: summarise([float(finding.verdict == verdict) for finding in findings], seed=seed)
        for verdict in VERDICTS
    }


def draw(findings: Sequence[Finding], n: int, seed: int) -> list[Finding]:
    """Draw at most n unconfirmed findings by seed, in the catalogue's order."""
    unconfirmed = [finding for finding in findings if finding.verdict == "unconfirmed"]
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(unconfirmed), min(n, len(unconfirmed)), replace=False)
    return [unconfirmed[number] for number in sorted(chosen.tolist())]


def describe(finding: Finding) -> str:
    """Write a finding on one line."""
    track = finding.track
    facts = ", ".join(str(fact) for fact in (track.album, track.year, track.country, track.language) if fact)
    line = f"{finding.verdict}: {track.artist} – {track.title}"
    return line + (f" ({facts})" if facts else "") + (f": {finding.reason}" if finding.reason else "")


def count(findings: Sequence[Finding]) -> str:
    """Write how many findings there are of each verdict."""
    of = Counter(finding.verdict for finding in findings)
    return f"{len(findings):,} tracks: " + ", ".join(f"{of[verdict]:,} {verdict}" for verdict in VERDICTS)


def _dated(path: Path) -> Iterator[tuple[str, Known]]:
    for track in read_source(path).tracks:
        years = (track.year - _MAX_YEARS_OFF, track.year + _MAX_YEARS_OFF) if track.year else None
        yield track.title, _known(path, track, years)


def _hits(path: Path) -> Iterator[tuple[str, Known]]:
    """The tracks of `hits`, whose release is known by decade ("60s" … "10s")."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        decade_of = {row["uri"].rsplit(":", 1)[-1]: row["decade"] for row in csv.DictReader(file)}
    for track in read_source(path).tracks:
        decade = decade_of.get(track.ids.get("spotify", ""), "")
        if not decade[:2].isdigit():
            yield track.title, _known(path, track, None)
            continue
        first = int(decade[:2]) + (1900 if int(decade[:2]) >= 50 else 2000)
        years = (first - _MAX_YEARS_OFF, first + _YEARS_IN_DECADE - 1 + _MAX_YEARS_OFF)
        yield track.title, _known(path, track, years)


def _known(path: Path, track: Track, years: tuple[int, int] | None) -> Known:
    return Known(path.parent.name, tuple(artist_key(name) for name in track.artists), track.artist, years)


def _title_keys(title: str) -> set[str]:
    bare = _ASIDE.sub("", title)
    return {base_title(title), base_title(bare) if bare.strip() else base_title(title)}


def _agree(one: str, other: str) -> bool:
    return one == other or f" {one} " in f" {other} " or f" {other} " in f" {one} "


def _within(year: int, years: tuple[int, int]) -> bool:
    return years[0] <= year <= years[1]


def _interval(years: tuple[int, int]) -> str:
    first, last = years[0] + _MAX_YEARS_OFF, years[1] - _MAX_YEARS_OFF
    return str(first) if first == last else f"{first}–{last}"
