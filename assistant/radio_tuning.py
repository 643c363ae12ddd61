"""Which radio a message wants: read from its words or its button, looked up, and refined by what else is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from assistant.answering import without_wishes
from assistant.asides import Asides
from assistant.editing import edits_of
from assistant.groups import Circle
from assistant.history import History
from assistant.labels import plain
from assistant.overrides import with_overrides
from assistant.phrasebook import phrasebook
from assistant.querying import example_rows
from assistant.radio_ends import accepted, relaxed_by, turned_down
from assistant.radio_start import RadioStart, RadioState
from assistant.relative import against
from assistant.reply import Message
from assistant.request import Intent, Mention, Request
from assistant.session import SessionState
from assistant.situation import titled
from assistant.speaking import in_language
from assistant.understanding.numbers import MAX_TRACKS
from assistant.understanding.radio import (
    RadioWish,
    radio_wish,
    radio_wishes,
    refuses_them,
    relaxes,
    turns_off,
)
from assistant.wording import asks_for_something
from recsys.past import Past
from recsys.recommendation import Query
from recsys.retrieval.sequential import session_rows
from recsys.text import fold
from recsys.types import Event, EventKind

#: Tracks of a playlist that a session is taken to have heard where no front end says what was played.
_UNTOLD = 20
#: A skip within this share of a track counts as one.
_SKIPPED = 0.5
#: Share of the words after "radio from" that must be the name: "a long drive" is no wish for the track "Drive".
_NAMED, _WHOLLY = 0.6, 0.9
#: What is said beside a radio wish refines it only with these intents.
_REFINES = frozenset((Intent.ASK, Intent.REFINE, Intent.MORE_LIKE))


@dataclass(frozen=True)
class Begun:
    """A radio in a session."""

    state: RadioState
    name: str  # what it began from, in words
    request: Request  # what refines it, if anything, in the language to answer in
    refined: bool = False
    released: frozenset[str] = frozenset()  # ids of what is on screen, was not heard, and may come again
    quiet: Literal["", "off", "no"] = ""  # whether nothing is to come: the radio ends, or an offer is turned down


class Tuning(Asides):
    """Finds out which radio is wanted. Shared by threads."""

    def tuned(
        self, message: Message, words: str, before: SessionState, circle: Circle, history: History
    ) -> Begun | None:
        """Say which radio a message wants; None where it wants none, or names nothing that is known."""
        if message.radio is None and (taken := accepted(words, before.open_question, before.turn)) is not None:
            on, offered = taken
            back = unheard(before, self._together(circle, history), turned=False)
            offered = in_language(offered, before.language, message.language)
            return Begun(on, self._name_of(on.start), offered, refined=True, released=back)
        if message.radio is None and before.slate and (languages := turns_off(words)):
            language = before.language if before.language in languages else languages[0]
            ended = in_language(Request(text=plain(message.text), spoken=language), language, message.language)
            return Begun(RadioState(), "", ended, quiet="off")
        if message.radio is None and turned_down(words, before.open_question, before.turn):
            refused = Request(text=plain(message.text), spoken=before.language)
            return Begun(RadioState(), "", refused, quiet="no")
        wishes = (
            radio_wishes(words, on=before.radio is not None) if message.radio is None else (RadioWish(message.radio),)
        )
        wish = _on_screen(wishes, before.slate)
        if wish is None:
            wish = self._known(wishes) if wishes and wishes[0].name else next(iter(wishes), None)
        if wish is None:
            return None
        language = before.language if before.language in wish.languages else next(iter(wish.languages), before.language)
        others, wish = self._others(wish)
        request = self._refining(wish, message, before, language)
        if request is None:
            return None
        catalogue, together, released = self.recommender.catalogue, self._together(circle, history), frozenset[str]()
        if wish.start.of != "playlist":
            released = unheard(before, together, turned=self._turns_dial(with_overrides(request, message), before))
            before = without(before, released)
        if wish.start.of == "session" and before.radio is not None and before.radio.track_ids:
            state: RadioState | None = before.radio
        else:
            state = self._begin(wish.start, before, together)
        if state is None:
            return None
        name = self._name_of(state.start)
        if others:
            ids = [catalogue.track_ids[row] for one in others for row in example_rows(catalogue, (one,))]
            state = state.model_copy(update={"track_ids": tuple(dict.fromkeys((*state.track_ids, *ids)))})
            name = phrasebook(request.spoken).listing([name, *(plain(one.name) for one in others)])
        return Begun(state, name, request, bool(wish.rest), released)

    def unbegun(self, words: str, before: SessionState) -> Request | None:
        """Read a wish for music to go on where there is none yet: nothing to go by, in its language."""
        wish = None if before.begun() else radio_wish(words)
        if wish is None or wish.name or wish.rest or wish.start.of not in ("session", "last"):
            return None
        return _counted(Request(text=plain(words), spoken=wish.languages[0]), wish.n)

    def _others(self, wish: RadioWish) -> tuple[tuple[Mention, ...], RadioWish]:
        """The other artists of "radio from Queen and Nirvana", and the wish without those that follow its name."""
        if not wish.name:
            return (), wish
        found = [one for one in self._mentions(wish.name) if one.kind == "artist" and one.key != wish.start.key]
        others = tuple(found) if wish.start.of == "artist" else ()
        said = fold(wish.rest)
        follow = self._mentions(said) if said and wish.joined else []
        if follow and _are_all(follow, said):
            return (*others, *follow), replace(wish, rest="")
        return others, wish

    def _refining(self, wish: RadioWish, message: Message, before: SessionState, language: str) -> Request | None:
        """Read what refines a radio; None where that is more than a refinement, or says nothing that is known."""
        if not wish.rest:
            request = Request(text=plain(message.text), spoken=language)
            return _counted(in_language(request, language, message.language), wish.n)
        relaxed = relaxes(wish.rest, wish.languages)
        if chips := relaxed_by(relaxed, before.active(), before.names(), phrasebook(before.language)):
            request = Request(text=plain(message.text), spoken=language, intent=Intent.REFINE, chips=chips)
            return _counted(in_language(request, language, message.language), wish.n)
        if refuses_them(wish.rest, wish.languages) and (refused := self._spoken_of(before)):
            request = Request(text=plain(message.text), spoken=language, intent=Intent.REFINE, mentions=refused)
            return _counted(in_language(request, language, message.language), wish.n)
        read = self._understand(wish.rest, first_turn=False, model=message.model)
        named = any(mention.kind == "track" and mention.polarity == "+" for mention in read.mentions)
        if read.intent not in _REFINES or edits_of(read) or read.less or named:
            return None
        told = asks_for_something(read) or read.chips or read.arc is not None or read.unlinked
        if not (told or wish.joined):
            return None
        read = in_language(read, before.language if before.begun() else language, message.language)
        read = against(without_wishes(read), self.recommender.catalogue, before.slate)
        return _counted(read.model_copy(update={"intent": Intent.REFINE}), wish.n)

    def _spoken_of(self, before: SessionState) -> tuple[Mention, ...]:
        """Refuse the artist that a radio began from, or whose track was spoken of; all on screen where neither is."""
        catalogue = self.recommender.catalogue
        start = before.radio.start if before.radio is not None else RadioStart()
        ids = (start.key,) if start.of == "track" else (before.focus,) if before.focus else before.slate
        rows = catalogue.rows([one for one in ids if one])
        keys = dict.fromkeys(catalogue.artist_keys[n] for n in catalogue.artist_rows[rows].tolist())
        names = dict(zip(catalogue.artist_keys, catalogue.artist_names, strict=True))
        return tuple(
            Mention(kind="artist", key=key, name=names[key], polarity="-")
            for key in ([start.key] if start.of == "artist" else keys)
            if key in names
        )

    def _known(self, wishes: Sequence[RadioWish]) -> RadioWish | None:
        """The reading whose artist or track the catalogue knows best by name; None where none is mostly a name."""
        best: tuple[bool, float] | None = None
        chosen = None
        for wish in wishes:
            found = self._mentions(wish.name)
            if wish.whole and any(m.text.lower().endswith(" radio") for m in self._mentions(f"{wish.name} radio")):
                return None  # "TV on the Radio"
            if not found:
                continue
            mention = max(found, key=lambda one: (len(one.text), one.confidence))
            share = len(mention.text) / len(wish.name)
            if share < _WHOLLY and _are_all(found, wish.name):
                mention, share = found[0], 1.0
            if share >= _NAMED and (best is None or ((share >= _WHOLLY, share) > best and not best[0])):
                best = (share >= _WHOLLY, share)
                chosen = replace(wish, start=RadioStart(of=mention.kind, key=mention.key))
        return chosen

    def _mentions(self, name: str) -> list[Mention]:
        read = self._understand(f"like {name}", first_turn=True, model=False)
        if found := [mention for mention in read.mentions if mention.polarity != "-"]:
            return found
        if read.constraints:
            return []
        read = self._understand(f"like “{name}”", first_turn=True, model=False)  # ordinary words, such as "So What"
        return [mention for mention in read.mentions if mention.polarity != "-" and mention.confidence == 1]

    def _begin(self, start: RadioStart, before: SessionState, history: History) -> RadioState | None:
        """Begin a radio; None where there is nothing to begin from."""
        catalogue = self.recommender.catalogue
        heard = self._heard(before, history)
        if start.of in ("track", "artist") and not start.key:
            spoken_of = before.focus or (heard[-1] if heard else next(iter(before.slate), ""))
            rows = catalogue.rows((spoken_of,))
            if not len(rows):
                return None
            artist = catalogue.artist_keys[catalogue.artist_rows[rows[0]]]
            start = start.model_copy(update={"key": spoken_of if start.of == "track" else artist})
        match start.of:
            case "track":
                ids: Sequence[str] = (start.key,)
            case "artist":
                mention = Mention(kind="artist", key=start.key, name=start.key)
                rows_of = example_rows(catalogue, (mention,))
                ids = [catalogue.track_ids[row] for row in rows_of]
            case "playlist":
                ids = before.slate
            case "last":
                ids = heard[-start.n :]
            case _ if heard and not set(heard) & set(before.slate):
                # A newer playlist is on screen than what was heard.
                ids = [one for one in before.slate if one in before.shown] or heard
                start = start if ids is heard else start.model_copy(update={"of": "playlist"})
            case _:
                ids = heard
        known = [catalogue.track_ids[row] for row in catalogue.rows(ids).tolist()]
        if not known:
            return None
        return RadioState(start=start, track_ids=tuple(known))

    def _name_of(self, start: RadioStart) -> str:
        catalogue = self.recommender.catalogue
        if start.of == "track":
            rows = catalogue.rows((start.key,))
            return titled(catalogue.titles[rows[0]], catalogue.artists[rows[0]]) if len(rows) else ""
        if start.of == "artist":
            known = dict(zip(catalogue.artist_keys, catalogue.artist_names, strict=True))
            return plain(known.get(start.key, ""))
        return ""

    def _heard(self, state: SessionState, history: History) -> tuple[str, ...]:
        """What was heard in a session, oldest first; what was shown last and not refused, where nothing says so."""
        catalogue = self.recommender.catalogue
        told = session_rows(catalogue, Query("", listener_events=history.events, session_id=history.session_id))
        if len(told):
            return tuple(catalogue.track_ids[row] for row in told.tolist())
        refused = {catalogue.track_ids[row] for row in self._skipped(history)}
        return tuple(one for one in state.shown[-_UNTOLD:] if one not in refused)

    def _skipped(self, history: History) -> list[int]:
        """Rows that were skipped or disliked in this session and did not please since, oldest first."""
        rows: dict[str, None] = {}
        for event in history.events.own:
            if event.session_id != history.session_id:
                continue
            rows.pop(event.track_id, None)
            if _refuses(event):
                rows[event.track_id] = None
        return [int(row) for row in self.recommender.catalogue.rows(rows)]

    def _turns_dial(self, request: Request, before: SessionState) -> bool:
        usual = {"discovery": 0.0, "fame": 0.0, "how_much_me": self._defaults.how_much_me}
        held = {name: usual[name] if (at := getattr(before, name)) is None else at for name in usual}
        return any(getattr(request, name) not in (None, at) for name, at in held.items())

    def _together(self, circle: Circle, history: History) -> History:
        """What a whole group did in the session that goes on; of somebody alone, all that they did."""
        if not circle.others:
            return history
        everybody = (history, *circle.others)
        events = [e for one in everybody for e in one.events.own if e.session_id == history.session_id]
        return replace(history, events=Past(sorted(events, key=lambda event: event.at)))


def unheard(before: SessionState, together: History, *, turned: bool) -> frozenset[str]:
    """The ids of a playlist on screen that stand behind what was skipped there, and that nobody heard or rated.

    Where a dial was `turned`, behind the last one that was heard, rated or skipped.
    """
    kinds = {e.track_id: e.kind for e in together.events.own if e.session_id == together.session_id}
    ends = [n for n, one in enumerate(before.slate) if one in kinds and (turned or kinds[one] is EventKind.SKIP)]
    return frozenset(one for one in before.slate[ends[-1] + 1 :] if one not in kinds) if ends else frozenset()


def without(state: SessionState, released: frozenset[str]) -> SessionState:
    """The session as if some tracks had not been shown in it."""
    return state.model_copy(update={"shown": tuple(one for one in state.shown if one not in released)})


def _on_screen(wishes: Sequence[RadioWish], slate: Sequence[str]) -> RadioWish | None:
    """The reading that points at a place of the playlist on screen, its track put in; None where none does."""
    for wish in wishes:
        if wish.place is not None and wish.place <= len(slate):
            return replace(wish, name="", start=RadioStart(of="track", key=slate[wish.place - 1]))
    return None


def _are_all(found: Sequence[Mention], said: str) -> bool:
    """Tell whether folded words are artists' names and what joins them, and nothing else."""
    left = len(said) - sum(len(one.text) for one in found)
    return all(one.kind == "artist" for one in found) and left <= len(" and ") * (len(found) - 1) + 1


def _counted(request: Request, n: int | None) -> Request:
    """A request for so many tracks, and no more than a playlist has, which is told; as it is where nothing says."""
    if n is None:
        return request
    book, note = phrasebook(request.spoken), request.note
    if n > MAX_TRACKS:
        most = book("A playlist has at most {most}.", most=book("{n} tracks", n=MAX_TRACKS))
        note = " ".join(said for said in (note, most) if said)
    return request.model_copy(update={"n_tracks": min(n, MAX_TRACKS), "minutes": None, "note": note})


def _refuses(event: Event) -> bool:
    if event.kind is EventKind.DISLIKE:
        return True
    return event.kind is EventKind.SKIP and (event.completion or 0.0) <= _SKIPPED
