"""Who asks for an artist gets that artist, and who refuses one never sees it: a thousand requests made of a catalogue.

Task. Artists with at least so many works are drawn by the sort of their name (`evals.artist_requests.SORTS`), and each
request is answered by the whole product, for a listener without history, in a session of its own. Kinds, in equal
numbers:

    plain          "best of X", "play X", "some X songs", "X"
    two            "X and Y"
    like but not   "songs like X but not X"
    misspelt       one slip, two slips, run together with the word before, without its spaces, without accents and
                   marks, in odd capitals
    sentence       X inside a sentence about something else
    conversation   "what else by X" after five songs by X; "now add some Y" after X
    exclusion      "rock but no X"; "anything except X" after "X and Y"; then another wish

Conventions. A track is *by* an artist who is among its credits, by key, who is featured in its title or in a credit
("feat. X", "with X"), or who leads the band that is credited ("X & The …"). Tracks are judged by what their sources
write, never by the receipt. With W works of the artists who are wanted (versions of one count once):

    p@10      tracks by them among the first ten, over min(10, W), at most 1; of "what else by X", which has to show
              five, the first five over min(5, W), where W counts only works that the session has not shown
    both      of two who are wanted, whether each has a track among the first ten
    excluded  whether a slate holds a track by who is refused, in that turn or in any later one
    filled    whether each of these slates has ten tracks or more: leaving out everybody is no way out
    related   share of the last slate that states a genre of the artist whom it has to be like; left out where none is
              stated
    chance    the same share of all tracks by others: what a random slate would have

p@10 is over requests for artists, excluded and filled over those that refuse one. A misspelling is drawn anew where it
is itself the name of another artist or of a track, or where another artist's name is as near to it: nobody could tell
them apart. A slip is never in the first letter. Subset `all` is over all kinds; "misspelt: WAY" over one way of
misspelling, "name: SORT" over names of one sort (of the first artist of a request). Requests for one artist are
resampled together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.app import Assistant
from assistant.reply import Reply
from evals.artist_requests import FIRST_SIZE, KINDS, SORTS, Artists, Asked, Named, Requests
from evals.metamorphic_talk import Talk
from evals.metrics import summarise
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings
from recsys import generations
from recsys.catalogue import Catalogue
from recsys.text import artist_key, fold
from recsys.types import BoolArray, Facet, Progress

#: Works that an artist has at least.
FEWEST_WORKS = 5
_K = 10
_MAX_GENRES = 3
_FEATURED = re.compile(r"(?:\b(?:feat|ft|featuring)\b\.?|[(\[]with)\s+([^()\[\]]+)", re.IGNORECASE)
_NEXT = re.compile(r"\s*[,&;+/]\s*|\s+-\s+|\s+(?:and|x|feat\.?)\s+", re.IGNORECASE)
_LEADS = re.compile(r"^(.+?) (?:&|and) (?:the|his|her) ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answered:
    """A request and what its slates made of it; None where it does not apply."""

    asked: Asked
    precision: float | None = None
    both: float | None = None
    excluded: float | None = None
    filled: float | None = None
    related: float | None = None
    chance: float | None = None
    slate: tuple[str, ...] = ()  # the artists of the last slate
    text: str = ""  # of the last reply

    @property
    def artist(self) -> Named:
        """Who the request is about first of all."""
        return (*self.asked.wanted, *self.asked.refused)[0]

    @property
    def failed(self) -> bool:
        """Whether something is not as it has to be."""
        short = self.precision is not None and self.precision < 1
        return short or self.both == 0 or self.excluded == 1 or self.filled == 0

    def figures(self) -> dict[str, float]:
        """What applies, by the names of the module's docstring."""
        found = {
            "p@10": self.precision,
            "both": self.both,
            "excluded": self.excluded,
            "filled": self.filled,
            "related": self.related,
            "chance": self.chance,
        }
        return {name: value for name, value in found.items() if value is not None}


