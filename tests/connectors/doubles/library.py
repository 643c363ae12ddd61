"""The tracks that all doubles have: what is asked for, and what a careless search would take for it."""

from __future__ import annotations

from dataclasses import dataclass

ABC = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Song:
    title: str
    artist: str
    number: int
    isrc: str = ""
    seconds: int = 200

    @property
    def spotify(self) -> str:
        return f"track{self.number:017d}"

    @property
    def mbid(self) -> str:
        return f"00000000-0000-4000-8000-{self.number:012d}"


#: Decoys first: a search that is not looked at twice gives these.
LIBRARY = [
    Song("Alison (Karaoke Version)", "Slowdive", 1),
    Song("Alison", "A Slowdive Tribute", 2),
    Song("Alison (Live)", "Slowdive", 3, seconds=260),
    Song("Alison - 2005 Remaster", "Slowdive", 4, isrc="GBBRB9300023", seconds=231),
    Song("Vapour Trail", "Ride", 5, isrc="GBAAA9000001"),
    Song("When the Sun Hits", "Slowdive", 6),
    Song("Yellow - Live in Buenos Aires", "Coldplay", 7),
    Song("Bohemian Rhapsody - Remastered 2011", "Queen", 8),
    Song("Billie Jean", "Michael Jackson", 9),
    Song("Dancing Queen", "ABBA", 10),
    Song("Karma Police", "Radiohead", 11),
    *(Song(f"Song number {n}", "Many", 100 + n) for n in range(250)),
]


def folded(text: str) -> str:
    return "".join(c if c.isalnum() else " " for c in text.lower())


def having(words: str) -> list[Song]:
    """All songs that have every word, decoys first."""
    wanted = folded(words).split()
    return [song for song in LIBRARY if set(wanted) <= set(folded(f"{song.title} {song.artist}").split())]
