"""What Segue has learnt of a listener: each thing in a sentence, with the events and tracks that it was counted from.

Conventions. A track speaks for the taste where its events sum to more than nothing, and against it where they sum to
less (`recsys.listeners`). Shares are of the tracks that speak for it, each counted once. A track is *shown* when it
comes into a playlist; while it stays there it is not shown again. Months and days are those of UTC.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from assistant.history import longest
from assistant.knowing import NOTHING_YET, SPEAKS_AGAINST, judged_by, share_label
from assistant.labels import day_label, plain
from assistant.phrasebook import ENGLISH_BOOK, Phrasebook
from assistant.situation import counted, titled
from assistant.taste_reports import Exposure, TasteMonth, TasteReport, TasteSentence, TasteShare, TasteTrack
from assistant.tasting import DONE, Share, TakenTrack, done_in, shares, values_of
from recsys.catalogue import Catalogue
from recsys.listeners import event_worth, track_weights
from recsys.recommender import Recommender
from recsys.sessions import ShownTurn
from recsys.store import Store
from recsys.suppressed import Suppressed
from recsys.text import artist_key
from recsys.types import Event, EventKind, Facet, TrackId

#: The record of the artists that a listener named on a first visit.
NAMED_ARTISTS = "named artists"
#: Sentences on one facet.
_MAX_SAID = {Facet.GENRE: 3, Facet.MOOD: 2, Facet.ERA: 1, Facet.ARTIST: 3}
#: Tracks named as the evidence of a sentence, and values of a facet in a report.
_MAX_EVIDENCE, _MAX_SHARES = 3, 20
#: What is said of a taste occurs at least so often in it, and that many times as often as in the catalogue.
_LEAST_N, _LEAST_LIFT = 2, 1.0
#: Tracks that are asked by which part of them they are judged: each takes a millisecond.
_MAX_JUDGED = 30
#: Acts that say whether a track is liked; the last of them holds.
_RATINGS = {EventKind.LIKE: True, EventKind.DISLIKE: False, EventKind.UNRATE: None}
_TAKES_TO = (
    "You take to {value}: {n} of the {total} tracks that speak for your taste, {lift} times its share of the catalogue."
)
_TURNS_DOWN = (
    "You turn down {value}: {n} of the {total} tracks against your taste, {lift} times its share of the catalogue."
)
_OF_STRONGEST = "the mean of the {tracks} that speak most for your taste"
_NAMED = "You named {artists} as artists that you like, so their best-known tracks count as kept."


@dataclass(frozen=True)
class Known:
    """Everything that is kept of a listener's taste."""

    events: Sequence[Event]  # oldest first, those of the same person among them
    shown: Iterable[ShownTurn] = ()
    suppressed: Sequence[Suppressed] = ()
    joined: tuple[str, ...] = ()  # the other listeners who are the same person
    named: tuple[str, ...] = ()  # keys of the artists that the listener named at first


def known_of(store: Store, listener: str, now: float, *, alone: bool = False) -> Known:
    """Read what is kept of a listener's taste, with or without what those did who are the same person."""
    people = (listener,) if alone else store.joined.of(listener)
    suppressed = store.suppressions.of(listener, now)
    return Known(
        events=store.events(listener, alone=True) if alone else store.past(listener),
        shown=(turn for turn in store.sessions.shown(listener) if turn.listener_id in people),
        suppressed=[wish for wish in suppressed if wish.listener_id in people],
        joined=tuple(one for one in store.joined.of(listener) if one != listener),
        named=tuple(dict.fromkeys(key for one in people for key in named_artists(store, one))),
    )


def named_artists(store: Store, listener: str) -> tuple[str, ...]:
    """Return the keys of the artists that a listener named on a first visit."""
    return tuple(store.records.get(NAMED_ARTISTS, listener) or ())


@dataclass
class _Acts:
    """What was done with one track."""

    done: Counter[str] = field(default_factory=Counter)  # by the words of `DONE`; of ratings, the one that holds
    at: float = 0.0  # the last of it
    rated: bool | None = None  # whether it is liked or disliked


