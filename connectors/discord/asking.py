"""/ask, /playlist and /refine: words in, a playlist out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from discord import app_commands

from connectors.discord import completing
from connectors.discord.desk import Answer, Desk
from connectors.discord.errors import RefusedError
from connectors.discord.handling import Interaction, Seen, Visit, handle, whoever_may_ask
from connectors.discord.sending import respond, reword
from connectors.discord.talks import Place

_LONGEST = 1_000
_Words = app_commands.Range[str, 1, _LONGEST]
_TURNED = {"familiar": -0.7, "a mix": 0.0, "new to me": 0.7}
_KNOWN = {"deep cuts": -0.7, "a mix": 0.0, "hits": 0.7}


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    """Return the commands."""
    return [ask, playlist, refine]


@app_commands.command(description="Ask for music in your own words; a new conversation begins.")
@app_commands.describe(
    request="What you would like to hear: mellow 90s shoegaze, 45 minutes",
    artist="By this artist",
    genre="Of this genre",
    track="Like this track",
)
@app_commands.autocomplete(
    artist=completing.names("artist"), genre=completing.names("genre"), track=completing.names("track")
)
async def ask(
    interaction: Interaction,
    request: _Words | None = None,
    artist: str | None = None,
    genre: str | None = None,
    track: str | None = None,
) -> None:
    """Begin a new conversation."""
    await answer(interaction, words_of(request, artist, genre, track), fresh=True)


@app_commands.command(description="Make a playlist of a size you choose.")
@app_commands.describe(
    request="What you would like to hear",
    tracks="How many tracks",
    minutes="How long, in minutes",
    artist="By this artist",
    genre="Of this genre",
    track="Like this track",
    discovery="Artists you know, or new ones",
    fame="Well known, or deep cuts",
)
@app_commands.autocomplete(
    artist=completing.names("artist"), genre=completing.names("genre"), track=completing.names("track")
)
async def playlist(
    interaction: Interaction,
    request: _Words | None = None,
    tracks: app_commands.Range[int, 1, 100] | None = None,
    minutes: app_commands.Range[int, 5, 600] | None = None,
    artist: str | None = None,
    genre: str | None = None,
    track: str | None = None,
    discovery: Literal["familiar", "a mix", "new to me"] | None = None,
    fame: Literal["deep cuts", "a mix", "hits"] | None = None,
) -> None:
    """Begin a new conversation with a playlist of a given size."""
    fields: dict[str, Any] = {"n_tracks": tracks, "minutes": None if minutes is None else float(minutes)}
    fields |= {"discovery": _TURNED.get(discovery or ""), "fame": _KNOWN.get(fame or "")}
    words = words_of(request, artist, genre, track) or "a playlist"
    await answer(interaction, words, fresh=True, **fields)


@app_commands.command(description="Change your playlist: calmer, no country, swap 3, only the 90s.")
@app_commands.describe(change="What to change", tracks="How many tracks", minutes="How long, in minutes")
async def refine(
    interaction: Interaction,
    change: _Words,
    tracks: app_commands.Range[int, 1, 100] | None = None,
    minutes: app_commands.Range[int, 5, 600] | None = None,
) -> None:
    """Go on with the conversation of the channel or thread."""
    fields: dict[str, Any] = {"n_tracks": tracks, "minutes": None if minutes is None else float(minutes)}
    await answer(interaction, change, refines=True, **fields)


async def answer(
    interaction: Interaction, words: str, *, fresh: bool = False, refines: bool = False, **fields: Any
) -> None:
    """Answer words with a turn; Discord hears that it takes a while before anything else is done.

    Args:
        interaction: a command that was not answered yet.
        words: what was said.
        fresh: begin a new conversation.
        refines: there must be a playlist already.
        fields: of the `Message`, beside its text.
    """

    def allow(visit: Visit) -> None:
        whoever_may_ask(visit)
        if not words:
            raise RefusedError(visit.book("Say what you would like to hear, or use /help."))

    def turn(desk: Desk, place: Place) -> Answer:
        if refines:
            return desk.refine(place, words, **fields)
        return desk.ask(place, words, fresh=fresh, **fields)

    await answer_with(interaction, turn, allow=allow)


async def answer_with(
    interaction: Interaction,
    turn: Callable[[Desk, Place], Answer],
    *,
    allow: Callable[[Visit], None] = whoever_may_ask,
) -> None:
    """Answer a command with what a turn comes to, after the turns of the place that came before.

    Args:
        interaction: a command that was not answered yet.
        turn: what is to be done, in a worker thread.
        allow: raises RefusedError for those who may not.
    """

    async def task(visit: Visit) -> None:
        async with visit.bot.turn_of(visit.place):
            done = await visit.work_for_all(turn, visit.desk, visit.place)
        sent = await respond(interaction, done)
        if sent is not None:
            await reword(visit.bot, visit.place, done, sent)

    await handle(interaction, task, Seen.BY_ALL, allow=allow)


def words_of(request: str | None, artist: str | None, genre: str | None, track: str | None) -> str:
    """Say in one sentence what the options of a command ask for."""
    title, _, by = (track or "").rpartition(" – ")
    like = f"like “{title}” by {by}" if title else f"like “{by}”" if by else ""
    return ", ".join(filter(None, (request, genre, f"by {artist}" if artist else "", like)))
