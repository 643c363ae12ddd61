"""How the bot behaves in each Discord server, as members who manage the server set it; kept while it is a member.

What a server left behind is deleted seven days after it removed the bot.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from threading import Lock
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from assistant.app import Assistant

#: Kinds of records. Keys begin with the server's id and a colon, those of settings and departures are the id alone.
SETTINGS, GONE, TALK, SLATE, GROUP, MEMBER, BUDGET = (
    "discord-guild",
    "discord-gone",
    "discord-talk",
    "discord-slate",
    "discord-group",
    "discord-member",
    "discord-budget",
)
_OF_A_GUILD = (TALK, SLATE, GROUP, MEMBER, BUDGET)
#: How long what a server left is kept after it removed the bot, in seconds.
KEPT_S = 7 * 86_400.0
#: In place of a server's id for direct messages.
DIRECT = "dm"


class GuildSettings(BaseModel):
    """The settings of one server; the defaults hold in direct messages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: tuple[int, ...] = Field(default=(), description="where the bot answers; anywhere if empty")
    slate_size: int | None = Field(default=None, ge=1, le=50, description="tracks unless somebody says otherwise")
    explicit: bool = Field(default=True, description="whether tracks marked as explicit may be shown")
    language: str | None = Field(default=None, description="answered in; None: in that of each message")
    model: bool = Field(default=True, description="whether the language model may be used, where one is set")
    cooldown_s: float = Field(default=2.0, ge=0, le=3600, description="between two requests of one person")


class Guilds:
    """The settings of all servers, in memory and in the database; shared by threads."""

    def __init__(self, assistant: Assistant) -> None:
        """Nothing is read yet."""
        self._assistant = assistant
        self._known: dict[str, GuildSettings] = {}
        self._lock = Lock()

    def load(self) -> None:
        """Read the settings of all servers."""
        stored = self._assistant.records.all(SETTINGS)
        with self._lock:
            self._known = {key: GuildSettings.model_validate(value) for key, value in stored.items()}

    def of(self, guild: str) -> GuildSettings:
        """Return the settings of a server, by its id; touches no database."""
        return self._known.get(guild, GuildSettings())

    def change(self, guild: str, **changes: object) -> GuildSettings:
        """Change settings of a server and keep them.

        Raises:
            ValidationError: a value is out of its range; nothing has changed then.
        """
        with self._lock:
            current = self._known.get(guild, GuildSettings())
            changed = GuildSettings.model_validate(current.model_dump() | changes)
            self._assistant.records.put(SETTINGS, guild, changed.model_dump(mode="json"))
            self._known[guild] = changed
        return changed

    def left(self, guild: str, at: float | None = None) -> None:
        """Note that a server removed the bot, at a time in seconds since the epoch; the first note counts."""
        now = time.time() if at is None else at
        self._assistant.records.change(GONE, guild, lambda noted: (noted or {"at": now}, None))

    def joined(self, guild: str) -> None:
        """Note that the bot is a member of a server (again): nothing of it is deleted."""
        self._assistant.records.drop(GONE, guild)

    def sweep(self, members: Collection[str], now: float | None = None) -> int:
        """Delete what servers left behind that removed the bot more than seven days ago.

        A server that removed it while it was not running is found to be gone now.

        Args:
            members: the ids of the servers that the bot is a member of.
            now: seconds since the epoch.

        Returns:
            How many servers were forgotten.
        """
        records, moment = self._assistant.records, time.time() if now is None else now
        held = {key.split(":")[0] for kind in (SETTINGS, *_OF_A_GUILD) for key in records.keys(kind)}
        for guild in held - set(members):
            if guild.isdigit():
                self.left(guild, moment)
        forgotten = 0
        for guild, note in records.all(GONE).items():
            if guild in members:
                records.drop(GONE, guild)
            elif moment - note["at"] >= KEPT_S:
                self._forget(guild)
                forgotten += 1
        return forgotten

    def _forget(self, guild: str) -> None:
        records = self._assistant.records
        self._assistant.delete_sessions(session_prefix(guild))
        for kind in _OF_A_GUILD:
            records.drop_all(kind, f"{guild}:")
        records.drop(SETTINGS, guild)
        records.drop(GONE, guild)
        with self._lock:
            self._known.pop(guild, None)


def session_prefix(guild: str) -> str:
    """Begin the ids of all conversations of a server with it."""
    return f"discord-{guild}-"
