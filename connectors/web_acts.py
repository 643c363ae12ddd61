"""What the buttons of the page do: each press is one act, with the values that its button carries.

A browser may send anything: an act that is none, or about a track or a wish that is not on screen, does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from assistant.radio_start import RadioStart
from assistant.reply import SlateTrack
from assistant.request import Chip, Edit, Reference
from connectors.web_chat import Conversation

if TYPE_CHECKING:
    from assistant.app import Assistant

_EDITS: dict[str, Literal["keep", "release", "remove", "swap", "example"]] = {
    "pin": "keep",
    "release": "release",
    "remove": "remove",
    "swap": "swap",
    "more": "example",
}
_CHIPS: dict[str, Literal["drop", "must", "prefer"]] = {"drop": "drop", "must": "must", "prefer": "prefer"}
_STEPS: dict[str, Literal["undo", "redo"]] = {"undo": "undo", "redo": "redo"}
_RADIOS = {
    "keep-going": RadioStart(),
    "like-last": RadioStart(of="last", n=3),
    "radio-playlist": RadioStart(of="playlist"),
}
#: How far each dial goes.
LIMITS = {"how_much_me": (0.0, 3.0), "discovery": (-1.0, 1.0), "fame": (-1.0, 1.0), "n_tracks": (1.0, 100.0)}


def act(talk: Conversation, assistant: Assistant, listener_id: str, data: Mapping[str, Any]) -> bool:
    """Do what a button asks for; False where there is nothing to do.

    Args:
        talk: the conversation on screen; it changes.
        assistant: does it.
        listener_id: whose it is.
        data: `act` names the act; `track`, `to`, `chip`, `name` and `value` say more, as the act needs them.
    """
    kind = data.get("act")
    if not isinstance(kind, str):
        return False
    if kind in ("like", "dislike"):
        return talk.rate(assistant, listener_id, data.get("track"), kind)
    known = _ACTS.get(kind)
    return known is not None and known(talk, assistant, listener_id, data)


def _edit(talk: Conversation, assistant: Assistant, listener_id: str, data: Mapping[str, Any]) -> bool:
    track = talk.track(data.get("track"))
    if track is None:
        return False
    talk.press(assistant, listener_id, edits=(Edit(action=_EDITS[data["act"]], what=_only(track)),))
    return True


def _move(talk: Conversation, assistant: Assistant, listener_id: str, data: Mapping[str, Any]) -> bool:
    track, n = talk.track(data.get("track")), len(talk.reply.tracks) if talk.reply else 0
    to = _number(data.get("to"))
    if track is None or to is None:
        return False
    place = min(max(round(to), 1), n)
    if place == track.position:
        return False
    talk.press(assistant, listener_id, edits=(Edit(action="move", what=_only(track), to=place),))
    return True


def _chip(talk: Conversation, assistant: Assistant, listener_id: str, data: Mapping[str, Any]) -> bool:
    receipt = talk.reply.receipt if talk.reply else ()
    line = next((line for line in receipt if line.chip and line.chip == data.get("chip")), None)
    if line is None:
        return False
    talk.press(assistant, listener_id, chips=(Chip(action=_CHIPS[data["act"]], chip=line.chip, text=line.constraint),))
    return True


def _step(talk: Conversation, assistant: Assistant, listener_id: str, data: Mapping[str, Any]) -> bool:
    if talk.reply is None:
        return False
    talk.press(assistant, listener_id, step=_STEPS[data["act"]])
    return True


def _why(talk: Conversation, assistant: Assistant, listener_id: str, data: Mapping[str, Any]) -> bool:
    track = talk.track(data.get("track"))
    if track is None:
        return False
    if track.track_id in talk.whys:
        del talk.whys[track.track_id]
    else:
        talk.whys[track.track_id] = talk.ask_aside(assistant, listener_id, f"why {track.position}?")
    return True


def _without(talk: Conversation, assistant: Assistant, listener_id: str, data: Mapping[str, Any]) -> bool:
    if talk.reply is None:
        return False
    if talk.stranger is None:
        talk.compare(assistant, listener_id)
    else:
        talk.stranger = None
    return True


def _incognito(talk: Conversation, assistant: Assistant, listener_id: str, data: Mapping[str, Any]) -> bool:
    talk.incognito = not talk.incognito
    if talk.incognito:
        talk.said = "Incognito: nothing from here on is stored or learnt from."
        return True
    # What was asked incognito must not go on in what is stored.
    talk.start_over()
    talk.said = "No longer incognito: this is a new conversation, which is stored again."
    return True


def _go_on(talk: Conversation, assistant: Assistant, listener_id: str, data: Mapping[str, Any]) -> bool:
    if talk.reply is None or not talk.reply.tracks:
        return False
    talk.press(assistant, listener_id, radio=_RADIOS[data["act"]])
    return True


def _radio_from(talk: Conversation, assistant: Assistant, listener_id: str, data: Mapping[str, Any]) -> bool:
    track = talk.track(data.get("track"))
    if track is None:
        return False
    if data["act"] == "radio-track":
        start = RadioStart(of="track", key=track.track_id)
    else:
        start = RadioStart.by_artist(track.main_artist)
    talk.press(assistant, listener_id, radio=start)
    return True


def _skip(talk: Conversation, assistant: Assistant, listener_id: str, data: Mapping[str, Any]) -> bool:
    track = talk.track(data.get("track"))
    if track is None or talk.reply is None or talk.reply.radio is None:
        return False
    talk.skip(assistant, listener_id, track)
    return True


def _dial(talk: Conversation, assistant: Assistant, listener_id: str, data: Mapping[str, Any]) -> bool:
    name, value = data.get("name"), _number(data.get("value"))
    if not isinstance(name, str) or name not in LIMITS or value is None:
        return False
    least, most = LIMITS[name]
    talk.turn_dial(assistant, listener_id, name, min(max(value, least), most))
    return True


def _only(track: SlateTrack) -> Reference:
    return Reference(track_ids=(track.track_id,))


def _number(value: object) -> float | None:
    """Read a number that a browser sent; None for anything else."""
    try:
        number = float(value) if isinstance(value, (str, int, float)) else float("nan")
    except ValueError:
        return None
    return number if abs(number) < 1e6 else None  # not for NaN either


_ACTS: dict[str, Callable[[Conversation, Assistant, str, Mapping[str, Any]], bool]] = {
    **dict.fromkeys(_EDITS, _edit),
    **dict.fromkeys(_CHIPS, _chip),
    **dict.fromkeys(_STEPS, _step),
    **dict.fromkeys(_RADIOS, _go_on),
    **dict.fromkeys(("radio-track", "radio-artist"), _radio_from),
    "skip": _skip,
    "move": _move,
    "why": _why,
    "without": _without,
    "incognito": _incognito,
    "dial": _dial,
}
