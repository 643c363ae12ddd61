"""The page "Curate" as HTML made from plain data: the playlist, what it is like, what a change did to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from connectors.playlists import safe_file_name
from connectors.web_parts import act, bar, count, file_link, name, said, table, text
from connectors.web_text import length_label
from connectors.web_view import exports_html

if TYPE_CHECKING:
    from assistant.curate_reports import CuratedPlaylist, Duplicate, OutOfPlace, PlaylistAnalysis, Share
    from assistant.reply import SlateTrack

#: How much of each list is shown.
_MAX_ROWS, _MAX_UNMATCHED, _MAX_SHARES, _MAX_CHANGES = 500, 40, 8, 60
#: The energy curve's size, in units of the drawing.
_WIDTH, _HEIGHT = 300.0, 60.0

_EMPTY = (
    '<div class="sg-empty"><p class="sg-empty-title">A playlist to work on</p>'
    "<p>Paste one, drop a file, or describe one above. Then extend, shorten and order it here.</p></div>"
)


def desk_html(
    playlist: CuratedPlaylist | None,
    title: str = "",
    unmatched: Sequence[tuple[str, str]] = (),
    message: str = "",
    *,
    before: Mapping[str, str] | None = None,
    problem: bool = False,
    can_go_back: bool = False,
    approved: frozenset[str] | None = None,
    paths: bool = True,
) -> str:
    """Show a playlist on the desk.

    Args:
        playlist: None while there is none.
        title: its name.
        unmatched: (entry, why) of what was named and is not here.
        message: what came of the last press.
        before: track id → name of what was there before the last change, to name what was removed.
        problem: whether the message is something that went wrong.
        can_go_back: whether there is a version before this one.
        approved: ids that the recipe keeps; None where there is no recipe.
        paths: whether files to save may say where tracks lie on this machine.
    """
    if playlist is None:
        return f'<div class="sg-desk">{_EMPTY}{_unmatched(unmatched)}{said(message, problem=problem)}</div>'
    n = len(playlist.tracks)
    back = act("back", "Undo the last change") if can_go_back else ""
    return (
        f'<div class="sg-desk"><p class="sg-total"><strong>{name(title or "Playlist")}</strong>'
        f"<span>{text(count(n, 'track'))}</span><span>{text(playlist.total, 80)}</span></p>"
        f"<p>{text(playlist.said, 400)} {back}</p>{_changes(playlist, before or {})}{_unmatched(unmatched)}"
        f"{exports_html(playlist.as_reply(title or 'playlist'), paths=paths)}"
        f'<div class="sg-pair">{_list(playlist, approved)}{_analysis(playlist.analysis)}</div>'
        f"{said(message, problem=problem)}</div>"
    )


def _changes(playlist: CuratedPlaylist, before: Mapping[str, str]) -> str:
    """What the last change did: tracks added, removed and moved, by name."""
    names = dict(before) | {track.track_id: f"{track.title} by {track.artist}" for track in playlist.tracks}
    diff = playlist.diff
    parts = (("+", "Added", diff.added), ("−", "Removed", diff.removed), ("↕", "Moved", diff.moved))
    told = [f"{sign} {len(ids):,} {word.lower()}" for sign, word, ids in parts if ids]
    if not told:
        return ""
    lines = "".join(
        f'<li><span aria-hidden="true">{sign}</span><span class="sg-hidden">{word}: </span> '
        f"{name(names.get(track_id, track_id))}</li>"
        for sign, word, ids in parts
        for track_id in ids[:_MAX_CHANGES]
    )
    return (
        f'<details class="sg-diff"><summary>What changed: {text(", ".join(told))}; {diff.n_kept:,} kept</summary>'
        f'<ul class="sg-changes">{lines}</ul></details>'
    )


def _unmatched(unmatched: Sequence[tuple[str, str]]) -> str:
    if not unmatched:
        return ""
    lines = "".join(f"<li>{name(entry)}: {text(why, 120)}</li>" for entry, why in unmatched[:_MAX_UNMATCHED])
    rest = len(unmatched) - _MAX_UNMATCHED
    more = f"<li>and {rest:,} more</li>" if rest > 0 else ""
    return f"<details><summary>Not found here: {len(unmatched):,}</summary><ul>{lines}{more}</ul></details>"


def _list(playlist: CuratedPlaylist, approved: frozenset[str] | None) -> str:
    headings = {"n": "No.", "title": "Title", "artist": "Artist", "year": "Year", "length": "Length", "acts": "Change"}
    added = frozenset(playlist.diff.added)
    rows = [_row(track, approved, new=track.track_id in added) for track in playlist.tracks[:_MAX_ROWS]]
    rest = len(playlist.tracks) - len(rows)
    more = f'<p class="sg-faint">{text(count(rest, "more track"))} in the files below.</p>' if rest > 0 else ""
    return f"<section><h2>Tracks</h2>{table('work', 'The playlist', headings, rows)}{more}</section>"


def _row(track: SlateTrack, approved: frozenset[str] | None, *, new: bool) -> dict[str, str]:
    mark = ' <span class="sg-new">new</span>' if new else ""
    about, place = f"{track.title} by {track.artist}", str(track.position)
    keep = ""
    if approved is not None:
        keep = act("approve", "Keep", about, pressed=track.track_id in approved, position=place)
    return {
        "n": place,
        "title": name(track.title) + mark,
        "artist": name(track.artist),
        "year": str(track.year) if track.year is not None else "",
        "length": length_label(track.duration_s, estimated=track.duration_estimated),
        "acts": keep + act("remove", "Remove", about, position=place),
    }


def _analysis(analysis: PlaylistAnalysis) -> str:
    parts = (
        _energy(analysis),
        _duplicates(analysis.duplicates),
        _out_of_place(analysis.out_of_place),
        _artists(analysis),
        _shares("Genres", analysis.genres),
        _decades(analysis),
        _explicit(analysis),
    )
    return f'<section class="sg-like"><h2>What it is like</h2>{"".join(parts)}</section>'


def recipe_link(recipe: str, title: str) -> str:
    """Offer a recipe as a file."""
    if not recipe.strip():
        return ""
    file = safe_file_name(title, ".yaml", otherwise="recipe")
    return f"<p>{file_link('Save as YAML', file, recipe.encode('utf-8', errors='replace'), 'application/yaml')}</p>"


def _energy(analysis: PlaylistAnalysis) -> str:
    """The energy from track to track as a line; unknown ones are left out of it."""
    known = [(place, value) for place, value in enumerate(analysis.energy) if value is not None]
    if len(known) < 2:
        return ""
    step = _WIDTH / max(len(analysis.energy) - 1, 1)
    points = " ".join(f"{place * step:.1f},{_HEIGHT - 4 - value * (_HEIGHT - 8):.1f}" for place, value in known)
    words = text(analysis.energy_said, 160) or "from track to track"
    return (
        f'<figure class="sg-curve"><svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" '
        f'preserveAspectRatio="none" aria-label="Energy {words}"><polyline points="{points}"></polyline></svg>'
        f"<figcaption>Energy {words}</figcaption></figure>"
    )


def _duplicates(duplicates: Sequence[Duplicate]) -> str:
    if not duplicates:
        return ""
    lines = "".join(f"<li>{text(one.said)}</li>" for one in duplicates)
    return f'<h3>Duplicates</h3><ul class="sg-learnt">{lines}</ul>'


def _out_of_place(tracks: Sequence[OutOfPlace]) -> str:
    if not tracks:
        return ""
    rows = "".join(
        f'<li><span class="sg-who"><span class="sg-hidden">Track </span>{track.position}. {name(track.title)} '
        f'<span>by {name(track.artist)}</span></span><span class="sg-how">{text(track.reason)}</span>'
        f"{act('remove', 'Remove', f'{track.title} by {track.artist}', position=str(track.position))}</li>"
        for track in tracks
    )
    return f'<h3>Out of place</h3><ul class="sg-tracks">{rows}</ul>'


def _artists(analysis: PlaylistAnalysis) -> str:
    if analysis.artists and analysis.artists[0].n == 1:
        words = f"{count(len(analysis.artists), 'artist')}, one track each"
        return f'<h3>Artists</h3><p class="sg-faint">{text(words)}</p>'
    return _shares(f"{count(len(analysis.artists), 'artist')}", analysis.artists)


def _shares(title: str, shares: Sequence[Share]) -> str:
    if not shares:
        return ""
    rows = "".join(
        f'<li><span class="sg-who">{name(one.name)}</span>'
        f'<span class="sg-how">{bar(one.share)}{one.n:,} ({one.share:.0%})</span></li>'
        for one in shares[:_MAX_SHARES]
    )
    return f'<h3>{title}</h3><ul class="sg-tracks sg-few">{rows}</ul>'


def _decades(analysis: PlaylistAnalysis) -> str:
    if not analysis.decades:
        return ""
    spans = ", ".join(f"{one.decade}s: {one.n:,}" for one in analysis.decades)
    gaps = "".join(f"<li>{text(gap.said)}</li>" for gap in analysis.gaps)
    unknown = f", {analysis.n_unknown_year:,} of unknown year" if analysis.n_unknown_year else ""
    return f'<h3>Decades</h3><p class="sg-faint">{spans}{unknown}</p><ul class="sg-learnt">{gaps}</ul>'


def _explicit(analysis: PlaylistAnalysis) -> str:
    if not analysis.n_explicit:
        return ""
    unknown = f"; nobody says it of {analysis.n_unknown_explicit:,}" if analysis.n_unknown_explicit else ""
    return f'<h3>Explicit</h3><p class="sg-faint">{text(count(analysis.n_explicit, "track"))}{unknown}</p>'
