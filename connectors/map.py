"""A map of the joint space as one HTML file: an interactive plot that needs no network, with the library inside.

Every listener has a colour: a hollow point for the taste alone, an arrow to where the request takes it, and rings
around the picks, labelled. The file forbids itself to fetch anything, and names of tracks are only ever text.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from connectors.plot_page import as_text, page_of

if TYPE_CHECKING:
    from assistant.reports import MapListener, MapReport, MapTrack

#: Colours that stay apart for the colour-blind (Okabe and Ito, 2008), in an order that starts with the clearest.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
#: Where labels are placed as if the plot had this size, in pixels; a window of another size shifts them a little.
_WIDTH, _HEIGHT = 1150.0, 700.0
_LETTER, _LINE = 6.2, 15.0  # a label's width per letter and its height, in pixels
_LONGEST = 44  # letters of a label
#: Offsets of a label that are tried in turn, in pixels right and up.
_OFFSETS = tuple(
    (sign * (14 + 16 * ring), up)
    for ring in range(9)
    for up in (0, 20 + 14 * ring, -20 - 14 * ring)
    for sign in (1, -1)
)
_RING = 7.0  # half the side of what a ring or a point covers
_MARGIN = 40.0  # between the outermost track and the edge of the plot
_Box = tuple[float, float, float, float]  # left, low, right, high


def draw_map(report: MapReport) -> str:
    """Draw a map as a page of its own."""
    return page_of(as_text(f"“{report.request}” on the map"), [_figure(report)])


def _figure(report: MapReport) -> Any:
    from plotly.graph_objects import Figure, Scatter

    picked = {pick.track_id for listener in report.listeners for pick in listener.picks}
    figure = Figure()
    figure.add_trace(
        Scatter(
            x=[track.x for track in report.tracks if track.track_id not in picked],
            y=[track.y for track in report.tracks if track.track_id not in picked],
            text=[_name(track) for track in report.tracks if track.track_id not in picked],
            hovertemplate="%{text}<extra></extra>",
            mode="markers",
            marker={"size": 5, "color": "#9a9a9a", "opacity": 0.45},
            name="tracks",
        )
    )
    for number, listener in enumerate(report.listeners):
        for trace in _traces(listener, number):
            figure.add_trace(Scatter(trace))
    figure.update_layout(
        title={"text": _heading(report), "x": 0.02, "xanchor": "left"},
        annotations=[*_arrows(report), *_labels(report)],
        template="plotly_white",
        hovermode="closest",
        dragmode="pan",
        legend={"orientation": "h", "yanchor": "top", "y": -0.06, "x": 0},
        margin={"l": 20, "r": 20, "t": 84, "b": 60},
        xaxis={"title": {"text": ""}, "showticklabels": False, "zeroline": False},
        yaxis={"title": {"text": ""}, "showticklabels": False, "zeroline": False},
    )
    return figure


def _heading(report: MapReport) -> str:
    people = " and ".join(as_text(listener.listener_id) for listener in report.listeners)
    return (
        f"<b>“{as_text(report.request)}” takes {people} there</b><br><sup>{len(report.tracks):,} of "
        f"{report.n_catalogue:,} tracks, their vectors mixed for this request; the two axes show {report.kept:.0%} of "
        "their variance, so what is near here may be far in the rest</sup>"
    )


def _traces(listener: MapListener, number: int) -> list[dict[str, Any]]:
    """The picks of a listener as rings, and their two points."""
    colour, who = _colour(number), as_text(listener.listener_id)
    picks = {
        "x": [pick.x for pick in listener.picks],
        "y": [pick.y for pick in listener.picks],
        "text": [f"{place}. {_name(pick)}" for place, pick in enumerate(listener.picks, start=1)],
        "hovertemplate": f"%{{text}}<extra>for {who}</extra>",
        "mode": "markers",
        # Rings grow from listener to listener, so that a pick of several shows all of them.
        "marker": {"size": 10 + 6 * number, "symbol": "circle-open", "color": colour, "line": {"width": 2.5}},
        "name": f"picks for {who}",
    }
    points = {
        "x": [listener.start[0], listener.end[0]],
        "y": [listener.start[1], listener.end[1]],
        "text": [f"{who}: the taste alone", f"{who}: the taste with the request"],
        "hovertemplate": "%{text}<extra></extra>",
        "mode": "markers",
        "marker": {"size": 15, "symbol": ["diamond-open", "diamond"], "color": colour, "line": {"width": 2}},
        "name": f"{who}, alone ◇ and asking ◆",
    }
    return [picks, points]


def _arrows(report: MapReport) -> list[dict[str, Any]]:
    """An arrow from each listener's taste to where the request takes it."""
    return [
        dict(zip(("x", "y", "ax", "ay"), (*listener.end, *listener.start), strict=True))
        | dict.fromkeys(("xref", "axref"), "x")
        | dict.fromkeys(("yref", "ayref"), "y")
        | dict(text="", arrowhead=2, arrowwidth=2, standoff=8, startstandoff=8, arrowcolor=_colour(number))
        for number, listener in enumerate(report.listeners)
    ]


