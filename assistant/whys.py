"""Why a track is in the playlist, and why another is not: in the numbers that decided it.

What is said of a track is computed for it: its rank among all tracks that may be shown, what lifts it above the average
candidate, what its score is made of. Nothing is inferred beyond them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assistant.evidence import content_named
from assistant.judging import judged_numbers
from assistant.labels import constraint_label, day_label, plain
from assistant.names import near_names
from assistant.phrasebook import Phrasebook
from assistant.reply import SlateTrack
from assistant.request import Question
from assistant.situation import Situation, called, counted, titled, tracks_meant
from recsys.appeal.serving import JUDGED
from recsys.constraints import NO, YES, check
from recsys.recommendation import Pick, Place
from recsys.text import artist_key
from recsys.types import Constraint, Facet, IntArray

#: Tracks that one answer explains.
_MAX_EXPLAINED = 3
#: Tracks among which the one is sought that fewest wishes keep out.
_MAX_COMPARED = 200
#: A part of the score smaller than this is not worth a word, in the units of the ranking.
_WORTH_NAMING = 0.02
#: How many decimals of two scores are said: the fewest that tell them apart.
_DECIMALS = (2, 3, 4)
_BEFORE_OTHERS = "In a group I say what your words make of it, and leave everybody's taste out."
_NOT_SEEN = "I do not see which track “{words}” is; the playlist has numbers 1 to {n}."
_ASK_MORE = "Ask for any of the other {rest}, such as “why number {n}?”."
_LEFT, _HELD = "It has left the catalogue since.", "You keep it in its place."
_WORDS_ALONE = "What lifts it above the average is your words alone."
_TASTE_ALONE = "What lifts it above the average is your taste alone."
_OF_BOTH = "Of what lifts it above the average, {words} % is your words, {taste} % taste."
_NEAREST = "The nearest to it is {track}, {how} (cosine {cosine})."
_PREDICTED = "The listening data lacks it: its place there was predicted from its {parts}."
_FOUND = {
    "translation": "closeness in the joint space",
    "constraint": "a search among what meets your wishes",
    "lexical": "your words in its title, artist, album or tags",
    "company": "the company it keeps with tracks of yours",
    "neighbours": "nearness to your examples",
    "memory": "what was chosen for such words before",
    "title": "its title",
    "kept": "your keeping it",
    "typical": "a search among what sounds most like it",
    "entities": "a name in your words",
    "continuation": "artists and albums that you liked here",
    "words": "the words of this session",
    "dense": "nearness of its name to what you said and liked",
    "together": "the playlists that it shares with what you liked or named",
    "knowledge": "what is known of its artist",
    "popularity": "how well known it is",
}
_PARTS = {
    "words": "your words",
    "taste": "your taste",
    "learnt": "what was chosen before",
    "examples": "nearness to your examples",
    "dislikes": "distance from what you disliked",
    "fame": "how well known it is",
    "chance": "chance",
    "session": "how this session went",
}
_NONE_SUCH = "The catalogue has no track that is known to be {name}."
_NO_PLAYLIST = "There is no playlist yet; the catalogue has {tracks} of {name}."
_NEAREST_OUT = "Of {tracks} the nearest, {track}, is not in the playlist: {reason}"
_OUT = "{track} is not in the playlist: {reason}"
_DISLIKED = "You disliked it, so the next change drops it."
_EXAMPLE = "you gave it as an example, and examples are not repeated."
_NOTHING_LEFT = "nothing of the playlist is left in the catalogue to compare it with."
_GAVE_WAY = "{rank}, behind all that meet {wishes}, which gave way only as far as it had to."
_CAPPED = "{rank}, but {tracks} by its artist are in already, the most for one artist."
_NOT_BY_RANK = "{rank}, before some that are in: a playlist is put together for variety and length, too."
_AGAINST = "{rank}: it is known to go against {wishes}, and tracks that do not are taken first."
_ALL_KEPT = "you keep every place of the playlist."
_ONLY_KNOWN = "your {wishes} lets through only what is known to be so, and of this track the data does not say."
_OTHER_VERSION = "another version of it was disliked, shown before, or given as an example."
_RESTS = "you said not again before {day}."
_VERSION_RESTS = "it is another version of {track}, of which you said not again before {day}."
_TIED = "Its score is that of the weakest that is in, {track}: either could have been taken."
_SCORE = "Its score is {score} beside the {other} of the weakest that is in, {track}."
_SCORE_IN_PARTS = "Its score is {score} beside the {other} of the weakest that is in, {track}: {parts}."


def say_why(question: Question, situation: Situation) -> str:
    """Explain a track of the playlist, or the first few where all are meant."""
    book = situation.book
    if not situation.tracks:
        return book("There is no playlist yet; ask for music and then why a track is in it.")
    meant = tracks_meant(question, situation)
    if not meant and question.mentions:
        return say_why_not(question, situation)
    if not meant:
        words = plain(question.subject, 60)
        return book(_NOT_SEEN, words=words, n=len(situation.tracks))
    catalogue = situation.recommender.catalogue
    rows = catalogue.rows(track.track_id for track in meant[:_MAX_EXPLAINED])
    places = {catalogue.track_ids[p.pick.row]: p for p in situation.recommender.place(situation.query, rows)}
    if len(meant) > 1:
        said = [f"{called(t, book)}: {t.reason}" for t in meant[:_MAX_EXPLAINED]]
        rest = len(meant) - len(said)
        more = [book(_ASK_MORE, rest=rest, n=meant[-1].position)] if rest > 0 else []
        return " ".join([*said, *more])
    track = meant[0]
    if track.track_id not in places:
        return f"{called(track, book)}: {track.reason} {book(_LEFT)}"
    pinned = f"{book(_HELD)} " if track.pinned else ""
    if situation.before_others:
        return f"{called(track, book)}: {track.reason} {pinned}".rstrip()
    return f"{called(track, book)}: {track.reason} {pinned}{_in_numbers(places[track.track_id], situation)}"


def _in_numbers(place: Place, situation: Situation) -> str:
    pick, sentences, book = place.pick, [], situation.book
    if place.rank:
        tracks = counted(place.n_allowed, "track", book)
        sentences.append(
            book("It ranks number {rank} of {tracks} that fit.", rank=book.number(place.rank), tracks=tracks)
        )
    share = round(pick.query_share * 100)
    if not pick.query_share and not pick.user_share:
        sentences.append(book("Nothing lifts it above the average: it is here for variety."))
    elif share in (0, 100):
        sentences.append(book(_WORDS_ALONE if share else _TASTE_ALONE))
    else:
        sentences.append(book(_OF_BOTH, words=share, taste=100 - share))
    known = [one for one in pick.matched if one.facet not in JUDGED]  # what is predicted is told as predicted, below
    if known:
        labels = [constraint_label(c, situation.state.names(), book) for c in known[:4]]
        sentences.append(book("It is known to be {wishes}.", wishes=book.listing(labels)))
    if pick.nearest_liked is not None:
        row, cosine = pick.nearest_liked
        near = situation.recommender.catalogue.track(row)
        relation = situation.relations.get(near.track_id)
        how = book(f"which you {relation}" if relation else "one of your examples")
        named = titled(near.title, near.artists, book)
        sentences.append(book(_NEAREST, track=named, how=how, cosine=book.number(cosine, 2)))
    if told := judged_numbers(pick, book):
        sentences.append(told)
    weights = sorted(pick.modality_weights.items(), key=lambda item: -item[1])
    stated = [f"{book(plain(name))} ({weight * 100:.0f} %)" for name, weight in weights if weight >= 0.005]
    if stated:
        sentences.append(book("It was judged by its {parts}.", parts=book.listing(stated)))
    if pick.predicted_from:
        sentences.append(book(_PREDICTED, parts=content_named(pick, book)))
    found = [book(_FOUND.get(name, name)) for name in pick.retrievers]
    if found:
        sentences.append(book("Found by {ways}.", ways=book.listing(found)))
    return " ".join(sentences)


def say_why_not(question: Question, situation: Situation) -> str:
    """Say why a track, an artist or a kind of music is not in the playlist; or that it is, and where."""
    rows, book = _rows_named(question, situation), situation.book
    name = book("“{words}”", words=plain(question.subject, 60))
    if not len(rows):
        if question.constraints and not question.mentions:
            return book(_NONE_SUCH, name=name)
        near = near_names(question.subject, situation.recommender.catalogue)
        hint = [book("The nearest names here are {names}.", names=book.listing(near))] if near else []
        return " ".join([book("{names} is not in this catalogue.", names=name), *hint])
    if not situation.tracks:
        return book(_NO_PLAYLIST, tracks=counted(len(rows), "track", book), name=name)
    here = _on_screen(rows, situation)
    if here:
        there = "It is there: {track} and {n} more." if len(here) > 1 else "It is there: {track}."
        said = book(there, track=called(here[0], book), n=len(here) - 1)
        return f"{said} {book(_DISLIKED)}" if here[0].liked is False else said
    places = _places(rows, situation)
    asked, shown = places[: -len(situation.tracks)] or places[:1], places[-len(situation.tracks) :]
    best = min(asked, key=lambda p: (p.rank == 0, p.rank, len(p.failed) + len(p.unknown)))
    which = titled(best.pick.track.title, best.pick.track.artists, book)
    of_artist = len(rows) > 1 and any(mention.kind == "artist" for mention in question.mentions)
    reason, tracks = _reason(best, shown, situation), counted(len(rows), "track", book)
    said = book(_NEAREST_OUT if of_artist else _OUT, track=which, tracks=tracks, reason=reason)
    return f"{said} {book(_BEFORE_OTHERS)}" if situation.before_others else said


def _rows_named(question: Question, situation: Situation) -> IntArray:
    """The tracks (n,) that a question names; all versions of a work that is named."""
    catalogue = situation.recommender.catalogue
    rows: list[int] = []
    for mention in question.mentions:
        if mention.kind == "artist":
            rows += catalogue.postings(Facet.ARTIST, mention.key).tolist()
        else:
            works = catalogue.work[catalogue.rows((mention.key,))]
            rows += np.flatnonzero(np.isin(catalogue.work, works)).tolist()
    if not question.mentions and question.constraints:
        wanted = tuple(replace(c, wanted=True) for c in question.constraints)
        met = check(catalogue, situation.recommender.vocabulary, wanted).met
        rows = np.flatnonzero(np.logical_and.reduce([one == YES for one in met])).tolist()
    return np.array(sorted(set(rows)), dtype=np.int64)


def _on_screen(rows: IntArray, situation: Situation) -> list[SlateTrack]:
    catalogue = situation.recommender.catalogue
    works = set(catalogue.work[rows].tolist())
    shown = [(track, catalogue.rows((track.track_id,))) for track in situation.tracks]
    rated = situation.rated
    shown = [(track.model_copy(update={"liked": rated.get(track.track_id)}), row) for track, row in shown]
    return [track for track, row in shown if len(row) and int(catalogue.work[row[0]]) in works]


def _places(rows: IntArray, situation: Situation) -> list[Place]:
    """Where the best of the rows stand, and behind them the tracks of the playlist."""
    query, catalogue = situation.query, situation.recommender.catalogue
    only = Constraint(Facet.TRACK, tuple(catalogue.track_ids[row] for row in rows.tolist()), hard=True)
    best, _ = situation.recommender.rank(replace(query, constraints=(*query.constraints, only)), 1)
    asked = best if len(best) else rows[:_MAX_COMPARED]
    shown = catalogue.rows(track.track_id for track in situation.tracks)
    return list(situation.recommender.place(query, np.concatenate([asked, shown])))


def _reason(place: Place, shown: Sequence[Place], situation: Situation) -> str:
    """The first thing that kept a track out."""
    pick, state, book = place.pick, situation.state, situation.book
    if situation.rated.get(pick.track.track_id) is False:
        return book("you disliked it.")
    if pick.track.track_id in {mention.key for mention in state.likes}:
        return book(_EXAMPLE)
    if kept_back := _kept_back(pick, situation):
        return kept_back
    if pick.track.track_id in set(state.set_aside):
        return book("it was shown before you asked for others.")
    if pick.track.track_id in set(state.removed):
        return book("you took it out.")
    if place.rank == 0:
        return _excluded(place, situation)
    pinned = {track.track_id for track in situation.tracks if track.pinned}
    free = [other for other in shown if other.rank and other.pick.track.track_id not in pinned]
    if not free:
        return book(_ALL_KEPT if shown and len(pinned) == len(shown) else _NOTHING_LEFT)
    last = max(free, key=lambda other: other.rank)
    fit = counted(place.n_allowed, "track", book)
    where = book("it ranks number {rank} of {tracks} that fit", rank=book.number(place.rank), tracks=fit)
    if place.failed or place.unknown:
        return book(_GAVE_WAY, rank=where, wishes=_stated((*place.failed, *place.unknown), situation))
    if place.rank > last.rank:
        against, fewer = _against(place, situation), _against(last, situation)
        if len(against) > len(fewer):
            return book(_AGAINST, rank=where, wishes=_stated(against, situation))
        return f"{where}. {_lacks(place, last, book)}"
    main = artist_key(pick.track.artists[0]) if pick.track.artists else ""
    of_artist = Counter(artist_key(p.pick.track.artists[0]) for p in shown if p.pick.track.artists)
    if main and of_artist[main] >= situation.max_per_artist:
        return book(_CAPPED, rank=where, tracks=counted(of_artist[main], "track", book))
    return book(_NOT_BY_RANK, rank=where)


def _kept_back(pick: Pick, situation: Situation) -> str:
    """Say that the listener does not want a track, or a version of it, again for now; nothing where they do."""
    catalogue, book, kept_back = situation.recommender.catalogue, situation.book, situation.kept_back
    asked_for = {mention.key for mention in situation.state.titles}
    work = catalogue.work[pick.row]
    for track_id in sorted(kept_back, key=lambda one: one != pick.track.track_id):
        rows = catalogue.rows((track_id,)).tolist()
        if not rows or catalogue.work[rows[0]] != work or (track_id in asked_for and kept_back[track_id] is not None):
            continue
        until = kept_back[track_id]
        if track_id == pick.track.track_id:
            return book("you said never again.") if until is None else book(_RESTS, day=day_label(until, book))
        other = titled(catalogue.titles[rows[0]], catalogue.artists[rows[0]], book)
        if until is None:
            return book("it is another version of {track}, of which you said never again.", track=other)
        return book(_VERSION_RESTS, track=other, day=day_label(until, book))
    return ""


def _against(place: Place, situation: Situation) -> list[Constraint]:
    """The preferences that a track is known not to meet."""
    rows = np.array([place.pick.row])
    soft = [c for c in situation.query.constraints if c.wanted and not c.hard]
    return [c for c in soft if situation.recommender.agreement(c, rows)[0] == NO]


def _excluded(place: Place, situation: Situation) -> str:
    book = situation.book
    if place.failed:
        refused_first = sorted(place.failed, key=lambda c: c.wanted)
        excluded = "your {wishes} excludes it." if len(refused_first) == 1 else "your {wishes} exclude it."
        return book(excluded, wishes=_stated(refused_first, situation))
    if place.unknown:
        return book(_ONLY_KNOWN, wishes=_stated(place.unknown, situation))
    return book(_OTHER_VERSION)


def _stated(constraints: Sequence[Constraint], situation: Situation) -> str:
    """Name wishes, each in quotation marks."""
    names, book = situation.state.names(), situation.book
    return book.listing([book("“{words}”", words=constraint_label(c, names, book)) for c in constraints])


def _lacks(place: Place, last: Place, book: Phrasebook) -> str:
    """What a track's score lacks beside the track of the playlist that ranks last, part by part."""
    ahead: Pick = last.pick
    names = dict.fromkeys((*place.parts, *last.parts))
    gaps = {name: place.parts.get(name, 0.0) - last.parts.get(name, 0.0) for name in names}
    parts = [
        f"{book(_PARTS.get(name, name))} {book.number(gap, 2, signed=True)}"
        for name, gap in sorted(gaps.items(), key=lambda item: item[1])
        if abs(gap) >= _WORTH_NAMING
    ]
    track = titled(ahead.track.title, ahead.track.artists, book)
    said = [(book.number(place.pick.score, n), book.number(ahead.score, n)) for n in _DECIMALS]
    score, other = next((pair for pair in said if pair[0] != pair[1]), ("", ""))
    if not score:
        return book(_TIED, track=track)
    return book(
        _SCORE_IN_PARTS if parts else _SCORE,
        score=score,
        other=other,
        track=track,
        parts=book.listing(parts),
    )
