"""Turns that answer and leave the playlist as it is: questions, saving, small talk, help, and what Segue does not do.

Such a turn is stored like every other, with the playlist, the receipt and the wishes of the turn before; only its
number and its words are its own. A track that was asked about is the one that "it" means in the next message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assistant.knowing import say_count, say_taste, say_who
from assistant.labels import arc_label, constraint_label, me_label, minutes_label, plain
from assistant.phrasebook import Phrasebook, phrasebook
from assistant.reply import Diff, Reply
from assistant.request import QUIET, Intent, Question, Request
from assistant.session import SessionState
from assistant.situation import Situation, called, counted, tracks_meant
from assistant.whys import say_why, say_why_not
from assistant.wording import is_greeting, is_thanks

#: Formats that a playlist can be saved in, as they are asked for, and what is written.
EXPORT_FORMATS = {name: name for name in ("m3u8", "m3u", "xspf", "jspf", "csv", "json", "txt")}
EXPORT_FORMATS |= {"file": "m3u8", "text": "txt"}
#: Longest answer, in characters.
_MAX_ANSWER = 1_000
#: Turns that are looked through for when something was said.
_MAX_TURNS = 200
_HELP = (
    "Ask for music in your own words: a mood, a genre, an era, an artist, a moment, a length",
    "(“mellow jazz for dinner, 45 minutes”).",
    "Then change it: “more upbeat”, “no vocals”, “undo”.",
    "“Keep going”, “more like the last three” and “radio from Miles Davis” play on.",
    "Ask about it: “why number 3?”, “why not Nina Simone?”, “who is this?”, “how much jazz do I have?”,",
    "“what do you know about my taste?”, “what did I ask for?”.",
    "“Save it as m3u8” takes it away.",
)


def answers(request: Request, situation: Situation) -> bool:
    """Tell whether a request is answered without making a playlist; small talk is not where there is none to keep."""
    if request.intent not in QUIET or request.chips:
        return False
    return bool(situation.tracks) or request.question is not None or request.intent is Intent.SAVE


def answer(request: Request, situation: Situation, *, session_id: str) -> tuple[SessionState, Reply]:
    """Answer a request, and return the state and the reply of a new turn that changes nothing else."""
    state = situation.state
    turn = state.turn + 1
    said = plain(_said(request, situation), _MAX_ANSWER)
    told: dict[str, Any] = {"turn": turn, "text": said, "export": None}
    if situation.last is None:
        reply = Reply(session_id=session_id, query=plain(request.text), **told)
        return state.model_copy(update={"turn": turn, "language": request.spoken}), reply
    if request.intent is Intent.SAVE and situation.tracks:
        told["export"] = EXPORT_FORMATS.get(request.export_format or "file")
    now = ({"liked": situation.rated.get(track.track_id), "new": False} for track in situation.tracks)
    tracks = tuple(track.model_copy(update=update) for track, update in zip(situation.tracks, now, strict=True))
    told |= {"tracks": tracks, "diff": Diff(n_kept=len(tracks)), "query": plain(request.text)}
    meant = tracks_meant(request.question, situation) if request.question and request.question.subject else ()
    focus = meant[0].track_id if len(meant) == 1 else state.focus
    return state.model_copy(
        update={"turn": turn, "focus": focus, "language": request.spoken}
    ), situation.last.reply.model_copy(update=told)


def without_wishes(request: Request) -> Request:
    """What is left of small talk and the like where a playlist is made all the same: nothing to go by."""
    if request.intent not in QUIET:
        return request
    return Request(text=request.text, intent=request.intent, chips=request.chips)


def remark(request: Request) -> str:
    """What is said to small talk and the like before a playlist that nobody asked for; "" to everything else."""
    greeted = is_greeting(request.text) or is_thanks(request.text)
    if request.intent not in QUIET or greeted:
        return ""
    book = phrasebook(request.spoken)
    if request.intent is Intent.HELP:
        return f"{_help(book)} "
    return f"{book(_OUT_OF_SCOPE if request.intent is Intent.OUT_OF_SCOPE else _SMALL_TALK)} "


def _help(book: Phrasebook) -> str:
    return " ".join(map(book, _HELP))


_OUT_OF_SCOPE = "That is nothing I can do: I make playlists from this catalogue, and know nothing else."
_CANNOT_WRITE = "I cannot write {format};"
_CAN_WRITE = "I can write m3u8, xspf, jspf, csv, json and txt. Say “save it as m3u8”."
_SMALL_TALK = "I am a program that makes playlists, and glad to."


def _said(request: Request, situation: Situation) -> str:
    if request.question is not None:
        return _ANSWERS[request.question.kind](request.question, situation)
    if request.intent is Intent.SAVE:
        return _save(request, situation)
    book, playlist = situation.book, _playlist(situation)
    if is_thanks(request.text):
        return book("You are welcome! Your playlist: {slate}.", slate=playlist)
    if is_greeting(request.text):
        return book("Hello again! Your playlist: {slate}.", slate=playlist)
    if request.intent is Intent.HELP:
        return _help(book)
    return remark(request) + book("Your playlist stays as it is: {slate}.", slate=playlist)


def _playlist(situation: Situation) -> str:
    """Say how many tracks are on screen, and how long they play."""
    n, total = len(situation.tracks), situation.last.reply.total if situation.last else ""
    return situation.book(
        "{n} tracks, {length}" if n != 1 else "{n} track, {length}", n=situation.book.number(n), length=total
    )


def _save(request: Request, situation: Situation) -> str:
    if not situation.tracks or situation.last is None:
        return situation.book("There is no playlist to save yet; ask for music first.")
    known = EXPORT_FORMATS.get(request.export_format or "file")
    if known is None:
        refused = situation.book(_CANNOT_WRITE, format=plain(request.export_format or "", 20))
        return f"{refused} {situation.book(_CAN_WRITE)}"
    slate = _playlist(situation)
    return situation.book("Here is your playlist as a file in the {format} format: {slate}.", format=known, slate=slate)


def _asked(_: Question, situation: Situation) -> str:
    """Name what holds, in the order in which it was said, each with the turn that said it."""
    state = situation.state
    names, book = state.names(), situation.book
    labels = [(s, constraint_label(s.constraint, names, book)) for s in state.constraints]
    wishes = [(s.turn, book("{wish}, a must", wish=label) if s.constraint.hard else label) for s, label in labels]
    undated = (state.fame, state.discovery, state.n_tracks, state.minutes, state.arc, state.pins)
    earlier = _states(situation) if state.likes or state.titles or state.how_much_me is not None or any(undated) else []
    wishes += [(_since(earlier, "likes", m), book("like {name}", name=plain(m.name, 40))) for m in state.likes]
    wishes += [(_since(earlier, "titles", m), book("with “{name}”", name=plain(m.name, 40))) for m in state.titles]
    for dial, up, down in (("fame", "well known", "not too famous"), ("discovery", "new to you", "familiar")):
        level = getattr(state, dial)
        wishes += [(_since(earlier, dial, level), book(up if level > 0 else down))] if level else []
    if state.how_much_me is not None and state.how_much_me != 1:
        whose = me_label(state.how_much_me, book)
        wishes.append((_since(earlier, "how_much_me", state.how_much_me), whose))
    if state.arc is not None:
        wishes.append((_since(earlier, "arc", state.arc), arc_label(state.arc, book)))
    wishes += _pinned(situation, earlier)
    if state.n_tracks is not None:
        wishes.append((_since(earlier, "n_tracks", state.n_tracks), counted(state.n_tracks, "track", book)))
    if state.minutes is not None:
        wishes.append((_since(earlier, "minutes", state.minutes), minutes_label(state.minutes * 60)))
    covered = {turn for turn, _ in wishes}
    wishes += [
        (p.turn, book("in your words “{words}”", words=plain(p.text, 60)))
        for p in state.phrases
        if p.turn not in covered
    ]
    if not wishes:
        return book("You have asked for nothing in particular: no wish holds.")
    ordered = sorted(wishes, key=lambda wish: wish[0])
    said = "; ".join(book("{wish} (message {turn})", wish=label, turn=turn) for turn, label in ordered)
    return book("You asked for: {wishes}.", wishes=said)


def _pinned(situation: Situation, earlier: Sequence[SessionState]) -> list[tuple[int, str]]:
    """Name the places of what was kept, with the turns since when."""
    book, since = situation.book, dict[int, list[str]]()
    for track in situation.tracks:
        if track.track_id in situation.state.pins:
            since.setdefault(_since(earlier, "pins", track.track_id), []).append(str(track.position))
    one, many = "number {n} kept in its place", "numbers {n} kept in their places"
    return [(turn, book(one if len(n) == 1 else many, n=book.listing(n))) for turn, n in since.items()]


def _states(situation: Situation) -> list[SessionState]:
    """The states after each earlier turn, oldest first."""
    newest = situation.state.turn
    found = (situation.find(turn) for turn in range(max(1, newest - _MAX_TURNS), newest + 1))
    return [stored.state for stored in found if stored is not None]


def _since(earlier: Sequence[SessionState], name: str, value: object) -> int:
    """The turn from which on a part of the state has been or held a value without a break."""
    held = ((one.turn, getattr(one, name)) for one in earlier)
    broken = [turn for turn, known in held if not (value in known if isinstance(known, tuple) else known == value)]
    return max(broken, default=0) + 1


def _length(question: Question, situation: Situation) -> str:
    book = situation.book
    if situation.last is None or not situation.tracks:
        return book("There is no playlist yet, so it has no length; ask for music first.")
    meant = tracks_meant(question, situation) if question.subject else ()
    if len(meant) == 1:
        track = meant[0]
        if track.duration_s is None:
            return book("{track}: the data does not say how long it is.", track=called(track, book))
        minutes, seconds = divmod(round(track.duration_s), 60)
        lasts = "{track}: {length}, estimated." if track.duration_estimated else "{track}: {length}."
        return book(lasts, track=called(track, book), length=f"{minutes}:{seconds:02}")
    artists = len({track.artists[:1] for track in situation.tracks})
    tracks, by = counted(len(situation.tracks), "track", book), counted(artists, "artist", book)
    said = book("{tracks} by {artists}, {length}.", tracks=tracks, artists=by, length=situation.last.reply.total)
    if situation.state.minutes is not None:
        said += " " + book("You asked for {length}.", length=minutes_label(situation.state.minutes * 60))
    return said


_ANSWERS: dict[str, Callable[[Question, Situation], str]] = {
    "why": say_why,
    "why_not": say_why_not,
    "who": say_who,
    "taste": lambda _, situation: say_taste(situation),
    "count": say_count,
    "asked": _asked,
    "length": _length,
}
