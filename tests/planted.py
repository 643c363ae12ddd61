"""A small catalogue with a planted structure: four styles that share nothing, ten artists each."""

from __future__ import annotations

import numpy as np

from recsys.catalogue import Catalogue
from recsys.types import Collection, Track

STYLES = {
    "jazz": dict(genres=("jazz",), moods=("mellow", "warm"), activities=("dinner",), words="Blue Smoke Velvet Horn", energy=0.3),
    "metal": dict(genres=("metal", "rock"), moods=("aggressive",), activities=("workout",), words="Iron Wrath Skull Fire", energy=0.95),
    "house": dict(genres=("house", "electronic"), moods=("euphoric",), activities=("party",), words="Night Club Laser Groove", energy=0.8),
    "folk": dict(genres=("folk",), moods=("calm", "reflective"), activities=("rainy day",), words="River Willow Lantern Field", energy=0.2),
}  # fmt: skip


def planted_tracks(n_artists: int = 10, n_per_artist: int = 5) -> list[Track]:
    """Tracks of four styles: each artist keeps to one style and decade."""
    tracks = []
    for style, facts in STYLES.items():
        words = str(facts["words"]).split()
        for artist in range(n_artists):
            for number in range(n_per_artist):
                tracks.append(
                    Track(
                        track_id=f"{style}-{artist}-{number}",
                        title=f"{words[number % 4]} {words[(number + artist) % 4]} {artist}{number}",
                        artists=(f"The {words[artist % 4]} {style.title()} {'ABCDEFGHIJ'[artist]}",),
                        album=f"{words[artist % 4]} Sessions {artist}",
                        year=1960 + 5 * artist + number % 3,
                        duration_s=150.0 + 17 * number + 5 * artist,
                        genres=tuple(facts["genres"]),
                        moods=tuple(facts["moods"]),
                        activities=tuple(facts["activities"]),
                        energy=float(facts["energy"]),
                        popularity=round(0.1 + 0.08 * artist, 2),
                        source="planted",
                    )
                )
    return tracks


def planted_catalogue(with_playlists: bool = False) -> Catalogue:
    """The planted tracks as a catalogue, with two playlists a style where asked for."""
    tracks = planted_tracks()
    playlists = []
    if with_playlists:
        rng = np.random.default_rng(7)
        for style in STYLES:
            ids = [t.track_id for t in tracks if t.track_id.startswith(style)]
            for number in range(2):
                chosen = tuple(rng.permutation(ids)[:15].tolist())
                playlists.append(Collection(f"{style}-{number}", f"{style} evening {number}", chosen, "planted"))
    return Catalogue.from_tracks(tracks, playlists)
