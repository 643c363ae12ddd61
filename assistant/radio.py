"""A turn of the radio: where it stands in a session, what comes next, and why, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from assistant.asides import Asides
from assistant.history import History
from assistant.labels import plain
from assistant.overrides import with_overrides
from assistant.phrasebook import Phrasebook, phrasebook
from assistant.querying import dials_of, example_rows
from assistant.radio_start import RadioStart, RadioState
from assistant.receipt import slate_length, write_receipt
from assistant.reply import Message, Reply
from assistant.request import Mention, Request
from assistant.session import Exchange, SessionState, with_answer, with_slate
from assistant.situation import titled
from assistant.slates import diff, slate_tracks
from assistant.understanding.radio import RadioWish, radio_wish
from assistant.versions import with_version
from recsys.constraints import check
from recsys.picking import bare_pick
from recsys.radio import ARTIST_GAP, Batch, Next, Radio, Station
from recsys.recommendation import Query, Recommendation
from recsys.retrieval.sequential import session_rows
from recsys.types import BoolArray, Event, EventKind, Facet, FloatArray

#: Tracks of a batch where nothing says how many.
USUAL_BATCH = 10
#: Tracks of a playlist that a session is taken to have heard where no front end says what was played.
_UNTOLD = 20
#: A skip within this share of a track counts as one.
_SKIPPED = 0.5
#: Share of the words after "radio from" that must be the name: "a long drive" is no wish for the track "Drive".
_NAMED = 0.6
_FROM = {
    "session": "On it goes from what you heard: {slate}.",
    "last": "More like the last ones: {slate}.",
    "track": "Radio from {name}: {slate}.",
    "artist": "Radio from {name}: {slate}.",
    "playlist": "Radio from this playlist: {slate}.",
}
_UNLEARNT = "What people play next is not learnt for this catalogue, so it goes by what is alike."
_CLOSER = "Too few artists are left to keep each ten tracks apart."
_ENDED = "Nothing more is left that meets your wishes."


@dataclass(frozen=True)
class _Begun:
    """A radio in a session."""

    state: RadioState
    name: str  # what it began from, in words


class Radios(Asides):
    """Goes on with music in a session. Shared by threads."""

    @cached_property
    def _radio(self) -> Radio:
        recommender = self.recommender
        return Radio(recommender.catalogue, recommender.ranker.vectors, recommender.company, recommender.following)

    def tuned(self, message: Message, words: str, before: SessionState, history: History) -> _Begun | None:
        """Say which radio a message wants; None where it wants none, or names nothing that is known."""
        if message.group:
            return None
        wish = RadioWish(message.radio) if message.radio is not None else radio_wish(words)
        if wish is None:
            return None
        start = self._named_start(wish) if wish.name else wish.start
        if start is None:
            return None
        if start.of == "session" and before.radio is not None and before.radio.track_ids:
            return _Begun(before.radio, self._name_of(before.radio.start))
        return self._begin(start, before, history)

    def play_on(
        self, begun: _Begun, message: Message, before: SessionState, history: History, *, seed: int, at: float
    ) -> tuple[Request, SessionState, Reply]:
        """Give the next tracks: the request that it was, the session after it, and the reply."""
        catalogue, book = self.recommender.catalogue, phrasebook(message.language or before.language)
        text = plain(message.text)
        request = with_overrides(Request(text=text, spoken=message.language or before.language), message)
        changes = {"discovery": request.discovery, "fame": request.fame, "how_much_me": request.how_much_me}
        held = {name: value for name, value in changes.items() if value is not None}
        said = (*before.exchanges, Exchange(utterance=text))
        state = before.model_copy(
            update={**held, "turn": before.turn + 1, "radio": begun.state, "open_question": None, "exchanges": said}
        )
        query = self._query(state, history, seed=seed)
        query = replace(query, clean=query.clean or message.clean)
        size = request.n_tracks or USUAL_BATCH
        station = self._station(begun.state, state, query, history)
        batch = self._radio.next(station, size, allowed=self._allowed(query), wishes=self._wishes(query))
        picks = tuple(
            replace(bare_pick(catalogue, one.row), score=one.score, retrievers=("radio",), comes_after=one.after)
            for one in batch.picks
        )
        rows = np.array([one.row for one in batch.picks], dtype=np.int64)
        result = Recommendation(
            picks=picks,
            counts=self.recommender.counts(query.constraints, rows),
            relaxed=(),
            index=self.recommender.index.name,
            certified=False,
            n_candidates=len(catalogue),
            timings_ms={},
            has_taste=bool(station.known),
        )
        ids = tuple(pick.track.track_id for pick in picks)
        private = not (message.public or history.before_others)
        why = [self._why(one, book, private=private) for one in batch.picks]
        reasons = tuple(f"{facts[0][:1].upper()}{', '.join(facts)[1:]}." for facts in why)
        tracks = slate_tracks(picks, reasons, history.rated, causes=why, before=before.slate)
        length = slate_length(picks, book)
        answer = self._said(begun, batch, length, book)
        receipt = write_receipt(
            result,
            state.model_copy(update={"n_tracks": None, "minutes": None}),
            usual_size=size,
            max_per_artist=self._defaults.max_per_artist,
            clean=message.clean,
            book=book,
        )
        state = with_version(with_slate(state, ids), before)
        state = with_answer(state, text, answer, at)
        reply = Reply(
            session_id=history.session_id or message.session_id,
            turn=state.turn,
            query=text or begun.name,
            text=answer,
            tracks=tracks,
            receipt=receipt,
            diff=diff(before.slate, ids),
            total=length if tracks else "",
            dials=dials_of(query, len(tracks)),
            seed=seed,
            index=result.index,
            n_candidates=result.n_candidates,
        )
        return request, state, reply

    # --- where it stands ---

    def _named_start(self, wish: RadioWish) -> RadioStart | None:
        """The artist or track that words name best."""
        read = self._understand(f"like {wish.name}", first_turn=True, model=False)
        least = _NAMED * len(wish.name)
        found = [one for one in read.mentions if one.polarity != "-" and len(one.text) >= least]
        if not found:
            return None
        best = max(found, key=lambda mention: (len(mention.text), mention.confidence))
        return RadioStart(of=best.kind, key=best.key)

    def _begin(self, start: RadioStart, before: SessionState, history: History) -> _Begun | None:
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
            case _:
                ids = heard
        known = [catalogue.track_ids[row] for row in catalogue.rows(ids).tolist()]
        if not known:
            return None
        return _Begun(RadioState(start=start, track_ids=tuple(known)), self._name_of(start))

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

    def _station(self, radio: RadioState, state: SessionState, query: Query, history: History) -> Station:
        catalogue = self.recommender.catalogue
        began = {int(row) for row in catalogue.rows(radio.track_ids)}
        skipped = self._skipped(history)
        given = dict.fromkeys(catalogue.rows(state.shown).tolist())
        if radio.start.of != "artist":  # its best-known tracks stand for an artist, and may come
            given = dict.fromkeys([*(row for row in began if row not in given), *given])
        played = [e.track_id for e in history.events.own if e.session_id == history.session_id]
        given |= dict.fromkeys(row for row in catalogue.rows(played).tolist() if row not in given)
        heard = [int(row) for row in catalogue.rows(self._heard(state, history)) if int(row) not in began]
        only = [c for c in query.constraints if c.facet is Facet.ARTIST and c.wanted and c.hard]
        return Station(
            start=tuple(row for row in catalogue.rows(radio.track_ids).tolist() if row not in skipped),
            heard=tuple(heard),
            given=tuple(given),
            skipped=tuple(skipped),
            known=tuple(catalogue.rows(history.relations).tolist()),
            discovery=query.discovery,
            one_artist=any(len(c.values) == 1 for c in only),
            seed=query.seed,
        )

    def _allowed(self, query: Query) -> BoolArray:
        """Which tracks (N,) meet all that is demanded; nothing gives way."""
        catalogue = self.recommender.catalogue
        allowed = check(catalogue, self.recommender.vocabulary, query.constraints).allowed()
        banned = np.array([*query.exclude, *query.dislike_rows], dtype=np.int64)
        allowed &= ~np.isin(catalogue.work, catalogue.work[banned])
        return allowed & (catalogue.explicit != 1) if query.clean else allowed

    def _wishes(self, query: Query) -> FloatArray | None:
        """What the session asks of every track (N,); None where it asks for nothing."""
        if not query.text and not query.constraints and not query.fame:
            return None
        n_tracks = len(self.recommender.catalogue)
        rows, scores = self.recommender.beside(None).rank(replace(query, conversation=None), n_tracks)
        if not len(rows):
            return None
        found = np.full(n_tracks, float(scores.min()), dtype=np.float32)
        found[rows] = scores
        return found

    # --- what is said ---

    def _why(self, one: Next, book: Phrasebook, *, private: bool) -> tuple[str, ...]:
        """Say why a track came next; at least one fact."""
        catalogue = self.recommender.catalogue

        def named(row: int) -> str:
            return titled(catalogue.titles[row], catalogue.artists[row], book)

        facts = []
        if one.after is not None:
            facts.append(book("often comes after {track}", track=named(one.after[0])))
        if one.away_from is not None:
            facts.append(book("away from {track}, which you skipped", track=named(one.away_from)))
        if one.near is not None and one.after is None:
            facts.append(book("close to {track}", track=named(one.near[0])))
        if private and one.parts.get("dial", 0.0) > 0:
            facts.append(book("by an artist you know" if one.familiar else "by an artist new to your history here"))
        return tuple(facts) or (book("a step on from what was heard"),)

    def _said(self, begun: _Begun, batch: Batch, length: str, book: Phrasebook) -> str:
        n = len(batch.picks)
        if not n:
            return book(_ENDED)
        slate = book("{n} tracks, {length}" if n > 1 else "{n} track, {length}", n=n, length=length)
        said = [book(_FROM[begun.state.start.of], name=begun.name, slate=slate)]
        if batch.by == "neighbours":
            said.append(book(_UNLEARNT))
        if 0 < batch.gap < ARTIST_GAP:
            said.append(book(_CLOSER))
        if batch.ended:
            said.append(book(_ENDED))
        return " ".join(said)


def _refuses(event: Event) -> bool:
    if event.kind is EventKind.DISLIKE:
        return True
    return event.kind is EventKind.SKIP and (event.completion or 0.0) <= _SKIPPED
