"""A turn of the radio: what comes next in a session, and why, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from assistant.chips import apply, resolve
from assistant.explain import MAX_REASON
from assistant.groups import Circle
from assistant.history import History
from assistant.labels import constraint_label, plain
from assistant.overrides import with_overrides
from assistant.phrasebook import Phrasebook, phrasebook
from assistant.querying import dials_of
from assistant.radio_ends import could_give_way, offer, question, ruled_out
from assistant.radio_tuning import Begun, Tuning, without
from assistant.receipt import slate_length, write_receipt
from assistant.reply import Diff, Message, Reply
from assistant.request import Request
from assistant.session import Exchange, SessionState, fold, with_answer, with_slate
from assistant.situation import titled
from assistant.slates import diff, slate_tracks
from assistant.store import StoredTurn
from assistant.versions import with_version
from assistant.wording import relaxed_sentence
from recsys.appeal.serving import predictions_told
from recsys.constraints import YES, Checked, check, closeness
from recsys.groups import pooled
from recsys.picking import bare_pick
from recsys.radio import ARTIST_GAP, Batch, Next, Radio, Station
from recsys.recommendation import Query, Recommendation
from recsys.types import BoolArray, Constraint, Facet, FloatArray

#: Tracks of a batch where nothing says how many, and at most.
USUAL_BATCH, _MOST = 10, 200
_FROM = {
    "session": "On it goes from what you heard: {slate}.",
    "last": "More like the last ones: {slate}.",
    "track": "Radio from {name}: {slate}.",
    "artist": "Radio from {name}: {slate}.",
    "playlist": "Radio from this playlist: {slate}.",
}
_UNLEARNT = "What people play next is not learnt for this catalogue, so it goes by what is alike."
_UNKNOWN = "What people play next is not known of these tracks yet, so it goes by what is alike."
CLOSER = "Too few artists are left to keep each ten tracks apart."
OFF = "The radio is off. The playlist stays as it is."
KEPT = "Then your wishes stay as they are."
NONE_ON = "No radio is on."
ENDED = "Nothing more is left that meets your wishes."


class Radios(Tuning):
    """Goes on with music in a session. Shared by threads."""

    @cached_property
    def _radio(self) -> Radio:
        recommender = self.recommender
        return Radio(recommender.catalogue, recommender.ranker.vectors, recommender.company, recommender.following)

    def play_on(
        self,
        begun: Begun,
        message: Message,
        last: StoredTurn | None,
        circle: Circle,
        history: History,
        *,
        seed: int,
        at: float,
    ) -> tuple[Request, SessionState, Reply]:
        """Give the next tracks: the request that it was, the session after it, and the reply.

        For a group, what any member is not to be shown stays out, what they do in the session counts for all, and
        nothing is said of anybody. Where nothing comes, what was on screen stays, and the session with it.
        """
        before = last.state if last else SessionState()
        catalogue, text = self.recommender.catalogue, plain(message.text)
        request = with_overrides(begun.request, message).model_copy(update={"speaker": circle.member_speaking})
        book = phrasebook(request.spoken)
        if begun.quiet and last is not None:
            answer = book(KEPT if begun.quiet == "no" else OFF if before.radio is not None else NONE_ON)
            state, reply = _stays(last, answer, request.spoken, circle.outward(history).rated)
            if begun.quiet == "off":
                state, reply = state.model_copy(update={"radio": None}), reply.model_copy(update={"radio": None})
            return request, with_answer(state, text, answer, at, request.speaker), reply
        changed, told = before, list[str]()
        if request.chips:
            changed, told = apply(before, resolve(request.chips, last.reply.receipt if last else ()), book)
        state = self._after(begun, request, changed, text)
        query, *others = (self._query(state, one, seed=seed) for one in (history, *circle.others))
        query = pooled(replace(query, clean=query.clean or message.clean), others)
        station = self._station(begun, state, query, circle, history)
        gave_way = self._gave_way(self._query(changed, history, seed=seed).constraints)
        held = tuple(replace(one, hard=one.hard and one not in gave_way) for one in query.constraints)
        possible = replace(query, constraints=held)
        batch = self._batch(request, station, possible)
        picks = tuple(
            replace(
                bare_pick(catalogue, one.row),
                score=one.score,
                retrievers=("radio",),
                comes_after=one.after,
                appeal=predictions_told(catalogue, query.constraints, one.row),
            )
            for one in batch.picks
        )
        rows = np.array([one.row for one in batch.picks], dtype=np.int64)
        counts = self.recommender.counts(query.constraints, rows)
        result = Recommendation(
            picks=picks,
            counts=tuple(
                replace(one, relaxed=asked.hard and not held.hard)
                for one, asked, held in zip(counts, query.constraints, possible.constraints, strict=True)
            ),
            relaxed=(),
            index=self.recommender.index.name,
            certified=False,
            n_candidates=len(catalogue),
            timings_ms={},
            has_taste=bool(station.known),
            for_group=bool(others),
        )
        ids = tuple(pick.track.track_id for pick in picks)
        outward = circle.outward(history)
        private = not (message.public or outward.before_others)
        why = [self._why(one, begun, query, state.names(), book, private=private) for one in batch.picks]
        reasons = tuple(_sentence(facts) for facts in why)
        tracks = slate_tracks(picks, reasons, outward.rated, causes=why, before=before.slate)
        length = slate_length(picks, book)
        closer = batch.gap < ARTIST_GAP and not station.one_artist
        answer = self._said(begun, batch, length, book, first=before.radio != begun.state, closer=closer)
        relaxed = relaxed_sentence(result.counts, state.names(), book) if picks else ""
        names = state.names()
        more, label, gone = "", "", list[Constraint]()
        if batch.ended:
            more, label, gone = self._offer(request, state, station, batch, possible, tells=private and not others)
        options = (label,) if label else ()
        answer = " ".join(said for said in (request.note, *(told if picks else ()), answer, relaxed, more) if said)
        if not picks and last is not None and before.slate:
            state, reply = _stays(last, answer, request.spoken, outward.rated)
            asked = question(label, gone, request, state, begun.state, names) if label else None
            state, reply = (
                state.model_copy(update={"open_question": asked}),
                reply.model_copy(update={"options": options}),
            )
            return request, with_answer(state, text, answer, at, request.speaker), reply
        receipt = write_receipt(
            result,
            state.model_copy(update={"n_tracks": request.n_tracks, "minutes": request.minutes}),
            usual_size=USUAL_BATCH,
            max_per_artist=self._defaults.max_per_artist,
            clean=message.clean,
            book=book,
        )
        if others:
            receipt = tuple(line for line in receipt if line.chip != "discovery")
        state = with_version(with_slate(state, ids), before)
        if label:
            rest = Request(text="", spoken=request.spoken, n_tracks=request.n_tracks)
            asked = question(label, gone, rest, state, begun.state, names)
            state = state.model_copy(update={"open_question": asked})
        state = with_answer(state, text, answer, at, request.speaker)
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
            radio=begun.state.start if tracks else None,
            options=options,
        )
        return request, state, reply

    def _after(self, begun: Begun, request: Request, before: SessionState, text: str) -> SessionState:
        """The session with what refines it; how many tracks come next is said for this once."""
        said = (*before.exchanges, Exchange(utterance=text, speaker=request.speaker))
        if begun.refined:
            state = fold(before, request)
        else:
            dials = {"discovery": request.discovery, "fame": request.fame, "how_much_me": request.how_much_me}
            held = {name: value for name, value in dials.items() if value is not None}
            state = before.model_copy(update={**held, "turn": before.turn + 1, "language": request.spoken})
        return without(state, begun.released).model_copy(
            update={
                "n_tracks": before.n_tracks,
                "minutes": before.minutes,
                "radio": begun.state,
                "open_question": None,
                "exchanges": said,
            }
        )

    def _batch(self, request: Request, station: Station, query: Query) -> Batch:
        """The next tracks, as many as are asked for."""
        catalogue, minutes = self.recommender.catalogue, request.minutes

        def lasts(picks: Sequence[Next]) -> float:
            return sum(catalogue.duration_s(one.row)[0] for one in picks) / 60

        def is_full(picks: Sequence[Next]) -> bool:
            return minutes is not None and lasts(picks) >= minutes

        checked = check(catalogue, self.recommender.vocabulary, query.constraints)
        batch = self._radio.next(
            station,
            request.n_tracks or USUAL_BATCH if minutes is None else _MOST,
            allowed=self._allowed(query, checked),
            wishes=self._wishes(replace(query, discovery=station.discovery)),
            preferred=self._preferred(checked),
            full=is_full,
        )
        picks = batch.picks
        if minutes is None or len(picks) < 2 or minutes - lasts(picks[:-1]) >= lasts(picks) - minutes:
            return batch
        return replace(batch, picks=picks[:-1], ended=False)

    # --- where it stands ---

    def _station(self, begun: Begun, state: SessionState, query: Query, circle: Circle, history: History) -> Station:
        catalogue, together, radio = self.recommender.catalogue, self._together(circle, history), begun.state
        began = {int(row) for row in catalogue.rows(radio.track_ids)}
        skipped = self._skipped(together)
        on_screen = (one for one in state.slate if one not in begun.released)  # an undo may have brought it back
        given = dict.fromkeys(catalogue.rows((*state.shown, *on_screen)).tolist())
        if radio.start.of != "artist":  # its best-known tracks stand for an artist, and may come
            given = dict.fromkeys([*(row for row in began if row not in given), *given])
        played = [e.track_id for e in together.events.own if e.session_id == history.session_id]
        given |= dict.fromkeys(row for row in catalogue.rows(played).tolist() if row not in given)
        heard = [int(row) for row in catalogue.rows(self._heard(state, together)) if int(row) not in began]
        only = [c for c in query.constraints if c.facet is Facet.ARTIST and c.wanted and c.hard]
        return Station(
            start=tuple(row for row in catalogue.rows(radio.track_ids).tolist() if row not in skipped),
            heard=tuple(heard),
            given=tuple(given),
            skipped=tuple(skipped),
            # In a group, whoever turned the dial would read off a batch whom the others know.
            known=() if circle.others else tuple(catalogue.rows(history.relations).tolist()),
            discovery=0.0 if circle.others else query.discovery,
            one_artist=any(len(c.values) == 1 for c in only),
            seed=query.seed,
        )

    def _gave_way(self, constraints: Sequence[Constraint]) -> tuple[Constraint, ...]:
        """The demands of the session so far that gave way: no track of the catalogue meets them together."""
        checked = check(self.recommender.catalogue, self.recommender.vocabulary, constraints)
        wanted = checked.relaxation_steps()
        gone = frozenset(number for number in wanted if not (checked.met[number] == YES).any())
        for number in wanted:
            if checked.allowed(gone).any():
                break
            gone |= {number}
        return tuple(constraints[number] for number in sorted(gone))

    def _offer(
        self, request: Request, state: SessionState, station: Station, batch: Batch, query: Query, *, tells: bool
    ) -> tuple[str, str, list[Constraint]]:
        """Say what could come if demands gave way, how one asks for it, and which; or that all the rest is ruled out.

        How many tracks that would be is left out unless it `tells`: it depends on what everybody refuses.
        """
        works, book = self.recommender.catalogue.work, phrasebook(request.spoken)
        gone = np.array([*station.given, *station.skipped, *(one.row for one in batch.picks)], dtype=np.int64)
        fresh = ~np.isin(works, works[gone])
        checked = check(self.recommender.catalogue, self.recommender.vocabulary, query.constraints)

        def left(without: frozenset[int]) -> int:
            return len(np.unique(works[self._allowed(query, checked, without) & fresh]))

        steps = checked.relaxation_steps()
        demands, n_left = could_give_way(steps, left, request.n_tracks or USUAL_BATCH)
        if demands:
            wishes = [query.constraints[number] for number in steps if number in demands]
            return *offer(wishes, n_left if tells else None, state.names(), book), wishes
        refused = {n: c for n, c in enumerate(query.constraints) if c.hard and not c.wanted}
        if not refused or not left(frozenset((*steps, *refused))):
            return "", "", []
        return ruled_out(list(refused.values()), state.names(), book), "", []

    def _allowed(self, query: Query, checked: Checked, without: frozenset[int] = frozenset()) -> BoolArray:
        """Which tracks (N,) meet all that is demanded, but for the demands numbered in `without`."""
        catalogue, allowed = self.recommender.catalogue, checked.allowed(without)
        banned = np.array([*query.exclude, *query.dislike_rows], dtype=np.int64)
        allowed &= ~np.isin(catalogue.work, catalogue.work[banned])
        return allowed & (catalogue.explicit != 1) if query.clean else allowed

    def _preferred(self, checked: Checked) -> FloatArray | None:
        """How far every track (N,) meets what is preferred and not demanded, in 0–1; None where nothing is."""
        catalogue, vocabulary = self.recommender.catalogue, self.recommender.vocabulary
        worth = [closeness(catalogue, vocabulary, one, met) for one, met in checked.pairs() if not one.hard]
        return np.mean(worth, axis=0, dtype=np.float32) if worth else None

    def _wishes(self, query: Query) -> FloatArray | None:
        """What the session asks of every track (N,); None where it asks for nothing."""
        if not query.text and not query.constraints and not query.fame:
            return None
        n_tracks = len(self.recommender.catalogue)
        rows, scores = self.recommender.beside(None, onward=False).rank(replace(query, conversation=None), n_tracks)
        if not len(rows):
            return None
        found = np.full(n_tracks, float(scores.min()), dtype=np.float32)
        found[rows] = scores
        return found

    # --- what is said ---

    def _why(
        self, one: Next, begun: Begun, query: Query, names: dict[str, str], book: Phrasebook, *, private: bool
    ) -> tuple[str, ...]:
        """Say why a track came next, what moved the choice most first; at least one fact."""
        catalogue, start = self.recommender.catalogue, begun.state.start

        def named(row: int) -> str:
            return titled(catalogue.titles[row], catalogue.artists[row], book)

        alike, company = [], []
        if one.near is not None:
            alike = [book("close to {track}", track=named(one.near[0]))]
        if one.together is not None:
            track, n = one.together
            company = [book("in {n} playlists with {track}", n=n, track=named(track))]
        parts = one.parts
        by_company = parts.get("company", 0) > parts.get("start", 0) + parts.get("recent", 0)
        facts = [*company, *alike] if by_company else [*alike, *company]
        if one.near is not None and one.together is not None and one.near[0] == one.together[0]:
            facts = facts[:1]  # it says enough of that track
        if one.after is not None:
            facts = [book("often comes after {track}", track=named(one.after[0])), *company]
        if start.of == "artist" and catalogue.artist_keys[catalogue.artist_rows[one.row]] == start.key:
            facts = [book("by {name}, whom the radio began from", name=begun.name)]
        row = np.array([one.row])
        for wish in query.constraints:
            if not wish.hard and self.recommender.agreement(wish, row)[0] == YES:
                facts.insert(1, book("{wish}, as you asked", wish=constraint_label(wish, names, book)))
        if private and one.away_from is not None:
            facts.append(book("away from {track}, which you skipped", track=named(one.away_from)))
        if private and parts.get("dial", 0.0) > 0:
            facts.append(book("by an artist you know" if one.familiar else "by an artist new to your history here"))
        return tuple(facts) or (book("a step on from what was heard"),)

    def _said(self, begun: Begun, batch: Batch, length: str, book: Phrasebook, *, first: bool, closer: bool) -> str:
        n = len(batch.picks)
        if not n:
            return book(ENDED)
        slate = book("{n} tracks, {length}" if n > 1 else "{n} track, {length}", n=n, length=length)
        said = [book(_FROM[begun.state.start.of], name=begun.name, slate=slate)]
        if first and batch.by == "neighbours":
            following = self.recommender.following
            said.append(book(_UNLEARNT if following is None or not following.weight else _UNKNOWN))
        if closer:
            said.append(book(CLOSER))
        if batch.ended:
            said.append(book(ENDED))
        return " ".join(said)


def _stays(last: StoredTurn, said: str, language: str, rated: Mapping[str, bool]) -> tuple[SessionState, Reply]:
    """The session and the playlist as they were, with a turn more."""
    kept, turn = last.reply.tracks, last.state.turn + 1
    tracks = tuple(one.model_copy(update={"liked": rated.get(one.track_id), "new": False}) for one in kept)
    told = {"turn": turn, "text": said, "tracks": tracks, "diff": Diff(n_kept=len(tracks)), "export": None}
    state = last.state.model_copy(update={"turn": turn, "language": language, "open_question": None})
    return state, last.reply.model_copy(update=told | {"options": ()})


def _sentence(facts: Sequence[str]) -> str:
    """Join facts as one sentence, as many as fit; "B.I.G." at its end needs no other stop."""
    said = facts[0]
    for fact in facts[1:]:
        if len(said) + len(fact) + 3 <= MAX_REASON:
            said = f"{said}, {fact}"
    return f"{said[:1].upper()}{said[1:].removesuffix('.')}."
