"""The work behind `assistant.curating`: one playlist, changed in one way; what changed, and what it then is like."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from assistant.analysing import analyse, energy_words
from assistant.aside import Aside
from assistant.curate_errors import CurateError
from assistant.curate_reports import CuratedPlaylist
from assistant.labels import minutes_label, plain, total_label
from assistant.reply import Diff, SlateTrack
from assistant.session import MAX_MINUTES, MAX_TRACKS
from assistant.slates import slate_tracks
from recsys.catalogue import Catalogue
from recsys.curation import (
    STANDS_OUT,
    distances,
    fitting_length,
    kept_order,
    path_length,
    smooth,
    standing_out,
    steps,
    without_repeats,
)
from recsys.picking import bare_pick
from recsys.recommendation import Query
from recsys.slate import along
from recsys.types import Arc, Constraint, Facet

if TYPE_CHECKING:
    from assistant.agent import Agent

#: The order in which neighbours fit, beside the arcs of energy.
SMOOTH = "smooth"
ORDERS = (*(arc.value for arc in Arc), SMOOTH)
#: Tracks added where no number is given.
_USUAL_MORE = 10
#: What a track is worth that is there already in another version, where a playlist is shortened; others are 0.2 to 1.
_REPEATED_WORTH = 0.02
_LEAST_WORTH = 0.2
#: So often others are looked for in place of new tracks that would stand out.
_MAX_TRIES = 4
#: A genre of so many of a playlist's tracks is what it is made of.
_USUAL_GENRE = 1 / 3
#: Tracks of a playlist that speak for what is added; more of them cost time and say nothing new.
_MAX_EXAMPLES = 200


def known_rows(catalogue: Catalogue, track_ids: Sequence[str]) -> tuple[list[int], list[str]]:
    """Return the rows of ids in their order, and the ids that the catalogue does not have."""
    rows: list[int] = []
    unknown: list[str] = []
    for track_id in track_ids:
        found = catalogue.rows([track_id]).tolist()
        rows += found
        unknown += [] if found else [track_id]
    return rows, unknown


def changes(before: Sequence[str], after: Sequence[str]) -> Diff:
    """Compare two playlists, in which an id may come more than once. What kept its order has not moved."""
    old, new = Counter(before), Counter(after)
    stayed = kept_order(before, after)
    places = range(len(after))
    common = Counter(after) & Counter(before)
    moved: list[str] = []
    seen: Counter[str] = Counter()
    for place in places:
        seen[after[place]] += 1
        if seen[after[place]] <= common[after[place]] and place not in stayed:
            moved.append(after[place])
    return Diff(
        added=tuple((new - old).elements()),
        removed=tuple((old - new).elements()),
        moved=tuple(moved),
        n_kept=common.total(),
    )


def curate(
    agent: Agent,
    listener_id: str,
    track_ids: Sequence[str],
    *,
    no_duplicates: bool,
    n_more: int | None,
    text: str,
    minutes: float | None,
    arc: str | None,
) -> CuratedPlaylist:
    """Do several things to a playlist, one after the other; see `Curating.curate`."""
    begun = Curation(agent, track_ids)
    rows, written = list(begun.rows), {}
    said: list[str] = []

    def follow(made: CuratedPlaylist) -> None:
        nonlocal rows
        rows = agent.recommender.catalogue.rows(track.track_id for track in made.tracks).tolist()
        written.update({track.track_id: track for track in made.tracks if track.reason})
        said.append(made.said)

    def now() -> Curation:
        return Curation(agent, [agent.recommender.catalogue.track_ids[row] for row in rows])

    if no_duplicates:
        follow(now().without_duplicates(versions=True))
    if n_more is not None or text:
        follow(now().extend(listener_id, n_more, None, text))
    if minutes is not None:
        follow(now().shorten(minutes, ()))
    if arc is not None and rows:
        follow(now().reorder(arc))
    return begun.made(rows, " ".join(said) or "Nothing was changed.", written)


class Curation:
    """A playlist being worked on."""

    def __init__(self, agent: Agent, track_ids: Sequence[str]) -> None:
        """Look the tracks up.

        Raises:
            CurateError: the catalogue has none of them.
        """
        self._agent, self._catalogue = agent, agent.recommender.catalogue
        self.rows, self._unknown = known_rows(self._catalogue, track_ids)
        if not self.rows:
            received = f"{len(track_ids)} track ids, none of which the catalogue has" if track_ids else "no tracks"
            raise CurateError(received, "a playlist of tracks that are in the catalogue", "index them first")
        self._between = distances(self._catalogue, agent.recommender.ranker.vectors, self.rows)

    def extend(self, listener_id: str, n_tracks: int | None, minutes: float | None, text: str) -> CuratedPlaylist:
        """Add tracks behind what is there."""
        if n_tracks is None and minutes is None:
            n_tracks = _USUAL_MORE
        if n_tracks is not None and not 1 <= n_tracks <= MAX_TRACKS:
            raise CurateError(f"{n_tracks} tracks to add", f"a number from 1 to {MAX_TRACKS}", "give another number")
        if minutes is not None:
            _check_minutes(minutes)
        own = list(dict.fromkeys(self.rows))
        length_s = float(self._catalogue.durations_s[own].sum())
        size = None if n_tracks is None else len(own) + n_tracks
        unfit: set[int] = set()  # what would stand out, where no words ask for it

        def adjust(query: Query) -> Query:
            return replace(
                query,
                constraints=(*query.constraints, *self._usual_genres(query)),
                fixed=tuple(enumerate(own)),
                exclude=query.exclude | unfit,
                liked_rows=tuple(dict.fromkeys((*query.liked_rows, *self._examples()))),
                size=size,
                minutes=None if minutes is None else minutes + length_s / 60,
                max_per_artist=self._cap(query.max_per_artist, n_tracks or int((minutes or 0) / 3)),
            )

        own_ids = set(self._ids(own))
        for _ in range(_MAX_TRIES):
            aside = self._agent.aside(listener_id, [text], adjust=adjust)
            added = [track for track in aside.tracks if track.track_id not in own_ids]
            strange = self._strange([track.track_id for track in added])
            if text.strip() or not strange:
                break
            unfit |= strange
        rows = [*self.rows, *self._catalogue.rows(track.track_id for track in added).tolist()]
        said = [_added(added)]
        if n_tracks is not None and len(added) < n_tracks:
            said.append(f"No more than {len(added)} of {n_tracks} were found that fit and are not there already.")
        said += _relaxed(aside)
        return self.made(rows, " ".join(said), {track.track_id: track for track in added})

    def shorten(self, minutes: float, keep: Sequence[str]) -> CuratedPlaylist:
        """Leave as many tracks as come nearest to a length."""
        _check_minutes(minutes)
        seconds = self._catalogue.durations_s[self.rows].tolist()
        kept = {self._ids(self.rows)[n] for n in range(len(self.rows))} & set(keep)
        stay = [place for place, row in enumerate(self.rows) if self._catalogue.track_ids[row] in kept]
        places = fitting_length(seconds, self._worth(), minutes * 60, stay)
        rows = [self.rows[place] for place in places]
        total = sum(seconds[place] for place in places)
        asked, left = minutes_label(minutes * 60), len(self.rows) - len(rows)
        if sum(seconds) <= minutes * 60:
            said = f"It is no longer than {asked} as it is; nothing was taken out."
        elif not rows:
            said = f"No track is as short as {asked}, so nothing is left; ask for a longer playlist."
        else:
            off = total - minutes * 60
            how = "to the second" if abs(off) < 1 else f"{_seconds(abs(off))} {'over' if off > 0 else 'under'} {asked}"
            said = f"Took out {_count(left, 'track')} that fit least; what is left is {how}."
            if stay and sum(seconds[place] for place in stay) > minutes * 60:
                said += " What you keep is longer than that by itself."
        return self.made(rows, said)

    def reorder(self, arc: str) -> CuratedPlaylist:
        """Put the tracks into another order."""
        if arc not in ORDERS:
            raise CurateError(f"the order {plain(arc, 40)!r}", f"one of {', '.join(ORDERS)}", "choose one of them")
        energy = self._catalogue.numeric["energy"][self.rows]
        if arc == SMOOTH:
            places = smooth(self._catalogue, self._between, self.rows)
            cost = steps(self._catalogue, self._between, self.rows)
            n_steps = max(len(places) - 1, 1)
            before, after = path_length(cost, range(len(places))) / n_steps, path_length(cost, places) / n_steps
            said = f"Neighbours fit: the mean step from track to track is {after:.2f}, and was {before:.2f}."
        else:
            places = along(energy, range(len(self.rows)), Arc(arc))
            levels = [None if math.isnan(e) else float(e) for e in energy[places].tolist()]
            said = f"Energy {energy_words(levels)}." if energy_words(levels) else "No track states its energy."
            n_unknown = sum(level is None for level in levels)
            if 0 < n_unknown < len(levels):
                said += f" {_count(n_unknown, 'track')} of unknown energy {'is' if n_unknown == 1 else 'are'} mid-way."
        return self.made([self.rows[place] for place in places], said)

    def without_duplicates(self, *, versions: bool) -> CuratedPlaylist:
        """Leave each recording, or each work, once."""
        places = without_repeats(self._catalogue, self.rows, versions=versions)
        n_gone = len(self.rows) - len(places)
        said = f"Took out {_count(n_gone, 'repeated track')}." if n_gone else "Nothing is there more than once."
        return self.made([self.rows[place] for place in places], said)

    def take_out(self, positions: Sequence[int]) -> CuratedPlaylist:
        """Leave out what is at some positions, from 1."""
        rows = [row for place, row in enumerate(self.rows, start=1) if place not in positions]
        n_gone = len(self.rows) - len(rows)
        return self.made(rows, f"Took out {_count(n_gone, 'track')}." if n_gone else "Nothing is changed yet.")

    def made(self, rows: Sequence[int], said: str, written: dict[str, SlateTrack] | None = None) -> CuratedPlaylist:
        """Write the playlist of rows; tracks that have been written with reasons are taken as they are."""
        before, after = self._ids(self.rows), self._ids(rows)
        picks = [bare_pick(self._catalogue, row) for row in rows]
        plainly = slate_tracks(picks, [""] * len(picks), {}, before=before)
        tracks = tuple(
            (written or {}).get(track.track_id, track).model_copy(update={"position": track.position, "new": track.new})
            for track in plainly
        )
        if self._unknown:
            said += f" {_count(len(self._unknown), 'track')} not in the catalogue {_was(len(self._unknown))} left out."
        seconds = sum(pick.duration_s for pick in picks)
        diff = changes(before, after)
        return CuratedPlaylist(
            tracks=tracks,
            diff=diff,
            gone=self._names(diff.removed),
            total=total_label(seconds, sum(pick.duration_estimated for pick in picks)) if picks else "",
            said=said,
            analysis=analyse(self._catalogue, self._agent.recommender.ranker.vectors, rows),
        )

    def _names(self, track_ids: Sequence[str]) -> dict[str, str]:
        tracks = [self._catalogue.track(row) for row in self._catalogue.rows(track_ids).tolist()]
        return {track.track_id: plain(f"{track.title} – {track.artist}") for track in tracks}

    def _ids(self, rows: Sequence[int]) -> list[str]:
        return [self._catalogue.track_ids[row] for row in rows]

    def _examples(self) -> list[int]:
        """The tracks that speak for the playlist: all but those out of place, as many as are needed."""
        z = standing_out(self._between)
        rows = list(dict.fromkeys(row for row, far in zip(self.rows, z, strict=True) if far < STANDS_OUT))
        every = max(-(-len(rows) // _MAX_EXAMPLES), 1)
        return rows[::every]

    def _strange(self, track_ids: Sequence[str]) -> set[int]:
        """The rows of those tracks that would stand out beside the playlist."""
        added = self._catalogue.rows(track_ids).tolist()
        rows = [*self.rows, *added]
        z = standing_out(distances(self._catalogue, self._agent.recommender.ranker.vectors, rows))
        return {row for row, far in zip(added, z[len(self.rows) :], strict=True) if far >= STANDS_OUT}

    def _usual_genres(self, query: Query) -> tuple[Constraint, ...]:
        """Prefer the genres that the playlist is made of, unless the words say which."""
        if any(constraint.facet is Facet.GENRE for constraint in query.constraints):
            return ()
        stated = [genres for row in self.rows if (genres := self._catalogue.genres[row])]
        counts = Counter(genre for genres in stated for genre in genres)
        usual = tuple(genre for genre, n in counts.most_common() if n >= _USUAL_GENRE * len(stated))
        return (Constraint(Facet.GENRE, usual, text="the genres of the playlist"),) if usual else ()

    def _cap(self, usual: int, n_more: int) -> int:
        """How many tracks an artist may have: of a playlist of one artist, more of theirs are wanted."""
        artists = self._catalogue.artist_rows[self.rows]
        _, place, counts = np.unique(artists, return_inverse=True, return_counts=True)
        typical = float(np.median(counts[place]))
        grown = (len(self.rows) + n_more) / len(self.rows)
        return usual if typical <= usual else math.ceil(typical * grown)

    def _worth(self) -> list[float]:
        """How well each track fits the rest, from 1 down; another version of what is there fits least of all."""
        z = standing_out(self._between)
        mean = self._between.sum(axis=1) / max(len(self.rows) - 1, 1)
        span = float(mean.max() - mean.min()) or 1.0
        worth = 1 - (1 - _LEAST_WORTH) * (mean - mean.min()) / span
        worth[z >= STANDS_OUT] = _LEAST_WORTH / 2
        stays = set(without_repeats(self._catalogue, self.rows))
        worth[[place for place in range(len(self.rows)) if place not in stays]] = _REPEATED_WORTH
        return [float(one) for one in worth]


def _check_minutes(minutes: float) -> None:
    if not 0 < minutes <= MAX_MINUTES:
        raise CurateError(f"{minutes:g} minutes", f"a length of up to {MAX_MINUTES:g} minutes", "give another length")


def _added(tracks: Sequence[SlateTrack]) -> str:
    if not tracks:
        return "Found nothing to add that fits."
    seconds = sum(track.duration_s or 0.0 for track in tracks)
    length = total_label(seconds, sum(track.duration_estimated for track in tracks))
    return f"Added {_count(len(tracks), 'track')}, {length}; what was there stays as it was."


def _relaxed(aside: Aside) -> list[str]:
    given_way = [line.constraint for line in aside.receipt if line.relaxed and line.n_total]
    return [f"Had to give way: {', '.join(given_way)}."] if given_way else []


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else minutes_label(seconds)


def _was(n: int) -> str:
    return "was" if n == 1 else "were"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
