"""`segue curate`: what a playlist is like, and the same playlist extended, shortened, re-ordered or without repeats."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from connectors.opening import read_settings, ready_assistant
from connectors.options import Output

if TYPE_CHECKING:
    from assistant.curate_reports import CuratedPlaylist
    from assistant.matching import Match
    from connectors.playlists.reading import PlaylistIn

#: Tracks that are not here, and changes, that are listed one by one.
_MAX_LISTED = 20


def curate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Playlist of any format, or - to paste one.")],
    extend: Annotated[int | None, typer.Option("--extend", min=1, max=200, help="Add so many tracks.")] = None,
    words: Annotated[str, typer.Option("--words", metavar="REQUEST", help="What the added ones should be.")] = "",
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", min=1, max=1440, help="Shorten it to so many; what fits least goes."),
    ] = None,
    arc: Annotated[
        Literal["rising", "falling", "peak", "smooth"] | None,
        typer.Option("--arc", help="Re-order it by energy, or so that neighbours fit."),
    ] = None,
    no_duplicates: Annotated[bool, typer.Option("--no-duplicates", help="Leave every work once.")] = False,
    output: Output = None,
    listener: Annotated[str | None, typer.Option(help="Whose taste to use (default: SEGUE_LISTENER)")] = None,
) -> None:
    """Look at a playlist, and change it.

    Repeats go first, then tracks are added, then it is shortened, then put into order.
    """
    from assistant.labels import plain
    from connectors.errors import NoPlaylistError
    from connectors.playlists import check_destination, write_playlist
    from connectors.playlists.reading import parse_playlist, read_playlist

    files = [path for path in output or () if str(path) != "-"]
    for path in files:
        check_destination(path)
    given = parse_playlist(sys.stdin.read()) if str(file) == "-" else read_playlist(file)
    settings = read_settings()
    with ready_assistant(settings) as assistant:
        matches = assistant.match_entries(given.entries)
        ids = [match.track_id for match in matches if match.track_id is not None]
        for line in _matched(given, matches):
            typer.echo(line)
        if not ids:
            raise NoPlaylistError(
                f"none of the {len(given.entries)} tracks of {plain(given.name or str(file))} is in the catalogue"
            )
        for sentence in assistant.analyse(ids).sentences:
            typer.echo(sentence)
        made = assistant.curate(
            settings.listener if listener is None else listener,
            ids,
            no_duplicates=no_duplicates,
            n_more=extend,
            text=words,
            minutes=minutes,
            arc=arc,
        )
    if not (no_duplicates or extend or words or minutes or arc or output):
        return
    typer.echo()
    for line in (made.said, *_difference(made)):
        typer.echo(line)
    if not made.tracks:
        raise NoPlaylistError(made.said)
    reply = made.as_reply(given.name or file.stem)
    if not output or len(files) < len(output):
        from connectors.console import open_console, show_reply

        show_reply(open_console(), reply)
    for path in files:
        write_playlist(reply, path)
        typer.echo(f"Wrote {len(reply.tracks)} tracks, {reply.total}, to {path}", err=True)


def _matched(given: PlaylistIn, matches: Sequence[Match]) -> Iterator[str]:
    from assistant.labels import plain

    missing = [match for match in matches if match.track_id is None]
    n_here = len(matches) - len(missing)
    yield f"{plain(given.name) or 'The playlist'}: {n_here} of {len(matches)} tracks are in the catalogue."
    for match in missing[:_MAX_LISTED]:
        yield f"  not here: {plain(str(match.entry))} ({match.why})"
    if len(missing) > _MAX_LISTED:
        yield f"  … and {len(missing) - _MAX_LISTED} more"


def _difference(made: CuratedPlaylist) -> Iterator[str]:
    """What changed, one track to a line: + new, - gone, ~ elsewhere."""
    names = {track.track_id: (track.position, f"{track.title} – {track.artist}") for track in made.tracks}
    lines = [f"+ {names[track][0]:>3}  {names[track][1]}" for track in made.diff.added]
    lines += [f"-      {made.gone.get(track, track)}" for track in made.diff.removed]
    lines += [f"~ {names[track][0]:>3}  {names[track][1]}" for track in made.diff.moved]
    yield from lines[: 2 * _MAX_LISTED]
    if len(lines) > 2 * _MAX_LISTED:
        yield f"  … and {len(lines) - 2 * _MAX_LISTED} more"
    yield f"{made.diff.n_kept} kept, {len(made.diff.added)} new, {len(made.diff.removed)} gone"
