"""The rows of the slate as HTML: a track, what lifts it, why it is there, and its buttons."""

from __future__ import annotations

from html import escape

from assistant.labels import plain
from assistant.reply import SlateTrack
from connectors.playlists.places import without_path
from connectors.web_player import media_address
from connectors.web_text import (
    MAX_NAME,
    MAX_REASON,
    button_html,
    length_label,
    name_html,
    text_html,
    value_html,
    web_address,
)

#: Facets of a track that are shown, and the longest answer to "why", in characters.
_MAX_FACETS, _MAX_WHY = 4, 1500


def heading_html() -> str:
    """The names of the columns."""
    return "".join(
        (
            _heading("Number", "number", hidden=True),
            _heading("Title", "title"),
            _heading("Artist", "artist"),
            _heading("Album", "album"),
            _heading("Year", "year"),
            _heading("Length", "length"),
            _heading("Why", "why"),
            _heading("What to do with it", "rate", hidden=True),
        )
    )


def row_html(
    track: SlateTrack,
    liked: bool | None,
    n_tracks: int,
    why: str | None = None,
    *,
    playable: bool = False,
    radio: bool = False,
) -> str:
    """A track.

    Args:
        track: of a slate.
        liked: by the listener, as far as is known.
        n_tracks: in the slate.
        why: the answer to "why is this here?" where the row is opened.
        playable: whether the page can play it.
        radio: whether a radio chose it, which goes on where a track is skipped.
    """
    state = "" if liked is None else " sg-is-liked" if liked else " sg-is-disliked"
    state += " sg-is-new" if track.new else ""
    length = length_label(track.duration_s, estimated=track.duration_estimated)
    cells = (
        _cell("number", f"{track.position}{_mark(track)}{_play(track) if playable else ''}"),
        _cell("title", _title(track)),
        _cell("artist", name_html(track.artist) + _facets(track)),
        _cell("album", name_html(track.album) if track.album else ""),
        _cell("year", str(track.year) if track.year is not None else ""),
        _cell("length", length),
        _cell("why", (f"<bdi>{text_html(track.reason, MAX_REASON)}</bdi>" if track.reason else "") + _shares(track)),
        _cell("rate", _buttons(track, liked, n_tracks, opened=why is not None, radio=radio)),
    )
    row = (
        f'<tr role="row" class="sg-row{state}" draggable="true" data-track="{value_html(track.track_id)}" '
        f'data-place="{track.position}">{"".join(cells)}</tr>'
    )
    return row if why is None else row + _why(track, why)


def _heading(name: str, kind: str, *, hidden: bool = False) -> str:
    words = f'<span class="sg-hidden">{name}</span>' if hidden else name
    return f'<th role="columnheader" scope="col" class="sg-{kind}">{words}</th>'


def _cell(kind: str, content: str) -> str:
    return f'<td role="cell" class="sg-{kind}">{content}</td>'


def _mark(track: SlateTrack) -> str:
    """A sign behind the number of what is pinned."""
    sign = '<span class="sg-pin" aria-hidden="true">=</span><span class="sg-hidden"> pinned</span>'
    return sign if track.pinned else ""


def _play(track: SlateTrack) -> str:
    """A button that plays the track in the page."""
    words = escape(f"{plain(track.title, 60)} – {plain(track.artist, 60)}")
    return (
        f'<button type="button" class="sg-button sg-play" data-play="{value_html(track.track_id)}" '
        f'data-media="{escape(media_address(track.track_id))}" data-title="{words}" aria-pressed="false" '
        f'aria-label="Play {words}" title="Play"><span aria-hidden="true">▶</span></button>'
    )


def _title(track: SlateTrack) -> str:
    name = name_html(track.title) if track.title.strip() else "<bdi>untitled</bdi>"
    address = web_address(without_path(track).link)
    if address is None:
        return name
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer nofollow">{name}</a>'


def _facets(track: SlateTrack) -> str:
    words = ", ".join(text_html(facet, 40) for facet in track.facets[:_MAX_FACETS])
    return f'<span class="sg-facets">{words}</span>' if words else ""


