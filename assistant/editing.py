"""What the edits of a message do to the playlist on screen: who stays where, who goes, how many are wanted.

References count from the playlist as it was shown, whatever other edits the message holds. What was pinned or added by
name keeps its place in later turns, too; what was removed does not come back in the session, nor does anything like it
where it was removed for what it is ("the live ones").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from assistant.labels import plain
from assistant.phrasebook import phrasebook
from assistant.phrases import asks_for_others, free_words
from assistant.reply import SlateTrack
from assistant.request import Edit, Reference, Request
from assistant.session import SessionState, adds
from recsys.text import fold
from recsys.types import Constraint

#: Which of some tracks, by id, meet all of some constraints.
Meets = Callable[[Sequence[Constraint], Sequence[str]], frozenset[str]]

_MAX_NAMED = 3
_PINNING = frozenset({"keep", "release"})
_GONE = {"remove": "Removed {tracks}.", "swap": "Swapped {tracks}.", "dislike": "Noted, and swapped: {tracks}."}
_WHICH = "Which one? Say its number, as in “remove 3”."


@dataclass
class Plan:
    """The playlist to make from the one on screen."""

    places: list[str | None] = field(default_factory=list)  # a track that stays, or None where another one is wanted
    pins: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()  # by this message
    refused: tuple[Constraint, ...] = ()  # what was removed because it is so
    examples: tuple[tuple[str, str], ...] = ()  # id and title of tracks that others are to be like
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    n_added: int = 0
    acts: bool = False  # an edit was done, or something else was asked for
    edited: bool = False  # single tracks were spoken of
    sized: bool = False  # there are to be as many as places, whatever length was asked for before
    resized: bool = False  # the listener changed how many there are
    local: bool = False  # what else the message asks is about the new tracks alone
    focus: str | None = None  # the one track that it was about
    said: list[str] = field(default_factory=list)

    @property
    def fixed(self) -> tuple[tuple[int, str], ...]:
        """Place from 0 and track of all that stay."""
        return tuple((place, track) for place, track in enumerate(self.places) if track is not None)

    @property
    def changes(self) -> bool:
        """Whether it is more than a reference to nothing: "remove 40" of a playlist of twelve changes nothing."""
        return self.acts or not self.edited

    @property
    def is_whole(self) -> bool:
        """Whether no other track is wanted."""
        return None not in self.places


def edits_of(request: Request) -> tuple[Edit, ...]:
    """The request's edits; a title that is to be added is one, too: "add Happy by Pharrell Williams"."""
    titles = [mention for mention in request.mentions if mention.kind == "track" and mention.polarity == "+"]
    if request.edits or request.constraints or len(titles) != len(request.mentions) or not adds(request.text):
        return request.edits
    return (Edit(action="add", n=len(titles)),) if titles else ()


def only_resizes(request: Request) -> bool:
    """Tell whether a message asks for another length and nothing else: the playlist then stays as it is otherwise."""
    sized = request.n_tracks is not None or request.minutes is not None or request.size_factor is not None
    dials = (request.discovery, request.fame, request.how_much_me, request.arc)
    turned = any(dial is not None for dial in dials)
    said = request.constraints or request.mentions or turned or asks_for_others(request.text)
    return sized and not said and not free_words(request)


def is_wish(request: Request) -> bool:
    """Tell whether a message asks for anything beside its edits."""
    sizes = (request.n_tracks, request.minutes, request.size_factor)
    dials = (request.discovery, request.fame, request.how_much_me, request.arc)
    turned = any(value is not None for value in (*sizes, *dials))
    return turned or bool(request.constraints or request.mentions or free_words(request))


def plan_edits(
    edits: Sequence[Edit], request: Request, state: SessionState, tracks: Sequence[SlateTrack], meets: Meets
) -> Plan:
    """Work out what the edits of a message do to the playlist on screen.

    Args:
        edits: in the order of the message.
        request: the whole message.
        state: of the session before it.
        tracks: the playlist on screen.
        meets: tells which tracks meet constraints.
    """
    return _Planning(edits, request, state, tracks, meets).run()


