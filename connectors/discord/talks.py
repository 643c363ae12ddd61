"""Which conversation goes on where, and which message shows which playlist: kept so that a restart loses neither.

In a server each person has one conversation for each channel and each thread, and one in direct messages. Those who
joined a group share the conversation of whoever opened it. A message with a playlist has a token; its buttons carry
the token, and the token finds conversation and turn.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.discord.guilds import GROUP, MEMBER, SLATE, TALK, session_prefix

if TYPE_CHECKING:
    from assistant.app import Assistant

#: Form of a token.
TOKEN = re.compile(r"[0-9a-f]{12}")


def listener_of(user: int) -> str:
    """Return the listener that a Discord user is, by the user's id."""
    return f"discord-{user}"


def new_token() -> str:
    """Draw a token for a message or a group."""
    return secrets.token_hex(6)


@dataclass(frozen=True, slots=True)
class Place:
    """Who speaks where."""

    guild: str  # id of the server, or `DIRECT`
    channel: int  # id of the channel or thread
    user: int
    parent: int | None = None  # of a thread: the channel that it is in

    @property
    def listener(self) -> str:
        """The listener who speaks."""
        return listener_of(self.user)

    @property
    def key(self) -> str:
        """The key of the conversation that goes on here."""
        return f"{self.guild}:{self.channel}:{self.user}"


@dataclass(frozen=True, slots=True)
class Group:
    """People who agreed to have one playlist made for all of them."""

    token: str
    owner: int  # user who opened it
    session: str
    request: str
    members: tuple[int, ...]  # users who joined, in the order of their joining, without the owner


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: its session, whose it is, and who may take part in it."""

    session: str
    owner: int  # user
    group: Group | None = None

    @property
    def people(self) -> tuple[int, ...]:
        """The users who may press its buttons and go on with it."""
        return (self.owner, *(self.group.members if self.group else ()))


@dataclass(frozen=True, slots=True)
class Shown:
    """A message that shows a playlist."""

    token: str
    talk: Talk
    turn: int
    reasons: Mapping[str, str] = field(default_factory=dict)  # by track id, where they were worded anew


class Talks:
    """The conversations and messages in the database; each record is its listener's, and forgotten with them."""

    def __init__(self, assistant: Assistant) -> None:
        """Nothing is read yet."""
        self._assistant = assistant

    def new(self, place: Place) -> Talk:
        """Begin a conversation; it goes on once `going_on` was told of it."""
        return Talk(session=f"{session_prefix(place.guild)}{place.channel}-{new_token()}", owner=place.user)

    def going_on(self, place: Place, talk: Talk) -> None:
        """Note that somebody goes on with a conversation in a place."""
        value = {"group": talk.group.token} if talk.group else {"session": talk.session}
        self._assistant.records.put(TALK, place.key, value, place.listener)

    def at(self, place: Place) -> Talk | None:
        """Return the conversation that somebody goes on with in a place; None where there is none."""
        value = self._assistant.records.get(TALK, place.key)
        if value is None:
            return None
        if "session" in value:
            return Talk(value["session"], place.user)
        group = self.group(place.guild, value["group"])
        return (
            Talk(group.session, group.owner, group) if group and place.user in (group.owner, *group.members) else None
        )

    def show(self, guild: str, talk: Talk, turn: int, token: str | None = None) -> Shown:
        """Note which turn a message shows, a new one or one by its token."""
        shown = Shown(token or new_token(), talk, turn)
        value = {"session": talk.session, "turn": turn, "user": talk.owner}
        value |= {"group": talk.group.token} if talk.group else {}
        self._assistant.records.put(SLATE, f"{guild}:{shown.token}", value, listener_of(talk.owner))
        return shown

    def shown(self, guild: str, token: str) -> Shown | None:
        """Return what a message shows, by its token; None where that was forgotten."""
        value = self._assistant.records.get(SLATE, f"{guild}:{token}")
        if value is None:
            return None
        group = self.group(guild, value["group"]) if "group" in value else None
        return Shown(token, Talk(value["session"], value["user"], group), value["turn"], value.get("reasons", {}))

    def reword(self, guild: str, shown: Shown, reasons: Mapping[str, str]) -> bool:
        """Keep other reasons, by track id, for what a message shows; tell whether it shows that turn still."""

        def put(value: dict[str, Any] | None) -> tuple[dict[str, Any] | None, bool]:
            if value is None or value["turn"] != shown.turn:
                return value, False
            return value | {"reasons": dict(reasons)}, True

        return self._assistant.records.change(SLATE, f"{guild}:{shown.token}", put, listener_of(shown.talk.owner))

    # --- groups ---

    def open_group(self, place: Place, request: str) -> Group:
        """Open a group that others may join."""
        token = new_token()
        session = f"{session_prefix(place.guild)}{place.channel}-{token}"
        value = {"user": place.user, "session": session, "request": request}
        self._assistant.records.put(GROUP, f"{place.guild}:{token}", value, place.listener)
        return Group(token, place.user, session, request, ())

    def group(self, guild: str, token: str) -> Group | None:
        """Return a group with those who are in it now; None where its owner was forgotten."""
        value = self._assistant.records.get(GROUP, f"{guild}:{token}")
        if value is None:
            return None
        joined = self._assistant.records.all(MEMBER, prefix=f"{guild}:{token}:")
        members = tuple(int(key.rpartition(":")[2]) for key in joined)
        return Group(token, value["user"], value["session"], value["request"], members)

    def join(self, guild: str, token: str, user: int) -> None:
        """Let somebody into a group, as they agreed."""
        self._assistant.records.put(MEMBER, f"{guild}:{token}:{user}", {}, listener_of(user))

    def leave(self, guild: str, token: str, user: int) -> bool:
        """Take somebody out of a group; tell whether they were in it."""
        return self._assistant.records.drop(MEMBER, f"{guild}:{token}:{user}")