def _shares(track: SlateTrack) -> str:
    """Two small bars: how much of what lifts the track is the listener's taste, and how much the words."""
    if not (track.user_share or track.query_share):
        return ""
    shares = (("you", "You", track.user_share), ("words", "Your words", track.query_share))
    said = f"your taste {_percent(track.user_share)}, your words {_percent(track.query_share)}"
    bars = "".join(
        f'<span class="sg-lift-part"><span>{name}</span><svg class="sg-lift-bar sg-lift-{kind}" viewBox="0 0 100 4" '
        f'preserveAspectRatio="none" focusable="false"><rect class="sg-lift-all" width="100" height="4"></rect>'
        f'<rect class="sg-lift-done" width="{100 * min(max(share, 0.0), 1.0):.0f}" height="4"></rect></svg></span>'
        for kind, name, share in shares
    )
    return f'<span class="sg-lift" role="img" aria-label="Lifted by: {said}" title="Lifted by: {said}">{bars}</span>'


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _buttons(track: SlateTrack, liked: bool | None, n_tracks: int, *, opened: bool, radio: bool) -> str:
    words = f"{plain(track.title, 60)} by {plain(track.artist, 60)}"
    place = track.position
    other = ("swap", f"Swap {words}", _sign("⇄"), "Swap it for another")
    if radio:
        other = ("skip", f"Skip {words}", _sign("⇥"), "Skip it: go on away from it")
    shown = "".join(
        (
            _rate("like", track, words, liked is True),
            _rate("dislike", track, words, liked is False),
            _act("why", track, f"Why {words}", _sign("?"), "Why is this here?", pressed=str(opened).lower()),
            _act(other[0], track, *other[1:]),
            _act("remove", track, f"Remove {words}", _sign("✕"), "Remove"),
        )
    )
    pin = ("release", "Unpin", "Unpin") if track.pinned else ("pin", "Pin", "Pin: keep it here")
    menu = [
        _act("more", track, f"More like {words}", "More like this", kind="sg-item"),
        _act(pin[0], track, f"{pin[1]} {words}", pin[2], kind="sg-item"),
    ]
    if place > 1:
        menu.append(_act("move", track, f"Move {words} up", "Move up", kind="sg-item", to=str(place - 1)))
    if place < n_tracks:
        menu.append(_act("move", track, f"Move {words} down", "Move down", kind="sg-item", to=str(place + 1)))
    menu += [
        _act("radio-track", track, f"Radio from {words}", "Radio from this track", kind="sg-item"),
    ]
    if name := plain(track.main_artist, 60):
        menu.append(_act("radio-artist", track, f"Radio from {name}", "Radio from this artist", kind="sg-item"))
    more = (
        f'<details class="sg-more"><summary class="sg-button" aria-label="More for {escape(words)}" title="More">'
        f'{_sign("⋯")}</summary><span class="sg-menu">{"".join(menu)}</span></details>'
    )
    return shown + more


def _act(act: str, track: SlateTrack, label: str, content: str, title: str = "", **more: str) -> str:
    return button_html(act, label, content, title=title, track=track.track_id, **more)


def _sign(sign: str) -> str:
    return f'<span aria-hidden="true">{sign}</span>'


def _rate(kind: str, track: SlateTrack, words: str, pressed: bool) -> str:
    icon = f'<svg aria-hidden="true" focusable="false"><use href="#sg-{kind}"></use></svg>'
    hint = f"Take the {kind} back" if pressed else kind.capitalize()
    return _act(kind, track, f"{kind.capitalize()} {words}", icon, hint, pressed=str(pressed).lower())


def _why(track: SlateTrack, why: str) -> str:
    causes = "".join(f"<li>{text_html(cause, MAX_NAME)}</li>" for cause in track.causes)
    listed = f'<ul class="sg-causes">{causes}</ul>' if causes else ""
    return (
        f'<tr role="row" class="sg-why-row"><td role="cell" class="sg-answer" colspan="8" '
        f'aria-label="Why {escape(plain(track.title, 60))}"><p><bdi>{text_html(why, _MAX_WHY)}</bdi></p>{listed}'
        "</td></tr>"
    )
