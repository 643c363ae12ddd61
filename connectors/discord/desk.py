"""What the bot does once it knows who wants what: the part that waits for the assistant. Runs in worker threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from assistant.phrasebook import Phrasebook
from assistant.reply import MAX_GROUP, Diff, Message, Reply, SlateTrack, with_reasons
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
        reply = self.assistant.reply(
            Message(
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
        )
        shown = None
        if not reply.last_resort:
            self.talks.going_on(place, talk)
            if reply.tracks and (token or not _stays(reply)):
                shown = self.talks.show(place.guild, talk, reply.turn, token)
        return Answer(reply, shown, phrases(settings.language))

    def reword(self, place: Place, answer: Answer) -> Answer | None:
        """Let the language model word the reasons anew, if the server may still use it today; None if nothing came."""
        if not answer.reply.tracks or not self.assistant.rewords or not self._may_use_model(place):
            return None
        worded = dict(self.assistant.reword(answer.reply))
        if not worded:
            return None
        return Answer(with_reasons(answer.reply, worded), answer.shown, answer.book, answer.page, answer.chosen)

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
        return at_page(Answer(reply, shown, book), page, chosen)

    def rate(self, place: Place, token: str, page: int, chosen: int, kind: Rating) -> Answer:
        """Rate a track that a message shows, for the listener who pressed; what is pressed again is taken back."""
        answer = self.look(place, token, page=page, chosen=chosen)
        track, talk = answer.track, _talk(answer)
        liked = self.assistant.rated(place.listener).get(track.track_id)
        taken_back = kind != "unrate" and liked is (kind == "like")
        # In a group it is no part of the session that all share.
        session = None if talk.group else talk.session
        self.assistant.feedback(place.listener, session, track.track_id, "unrate" if taken_back else kind)
        return self.look(place, token, page=page, chosen=chosen)

    def edit(
        self, place: Place, token: str, page: int, chosen: int, action: Literal["swap", "example", "undo", "redo"]
    ) -> Answer:
        """Swap a track that a message shows, ask for others like it, or go back; the message then shows the result."""
        before = self.look(place, token, page=page, chosen=chosen)
        talk = _talk(before)
        if action == "undo" or action == "redo":
            done = self.turn(place, talk, "", token=token, step=action)
        else:
            edit = Edit(action=action, what=Reference(track_ids=(before.track.track_id,)))
            done = self.turn(place, talk, "", token=token, edits=(edit,))
        if not done.reply.tracks:
            raise RefusedError(done.reply.text)
        return at_page(done, page, 0 if action == "example" else chosen)

    def find(self, place: Place, text: str) -> tuple[Talk, SlateTrack]:
        """Return the track of the newest playlist here that a number or a part of its name tells.

        Raises:
            RefusedError: there is none.
        """
        talk, reply = self.current(place)
        wanted = text.strip().casefold()
        for track in reply.tracks:
            if wanted in (str(track.position), track.track_id.casefold()):
                return talk, track
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

        Returns:
            How the track is called.

        Raises:
            RefusedError: neither the playlist nor the catalogue has it.
        """
        try:
            talk, track = self.find(place, named)
        except RefusedError as unknown:
            try:
                self.assistant.feedback(place.listener, None, named, kind)
            except LookupError:
                raise unknown from None
            known = self.assistant.track_named(named)
            return f"{known.title} – {known.artist}"
        self.assistant.feedback(place.listener, None if talk.group else talk.session, track.track_id, kind)
        return f"{track.title} – {track.artist}"

    def _may_use_model(self, place: Place) -> bool:
        if not self.guilds.of(place.guild).model:
            return False
        if place.guild == DIRECT:
            return self.budget.take(f"{DIRECT}-{place.user}", place.listener)
        return self.budget.take(place.guild)


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


def _talk(answer: Answer) -> Talk:
    assert answer.shown is not None
    return answer.shown.talk
