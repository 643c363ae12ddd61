"""What can be predicted of a track: every head, declared here and nowhere else.

**Who said it.** A value is `HUMAN` where people rated that very track, `MODEL` where another model predicted it, and
`PROXY` where it counts what people did (played, liked, put into charts), which is not what they think of it. A head has
the kind that its own source has; a table of targets may say otherwise of a column, and results are split by it. The
published APEX learnt SongEval's dimensions from SongEval's *model*, not from its listeners.

**Output.** The last layer gives one number z. A head with a range (low, high) makes `(high − low)·σ(z) + low` of it, as
published: 100·σ for streams and likes, 4·σ + 1 for the aesthetics. A binary head says the probability σ(z).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from recsys.appeal.errors import UnknownHeadError

_APEX = "Husain and Herremans 2026, arXiv 2605.03395"
_SONGEVAL = "SongEval, Yao et al. 2025, arXiv 2505.10793"
_AUDIOBOX = "Audiobox Aesthetics, Tjandra et al. 2025, arXiv 2502.05139"


class Kind(StrEnum):
    """Who said the values of a target."""

    HUMAN = "human"
    MODEL = "model"
    PROXY = "proxy"


class Group(StrEnum):
    """What a head is about."""

    POPULARITY = "popularity"
    AESTHETICS = "aesthetics"


@dataclass(frozen=True, slots=True)
class Head:
    """One thing that is predicted."""

    name: str
    title: str
    group: Group
    kind: Kind
    low: float
    high: float
    source: str
    columns: tuple[str, ...] = ()  # what files call it
    binary: bool = False
    #: of its loss where losses are combined by fixed weights: 5 for popularity and 1 for aesthetics in the published
    #: training script.
    weight: float = 1.0

    @property
    def span(self) -> float:
        """The width of its range."""
        return self.high - self.low


def _popularity(name: str, title: str, source: str, *columns: str, binary: bool = False) -> Head:
    high = 1.0 if binary else 100.0
    return Head(name, title, Group.POPULARITY, Kind.PROXY, 0.0, high, source, columns, binary, weight=5.0)


def _song(name: str, title: str, *columns: str) -> Head:
    return Head(name, title, Group.AESTHETICS, Kind.HUMAN, 1.0, 5.0, _SONGEVAL, columns)


def _audio(name: str, title: str, *columns: str) -> Head:
    return Head(name, title, Group.AESTHETICS, Kind.HUMAN, 1.0, 10.0, _AUDIOBOX, columns)


HEADS: tuple[Head, ...] = (
    _popularity("score_streams", "streams", _APEX, "streams", "play_count"),
    _popularity("score_likes", "likes", _APEX, "likes", "upvote_count"),
    _popularity("popularity", "popularity", "Spotify's 0–100 figure", "track_popularity"),
    _popularity("hit", "hit", "in the charts of its decade (1) or not (0)", "target", binary=True),
    _song("coherence", "overall coherence", "Coherence"),
    _song("musicality", "overall musicality", "Musicality"),
    _song("memorability", "memorability", "Memorability"),
    _song("clarity", "clarity of song structure", "Clarity"),
    _song("naturalness", "naturalness of vocal breathing and phrasing", "Naturalness"),
    _audio("production_quality", "production quality", "Production_Quality", "PQ"),
    _audio("production_complexity", "production complexity", "Production_Complexity", "PC"),
    _audio("content_enjoyment", "content enjoyment", "Content_Enjoyment", "CE"),
    _audio("content_usefulness", "content usefulness", "Content_Usefulness", "CU"),
)

#: The seven heads of the published model, in its order.
PUBLISHED: tuple[str, ...] = (
    "score_streams",
    "score_likes",
    "coherence",
    "musicality",
    "memorability",
    "clarity",
    "naturalness",
)

_BY_NAME = {one.name: one for one in HEADS}


def find_head(name: str) -> Head:
    """Return a head by its name.

    Raises:
        UnknownHeadError: there is none of that name.
    """
    if name not in _BY_NAME:
        raise UnknownHeadError(name, _BY_NAME)
    return _BY_NAME[name]


def find_heads(names: Iterable[str]) -> tuple[Head, ...]:
    """Return heads by their names, each once, in the order given.

    Raises:
        UnknownHeadError: there is none of one of the names.
    """
    return tuple(find_head(name) for name in dict.fromkeys(names))


def heads_in(columns: Iterable[str]) -> dict[str, Head]:
    """Tell which columns of a table are targets: by the name of a head, or by what files call it."""
    called = {name: one for one in HEADS for name in (one.name, *one.columns)}
    return {column: called[column] for column in columns if column in called}
