"""The dials beside the slate: how much of the listener is in it, how new, how known and how long it is."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.web_acts import LIMITS

#: name → (label, what its ends mean, step)
_DIALS = {
    "how_much_me": ("How much me", "words alone", "my taste", 0.25),
    "discovery": ("Discovery", "familiar", "new to me", 0.25),
    "fame": ("Fame", "deep cuts", "popular", 0.25),
    "n_tracks": ("Length in tracks", "short", "long", 1.0),
}
#: Longest slate that the dial asks for, in tracks; more is for words.
_LONGEST = 60


def dials_html(values: Mapping[str, float]) -> str:
    """Show the dials where they stand; each is a slider with a label, its ends and its value.

    A value beyond an end of its slider is told as it is, and the slider stands at that end.
    """
    return (
        f'<div class="sg-dials" role="group" aria-label="Dials">{"".join(_dial(n, v) for n, v in values.items())}</div>'
    )


def _dial(name: str, value: float) -> str:
    label, low, high, step = _DIALS[name]
    least, most = LIMITS[name]
    most = min(most, _LONGEST)
    stands = min(max(value, least), most)
    return (
        f'<label class="sg-dial"><span class="sg-dial-name">{label} <output>{round(value, 2):g}</output></span>'
        f'<input type="range" data-dial="{name}" min="{least:g}" max="{most:g}" step="{step:g}" value="{stands:g}" '
        f'aria-label="{label}, from {low} to {high}"><span class="sg-ends" aria-hidden="true"><span>{low}</span>'
        f"<span>{high}</span></span></label>"
    )
