"""What the data says of an artist, of the library, and of a listener's taste: counts, and where the data says no more.

Conventions. A track counts for a wish only where it is known to meet it; those of which nothing is known are counted
beside it. *Lift* is how many times more often something occurs among the tracks that a listener takes to than in the
catalogue. What a listener takes to are tracks whose events sum to more than nothing (`recsys.listeners`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np

from assistant.labels import constraint_label, listing, place, plain, spelled
from assistant.names import near_names
from assistant.request import Question
from assistant.situation import Situation, called, counted, titled, tracks_meant
from assistant.understanding.questions import says_nothing
from assistant.words import word_in
from recsys.catalogue import Catalogue
from recsys.constraints import NO, UNKNOWN, YES, Agreement, check
from recsys.listeners import track_weights
from recsys.recommendation import Query
from recsys.text import artist_key, fold
from recsys.types import Constraint, EventKind, Facet, IntArray

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
_DONE = {
    EventKind.LIKE: "like",
    EventKind.KEEP: "keep",
    EventKind.PLAY: "play",
    EventKind.SKIP: "skip",
    EventKind.DISLIKE: "dislike",
}


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
        facts += [book("on {album}", album=f"“{plain(track.album, 40)}”") if track.album else ""]
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
        stated = plain(countries[0][0])
        country = word_in(book, Facet.COUNTRY, stated)
        said.append(book("from {low}", low=country if country != stated else place(stated)))
    sentences = [f"{plain(name, 60)}: {', '.join(said)}."]
    did = Counter(situation.relations[t.track_id] for t in tracks if t.track_id in situation.relations)
    did["disliked"] = sum(situation.rated.get(t.track_id) is False for t in tracks)
    done = [f"{book(word)} {n:,}" for word, n in did.most_common() if n]
    none = book("You have not rated or played any of them yet.")
    sentences.append(book("Of them you {did}.", did=book.listing(done)) if done else none)
    here = [str(t.position) for t in situation.tracks if key in {artist_key(n) for n in t.artists}]
    if here:
        numbers = "In this playlist: number {n}." if len(here) == 1 else "In this playlist: numbers {n}."
        sentences.append(book(numbers, n=book.listing(here[:6])))
    return " ".join(sentences)


def say_count(question: Question, situation: Situation) -> str:
    """Count tracks, albums and artists that meet what was asked, unknown ones apart."""
    catalogue = situation.recommender.catalogue
    subject = fold(question.subject)
    here = subject.endswith("in this playlist")
    rows = np.arange(len(catalogue))
    if here:
        rows = catalogue.rows(track.track_id for track in situation.tracks)
        subject = subject.removesuffix("in this playlist").strip()
    where = "in this playlist" if here else "in the catalogue"
    wishes = _wishes(question)
    if not wishes:
        listed = next((facet for word, facet in _LISTED.items() if subject.startswith(word)), None)
        if listed is not None and not here and "many" not in subject:
            return _listing(listed, catalogue)
        if says_nothing(subject):
            return f"There are {_things(rows, catalogue)} {where}."
        near = near_names(_core(question.subject), catalogue)
        hint = f" The nearest names are {listing(near)}." if near else ""
        return (
            f"I know no genre, mood, era or name in “{plain(_core(question.subject), 60)}”, so it is not counted; "
            f"there are {_things(rows, catalogue)} {where}.{hint}"
        )
    met = _all_of(check(catalogue, situation.recommender.vocabulary, wishes).met)[rows]
    names = {mention.key: mention.name for mention in question.mentions}
    label = listing([constraint_label(c, names) for c in wishes])
    yes, unknown = rows[met == YES], int((met == UNKNOWN).sum())
    said = (
        f"Known to be {label}: {_things(yes, catalogue)} {where}."
        if len(yes)
        else f"Nothing {where} is known to be {label}."
    )
    if unknown:
        said += f" Of {counted(unknown, 'more track')} the data does not say."
    return said


def _wishes(question: Question) -> tuple[Constraint, ...]:
    """The constraints of a question, and those of its names."""
    facets = {"artist": Facet.ARTIST, "track": Facet.TRACK}
    covered = {value for c in question.constraints for value in c.values}
    named = (Constraint(facets[m.kind], (m.key,), text=m.name) for m in question.mentions if m.key not in covered)
    return (*question.constraints, *named)


def _all_of(met: Sequence[Agreement]) -> Agreement:
    """Whether every track (N,) meets all: no where it fails one, unknown where one is unknown."""
    failed = np.logical_or.reduce([one == NO for one in met])
    known = np.logical_and.reduce([one == YES for one in met])
    return np.where(failed, NO, np.where(known, YES, UNKNOWN)).astype(np.int8)


def _core(subject: str) -> str:
    """What is left of a subject without the words that count anything: "anything by Prince" is about "Prince"."""
    kept = [word for word in subject.split() if not says_nothing(word)]
    return " ".join(kept) or subject


def _things(rows: IntArray, catalogue: Catalogue) -> str:
    """Count tracks (n,), their artists and albums: "12 tracks by 4 artists on 5 albums"."""
    artists = {key for row in rows.tolist() for key in map(artist_key, catalogue.artists[row])}
    albums = {
        (int(catalogue.artist_rows[row]), catalogue.albums[row]) for row in rows.tolist() if catalogue.albums[row]
    }
    without = sum(not catalogue.albums[row] for row in rows.tolist())
    said = f"{counted(len(rows), 'track')} by {counted(len(artists), 'artist')}"
    if albums:
        said += f" on {counted(len(albums), 'album')}"
        said += f" ({counted(without, 'track')} without a known album)" if without else ""
    return said


def _listing(facet: Facet, catalogue: Catalogue) -> str:
    sizes = [(len(catalogue.postings(facet, value)), value) for value in catalogue.values(facet)]
    sizes.sort(key=lambda pair: (-pair[0], pair[1]))
    names = dict(zip(catalogue.artist_keys, catalogue.artist_names, strict=True)) if facet is Facet.ARTIST else {}
    top = [f"{plain(names.get(value, spelled(value)), 40)} ({n:,})" for n, value in sizes[:8]]
    stated = int(catalogue.stated(facet).sum())
    silent = len(catalogue) - stated
    plural = {"country": "countries"}.get(facet.value, f"{facet.value}s")
    rest = f" {counted(silent, 'track')} state{'s' if silent == 1 else ''} none." if silent else ""
    if not top:
        return f"The data states no {plural}."
    return f"{len(sizes):,} {plural} are stated; most often {listing(top)}.{rest}"


def say_taste(situation: Situation) -> str:
    """Say what a listener's events add up to, beside what the catalogue would give by chance."""
    events, catalogue = situation.events, situation.recommender.catalogue
    done = Counter({_DONE[e.kind]: 0 for e in events if e.kind in _DONE})
    for event in events:
        if event.kind in _DONE:
            done[_DONE[event.kind]] += event.times
    if not done:
        return (
            "I know nothing of your taste yet: like, keep, play or dislike tracks, and it counts from the next turn on."
        )
    since = datetime.fromtimestamp(min(event.at for event in events), UTC)
    known = listing([counted(n, kind) for kind, n in done.most_common()])
    sentences = [f"I know {known} of yours, since {since.day} {since:%B %Y}."]
    weights = track_weights(events, now=time.time(), half_life_days=_HALF_LIFE_DAYS)
    rows = catalogue.rows(track_id for track_id, weight in weights.items() if weight > 0)
    if not len(rows):
        return f"{sentences[0]} No track of the catalogue speaks for your taste yet, only against it."
    tracks = [catalogue.track(row) for row in rows.tolist()]
    sentences[0] = f"{sentences[0]} Of the {counted(len(rows), 'track')} that you take to:"
    sentences += [
        _share("genres", (t.genres for t in tracks), _sizes(Facet.GENRE, catalogue), len(rows), len(catalogue)),
        _share("moods", (t.moods for t in tracks), _sizes(Facet.MOOD, catalogue), len(rows), len(catalogue)),
        _share("years", ((_decade(t.year),) for t in tracks if t.year), _decades(catalogue), len(rows), len(catalogue)),
    ]
    artists = _commonest(name for track in tracks for name in track.artists[:1])
    sentences.append(f"artists {listing([f'{plain(name, 40)} {n:,}' for name, n in artists])}." if artists else "")
    query = Query(text="", listener_events=tuple(events), listener_id=events[0].listener_id)
    picks = [found.pick for found in situation.recommender.place(query, rows[:_MAX_WEIGHED])]
    by_modality = Counter[str]()
    for pick in picks:
        by_modality.update(dict(pick.modality_weights))
    if by_modality:
        name, total = by_modality.most_common(1)[0]
        sentences.append(f"I judge them most by their {plain(name)} ({total / len(picks) * 100:.0f} %).")
    return " ".join(sentence for sentence in sentences if sentence)


def _share(name: str, values: Iterable[Iterable[str]], sizes: Counter[str], n_liked: int, n_tracks: int) -> str:
    """Name the commonest values with counts and lift: "jazz 12 (3.1 times its share of the catalogue)"."""
    counts = Counter(value for one in values for value in dict.fromkeys(one))
    said: list[str] = []
    for value, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_MAX_NAMED]:
        lift = (n / n_liked) / (sizes[value] / n_tracks)
        share = "" if said else " its share of the catalogue"
        said.append(f"{spelled(plain(value, 30))} {n:,} ({lift:.1f} times{share})")
    return f"{name} {listing(said)};" if said else ""


def _sizes(facet: Facet, catalogue: Catalogue) -> Counter[str]:
    return Counter({value: len(catalogue.postings(facet, value)) for value in catalogue.values(facet)})


def _decades(catalogue: Catalogue) -> Counter[str]:
    years = catalogue.numeric["year"]
    return Counter(_decade(int(year)) for year in years[~np.isnan(years)].tolist())


def _decade(year: int) -> str:
    return f"the {year // 10 * 10}s"


def _commonest(values: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))[:_MAX_NAMED]
