"""/like and /why: about single tracks, told to the one person alone."""

from __future__ import annotations

from typing import Any, Literal, cast

from discord import app_commands

from connectors.discord import completing
from connectors.discord.desk import Rating
from connectors.discord.handling import Seen, Visit, handled
from connectors.discord.why import why_text
from connectors.discord.words import safe

_KINDS = {"like": "like", "dislike": "dislike", "take it back": "unrate"}
_SAID = {
    "like": "♥ {track}: more like this from now on.",
    "dislike": "✗ {track}: it will not be picked again.",
    "unrate": "{track}: neither liked nor disliked.",
}


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    """Return the commands."""
    return [like, why]


@app_commands.command(description="Like or dislike a track; only you see it, and your next playlist heeds it.")
@app_commands.describe(track="A number of your playlist, or any track of the catalogue", how="Like it, or not")
@app_commands.autocomplete(track=completing.any_tracks)
@handled(Seen.BY_ONE)
async def like(
    visit: Visit,
    track: app_commands.Range[str, 1, 100],
    how: Literal["like", "dislike", "take it back"] = "like",
) -> None:
    """Rate a track."""
    kind = cast(Rating, _KINDS[how])
    name = await visit.work(visit.desk.rate_named, visit.place, track, kind)
    await visit.say(visit.book(_SAID[kind], track=safe(name, 200)))


@app_commands.command(description="Why a track is in your playlist, with the numbers behind it.")
@app_commands.describe(track="Its number in your playlist, or its title")
@app_commands.autocomplete(track=completing.own_tracks)
@handled(Seen.BY_ONE)
async def why(visit: Visit, track: app_commands.Range[str, 1, 100]) -> None:
    """Say why a track is there."""
    _, found = await visit.work(visit.desk.find, visit.place, track)
    await visit.say(why_text(found, visit.book))