def tell_taste(
    known: Known,
    recommender: Recommender,
    *,
    now: float,
    half_life_days: float,
    n_tracks: int = 50,
    n_exposures: int = 200,
    book: Phrasebook = ENGLISH_BOOK,
) -> TasteReport:
    """Sum up what is known of a listener.

    Args:
        known: what is kept.
        recommender: its catalogue names the tracks; those that have left it are only counted.
        now: seconds since the epoch.
        half_life_days: age at which an event weighs half.
        n_tracks: tracks listed for, and as many against, at most.
        n_exposures: shown tracks listed at most; what is kept back is listed always.
        book: the language of the sentences.
    """
    catalogue = recommender.catalogue
    weights = track_weights(known.events, now=now, half_life_days=half_life_days)
    acts = _acts(known.events)
    rows = catalogue.rows(dict.fromkeys(event.track_id for event in known.events))
    tracks = {track.track_id: track for track in (TakenTrack.of(catalogue, row) for row in rows.tolist())}
    liked, disliked = (_strongest(weights, sign, tracks) for sign in (1, -1))
    takes_to = {facet: shares(liked, facet, catalogue) for facet in _MAX_SAID}
    done = done_in(known.events)
    exposures, n_all = _exposures(known, catalogue, n_exposures)
    kept_back = [one for one in exposures if one.state != "normal"]
    sentences = list(_counts(known, done, book))
    sentences += _likes(liked, takes_to, acts, book)
    sentences += _of_facet(_TURNS_DOWN, disliked, Facet.GENRE, shares(disliked, Facet.GENRE, catalogue), acts, book)
    sentences += _wishes(known, kept_back, catalogue, book)
    if done and not liked:
        sentences.append(TasteSentence(text=book(SPEAKS_AGAINST)))
    strongest = np.array([track.row for track in liked[:_MAX_JUDGED]], dtype=np.int64)
    if liked and (judged := judged_by(recommender, known.events, strongest, book)):
        counted_from = book(_OF_STRONGEST, tracks=counted(len(strongest), "track", book))
        sentences.append(TasteSentence(text=judged, evidence=(counted_from,)))
    return TasteReport(
        sentences=tuple(sentences),
        n_events=done.total(),
        since=min((event.at for event in known.events), default=None),
        liked=tuple(_track(track, weights, acts, book) for track in liked[:n_tracks]),
        disliked=tuple(_track(track, weights, acts, book) for track in disliked[:n_tracks]),
        artists=_shares(liked, Facet.ARTIST, takes_to, book),
        genres=_shares(liked, Facet.GENRE, takes_to, book),
        moods=_shares(liked, Facet.MOOD, takes_to, book),
        decades=_shares(liked, Facet.ERA, takes_to, book),
        timeline=tuple(_timeline(known.events, tracks, book)),
        exposures=tuple(exposures),
        n_exposures=n_all,
        joined=known.joined,
    )


# --- sentences ---


def _counts(known: Known, done: Counter[str], book: Phrasebook) -> Iterator[TasteSentence]:
    if not done:
        yield TasteSentence(text=book(NOTHING_YET))
        return
    last: dict[str, float] = {}
    for event in known.events:
        if event.kind in DONE:
            last[DONE[event.kind]] = max(event.at, last.get(DONE[event.kind], event.at))
    said = book.listing([counted(n, kind, book) for kind, n in done.most_common()])
    since = day_label(min(event.at for event in known.events), book)
    evidence = (
        book("{events}, the last on {day}", events=counted(n, kind, book), day=day_label(last[kind], book))
        for kind, n in done.most_common()
    )
    yield TasteSentence(
        text=book("I know {events} of yours, since {day}.", events=said, day=since), evidence=tuple(evidence)
    )


