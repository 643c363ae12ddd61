"""MusicBrainz's web service as far as looking tracks up needs it (musicbrainz.org/doc/MusicBrainz_API), in its XML.

It refuses who does not say who is asking, who asks more than once a second by its clock, and queries it cannot read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tests.connectors.doubles.server import Answer, Asked, Double

_TOP = (
    '<metadata xmlns="http://musicbrainz.org/ns/mmd-2.0#" xmlns:ext="http://musicbrainz.org/ns/ext#-2.0">{}</metadata>'
)
_BUSY = (
    "Your requests are exceeding the allowable rate limit. Please see "
    "http://wiki.musicbrainz.org/XMLWebService for more information."
)
_TERM = re.compile(r"(recording|artist):\((.*?)\)(?= \w+:|$)")


@dataclass(frozen=True)
class Recording:
    """What the service has of one recording."""

    number: int
    title: str
    artist: str
    length_ms: int | None = None
    dates: tuple[str, ...] = ()
    tags: tuple[tuple[str, int], ...] = ()

    @property
    def mbid(self) -> str:
        return f"20000000-0000-4000-8000-{self.number:012d}"

    @property
    def artist_mbid(self) -> str:
        return f"30000000-0000-4000-8000-{sum(map(ord, self.artist)):012d}"

    def xml(self) -> str:
        length = "" if self.length_ms is None else f"<length>{self.length_ms}</length>"
        releases = "".join(
            f'<release id="r{n}"><title>An album</title><status>Official</status><date>{date}</date></release>'
            for n, date in enumerate(self.dates)
        )
        credit = f'<artist id="{self.artist_mbid}"><name>{escape(self.artist)}</name></artist>'
        return (
            f'<recording id="{self.mbid}" ext:score="100"><title>{escape(self.title)}</title>{length}'
            f"<artist-credit><name-credit>{credit}</name-credit></artist-credit>"
            f"<release-list>{releases}</release-list>{_tags(self.tags)}</recording>"
        )


RECORDINGS = (
    Recording(1, "Roads", "Portishead", 304000, ("1994-08-22", "2008"), (("trip hop", 8), ("electronic", 3))),
    Recording(2, "Roads (live)", "Portishead", 340000, ("1998-11-02",)),
    Recording(3, "Roads", "A Karaoke Band", 300000, ("2011",), (("karaoke", 2),)),
    Recording(4, 'R & B <"Love">', "AC/DC", None, ("1980",)),
)
#: Artist → country and words with votes.
ARTISTS: dict[str, tuple[str, tuple[tuple[str, int], ...]]] = {
    "Portishead": ("GB", (("trip hop", 13), ("british", 5), ("downtempo", 4))),
    "AC/DC": ("AU", (("hard rock", 20),)),
}


class MusicBrainzDouble(Double):
    """A database of four recordings. `clock` tells its time; without one it does not count requests."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        super().__init__()
        self._clock, self._last = clock, float("-inf")
        self.n_too_soon = 0

    def answer(self, asked: Asked) -> Answer:
        if not re.fullmatch(r"Segue/\S+ python-musicbrainzngs/\S+ \( \S+ \)", asked.headers.get("User-Agent", "")):
            return 403, _error("Your User-Agent is not acceptable.")
        if self._clock is not None:
            now = self._clock()
            if now - self._last < 0.99:
                self.n_too_soon += 1
                return 503, _error(_BUSY)
            self._last = now
        match asked.path.strip("/").split("/"):
            case ["ws", "2", "recording"] | ["ws", "2", "recording", ""]:
                return self._search(asked)
            case ["ws", "2", "recording", mbid]:
                return _one([one.xml() for one in RECORDINGS if one.mbid == mbid])
            case ["ws", "2", "artist", mbid]:
                return _one([_artist(one) for one in RECORDINGS if one.artist_mbid == mbid][:1])
        return 404, _error("Not Found")

    def _search(self, asked: Asked) -> Answer:
        terms = {name: _plain(said) for name, said in _TERM.findall(asked.one("query"))}
        if not terms:
            return 400, _error("Invalid query")
        found = [one for one in RECORDINGS if _has(one, terms)]
        listed = "".join(one.xml() for one in found)
        return 200, _TOP.format(f'<recording-list count="{len(found)}" offset="0">{listed}</recording-list>').encode()


def _has(recording: Recording, terms: Mapping[str, str]) -> bool:
    """The real search is fuzzy: it finds what has any of the words."""
    words = set(re.findall(r"\w+", recording.title.lower()))
    return bool(words & set(re.findall(r"\w+", terms["recording"])))


def _plain(query: str) -> str:
    return re.sub(r"\\(.)", r"\1", query).lower()


def _one(found: list[str]) -> Answer:
    return (200, _TOP.format(found[0]).encode()) if found else (404, _error("Not Found"))


def _artist(recording: Recording) -> str:
    country, tags = ARTISTS.get(recording.artist, ("", ()))
    of = f"<country>{country}</country>" if country else ""
    return f'<artist id="{recording.artist_mbid}"><name>{escape(recording.artist)}</name>{of}{_tags(tags)}</artist>'


def _tags(tags: tuple[tuple[str, int], ...]) -> str:
    listed = (f'<tag count="{n}"><name>{escape(word)}</name></tag>' for word, n in tags)
    return f"<tag-list>{''.join(listed)}</tag-list>"


def _error(text: str) -> bytes:
    return f"<error><text>{escape(text)}</text></error>".encode()
