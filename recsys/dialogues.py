"""Conversations that curate a playlist: what was said, what was liked, and the playlist they were after.

The form is that of the Conversational Playlist Curation Dataset (CPCD; Chaganty et al. 2023, CC BY 4.0). A system that
answers turn t has *heard* the utterances of turns 0 to t, and of the turns before t what it answered and the first
three tracks that were liked and disliked: `heard`. Everything else of a dialogue is hidden from it, its goal above all.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Tracks of each earlier turn that a system hears were liked, and as many that were disliked.
N_RATED = 3


@dataclass(frozen=True, slots=True)
class DialogueTurn:
    """One exchange. Tracks are ids of the catalogue, in the order in which they were rated."""

    utterance: str
    response: str = ""
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One conversation and the ids of the tracks that it was after."""

    id: str
    turns: tuple[DialogueTurn, ...]
    goal: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a system may know when it answers turn t = len(responses), counted from 0."""

    utterances: tuple[str, ...]  # t + 1, the newest last
    responses: tuple[str, ...] = ()  # t
    liked: tuple[tuple[str, ...], ...] = ()  # t, at most `N_RATED` ids each
    disliked: tuple[tuple[str, ...], ...] = ()  # t, at most `N_RATED` ids each


def heard(dialogue: Dialogue, turn: int) -> Heard:
    """Return what may be known at a turn, counted from 0.

    Raises:
        IndexError: the dialogue has no such turn.
    """
    if not 0 <= turn < len(dialogue.turns):
        raise IndexError(turn)
    before = dialogue.turns[:turn]
    return Heard(
        utterances=tuple(one.utterance for one in dialogue.turns[: turn + 1]),
        responses=tuple(one.response for one in before),
        liked=tuple(one.liked[:N_RATED] for one in before),
        disliked=tuple(one.disliked[:N_RATED] for one in before),
    )