def _likes(
    liked: Sequence[TakenTrack], found: Mapping[Facet, Sequence[Share]], acts: Mapping[TrackId, _Acts], book: Phrasebook
) -> Iterator[TasteSentence]:
    for facet in (Facet.GENRE, Facet.MOOD, Facet.ERA):
        yield from _of_facet(_TAKES_TO, liked, facet, found[facet], acts, book)
    for share in found[Facet.ARTIST][: _MAX_SAID[Facet.ARTIST]]:
        if share.n >= _LEAST_N:
            theirs = [track for track in liked if share.value in values_of(track, Facet.ARTIST)]
            name, tracks = plain(theirs[0].artists[0], 60), counted(share.n, "track", book)
            said = book("You come back to {artist}: {tracks} that speak for your taste.", artist=name, tracks=tracks)
            yield TasteSentence(text=said, evidence=_evidence(theirs, acts, book))


def _of_facet(
    template: str,
    tracks: Sequence[TakenTrack],
    facet: Facet,
    found: Sequence[Share],
    acts: Mapping[TrackId, _Acts],
    book: Phrasebook,
) -> Iterator[TasteSentence]:
    """Say which values are commoner among tracks than in the catalogue."""
    telling = [s for s in found if s.n >= _LEAST_N and s.lift > _LEAST_LIFT]
    for share in telling[: _MAX_SAID[facet]]:
        value = share_label(facet, share.value, book)
        text = book(
            template,
            value=book("“{words}”", words=value) if facet is Facet.MOOD else value,
            n=book.number(share.n),
            total=book.number(len(tracks)),
            lift=book.number(share.lift, 1),
        )
        having = (track for track in tracks if share.value in values_of(track, facet))
        yield TasteSentence(text=text, evidence=_evidence(having, acts, book))


def _wishes(
    known: Known, kept_back: Sequence[Exposure], catalogue: Catalogue, book: Phrasebook
) -> Iterator[TasteSentence]:
    """Say what the listener said: which tracks not again, which artists they like, who else they are."""
    if kept_back:
        tracks = counted(len(kept_back), "track", book)
        named = []
        for one in kept_back[:_MAX_EVIDENCE]:
            track = titled(one.title, (one.artist,) if one.artist else (), book)
            until = None if one.until is None else day_label(one.until, book)
            named.append(
                book("{track}: never again", track=track)
                if until is None
                else book("{track}: not again until {day}", track=track, day=until)
            )
        yield TasteSentence(text=book("You want {tracks} kept from you.", tracks=tracks), evidence=tuple(named))
    if known.named:
        names = dict(zip(catalogue.artist_keys, catalogue.artist_names, strict=True))
        artists = book.listing([plain(names.get(key, key), 60) for key in known.named])
        yield TasteSentence(text=book(_NAMED, artists=artists))
    if known.joined:
        names_said = book.listing([plain(name, 60) for name in known.joined])
        yield TasteSentence(text=book("What you do as {names} counts, too.", names=names_said))


def _evidence(tracks: Iterable[TakenTrack], acts: Mapping[TrackId, _Acts], book: Phrasebook) -> tuple[str, ...]:
    """Name the first tracks, with what was done with them."""
    named = (track for track, _ in zip(tracks, range(_MAX_EVIDENCE), strict=False))
    return tuple(
        book("{track}: {how}", track=titled(t.title, t.artists, book), how=_how(acts[t.track_id], book)) for t in named
    )


def _how(acts: _Acts, book: Phrasebook) -> str:
    return book.listing([counted(n, kind, book) for kind, n in acts.done.most_common()])


# --- lists ---


def _strongest(weights: Mapping[TrackId, float], sign: int, tracks: Mapping[TrackId, TakenTrack]) -> list[TakenTrack]:
    """The tracks whose weights have a sign, the weightiest first."""
    ordered = sorted((-sign * weight, track_id) for track_id, weight in weights.items() if sign * weight > 0)
    return [tracks[track_id] for _, track_id in ordered if track_id in tracks]


def _acts(events: Sequence[Event]) -> dict[TrackId, _Acts]:
    """Sum up by track what was done; a rating that was taken back, or turned round, is no longer counted."""
    found: dict[TrackId, _Acts] = defaultdict(_Acts)
    for event in events:
        acts = found[event.track_id]
        acts.at = max(acts.at, event.at)
        if event.kind in _RATINGS:
            acts.rated = _RATINGS[event.kind]
            for other in {EventKind.LIKE, EventKind.DISLIKE} - {event.kind}:
                del acts.done[DONE[other]]
        if event.kind in DONE:
            acts.done[DONE[event.kind]] += event.times
    return found


