"""What the data says of an artist, of the library, and of a listener's taste: counts, and where the data says no more.

Conventions. A track counts for a wish only where it is known to meet it; those of which nothing is known are counted
beside it. *Lift* is how many times more often something occurs among the tracks that a listener takes to than in the
catalogue. What a listener takes to are tracks whose events sum to more than nothing (`recsys.listeners`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from assistant.labels import constraint_label, day_label, plain, spelled, value_label
from assistant.names import near_names
from assistant.phrasebook import Phrasebook
from assistant.request import Question
from assistant.situation import Situation, called, counted, titled, tracks_meant
from assistant.tasting import TakenTrack, done_in, shares
from assistant.understanding.questions import says_nothing
from recsys.catalogue import Catalogue
from recsys.constraints import NO, UNKNOWN, YES, Agreement, check
from recsys.listeners import track_weights
from recsys.past import Past
from recsys.recommendation import Query
from recsys.recommender import Recommender
from recsys.text import artist_key, fold
from recsys.types import Constraint, Event, Facet, IntArray

#: Genres and the like that one answer names.
_MAX_NAMED = 3
#: A track's history counts as half after so many days when it is told which tracks a listener takes to.
_HALF_LIFE_DAYS = 180.0
_MAX_WEIGHED = 200
_NOTHING_OF = "“{name}” is not in this catalogue, so my data says nothing of it."
#: What may be listed of the library: the word asked with, the facet, how a value is written.
_LISTED = {
    "genre": Facet.GENRE,
    "mood": Facet.MOOD,
    "artist": Facet.ARTIST,
    "band": Facet.ARTIST,
    "countr": Facet.COUNTRY,
    "language": Facet.LANGUAGE,
}
#: What the catalogue states, as it is listed.
_KINDS = {
    Facet.GENRE: "genres",
    Facet.MOOD: "moods",
    Facet.ARTIST: "artists",
    Facet.COUNTRY: "countries",
    Facet.LANGUAGE: "languages",
}
_THERE_ARE = ("There are {things} in the catalogue.", "There are {things} in this playlist.")
_KNOWN = (
    "Known to be {wishes}: {things} in the catalogue.",
    "Known to be {wishes}: {things} in this playlist.",
)
_NONE_KNOWN = (
    "Nothing in the catalogue is known to be {wishes}.",
    "Nothing in this playlist is known to be {wishes}.",
)
_UNCOUNTED = "I know no genre, mood, era or name in “{words}”, so it is not counted."
NOTHING_YET = (
    "I know nothing of your taste yet: like, keep, play or dislike tracks, and it counts from the next turn on."
)
_PRIVATE = "I keep everybody's taste to myself in a group; ask me when we are alone."
_PUBLIC = "Others read along here, so I keep your taste to myself: /taste tells it to you alone."
SPEAKS_AGAINST = "No track of the catalogue speaks for your taste yet, only against it."
_LIFTED = ("{value} {n} ({lift} times its share of the catalogue)", "{value} {n} ({lift} times)")
#: What is said of modalities that catalogues state; those that were brought in keep their names.
_PARTS = {"text": "text", "tags": "tags"}


def say_who(question: Question, situation: Situation) -> str:
    """Say what the catalogue and the listener's history know of an artist, of one or of a track's."""
    catalogue, book = situation.recommender.catalogue, situation.book
    artists = [mention.key for mention in question.mentions if mention.kind == "artist"]
    opening = ""
    if not artists:
        named = [m.key for m in question.mentions if m.kind == "track"]
        meant = () if named else tracks_meant(question, situation)[:1]
        ids = [*(track.track_id for track in meant), *named][:1]
        rows = catalogue.rows(ids)
        if not len(rows):
            return _unknown(question, situation)
        track = catalogue.track(int(rows[0]))
        facts = [book("from {low}", low=track.year) if track.year else ""]
        facts += [book("on {album}", album=book("“{words}”", words=plain(track.album, 40))) if track.album else ""]
        facts += [book.listing([spelled(plain(genre, 30)) for genre in track.genres[:3]])]
        stated = ", ".join(fact for fact in facts if fact)
        subject = called(meant[0], book) if meant else titled(track.title, track.artists, book)
        opening = f"{subject}{f': {stated}' if stated else ''}. "
        artists = [artist_key(name) for name in track.artists][:2]
        if not artists:
            return opening + book("The data names no artist of it.")
    return opening + " ".join(_artist(key, situation) for key in artists[:2]) + " " + book("My data says no more.")


def _unknown(question: Question, situation: Situation) -> str:
    if not question.subject or tracks_meant(question, situation):
        return situation.book("There is no playlist yet; ask for music and then who made it.")
    book, near = situation.book, near_names(question.subject, situation.recommender.catalogue)
    said = [book(_NOTHING_OF, name=plain(question.subject, 60))]
    said += [book("The nearest names here are {names}.", names=book.listing(near))] if near else []
    return " ".join(said)


def _artist(key: str, situation: Situation) -> str:
    """One artist: tracks, albums, years, genres, country, and what the listener did with them."""
    catalogue, book = situation.recommender.catalogue, situation.book
    rows = catalogue.postings(Facet.ARTIST, key)
    tracks = [catalogue.track(row) for row in rows.tolist()]
    name = next((n for track in tracks for n in track.artists if artist_key(n) == key), key)
    albums = {track.album for track in tracks if track.album}
    said = [book("{tracks} here", tracks=counted(len(tracks), "track", book))]
    if albums:
        said.append(book("on {album}", album=counted(len(albums), "album", book)))
    years = [track.year for track in tracks if track.year]
    if years:
        span = "from {low} to {high}" if max(years) > min(years) else "from {low}"
        said.append(book(span, low=min(years), high=max(years)))
    genres = [spelled(plain(genre, 30)) for genre, _ in _commonest(genre for track in tracks for genre in track.genres)]
    if genres:
        said.append(book.listing(genres))
    countries = _commonest(track.country for track in tracks if track.country)
    if countries:
        said.append(book("from {place}", place=value_label(Facet.COUNTRY, plain(countries[0][0]), book)))
    sentences = [f"{plain(name, 60)}: {', '.join(said)}."]
    did = Counter(situation.relations[t.track_id] for t in tracks if t.track_id in situation.relations)
    did["disliked"] = sum(situation.rated.get(t.track_id) is False for t in tracks)
    done = [f"{book(word)} {book.number(n)}" for word, n in did.most_common() if n]
    none = book("You have not rated or played any of them yet.")
    sentences.append(book("Of them you {did}.", did=book.listing(done)) if done else none)
    here = [str(t.position) for t in situation.tracks if key in {artist_key(n) for n in t.artists}]
    if here:
        numbers = "In this playlist: number {n}." if len(here) == 1 else "In this playlist: numbers {n}."
        sentences.append(book(numbers, n=book.listing(here[:6])))
    return " ".join(sentences)


def say_count(question: Question, situation: Situation) -> str:
    """Count tracks, albums and artists that meet what was asked, unknown ones apart."""
    catalogue, book = situation.recommender.catalogue, situation.book
    subject = fold(question.subject)
    here = subject.endswith("in this playlist")
    rows = np.arange(len(catalogue))
    if here:
        rows = catalogue.rows(track.track_id for track in situation.tracks)
        subject = subject.removesuffix("in this playlist").strip()
    wishes = _wishes(question, book)
    if not wishes:
        listed = next((facet for word, facet in _LISTED.items() if subject.startswith(word)), None)
        if listed is not None and not here and "many" not in subject:
            return _listing(listed, catalogue, book)
        there_are = book(_THERE_ARE[here], things=_things(rows, catalogue, book))
        if says_nothing(subject):
            return there_are
        core = _core(question.subject)
        near = near_names(core, catalogue)
        hint = [book("The nearest names here are {names}.", names=book.listing(near))] if near else []
        return " ".join([book(_UNCOUNTED, words=plain(core, 60)), there_are, *hint])
    met = _all_of(check(catalogue, situation.recommender.vocabulary, wishes).met)[rows]
    names = {mention.key: mention.name for mention in question.mentions}
    label = book.listing([constraint_label(c, names, book) for c in wishes])
    yes, unknown = rows[met == YES], int((met == UNKNOWN).sum())
    if len(yes):
        said = [book(_KNOWN[here], wishes=label, things=_things(yes, catalogue, book))]
    else:
        said = [book(_NONE_KNOWN[here], wishes=label)]
    if unknown:
        said.append(book("Of {tracks} the data does not say.", tracks=counted(unknown, "more track", book)))
    return " ".join(said)


def _wishes(question: Question, book: Phrasebook) -> tuple[Constraint, ...]:
    """The constraints of a question, and those of its names; other languages name them by what they mean."""
    facets = {"artist": Facet.ARTIST, "track": Facet.TRACK}
    covered = {value for c in question.constraints for value in c.values}
    named = (Constraint(facets[m.kind], (m.key,), text=m.name) for m in question.mentions if m.key not in covered)
    return (*(c if book.is_english else replace(c, text="") for c in question.constraints), *named)


def _all_of(met: Sequence[Agreement]) -> Agreement:
    """Whether every track (N,) meets all: no where it fails one, unknown where one is unknown."""
    failed = np.logical_or.reduce([one == NO for one in met])
    known = np.logical_and.reduce([one == YES for one in met])
    return np.where(failed, NO, np.where(known, YES, UNKNOWN)).astype(np.int8)


def _core(subject: str) -> str:
    """What is left of a subject without the words that count anything: "anything by Prince" is about "Prince"."""
    kept = [word for word in subject.split() if not says_nothing(word)]
    return " ".join(kept) or subject


def _things(rows: IntArray, catalogue: Catalogue, book: Phrasebook) -> str:
    """Count tracks (n,), their artists and albums: "12 tracks by 4 artists on 5 albums"."""
    artists = {key for row in rows.tolist() for key in map(artist_key, catalogue.artists[row])}
    albums = {
        (int(catalogue.artist_rows[row]), catalogue.albums[row]) for row in rows.tolist() if catalogue.albums[row]
    }
    without = sum(not catalogue.albums[row] for row in rows.tolist())
    counts = {"tracks": counted(len(rows), "track", book), "artists": counted(len(artists), "artist", book)}
    if not albums:
        return book("{tracks} by {artists}", **counts)
    said = book("{tracks} by {artists} on {albums}", **counts, albums=counted(len(albums), "album", book))
    alone = counted(without, "track", book)
    return book("{things} ({tracks} without a known album)", things=said, tracks=alone) if without else said


def _listing(facet: Facet, catalogue: Catalogue, book: Phrasebook) -> str:
    sizes = [(len(catalogue.postings(facet, value)), value) for value in catalogue.values(facet)]
    sizes.sort(key=lambda pair: (-pair[0], pair[1]))
    names = dict(zip(catalogue.artist_keys, catalogue.artist_names, strict=True)) if facet is Facet.ARTIST else {}
    top = [
        f"{plain(names.get(value) or value_label(facet, value, book), 40)} ({book.number(n)})" for n, value in sizes[:8]
    ]
    silent = len(catalogue) - int(catalogue.stated(facet).sum())
    kinds = book(_KINDS[facet])
    if not top:
        return book("The data states no {kinds}.", kinds=kinds)
    values = book.listing(top)
    said = [book("{n} {kinds} are stated; most often {values}.", n=book.number(len(sizes)), kinds=kinds, values=values)]
    none = "{tracks} states none." if silent == 1 else "{tracks} state none."
    said += [book(none, tracks=counted(silent, "track", book))] if silent else []
    return " ".join(said)


def say_taste(situation: Situation) -> str:
    """Say what a listener's events add up to, beside what the catalogue would give by chance."""
    catalogue, book = situation.recommender.catalogue, situation.book
    if situation.public:
        return book(_PUBLIC)
    if situation.before_others:
        return book(_PRIVATE)
    events = Past.of(situation.events)
    done = done_in(events)
    if not done or events.since is None:
        return book(NOTHING_YET)
    known = book.listing([counted(n, kind, book) for kind, n in done.most_common()])
    day = day_label(events.since, book)
    sentences = [book("I know {events} of yours, since {day}.", events=known, day=day)]
    weights = track_weights(events, now=time.time(), half_life_days=_HALF_LIFE_DAYS)
    rows = catalogue.rows(track_id for track_id, weight in weights.items() if weight > 0)
    if not len(rows):
        return f"{sentences[0]} {book(SPEAKS_AGAINST)}"
    tracks = [TakenTrack.of(catalogue, row) for row in rows.tolist()]
    said = {
        "genres": _share(tracks, Facet.GENRE, catalogue, book),
        "moods": _share(tracks, Facet.MOOD, catalogue, book),
        "years": _share(tracks, Facet.ERA, catalogue, book),
    }
    artists = _commonest(name for track in tracks for name in track.artists[:1])
    said["artists"] = [f"{plain(name, 40)} {book.number(n)}" for name, n in artists]
    lists = [(book(name), book.listing(values)) for name, values in said.items() if values]
    stated = "; ".join(book("{kind} {values}", kind=kind, values=values) for kind, values in lists)
    if stated:
        taken_to = counted(len(rows), "track", book)
        sentences.append(book("Of the {tracks} that you take to: {shares}.", tracks=taken_to, shares=stated))
    if judged := judged_by(situation.recommender, events, rows, book):
        sentences.append(judged)
    return " ".join(sentences)


