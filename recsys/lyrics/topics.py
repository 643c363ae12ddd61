"""Which lyrics speak of what a request is about: the nearest stretch of each track's lyrics to the words of a topic.

A theme of the vocabulary is compared by its phrasings (the mean of the two nearest), any other topic by the listener's
words. Lyrics that come close enough count as speaking of it; from others nothing follows, since a cosine cannot tell
that something is not there. Shapes: N tracks, D width of the encoder.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys.constraints import NO, UNKNOWN, YES, Checked
from recsys.encoders.text import TextEncoder
from recsys.lyrics.passages import Passages
from recsys.lyrics.themes import load_themes
from recsys.types import Constraint, Facet, FloatArray

#: Cosines of lyrics to a topic: at `FAR` they are as near as any lyrics to anything (the median of what has nothing to
#: do with it is .14), at `NEAR` few are nearer (the best tenth of what is about it).
FAR, NEAR = 0.15, 0.45
#: Cosine from which lyrics count as speaking of a topic in the listener's words: one in a hundred of those that have
#: nothing to do with it reach .34. Measured, as those above, on the lyrics that `segue eval lyrics` keeps for choosing.
SPEAKS = 0.40


class Topics:
    """Compares topics with lyrics. Safe to share between threads."""

    def __init__(self, passages: Passages, encoder: TextEncoder) -> None:
        """Take the stretches of the catalogue's lyrics and the encoder that read them."""
        self._passages, self._encoder = passages, encoder
        self._says = {theme.name: theme.says for theme in load_themes()}

    def shares(self, constraints: tuple[Constraint, ...]) -> FloatArray | None:
        """Return how near (0–1) each track's lyrics (N,) come to what is asked for; None where no topic is."""
        wanted = [c for c in constraints if c.facet is Facet.THEME and c.wanted]
        if not wanted:
            return None
        near = np.stack([self._nearness(c) for c in wanted]).mean(axis=0)
        result: FloatArray = np.clip((near - np.float32(FAR)) / np.float32(NEAR - FAR), 0, 1)
        return result

    def heed(self, checked: Checked) -> Checked:
        """Let tracks whose lyrics speak of a topic that the vocabulary has not be known to do so."""
        met = list(checked.met)
        for number, constraint in enumerate(checked.constraints):
            if constraint.facet is Facet.THEME and self._says.keys().isdisjoint(constraint.values):
                speaks = (met[number] == UNKNOWN) & (self._nearness(constraint) >= SPEAKS)
                met[number] = np.where(speaks, YES if constraint.wanted else NO, met[number]).astype(np.int8)
        return replace(checked, met=tuple(met))

    def _nearness(self, constraint: Constraint) -> FloatArray:
        """The cosine (N,) of the nearest stretch to any of the values of a constraint."""
        near = [self._to_theme(value) if value in self._says else self._to(value) for value in constraint.values]
        result: FloatArray = np.max(near, axis=0)
        return result

    def _to(self, words: str) -> FloatArray:
        return self._passages.nearest(self._encoder.encode([words]))[:, 0]

    def _to_theme(self, theme: str) -> FloatArray:
        near = self._passages.nearest(self._encoder.encode(list(self._says[theme])))
        result: FloatArray = np.sort(near, axis=1)[:, -2:].mean(axis=1)
        return result