def plan_resize(state: SessionState, tracks: Sequence[SlateTrack], n_tracks: int | None, minutes: float | None) -> Plan:
    """Keep what is on screen as far as a new length has room for it; what was pinned goes last."""
    kept = [track.track_id for track in tracks]
    if minutes is not None:
        seconds = {track.track_id: track.duration_s or 0.0 for track in tracks}
        while sum(seconds[t] for t in kept) > minutes * 60 and _drop_last(kept, state.pins):
            pass
    elif n_tracks is not None:
        while len(kept) > n_tracks and _drop_last(kept, state.pins):
            pass
        kept += [""] * (n_tracks - len(kept))
    sized = minutes is None
    return Plan(places=[track or None for track in kept], pins=state.pins, focus=state.focus, sized=sized)


def plan_pins(state: SessionState) -> Plan:
    """Let go of everything but what is pinned."""
    places = [track if track in state.pins else None for track in state.slate]
    return Plan(places=places, pins=state.pins, focus=state.focus)


class _Planning:
    def __init__(
        self,
        edits: Sequence[Edit],
        request: Request,
        state: SessionState,
        tracks: Sequence[SlateTrack],
        meets: Meets,
    ) -> None:
        self._edits, self._request, self._state = edits, request, state
        self._tracks, self._meets, self._book = tracks, meets, phrasebook(request.spoken)
        self._ids = [track.track_id for track in tracks]
        self._titles = {track.track_id: track.title for track in tracks}
        self._names = {track.track_id: self._book("“{words}”", words=plain(track.title, 40)) for track in tracks}
        self._pins = list(state.pins)
        self._plan = Plan(places=list(self._ids), focus=state.focus, edited=True)

    def run(self) -> Plan:
        """Resolve all references, then do the edits: order first, then what goes, then what comes."""
        plan = self._plan
        resolved = [(edit, self._resolve(edit)) for edit in self._edits]
        named = [ids for edit, ids in resolved if edit.action != "add" and ids is not None]
        todo = [(edit, ids) for edit, ids in resolved if ids is not None]
        for edit, ids in sorted(todo, key=lambda one: one[0].action not in _PINNING):
            if edit.action == "example":
                plan.places = [track if track in self._pins else None for track in plan.places]
            self._do(edit, ids)
        wish = is_wish(self._request)
        actions = {edit.action for edit, ids in resolved if ids is not None}
        swaps_rest = any(edit.action == "swap" and edit.what.which == "rest" for edit in self._edits)
        plan.local = wish and not swaps_rest and bool(actions & {"swap", "add"})
        if wish and not plan.local and (actions or self._asks_by_name):
            stay = {*self._pins, *(t for e, ids in resolved if e.action in ("move", "exchange") and ids for t in ids)}
            plan.places = [track if track in stay else None for track in plan.places]
        plan.acts = bool(todo) or wish
        plan.sized = plan.resized or plan.is_whole
        plan.pins = tuple(track for track in dict.fromkeys(self._pins) if track in plan.places)
        single = {track for ids in named for track in ids}
        plan.focus = single.pop() if len(single) == 1 else plan.focus
        if plan.n_added and self._request.unlinked and not self._request.constraints and not self._request.mentions:
            plan.places = plan.places[: -plan.n_added]
        return plan

    # -- references ------------------------------------------------------------------------------------------------

    def _resolve(self, edit: Edit) -> list[str] | None:
        """The tracks that an edit is about, in the order it names them; None where there are none, which is said."""
        what = edit.what
        if edit.action == "add":
            return []
        if what.which == "it":
            return self._it(edit)
        if what.which == "all":
            return list(self._ids)
        if what.which == "rest":
            named = [e.what for e in self._edits if e.what.which in ("positions", "described")]
            others = {*self._pins, *(t for w in named for t in (*self._positions(w), *self._described(w)))}
            return self._or_say(
                [track for track in self._ids if track not in others], self._book("Nothing else is left.")
            )
        if what.which == "described":
            none = self._book("No track here fits “{words}”.", words=plain(what.words or what.text, 40))
            return self._or_say(self._described(what), none)
        n = len(self._ids)
        return self._or_say(self._positions(what), self._book("There is no such track: the playlist has {n}.", n=n))

    def _it(self, edit: Edit) -> list[str] | None:
        """The track that was spoken of last.

        Without one, what is praised is the playlist, and what others are to be like is what the same message names ("I
        love Born to Be Wild, more like that"). Nothing is changed on a guess.
        """
        if self._state.focus in self._ids:
            return [str(self._state.focus)]
        if len(self._ids) == 1 or edit.action == "like":
            return list(self._ids)
        if edit.action == "example":
            return None if self._asks_by_name else list(self._ids)
        return self._or_say([], self._book(_WHICH))

    @property
    def _asks_by_name(self) -> bool:
        """Whether the message asks for something that the rules know, whatever became of its edits."""
        return bool(self._request.constraints or self._request.mentions)

    def _or_say(self, ids: list[str], problem: str) -> list[str] | None:
        if not ids:
            self._plan.said.append(problem)
        return ids or None

    def _positions(self, what: Reference) -> list[str]:
        n = len(self._ids)
        places = [p - 1 if p > 0 else n + p for p in what.positions]
        named = [track for track in what.track_ids if track in self._titles]
        return [*(self._ids[place] for place in places if 0 <= place < n), *named]

    def _described(self, what: Reference) -> list[str]:
        if what.constraints:
            fitting = self._meets(what.constraints, self._ids)
            return [track for track in self._ids if track in fitting]
        words = fold(what.words) if what.which == "described" else ""
        lines = {t.track_id: f" {fold(t.title)} {' '.join(fold(a) for a in t.artists)} " for t in self._tracks}
        return [track for track in self._ids if words and f" {words} " in lines[track]]

    # -- edits -----------------------------------------------------------------------------------------------------

    def _do(self, edit: Edit, ids: list[str]) -> None:
        plan, places = self._plan, self._plan.places
        match edit.action:
            case "keep":
                self._pins += ids
                self._say("Pinned {tracks}.", ids)
            case "release":
                self._pins = [track for track in self._pins if track not in ids]
                self._say("No longer pinned: {tracks}.", ids)
            case "remove" | "swap" | "dislike":
                self._let_go(edit.action, edit.what, ids)
            case "add":
                plan.n_added, plan.resized = plan.n_added + (edit.n or 1), True
                plan.places = [*places, *[None] * (edit.n or 1)]
            case "move":
                rest = [track for track in places if track not in ids]
                to = len(rest) if edit.to in (None, -1) else min((edit.to or 1) - 1, len(rest))
                plan.places = [*rest[:to], *ids, *rest[to:]]
                self._say("Moved {tracks}.", ids)
            case "exchange":
                one, other = ids[0], ids[-1]
                plan.places = [other if t == one else one if t == other else t for t in places]
                self._say("{tracks} have changed places.", ids)
            case "like":
                plan.liked = (*plan.liked, *ids)
                self._say("Noted: you like {tracks}.", ids)
            case "example":
                plan.examples = (*plan.examples, *((track, self._titles[track]) for track in ids))

    def _let_go(self, action: str, what: Reference, ids: list[str]) -> None:
        plan = self._plan
        self._pins = [track for track in self._pins if track not in ids]
        if action == "remove" and len(what.constraints) == 1 and what.constraints[0].wanted:
            plan.refused = (*plan.refused, replace(what.constraints[0], wanted=False, hard=True))
        if action == "remove":
            plan.places, plan.resized = [track for track in plan.places if track not in ids], True
        else:
            plan.places = [None if track in ids else track for track in plan.places]
        plan.removed = (*plan.removed, *ids)
        if action == "dislike":
            plan.disliked = (*plan.disliked, *ids)
        self._say(_GONE[action], ids)

    def _say(self, template: str, ids: Sequence[str]) -> None:
        """Say something of tracks: a few are named, many are counted."""
        names = [self._names[track] for track in dict.fromkeys(ids)]
        few = len(names) <= _MAX_NAMED
        tracks = self._book.listing(names) if few else self._book("{n} tracks", n=len(names))
        self._plan.said.append(self._book(template, tracks=tracks))


def _drop_last(kept: list[str], pins: Sequence[str]) -> bool:
    """Drop the last track, one that is not pinned as long as there is one; the very last track stays."""
    if len(kept) < 2:
        return False
    loose = [place for place, track in enumerate(kept) if track not in pins]
    kept.pop(loose[-1] if loose else -1)
    return True
