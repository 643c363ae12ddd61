"""The map of a request as a drawing in the page: where it takes the listener, and which tracks are found there.

The drawing is SVG in the page itself. Picks are numbered as in the list below it, which says the same in words.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from connectors.web_parts import name, text

if TYPE_CHECKING:
    from assistant.reports import MapListener, MapReport

#: The drawing's size and the margin that keeps marks inside, in its own units.
_WIDTH, _HEIGHT, _MARGIN = 480.0, 340.0, 22.0
#: Radius of a pick's disc, and how far the middles of two must be apart.
_DISC, _APART = 10.0, 21.0
#: Width of a letter of a name.
_LETTER = 6.6
_Point = tuple[float, float]


def map_html(report: MapReport) -> str:
    """Draw a request's map for one listener, with its picks as a list."""
    listener = report.listeners[0]
    place = _Scale(report)
    crowd = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in (place(track.x, track.y) for track in report.tracks))
    start, end = place(*listener.start), place(*listener.end)
    taken = [start, end]
    found = _picks(listener, place, taken)
    asked = text(report.request, 120)
    picks = "".join(f"<li>{name(pick.title)} <span>by {name(pick.artist)}</span></li>" for pick in listener.picks)
    return (
        '<figure class="sg-map">'
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="group" aria-label="Map of {asked}; its picks are listed '
        'below">'
        '<defs><marker id="sg-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" class="sg-map-tip"></path></marker></defs>'
        f'<path class="sg-map-crowd" d="{crowd}" aria-hidden="true"></path>'
        f"{_way(start, end)}{found}"
        f"{_standing(start, 'you', taken, away=end, hollow=True)}"
        f"{_standing(end, 'you, asking', taken, away=start, hollow=False)}</svg>"
        f"<figcaption>“{asked}” takes you from the hollow point to the full one. Grey: {len(report.tracks):,} of "
        f"{report.n_catalogue:,} tracks. The two directions show {report.kept:.0%} of what tells tracks apart, so what "
        "is near here may be far in the rest.</figcaption>"
        f'<ol class="sg-map-picks" aria-label="Picks, best first">{picks}</ol></figure>'
    )


class _Scale:
    """Puts a point of the map into the drawing, the same number of units per step both ways."""

    def __init__(self, report: MapReport) -> None:
        points = [(track.x, track.y) for track in report.tracks]
        points += [point for listener in report.listeners for point in (listener.start, listener.end)]
        xs, ys = zip(*points, strict=True)
        room = (_WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN)
        self._scale = min(room[0] / ((max(xs) - min(xs)) or 1.0), room[1] / ((max(ys) - min(ys)) or 1.0))
        self._middle = ((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2)

    def __call__(self, x: float, y: float) -> _Point:
        across, up = (x - self._middle[0]) * self._scale, (y - self._middle[1]) * self._scale
        return _WIDTH / 2 + across, _HEIGHT / 2 - up


def _picks(listener: MapListener, place: _Scale, taken: list[_Point]) -> str:
    """A numbered disc for each pick, moved aside on a leash where it would cover another."""
    drawn = []
    for number, pick in enumerate(listener.picks, start=1):
        true = place(pick.x, pick.y)
        spot = _free_spot(true, taken)
        taken.append(spot)
        words = text(f"{number}. {pick.title} by {pick.artist}", 200)
        leash = "" if spot == true else _line("sg-map-leash", true, spot)
        drawn.append(
            f'{leash}<g class="sg-map-pick" tabindex="0" role="img" aria-label="{words}"><title>{words}</title>'
            f'<circle cx="{spot[0]:.1f}" cy="{spot[1]:.1f}" r="{_DISC:.0f}"></circle>'
            f'<text x="{spot[0]:.1f}" y="{spot[1]:.1f}">{number}</text></g>'
        )
    return "".join(drawn)


def _free_spot(point: _Point, taken: list[_Point]) -> _Point:
    """The point itself, or the nearest of the spots around it that is inside and covers nothing."""
    around = [point]
    for ring in range(1, 9):
        for step in range(12):
            angle = math.tau * step / 12
            around.append((point[0] + _APART * ring * math.cos(angle), point[1] + _APART * ring * math.sin(angle)))
    for x, y in around:
        inside = _DISC < x < _WIDTH - _DISC and _DISC < y < _HEIGHT - _DISC
        if inside and all(math.dist((x, y), other) >= _APART for other in taken):
            return x, y
    return point


def _way(start: _Point, end: _Point) -> str:
    """The arrow from one point to the other, short of both; none where they are one."""
    length = math.dist(start, end)
    if length < 4 * _DISC / 2:
        return ""
    part = 9 / length
    near = [a + (b - a) * part for a, b in zip(start, end, strict=True)]
    far = [b - (b - a) * part for a, b in zip(start, end, strict=True)]
    return _line("sg-map-way", (near[0], near[1]), (far[0], far[1]), ' marker-end="url(#sg-tip)"')


def _standing(point: _Point, words: str, taken: list[_Point], *, away: _Point, hollow: bool) -> str:
    """A point of the listener's with its name where it covers least, rather on the side away from the other point."""
    (x, y), width = point, _LETTER * len(words)
    sides = sorted((11.0, -11.0 - width), key=lambda right: (right > 0) == (away[0] > x))
    spots = [(x + right, y + up) for right in sides for up in (4.0, -9.0, 19.0)]
    left, base = min(spots, key=lambda spot: _covered(spot, width, [one for one in taken if one != point]))
    return (
        f'<g class="sg-map-you{" sg-map-hollow" if hollow else ""}">'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6"></circle><text x="{left:.1f}" y="{base:.1f}">{words}</text></g>'
    )


def _covered(spot: _Point, width: float, taken: list[_Point]) -> int:
    """How many marks a line of text that begins at a spot would cover; being cut off counts for more than any."""
    left, base = spot
    right = left + width
    n = sum(left - _DISC < x < right + _DISC and base - 12 - _DISC < y < base + _DISC for x, y in taken)
    return n + (len(taken) + 1) * (left < 2 or right > _WIDTH - 2 or base < 12 or base > _HEIGHT - 4)


def _line(kind: str, start: _Point, end: _Point, more: str = "") -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{more}></line>'
