"""A small catalogue full of traps for understanding, and requests written down so that tables can be compared."""

from __future__ import annotations

from functools import lru_cache

from assistant.request import Request
from assistant.understanding import RulesUnderstanding
from recsys.catalogue import Catalogue
from recsys.types import Track

_TRACKS = (
    ("Queen", "Bohemian Rhapsody", 1975, 0.95),
    ("Queen", "Bohemian Rhapsody - Remastered 2011", 1975, 0.9),
    ("Queen", "Don't Stop Me Now", 1979, 0.9),
    ("Queen", "Under Pressure", 1981, 0.8),
    ("Drake", "One Dance", 2016, 0.95),
    ("Drake", "Nonstop", 2018, 0.8),
    ("Drake", "Passionfruit", 2017, 0.8),
    ("Yes", "Roundabout", 1971, 0.6),
    ("The The", "This Is the Day", 1983, 0.5),
    ("The 1975", "Chocolate", 2013, 0.7),
    ("The 1975", "Somebody Else", 2016, 0.7),
    ("The Weeknd", "Blinding Lights", 2019, 0.99),
    ("The Weeknd", "Starboy", 2016, 0.9),
    ("The Weeknd", "Save Your Tears", 2020, 0.9),
    ("Pharrell Williams", "Happy", 2013, 0.9),
    ("Ed Sheeran", "Shape of You", 2017, 0.99),
    ("Taylor Swift", "Shake It Off", 2014, 0.9),
    ("Beyoncé", "Halo", 2008, 0.9),
    ("Metallica", "Enter Sandman", 1991, 0.9),
    ("Radiohead", "Creep", 1992, 0.9),
    ("Coldplay", "Yellow", 2000, 0.9),
    ("Daft Punk", "One More Time", 2000, 0.9),
    ("Justice", "D.A.N.C.E.", 2007, 0.7),
    ("Air", "La femme d'argent", 1998, 0.6),
    ("Guns N' Roses", "Sweet Child O' Mine", 1987, 0.9),
    ("Earth, Wind & Fire", "September", 1978, 0.9),
    ("Tyler, The Creator", "See You Again", 2017, 0.8),
    ("AC/DC", "Thunderstruck", 1990, 0.9),
    ("The Beatles", "Let It Be", 1970, 0.9),
    ("The Cure", "Friday I'm in Love", 1992, 0.8),
    ("Talking Heads", "Psycho Killer", 1977, 0.8),
    ("Fleetwood Mac", "Dreams", 1977, 0.9),
    ("Journey", "Don't Stop Believin'", 1981, 0.9),
    ("Soul Asylum", "Runaway Train", 1992, 0.7),
    ("50 Cent", "In Da Club", 2003, 0.9),
    ("Maroon 5", "Sugar", 2014, 0.9),
    ("No Doubt", "Don't Speak", 1995, 0.8),
    ("Johann Sebastian Bach", "Air on the G String", None, 0.6),
    ("Johann Sebastian Bach", "Toccata and Fugue in D minor", None, 0.5),
    ("Johann Sebastian Bach", "Jesu, Joy of Man's Desiring", None, 0.5),
    ("Gotye", "Somebody That I Used to Know", 2011, 0.9),
    ("Solange", "Cranes in the Sky", 2016, 0.6),
    ("Love", "Alone Again Or", 1967, 0.4),
    ("West Coast", "Sunset", 2005, 0.1),
    ("P!nk", "So What", 2008, 0.8),
    ("Ke$ha", "Tik Tok", 2009, 0.8),
    ("Various Artists", "Some Old Song", 1960, 0.1),
    ("Мумий Тролль", "Владивосток 2000", 1997, 0.3),
)


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The tracks above; the newest is of 2020."""
    return Catalogue.from_tracks(
        [
            Track(f"t{number}", title, (artist,), year=year, popularity=fame)
            for number, (artist, title, year, fame) in enumerate(_TRACKS)
        ]
    )


@lru_cache(maxsize=1)
def understanding() -> RulesUnderstanding:
    """Understanding over the catalogue above."""
    return RulesUnderstanding(catalogue())


def read(text: str, *, first_turn: bool = True) -> Request:
    """Understand one message."""
    return understanding().understand(text, first_turn=first_turn)


def written(request: Request) -> set[str]:
    """Write a request down: "genre! rock|pop", "-mood sad", "era! 1990..1999", "~artist Queen", "n 20", "fame +".

    "!" marks hard constraints, "-" unwanted ones, "but" what they spare; artists appear as mentions and not again as
    constraints.
    """
    said: set[str] = set()
    for constraint in request.constraints:
        if constraint.facet in ("artist", "track"):
            continue
        low = "" if constraint.low is None else f"{constraint.low:g}"
        high = "" if constraint.high is None else f"{constraint.high:g}"
        what = "|".join(sorted(constraint.values)) or f"{low}..{high}"
        sign = "" if constraint.wanted else "-"
        but = f" but {'|'.join(sorted(constraint.spared))}" if constraint.spared else ""
        said.add(f"{sign}{constraint.facet.value}{'!' if constraint.hard else ''} {what}{but}")
    said.update(f"{mention.polarity}{mention.kind} {mention.name}" for mention in request.mentions)
    if request.n_tracks is not None:
        said.add(f"n {request.n_tracks}")
    if request.minutes is not None:
        said.add(f"min {request.minutes:g}")
    for name, value in (("fame", request.fame), ("discovery", request.discovery)):
        if value is not None:
            said.add(f"{name} {'+' if value > 0 else '-'}")
    return said
