"""How long does reading take? The rules on a real catalogue, and on a synthetic one with a million names.

Task. The rules read messages one by one: the written requests of `evals/data` without the frozen third, and as many
made of names of the catalogue at hand, half of those misspelt by one swapped pair of letters. The synthetic catalogue
joins words of two real names to a new one, an artist for every two titles, until it has as many different names as
asked.

Conventions. Warm: every message is read once before, which also builds the indexes of misspelt names. `p50_ms` and
`p99_ms` are quantiles of the wall time of one message, without encoding, of which the rules need none; `names` counts
the catalogue's different artists and titles, `build_s` the seconds until it can be read with (without reading the file,
with the first misspelt name). Systems are the catalogues; subsets `written`, `named` and `misspelt` the kinds of
messages.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from assistant.understanding.rules import RulesUnderstanding
from evals.errors import EvaluationDataError
from evals.metrics import summarise, summarise_quantile
from evals.report import Report
from evals.understanding import WRITTEN, read_written
from recsys.catalogue import Catalogue
from recsys.sources import read_source
from recsys.types import Progress, Track

_TITLES_PER_ARTIST = 2
_MIN_SWAPPED = 6  # letters of a name that is misspelt
_FORMS = ("songs by {artist}", "something like {artist}", "play {title} by {artist}", "{artist} and some jazz")


def bench_reading(source: Path, n_names: int, seeds: Sequence[int], *, progress: Progress | None = None) -> Report:
    """Time the rules on the catalogue of a file, and on one with `n_names` names made of its words.

    Raises:
        EvaluationDataError: the file has too few names to make others of.
    """
    tracks = [track for track in read_source(source, progress=progress).tracks if track.artists]
    written = [one.text for name in WRITTEN for one in read_written(name)]
    report = Report("segue bench reading", {"catalogue": source, "messages": 2 * len(written)}, seeds)
    rng = np.random.default_rng(seeds[0])
    _fill(report, "catalogue", tracks, written, seeds)
    if progress:
        progress("Make names", 0, n_names)
    _fill(report, f"{n_names} names", list(synthetic_tracks(tracks, n_names, rng)), written, seeds)
    return report


def synthetic_tracks(tracks: Sequence[Track], n_names: int, rng: np.random.Generator) -> Iterator[Track]:
    """Yield tracks with together `n_names` different artists and titles, made of words of real ones.

    Raises:
        EvaluationDataError: so many different names cannot be made of these.
    """
    words = {
        "artist": sorted({word for track in tracks for word in track.artists[0].split()}),
        "title": sorted({word for track in tracks for word in track.title.split()}),
    }
    if min(map(len, words.values()), default=0) ** 2 < 4 * n_names:
        raise EvaluationDataError(
            f"{n_names:,} names cannot be made of {len(tracks):,} tracks; give a larger --catalogue"
        )
    real = {name for track in tracks for name in (track.title, track.artists[0])}
    known: set[str] = set()

    def name(kind: str) -> str:
        while True:
            made = " ".join(words[kind][int(n)] for n in rng.integers(len(words[kind]), size=2))
            if made not in known and made not in real:
                known.add(made)
                return made

    while len(known) < n_names:
        artist = name("artist")
        for _ in range(min(_TITLES_PER_ARTIST, n_names - len(known)) or 1):
            title = name("title") if len(known) < n_names else artist
            yield Track(f"made {len(known)}", title, (artist,))


def _fill(report: Report, system: str, tracks: Sequence[Track], written: Sequence[str], seeds: Sequence[int]) -> None:
    started = time.perf_counter()
    catalogue = Catalogue.from_tracks(tracks)
    rules = RulesUnderstanding(catalogue)
    rules.understand("songs by xylofonique orkestra")
    seconds = time.perf_counter() - started
    took: dict[str, list[float]] = {"written": [], "named": [], "misspelt": []}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        messages = [("written", text) for text in written]
        messages += [_named(tracks[int(rng.integers(len(tracks)))], number, rng) for number in range(len(written))]
        for _, text in messages:
            rules.understand(text)
        for kind, text in messages:
            before = time.perf_counter()
            rules.understand(text)
            took[kind].append(1000 * (time.perf_counter() - before))
    for subset, times in {"all": [one for kind in took.values() for one in kind], **took}.items():
        report.add(system, subset, "p50_ms", summarise_quantile(times, 0.5))
        report.add(system, subset, "p99_ms", summarise_quantile(times, 0.99))
    names = {name for track in tracks for name in (track.title, track.artists[0])}
    report.add(system, "all", "names", summarise([float(len(names))]))
    report.add(system, "all", "build_s", summarise([seconds]))


def _named(track: Track, number: int, rng: np.random.Generator) -> tuple[str, str]:
    """A message that names a track's artist, every second time misspelt."""
    artist, kind = track.artists[0], "named"
    if number % 2 and len(artist) >= _MIN_SWAPPED:
        place = int(rng.integers(1, len(artist) - 2))
        artist, kind = artist[:place] + artist[place + 1] + artist[place] + artist[place + 2 :], "misspelt"
    return kind, _FORMS[number % len(_FORMS)].format(artist=artist.lower(), title=track.title.lower())
