"""/radio: music that goes on, from what was heard, from an artist or from a track."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from discord import app_commands

from assistant.radio_start import RadioStart
from connectors.discord import completing
from connectors.discord.asking import answer_with
from connectors.discord.desk import BY_ID, Answer, Desk
from connectors.discord.errors import RefusedError
from connectors.discord.handling import Interaction, Visit, whoever_may_ask
from connectors.discord.talks import Place

if TYPE_CHECKING:
    from assistant.app import Assistant

_AFTER = {
    "what I heard": RadioStart(),
    "the last three": RadioStart(of="last", n=3),
    "this playlist": RadioStart(of="playlist"),
}
#: Names that are looked through for the one that was typed.
_MOST_NAMES = 25


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    """Return the commands."""
    return [radio]


@app_commands.command(description="Go on with music: the next tracks after what you heard, an artist or a track.")
@app_commands.describe(
    artist="Begin from this artist",
    track="A number of your playlist, or any track of the catalogue",
    after="Go on from what you heard, the last three, or the whole playlist",
    tracks="How many tracks",
)
@app_commands.autocomplete(artist=completing.names("artist"), track=completing.any_tracks)
async def radio(
    interaction: Interaction,
    artist: app_commands.Range[str, 1, 100] | None = None,
    track: app_commands.Range[str, 1, 100] | None = None,
    after: Literal["what I heard", "the last three", "this playlist"] | None = None,
    tracks: app_commands.Range[int, 1, 50] | None = None,
) -> None:
    """Go on in the conversation of the channel or thread; an artist or a track begins one where there is none."""

    def allow(visit: Visit) -> None:
        whoever_may_ask(visit)
        if sum(one is not None for one in (artist, track, after)) > 1:
            raise RefusedError(visit.book("Choose one to begin from: an artist, a track, or what was heard."))

    def turn(desk: Desk, place: Place) -> Answer:
        if artist is None and track is None:
            desk.current(place)  # there must be something to go on from
            start = _AFTER[after or "what I heard"]
        else:
            start = start_of(desk, place, artist, track)
        return desk.ask(place, "", radio=start, n_tracks=tracks)

    await answer_with(interaction, turn, allow=allow)


def start_of(desk: Desk, place: Place, artist: str | None, track: str | None) -> RadioStart:
    """Find the artist or the track that somebody typed or chose.

    Raises:
        RefusedError: neither the playlist here nor the catalogue has it.
    """
    found = _artist(desk.assistant, artist) if artist is not None else _track(desk, place, track or "")
    if found is None:
        words = "The catalogue has no such artist or track: choose one that is offered as you type."
        raise RefusedError(desk.book(place.guild)(words))
    return found


def _artist(assistant: Assistant, name: str) -> RadioStart | None:
    wanted = RadioStart.by_artist(name)
    keys = [one.key for one in assistant.suggest(name, ("artist",), _MOST_NAMES)]
    return wanted if wanted.key in keys else RadioStart(of="artist", key=keys[0]) if keys else None


def _track(desk: Desk, place: Place, name: str) -> RadioStart | None:
    if name.startswith(BY_ID):
        try:
            key = desk.assistant.track_named(name.removeprefix(BY_ID)).track_id
        except LookupError:
            return None
        return RadioStart(of="track", key=key)
    try:
        return RadioStart(of="track", key=desk.find(place, name)[1].track_id)
    except RefusedError:
        found = desk.assistant.suggest(name, ("track",), 1)
        return RadioStart(of="track", key=found[0].key) if found else None
