"""Tables of content that stand in for an explanation: what a figure could be owed to, other than what vectors say.

They are encoders like others, run where `--encoders` names them, and left out of the grid otherwise.

    letters             which letters are in a name, two to four in a row: what names tell without anything having been
                        read of who that is, also that one is within another ("Prince", "Prince & The Revolution")
    origin              country and language, where they are known
    NAME of described   another table where there is a caption, and nothing elsewhere: compares tables over equal items

That an item has a vector at all is what shuffled vectors keep, so that this needs no table of its own.

Shapes: I items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recsys.cold.content import Content
from recsys.types import FloatArray

_MOST_COUNTED = 4096
_WIDTH = 192
_OF_DESCRIBED = " of described"


@dataclass(frozen=True, eq=False)
class Extra:
    """Makes the tables of items that have names, when they are asked for."""

    names: Sequence[str]  # (I,)
    origins: Sequence[Sequence[str]]  # (I,) what is known of where each is from
    encoders: Mapping[str, Content]  # those that are compared over equal items, "caption" among them
    _made: dict[str, Content] = field(default_factory=dict)

    @property
    def known(self) -> tuple[str, ...]:
        """Name the tables."""
        compared = (name for name, table in self.encoders.items() if name != "caption" and not table.parts)
        return ("letters", "origin", *(f"{name}{_OF_DESCRIBED}" for name in compared))

    def table(self, name: str) -> Content:
        """Return a table by one of the names that are known."""
        if name not in self._made:
            self._made[name] = Content(name, self._vectors(name))
        return self._made[name]

    def _vectors(self, name: str) -> FloatArray:
        if name == "letters":
            return letters(self.names)
        if name == "origin":
            return one_hot(self.origins)
        table = self.encoders[name.removesuffix(_OF_DESCRIBED)].vectors
        return np.where(self.encoders["caption"].present[:, None], table, np.float32(0))


def letters(names: Sequence[str]) -> FloatArray:
    """Return the main directions (I, 192) of which letters are in names, the rarer ones counting more."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    counted = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), max_features=_MOST_COUNTED, sublinear_tf=True
    ).fit_transform([name.casefold() for name in names])
    width = min(_WIDTH, min(counted.shape) - 1)
    return np.asarray(TruncatedSVD(width, random_state=0).fit_transform(counted), dtype=np.float32)


def one_hot(values: Sequence[Sequence[str]]) -> FloatArray:
    """Return a column (I, K) for each value, 1 where an item has it."""
    known = sorted({value for one in values for value in one if value})
    column = {value: number for number, value in enumerate(known)}
    table = np.zeros((len(values), len(known)), dtype=np.float32)
    for row, one in enumerate(values):
        table[row, [column[value] for value in one if value]] = 1
    return table