def _labels(report: MapReport) -> list[dict[str, Any]]:
    """A label for each listener and each pick, moved aside where it would cover another."""
    right, up = _pixels(report)
    edge = right * max(track.x for track in report.tracks) + _MARGIN
    wanted: list[tuple[float, float, str, str]] = [
        (*listener.end, f"<b>{as_text(listener.listener_id)}</b>", _colour(number))
        for number, listener in enumerate(report.listeners)
    ]
    shown: set[str] = set()
    for number, listener in enumerate(report.listeners):
        for pick in listener.picks:
            if pick.track_id not in shown:
                wanted.append((pick.x, pick.y, _short(pick), _colour(number)))
                shown.add(pick.track_id)
    # Rings and points are places that no label may cover.
    marked = [(x, y) for x, y, _, _ in wanted] + [listener.start for listener in report.listeners]
    boxes = [(right * x - _RING, up * y - _RING, right * x + _RING, up * y + _RING) for x, y in marked]
    labels = []
    for x, y, text, colour in wanted:
        width = _LETTER * len(html.unescape(text)) + 4
        offset, box = _free_place(right * x, up * y, width, boxes, edge)
        boxes.append(box)
        labels.append(
            dict(x=x, y=y, ax=offset[0], ay=-offset[1], xanchor="left" if offset[0] > 0 else "right")
            | dict(text=text, font={"size": 11.5, "color": colour}, bgcolor="rgba(255, 255, 255, 0.75)", borderpad=1)
            | dict(arrowhead=0, arrowwidth=0.7, arrowcolor=colour, standoff=5)
        )
    return labels


def _pixels(report: MapReport) -> tuple[float, float]:
    """Pixels per unit of each axis in a plot of the usual size."""
    points = [(track.x, track.y) for track in report.tracks]
    points += [point for listener in report.listeners for point in (listener.start, listener.end)]
    spans = [max(values) - min(values) or 1.0 for values in zip(*points, strict=True)]
    return _WIDTH / spans[0], _HEIGHT / spans[1]


def _free_place(x: float, y: float, width: float, taken: list[_Box], edge: float) -> tuple[tuple[float, float], _Box]:
    """The first offset at which a label meets nothing and ends before the edge, else the last; and its box there."""
    for right, up in _OFFSETS:
        left = x + right if right > 0 else x + right - width
        box = (left, y + up - _LINE / 2, left + width, y + up + _LINE / 2)
        if box[2] <= edge and not any(
            box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken
        ):
            break
    return (right, up), box


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _name(track: MapTrack) -> str:
    return as_text(f"{track.title} – {track.artist}")


def _short(track: MapTrack) -> str:
    name = f"{track.title} – {track.artist}"
    return as_text(name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…")