class Judge:
    """Tells whose a track is, from what its source writes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._credits = [frozenset(map(artist_key, names)) for names in catalogue.artists]
        self._featured = [
            frozenset(_featured((title, *names)))
            for title, names in zip(catalogue.titles, catalogue.artists, strict=True)
        ]
        self._leaders = [frozenset(filter(None, map(_leader, names))) for names in catalogue.artists]

    def is_by(self, track_id: str, artist: Named) -> bool:
        """Tell whether a track is by an artist."""
        return self._row_by(self.catalogue.row(track_id), artist.key)

    def _row_by(self, row: int, key: str) -> bool:
        return key in self._credits[row] or key in self._leaders[row] or key in self._featured[row]

    def works(self, artists: Sequence[Named]) -> set[int]:
        """The works that are credited to any of some artists."""
        rows = [row for one in artists for row in self.catalogue.postings(Facet.ARTIST, one.key).tolist()]
        return set(self.catalogue.work[rows].tolist())

    def genres(self, artist: Named) -> list[str]:
        """The genres that the tracks of an artist state most."""
        rows = set(self.catalogue.postings(Facet.ARTIST, artist.key).tolist())
        found: Counter[str] = Counter()
        for genre in self.catalogue.values(Facet.GENRE):
            found[genre] = len(rows.intersection(self.catalogue.postings(Facet.GENRE, genre).tolist()))
        return [genre for genre, n in found.most_common(_MAX_GENRES) if n]

    def relation(self, slate: Sequence[str], artist: Named) -> tuple[float, float] | None:
        """How much of a slate, and of all tracks by others, states a genre of an artist; None where none is stated."""
        genres = self.genres(artist)
        if not genres or not slate:
            return None
        stating: BoolArray = np.zeros(len(self.catalogue), dtype=np.bool_)
        for genre in genres:
            stating[self.catalogue.postings(Facet.GENRE, genre)] = True
        others = np.ones(len(self.catalogue), dtype=np.bool_)
        others[self.catalogue.postings(Facet.ARTIST, artist.key)] = False
        return float(stating[self.catalogue.rows(slate)].mean()), float(stating[others].mean())


def evaluate(
    catalogue: Path,
    n_requests: int,
    seeds: Sequence[int],
    *,
    fewest: int = FEWEST_WORKS,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Report, list[Answered]]:
    """Index a catalogue in a data folder of its own and ask it so many requests per seed."""
    with scratch_home(kept) as home:
        settings = scratch_settings(home)
        with Assistant(settings) as assistant:
            assistant.index(catalogue, progress=progress)
            answered = [
                one for seed in seeds for one in ask(assistant, n_requests, seed, fewest=fewest, progress=progress)
            ]
            n_tracks = assistant.status().n_tracks
    stated = {"catalogue": catalogue, "tracks": n_tracks, "requests": n_requests, "works": fewest}
    report = Report("segue eval artist-requests", stated | product_settings(settings), seeds)
    fill(report, answered)
    report.cases = failures(answered)
    return report, answered


def ask(
    assistant: Assistant,
    n_requests: int,
    seed: int,
    *,
    fewest: int = FEWEST_WORKS,
    progress: Progress | None = None,
) -> list[Answered]:
    """Ask requests about the catalogue that an assistant serves.

    Raises:
        EvaluationDataError: the catalogue has too few artists with works enough.
        FailedTurnError: a turn ended in the last-resort reply.
    """
    catalogue = Catalogue.load(generations.current(assistant.settings.home).folder / "catalogue")
    judge, artists = Judge(catalogue), Artists(catalogue, fewest)
    genres = {one.key: judge.genres(one) for one in artists.all}
    requests = Requests(artists, genres, np.random.default_rng(seed))
    answered = []
    for number in range(n_requests):
        asked = requests.draw(KINDS[number % len(KINDS)])
        talk = Talk(assistant, f"artists {seed} {number}")
        for turn, text in enumerate(asked.said):
            talk.say(text, number + turn)
        answered.append(look_at(judge, asked, talk.replies))
        if progress:
            progress(f"ask for artists (seed {seed})", number + 1, n_requests)
    return answered


def look_at(judge: Judge, asked: Asked, replies: Sequence[Reply]) -> Answered:
    """Judge the slates of a session."""
    slates = [[track.track_id for track in reply.tracks] for reply in replies]
    last = slates[-1]
    precision = both = excluded = filled = related = chance = None
    if asked.wanted:
        works, k = judge.works(asked.wanted), FIRST_SIZE if asked.again else _K
        if asked.again:
            works -= {int(judge.catalogue.work[row]) for slate in slates[:-1] for row in judge.catalogue.rows(slate)}
        hits = sum(any(judge.is_by(track, one) for one in asked.wanted) for track in last[:k])
        precision = min(1.0, hits / max(1, min(k, len(works))))
    if len(asked.wanted) > 1:
        both = float(all(any(judge.is_by(track, one) for track in last[:_K]) for one in asked.wanted))
    if asked.refused:
        after = slates[asked.since :]
        excluded = float(any(judge.is_by(track, one) for one in asked.refused for slate in after for track in slate))
        filled = float(all(len(slate) >= _K for slate in after))
    if asked.like and (found := judge.relation(last, asked.like[0])) is not None:
        related, chance = found
    shown = tuple(track.artist for track in replies[-1].tracks)
    return Answered(asked, precision, both, excluded, filled, related, chance, shown, replies[-1].text)


def fill(report: Report, answered: Sequence[Answered]) -> None:
    """Put the figures into a report: over all requests, by kind, by way of misspelling, by sort of name."""
    subsets = {"all": list(answered)}
    subsets |= {kind: [one for one in answered if one.asked.kind == kind] for kind in KINDS}
    slips = dict.fromkeys(one.asked.form for one in answered if one.asked.kind == "misspelt")
    for form in sorted(slips):
        subsets[f"misspelt: {form}"] = [one for one in subsets["misspelt"] if one.asked.form == form]
    for sort in SORTS:
        subsets[f"name: {sort}"] = [one for one in answered if one.artist.sort == sort]
    for subset, found in subsets.items():
        for metric in ("p@10", "both", "excluded", "filled", "related", "chance"):
            units = [(one.figures()[metric], one.artist.key) for one in found if metric in one.figures()]
            if units:
                values, groups = [value for value, _ in units], [key for _, key in units]
                report.add("segue", subset, metric, summarise(values, groups=groups))


def tell(answered: Sequence[Answered]) -> str:
    """Say how many sessions showed whom they should not."""
    refusing = [one for one in answered if one.excluded is not None]
    n_shown = sum(one.excluded == 1 for one in refusing)
    n_failed = sum(one.failed for one in answered)
    return (
        f"{n_shown} of {len(refusing)} sessions that refuse an artist showed one; "
        f"{n_failed} of {len(answered)} requests were not answered in full (--json names them)"
    )


def failures(answered: Sequence[Answered]) -> list[dict[str, Any]]:
    """The requests that failed, as plain data."""
    return [
        {
            "kind": one.asked.kind,
            "form": one.asked.form,
            "said": list(one.asked.said),
            "wanted": [asdict(artist) for artist in one.asked.wanted],
            "refused": [asdict(artist) for artist in one.asked.refused],
            **one.figures(),
            "reply": one.text,
            "slate": list(one.slate),
        }
        for one in answered
        if one.failed
    ]


def _featured(names: Sequence[str]) -> set[str]:
    """The keys of the guests that titles and credits name, by themselves and next to each other."""
    keys = set()
    for said in (found for name in names for found in _FEATURED.findall(name)):
        guests = [fold(guest) for guest in _NEXT.split(said)]
        for first in range(len(guests)):
            keys |= {artist_key(" and ".join(guests[first:last])) for last in range(first + 1, len(guests) + 1)}
    return keys - {""}


def _leader(name: str) -> str | None:
    found = _LEADS.match(name)
    return artist_key(found[1]) if found else None