def judged_by(recommender: Recommender, events: Sequence[Event], rows: IntArray, book: Phrasebook) -> str:
    """Say by which part of them a listener's tracks (n,) are judged most; nothing where none says."""
    past = Past.of(events)
    query = Query(text="", listener_events=past, listener_id=past.listener_id)
    picks = [found.pick for found in recommender.place(query, rows[:_MAX_WEIGHED])]
    by_modality = Counter[str]()
    for pick in picks:
        by_modality.update(dict(pick.modality_weights))
    if not by_modality:
        return ""
    name, total = by_modality.most_common(1)[0]
    share = f"{total / len(picks) * 100:.0f}"
    part = book(_PARTS.get(name, plain(name)))
    return book("I judge them most by their {part} ({share} %).", part=part, share=share)


def _share(tracks: Sequence[TakenTrack], facet: Facet, catalogue: Catalogue, book: Phrasebook) -> list[str]:
    """Name the commonest values with counts and lift: "jazz 12 (3.1 times its share of the catalogue)"."""
    return [
        book(
            _LIFTED[number > 0],
            value=share_label(facet, one.value, book),
            n=book.number(one.n),
            lift=book.number(one.lift, 1),
        )
        for number, one in enumerate(shares(tracks, facet, catalogue)[:_MAX_NAMED])
    ]


def share_label(facet: Facet, value: str, book: Phrasebook) -> str:
    """Name a genre, a mood or a decade."""
    return book("the {decade}s", decade=value) if facet is Facet.ERA else value_label(facet, plain(value, 30), book)


def _commonest(values: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))[:_MAX_NAMED]
