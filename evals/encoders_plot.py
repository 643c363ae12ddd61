"""The plots of the study of content vectors, as SVG that any browser shows. Numbers stand beside every bar."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_WIDTH, _ROW, _LEFT, _TOP = 860, 20, 250, 46
#: Shades that differ in brightness too.
_COLOURS = ("#1f5a8a", "#d98324", "#6aa84f", "#8e5ea2", "#777777")


@dataclass(frozen=True)
class Bar:
    """A figure with its interval."""

    name: str
    value: float
    low: float
    high: float
    kind: int = 0  # which of the colours


def bars(title: str, given: Sequence[Bar], *, unit: str, legend: Sequence[str] = ()) -> str:
    """Draw bars with their intervals, one beneath the other."""
    most = max((one.high for one in given), default=1.0) or 1.0
    scale = (_WIDTH - _LEFT - 120) / most
    parts = []
    for number, one in enumerate(given):
        y = _TOP + number * _ROW
        middle = y + _ROW / 2 - 2
        parts += [
            f'<text x="{_LEFT - 8}" y="{middle + 4:.1f}" text-anchor="end">{html.escape(one.name)}</text>',
            f'<rect x="{_LEFT}" y="{y}" width="{max(one.value, 0) * scale:.1f}" height="{_ROW - 6}" '
            f'fill="{_COLOURS[one.kind % len(_COLOURS)]}"/>',
            f'<line x1="{_LEFT + one.low * scale:.1f}" x2="{_LEFT + one.high * scale:.1f}" y1="{middle:.1f}" '
            f'y2="{middle:.1f}" stroke="#000"/>',
            f'<text x="{_LEFT + one.high * scale + 6:.1f}" y="{middle + 4:.1f}">{one.value:.3f}</text>',
        ]
    words = "; ".join(f"{one.name} {one.value:.3f}" for one in given)
    return _drawing(f"{title} ({unit})", parts, _TOP + len(given) * _ROW, legend, words)


def counts(title: str, given: Mapping[str, int], *, most: int = 25) -> str:
    """Draw how many there are of each, the largest of them."""
    shown = list(given.items())[:most]
    largest = max((n for _, n in shown), default=1)
    scale = (_WIDTH - _LEFT - 120) / max(largest, 1)
    parts = []
    for number, (name, n) in enumerate(shown):
        y = _TOP + number * _ROW
        parts += [
            f'<text x="{_LEFT - 8}" y="{y + 12}" text-anchor="end">{html.escape(name)}</text>',
            f'<rect x="{_LEFT}" y="{y}" width="{n * scale:.1f}" height="{_ROW - 6}" fill="{_COLOURS[0]}"/>',
            f'<text x="{_LEFT + n * scale + 6:.1f}" y="{y + 12}">{n:,}</text>',
        ]
    rest = len(given) - len(shown)
    words = "; ".join(f"{name} {n}" for name, n in shown) + (f"; and {rest} more" if rest else "")
    return _drawing(title, parts, _TOP + len(shown) * _ROW, (), words)


def _drawing(title: str, parts: Sequence[str], height: float, legend: Sequence[str], words: str) -> str:
    keys = []
    for number, name in enumerate(legend):
        x = _LEFT + number * 190
        keys += [
            f'<rect x="{x}" y="26" width="12" height="12" fill="{_COLOURS[number % len(_COLOURS)]}"/>',
            f'<text x="{x + 18}" y="36">{html.escape(name)}</text>',
        ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height + 12:.0f}" role="img" '
            f'aria-label="{html.escape(title)}: {html.escape(words)}" font-family="sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="#fff"/>',
            f'<text x="12" y="18" font-size="14" font-weight="bold">{html.escape(title)}</text>',
            *keys,
            *parts,
            "</svg>\n",
        ]
    )