def _track(
    track: TakenTrack, weights: Mapping[TrackId, float], acts: Mapping[TrackId, _Acts], book: Phrasebook
) -> TasteTrack:
    return TasteTrack(
        track_id=track.track_id,
        title=plain(track.title),
        artist=plain(", ".join(track.artists)),
        weight=weights[track.track_id],
        how=_how(acts[track.track_id], book),
        rated=acts[track.track_id].rated,
        at=acts[track.track_id].at,
    )


def _shares(
    tracks: Sequence[TakenTrack], facet: Facet, found: Mapping[Facet, Sequence[Share]], book: Phrasebook
) -> tuple[TasteShare, ...]:
    names = {artist_key(name): plain(name, 60) for track in tracks for name in track.artists[:1]}
    return tuple(
        TasteShare(
            key=share.value,
            name=names[share.value] if facet is Facet.ARTIST else share_label(facet, share.value, book),
            n=share.n,
            lift=share.lift,
        )
        for share in found[facet][:_MAX_SHARES]
    )


def _timeline(events: Sequence[Event], tracks: Mapping[TrackId, TakenTrack], book: Phrasebook) -> Iterator[TasteMonth]:
    """Sum up month by month; the commonest genre and artist are those of what was liked, kept or played then."""
    months: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.kind in DONE:
            months[datetime.fromtimestamp(event.at, UTC).strftime("%Y-%m")].append(event)
    for month, of_month in sorted(months.items()):
        good = dict.fromkeys(event.track_id for event in of_month if event_worth(event) > 0)
        these = [tracks[track_id] for track_id in good if track_id in tracks]
        genres = Counter(genre for track in these for genre in values_of(track, Facet.GENRE))
        artists = Counter(name for track in these for name in track.artists[:1])
        yield TasteMonth(
            month=month,
            n_events=sum(event.times for event in of_month),
            genre=share_label(Facet.GENRE, _commonest(genres), book) if genres else None,
            artist=plain(_commonest(artists), 60) if artists else None,
        )


def _commonest(counts: Counter[str]) -> str:
    return min(counts, key=lambda value: (-counts[value], value))


def _exposures(known: Known, catalogue: Catalogue, most: int) -> tuple[list[Exposure], int]:
    """Say of tracks how often they were shown and whether they may be: those kept back, and the newest of the others.

    Returns:
        The exposures, at most `most` of tracks that are not kept back, and how many there are in all.
    """
    n_shown, last = Counter[TrackId](), dict[TrackId, float]()
    session, before = None, frozenset[TrackId]()
    for turn in known.shown:
        if (turn.listener_id, turn.session_id) != session:
            session, before = (turn.listener_id, turn.session_id), frozenset()
        now = frozenset(turn.track_ids)
        for track_id in now - before:
            n_shown[track_id] += 1
        for track_id in now:
            last[track_id] = max(turn.at, last.get(track_id, turn.at))
        before = now
    until, said_at = longest(known.suppressed), {wish.track_id: wish.at for wish in known.suppressed}
    kept_back = sorted(until, key=lambda one: (-last.get(one, said_at[one]), one))
    others = sorted((one for one in last if one not in until), key=lambda one: (-last[one], one))
    listed = []
    for track_id in (*kept_back, *others[:most]):
        rows = catalogue.rows((track_id,)).tolist()
        kept, never = track_id in until, track_id in until and until[track_id] is None
        listed.append(
            Exposure(
                track_id=track_id,
                title=plain(catalogue.titles[rows[0]]) if rows else "",
                artist=plain(", ".join(catalogue.artists[rows[0]])) if rows else "",
                n_shown=n_shown[track_id],
                last_shown_at=last.get(track_id),
                state="never" if never else "resting" if kept else "normal",
                until=until.get(track_id),
            )
        )
    return listed, len(kept_back) + len(others)
