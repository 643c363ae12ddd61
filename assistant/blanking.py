"""The words of somebody who is forgotten, in the sessions of others: taken out, and what they led to goes on.

In a group, members write in the session of whoever opened it. Once they are forgotten, their messages there are empty,
no later turn quotes them, and the text encoder reads them no more. What they led to stays, as the opener's: playlists,
and wishes as the catalogue's words say them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from assistant.labels import constraint_label, plain
from assistant.merging import Standing
from assistant.phrasebook import phrasebook
from assistant.reply import Reply
from assistant.request import Request
from assistant.session import Exchange, SessionState
from recsys.store import Store

#: Stands for an answer that quoted them.
_GONE = "…"
#: Characters by which words are found again: shorter than where answers cut what they quote.
_FOUND_BY = 36
_QUOTES = "“„«‹\"'"


def forget_words(store: Store, listener_id: str) -> bool:
    """Take what a listener wrote out of the sessions of others; tell whether there was anything."""
    sessions = store.sessions.written_in(listener_id)
    for session_id, owner in sessions:
        store.sessions.rewrite(session_id, owner, lambda turns: blanked(turns, listener_id))
    return bool(sessions)


def blanked(turns: Sequence[Mapping[str, Any]], speaker: str) -> list[dict[str, Any]]:
    """Return those turns of a session that change when a speaker's words are taken out of all of them.

    Args:
        turns: as {turn, message, request, state, reply}, in order.
        speaker: whose words.
    """
    read = [one for one in map(_read, turns) if one is not None]
    theirs = {row["turn"] for row, request, _, _ in read if request.speaker == speaker}
    words = {one for found in read for one in _words(found, theirs)}
    done = []
    for row, request, state, reply in read:
        said = row["turn"] in theirs and bool(row["message"].strip())  # a button has no words
        if said:
            request = Request(text="", spoken=request.spoken, intent=request.intent)
        elif request.speaker == speaker:
            request = request.model_copy(update={"speaker": None})
        elif _short(request.search_text) in words:  # one of several readings of their words was chosen
            request = request.model_copy(update={"search_text": ""})
        labels = _labels(state, theirs)
        after = {
            "turn": row["turn"],
            "message": "" if said else row["message"],
            "request": request.model_dump(mode="json"),
            "state": _state(state, speaker, theirs, words).model_dump(mode="json"),
            "reply": _reply(reply, labels, words, said=said).model_dump(mode="json"),
        }
        done += [after] if after != dict(row) else []
    return done


_Read = tuple[Mapping[str, Any], Request, SessionState, Reply]


def _read(row: Mapping[str, Any]) -> _Read | None:
    """None for a turn of another version: it names no speaker, and nothing goes on from it."""
    try:
        return (
            row,
            Request.model_validate(row["request"]),
            SessionState.model_validate(row["state"]),
            Reply.model_validate(row["reply"]),
        )
    except ValidationError:
        return None


def _words(found: _Read, theirs: set[int]) -> set[str]:
    """The words of some turns, by which they are found again where they are quoted."""
    row, request, state, _ = found
    said = [phrase.text for phrase in state.phrases if phrase.turn in theirs]
    if row["turn"] in theirs:
        said += [row["message"], request.text, request.search_text, *request.unlinked]
        said += [constraint.text for constraint in request.constraints]
        said += [mention.text for mention in request.mentions]
        said += [request.question.subject] if request.question else []
    return {short for one in said if len(short := _short(one)) > 2}


def _short(words: str) -> str:
    return plain(words)[:_FOUND_BY].casefold()


def _quotes(text: str, words: set[str]) -> bool:
    """Whether a text has some of the words: several as they are, a single one, which anybody may use, in quotes."""
    line = text.casefold()
    return any(one in line and (" " in one or any(f"{quote}{one}" in line for quote in _QUOTES)) for one in words)


def _state(state: SessionState, speaker: str, theirs: set[int], words: set[str]) -> SessionState:
    asked = state.open_question
    return state.model_copy(
        update={
            "speakers": tuple(one for one in state.speakers if one != speaker),
            "exchanges": tuple(_exchange(one, speaker, words) for one in state.exchanges),
            "phrases": tuple(one for one in state.phrases if one.turn not in theirs and _short(one.text) not in words),
            "constraints": tuple(_wordless(one) if one.turn in theirs else one for one in state.constraints),
            "open_question": None if asked is not None and asked.turn in theirs else asked,
        }
        | {
            name: tuple(
                one.model_copy(update={"text": ""}) if _short(one.text) in words else one
                for one in getattr(state, name)
            )
            for name in ("likes", "titles", "named")
        }
    )


def _exchange(one: Exchange, speaker: str, words: set[str]) -> Exchange:
    if one.speaker == speaker:
        return Exchange(utterance="", at=one.at) if one.utterance else one.model_copy(update={"speaker": None})
    return one.model_copy(update={"response": ""}) if _quotes(one.response, words) else one


def _wordless(standing: Standing) -> Standing:
    return standing.model_copy(update={"constraint": replace(standing.constraint, text="")})


def _labels(state: SessionState, theirs: set[int]) -> dict[str, str]:
    """How receipts call the wishes of some turns, and how they call them without the words they were said in."""
    names, book = state.names(), phrasebook(state.language)
    return {
        constraint_label(one.constraint, names, book): constraint_label(_wordless(one).constraint, names, book)
        for one in state.constraints
        if one.turn in theirs
    }


def _reply(reply: Reply, labels: Mapping[str, str], words: set[str], *, said: bool) -> Reply:
    tracks = tuple(
        track.model_copy(
            update={
                "reason": "" if _quotes(track.reason, words) else track.reason,
                "causes": tuple(cause for cause in track.causes if not _quotes(cause, words)),
            }
        )
        for track in reply.tracks
    )
    receipt = tuple(
        line.model_copy(update={"constraint": labels.get(line.constraint, line.constraint)}) for line in reply.receipt
    )
    gone = said or _quotes(reply.text, words)
    return reply.model_copy(
        update={
            "query": "" if said or _short(reply.query) in words else reply.query,
            "text": _GONE if gone else reply.text,
            "options": () if gone else reply.options,
            "tracks": tracks,
            "receipt": receipt,
        }
    )
