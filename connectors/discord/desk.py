"""What the bot does once it knows who wants what: the part that waits for the assistant. Runs in worker threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal

from assistant.phrasebook import Phrasebook
from assistant.radio_start import RadioStart
from assistant.reply import MAX_GROUP, Diff, Message, Reply, SlateTrack, with_reasons, without
from assistant.request import Edit, Reference
from connectors.discord.budget import Budget
from connectors.discord.errors import RefusedError
from connectors.discord.guilds import DIRECT, Guilds
from connectors.discord.phrases import phrases
from connectors.discord.slates import page_of, pages
from connectors.discord.talks import Group, Place, Shown, Talk, Talks, listener_of

if TYPE_CHECKING:
    from assistant.app import Assistant

Rating = Literal["like", "dislike", "unrate"]
#: What an id of a track begins with where a number of the playlist could stand, too.
BY_ID = "id:"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a turn came to, ready to be shown."""

    reply: Reply
    shown: Shown | None  # None where there is no playlist to show
    book: Phrasebook
    page: int = 0
    chosen: int = 1  # position of the track that buttons are about

    @property
    def track(self) -> SlateTrack:
        """The track that buttons are about."""
        return next((t for t in self.reply.tracks if t.position == self.chosen), self.reply.tracks[0])


class Desk:
    """Turns, ratings and questions about what a message shows; shared by threads."""

    def __init__(self, assistant: Assistant, *, llm_per_day: int) -> None:
        """Put the parts together; nothing is read yet."""
        self.assistant = assistant
        self.guilds, self.talks = Guilds(assistant), Talks(assistant)
        self.budget = Budget(assistant, llm_per_day)
        self._turns = tuple(RLock() for _ in range(64))

    def book(self, guild: str) -> Phrasebook:
        """Return the bot's own words in the language of a server."""
        return phrases(self.guilds.of(guild).language)

    # --- turns ---

    def ask(self, place: Place, text: str, *, fresh: bool = False, **fields: Any) -> Answer:
        """Answer a message, in the conversation that goes on in a place or in a new one.

        Args:
            place: who speaks where.
            text: what they said.
            fresh: begin a new conversation.
            fields: of the `Message`, beside its text.
        """
        talk = None if fresh else self.talks.at(place)
        return self.turn(place, talk or self.talks.new(place), text, **fields)

    def refine(self, place: Place, text: str, **fields: Any) -> Answer:
        """Change the playlist of a place.

        Raises:
            RefusedError: there is none.
        """
        talk, _ = self.current(place)
        return self.turn(place, talk, text, **fields)

    def turn(self, place: Place, talk: Talk, text: str, *, token: str | None = None, **fields: Any) -> Answer:
        """Answer a message in a conversation; the message of a token is then to show the playlist.

        Raises:
            ForgottenError: somebody was forgotten who takes part; nothing is kept of it.
        """
        with self.assistant.acting_for(place.listener, *map(listener_of, talk.people)):
            return self._turn(place, talk, text, token=token, **fields)

    def _turn(self, place: Place, talk: Talk, text: str, *, token: str | None, **fields: Any) -> Answer:
        settings = self.guilds.of(place.guild)
        members = talk.group.members if talk.group else ()
        message = Message(
            listener_id=listener_of(talk.owner),
            session_id=talk.session,
            text=text,
            usual_tracks=settings.slate_size,
            language=settings.language,
            clean=not settings.explicit,
            group=tuple(listener_of(member) for member in members),
            speaker=place.listener,
            public=place.guild != DIRECT,
            model=bool(text) and self._may_use_model(place),
            **fields,
        )
        with self._in_turn(talk):
            reply = self.assistant.reply(message)
        shown = None
        if not reply.last_resort:
            self.talks.going_on(place, talk)
            if reply.tracks and (token or not _stays(reply)):
                shown = self.talks.show(place.guild, talk, reply.turn, token)
        return Answer(reply, shown, phrases(settings.language))

    def reword(self, place: Place, answer: Answer) -> bool:
        """Let the language model word the reasons of a message anew, if the server may still use it today.

        Returns:
            Whether the message still shows that turn, and has other words now.
        """
        from assistant.rewording.streaming import TRACKS_AT_ONCE

        n_calls = -(-len(answer.reply.tracks) // TRACKS_AT_ONCE)
        if answer.shown is None or not self.assistant.rewords or not self._may_use_model(place, n_calls):
            return False
        worded = dict(self.assistant.reword(answer.reply))
        return bool(worded) and self.talks.reword(place.guild, answer.shown, worded)

    # --- groups ---

    def join(self, place: Place, token: str, *, leave: bool = False) -> Group:
        """Let somebody into a group, or out of it, as they want.

        Raises:
            RefusedError: the group was forgotten, is full, or is their own.
        """
        group, book = self.group(place, token), self.book(place.guild)
        if place.user == group.owner:
            raise RefusedError(book("You opened this group: your taste counts in it."))
        if leave:
            self.talks.leave(place.guild, token, place.user)
        elif place.user not in group.members:
            if len(group.members) >= MAX_GROUP - 1:
                raise RefusedError(book("This group is full: it has {n} people.", n=MAX_GROUP))
            self.talks.join(place.guild, token, place.user)
        return self.group(place, token)

    def group(self, place: Place, token: str) -> Group:
        """Return a group by its token.

        Raises:
            RefusedError: it was forgotten.
        """
        group = self.talks.group(place.guild, token)
        if group is None:
            raise RefusedError(self.book(place.guild)("This group was forgotten: open another one with /group."))
        return group

    def play_group(self, place: Place, token: str) -> Answer:
        """Make the playlist of a group; its members then go on with one conversation in this place.

        Raises:
            RefusedError: somebody else opened it, or nobody joined.
        """
        group, book = self.group(place, token), self.book(place.guild)
        if place.user != group.owner:
            raise RefusedError(book("Only who opened this group can begin."))
        if not group.members:
            raise RefusedError(book("Nobody has joined yet: ask the others to press Join."))
        talk = Talk(group.session, group.owner, group)
        with self.assistant.acting_for(*map(listener_of, talk.people)):
            answer = self.turn(place, talk, group.request)
            for member in group.members:
                self.talks.going_on(Place(place.guild, place.channel, member, place.parent), talk)
        return answer

    # --- what a message shows ---

    def current(self, place: Place) -> tuple[Talk, Reply]:
        """Return the conversation of a place with its newest playlist.

        Raises:
            RefusedError: there is none.
        """
        from assistant.errors import NothingToExportError

        talk = self.talks.at(place)
        try:
            if talk is not None:
                return talk, self.assistant.export(talk.session, listener_of(talk.owner))
        except NothingToExportError:
            pass
        raise RefusedError(self.book(place.guild)("There is no playlist here yet: ask for one with /ask first."))

    def look(self, place: Place, token: str, *, page: int = 0, chosen: int = 0) -> Answer:
        """Return what a message shows, for somebody who may press its buttons.

        Args:
            place: who looks where.
            token: of the message.
            page: from 0.
            chosen: position of a track; 0 for the first of the page.

        Raises:
            RefusedError: it is somebody else's, or it was forgotten.
        """
        book = self.book(place.guild)
        shown = self.talks.shown(place.guild, token)
        if shown is None:
            raise RefusedError(book("This playlist was forgotten: ask for another one with /ask."))
        if place.user not in shown.talk.people:
            raise RefusedError(book("Only who asked for this playlist can do that. Ask for your own with /ask."))
        # What one of a group likes is nobody else's business.
        rater = None if shown.talk.group else place.listener
        reply = self.assistant.reply_at(shown.talk.session, listener_of(shown.talk.owner), shown.turn, rater)
        if reply is None or not reply.tracks:
            raise RefusedError(book("This playlist was forgotten: ask for another one with /ask."))
        here = {listener_of(one) for one in shown.talk.people}
        for gone in {one for track in reply.tracks for one in track.whom} - here:
            reply = without(reply, gone)
        return at_page(Answer(with_reasons(reply, shown.reasons), shown, book), page, chosen)

    def rate(self, place: Place, before: Answer, kind: Rating) -> Answer:
        """Rate the track that buttons are about, for the listener who pressed; what is pressed again is taken back."""
        shown, track = _shown(before), before.track
        liked = self.assistant.rated(place.listener).get(track.track_id)
        taken_back = kind != "unrate" and liked is (kind == "like")
        # In a group it is no part of the session that all share.
        session = None if shown.talk.group else shown.talk.session
        self.assistant.feedback(place.listener, session, track.track_id, "unrate" if taken_back else kind)
        return self.look(place, shown.token, page=before.page, chosen=before.chosen)

    def edit(self, place: Place, before: Answer, action: Literal["swap", "example", "undo", "redo"]) -> Answer:
        """Swap the track that buttons are about, ask for others like it, or go back; the message shows the result.

        Raises:
            RefusedError: the conversation has gone on to another playlist, or nothing fits.
        """
        fields: dict[str, Any] = {"step": action}
        if action == "swap" or action == "example":
            fields = {"edits": (Edit(action=action, what=Reference(track_ids=(before.track.track_id,))),)}
        with self._on_newest(before) as shown:
            done = self.turn(place, shown.talk, "", token=shown.token, **fields)
        if not done.reply.tracks:
            raise RefusedError(done.reply.text)
        return at_page(done, before.page, 0 if action == "example" else before.chosen)

    def go_on(self, place: Place, before: Answer, start: RadioStart, *, skip: bool = False) -> Answer:
        """Go on with music, the track that buttons are about skipped or not; the message shows the next tracks.

        Raises:
            RefusedError: the conversation has gone on to another playlist, or nothing comes next.
        """
        with self._on_newest(before) as shown:
            if skip:
                self.assistant.feedback(place.listener, shown.talk.session, before.track.track_id, "skip", 0.0)
            done = self.turn(place, shown.talk, "", token=shown.token, radio=start)
        if not done.reply.tracks:
            raise RefusedError(done.reply.text)
        return at_page(done, 0)

    def find(self, place: Place, text: str) -> tuple[Talk, SlateTrack]:
        """Return the track of the newest playlist here that a number or a part of its name tells.

        Raises:
            RefusedError: there is none.
        """
        talk, reply = self.current(place)
        wanted = text.strip().casefold()
        by_number = {str(track.position): track for track in reply.tracks}
        by_id = {track.track_id.casefold(): track for track in reply.tracks}
        by_title = {track.title.casefold(): track for track in reversed(reply.tracks)}  # whole, before parts of names
        if found := by_number.get(wanted) or by_id.get(wanted) or by_title.get(wanted):
            return talk, found
        for track in reply.tracks:
            named = track.title if wanted.isdigit() else f"{track.title} – {track.artist}"
            if wanted and wanted in (named.casefold().split() if wanted.isdigit() else named.casefold()):
                return talk, track
        raise RefusedError(
            self.book(place.guild)(
                "There is no such track in your playlist: give its number, 1 to {n}.", n=len(reply.tracks)
            )
        )

    def rate_named(self, place: Place, named: str, kind: Rating) -> str:
        """Rate a track of the newest playlist here, by number or name, or any of the catalogue by its id.

        Args:
            place: who rates where.
            named: what they typed, or `BY_ID` and an id, which is never taken for a number.
            kind: how they rate it.

        Returns:
            How the track is called.

        Raises:
            RefusedError: neither the playlist nor the catalogue has it.
        """
        if named.startswith(BY_ID):
            with suppress(LookupError):
                return self._rate_by_id(place, named.removeprefix(BY_ID), kind)
        try:
            talk, track = self.find(place, named)
        except RefusedError as unknown:
            try:
                return self._rate_by_id(place, named, kind)
            except LookupError:
                raise unknown from None
        self.assistant.feedback(place.listener, None if talk.group else talk.session, track.track_id, kind)
        return f"{track.title} – {track.artist}"

    def _rate_by_id(self, place: Place, track_id: str, kind: Rating) -> str:
        self.assistant.feedback(place.listener, None, track_id, kind)
        known = self.assistant.track_named(track_id)
        return f"{known.title} – {known.artist}"

    def _in_turn(self, talk: Talk) -> RLock:
        """Return what the members of a group hold, so that nobody goes on between a look at its playlist and a turn."""
        return self._turns[hash(talk.session) % len(self._turns)]

    @contextmanager
    def _on_newest(self, answer: Answer) -> Iterator[Shown]:
        """Keep a conversation at the playlist that a message shows until the block ends.

        Raises:
            RefusedError: it has gone on to another one.
        """
        shown = _shown(answer)
        with self._in_turn(shown.talk):
            if not self._is_newest(answer):
                raise RefusedError(
                    answer.book("This is an earlier playlist: use the buttons under the newest one, or /refine.")
                )
            yield shown

    def _is_newest(self, answer: Answer) -> bool:
        from assistant.errors import NothingToExportError

        talk = _shown(answer).talk
        try:
            newest = self.assistant.export(talk.session, listener_of(talk.owner))
        except NothingToExportError:  # the last turn found nothing, and left the playlist before as it was
            return True
        return [track.track_id for track in newest.tracks] == [track.track_id for track in answer.reply.tracks]

    def _may_use_model(self, place: Place, n_calls: int = 1) -> bool:
        user = place.user if place.guild == DIRECT else None
        return self.guilds.of(place.guild).model and self.budget.take(place.guild, n_calls, user=user)


def at_page(answer: Answer, page: int, chosen: int = 0) -> Answer:
    """Turn to a page, and to a track; one that is not on the page gives way to the first that is."""
    cut = pages(answer.reply)
    page = min(max(page, 0), len(cut) - 1)
    if chosen and page_of(answer.reply, chosen) != page:
        chosen = 0
    return Answer(answer.reply, answer.shown, answer.book, page, chosen or cut[page][0].position)


def _stays(reply: Reply) -> bool:
    """Tell whether a turn leaves the playlist as it was, as the answer to a question does."""
    return reply.diff == Diff(n_kept=len(reply.tracks))


def _shown(answer: Answer) -> Shown:
    assert answer.shown is not None
    return answer.shown
