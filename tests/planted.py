"""A small catalogue with a planted structure: four styles that share nothing, ten artists each."""

from __future__ import annotations

import numpy as np

from recsys.catalogue import Catalogue
from recsys.types import Collection, Track

#: Style → genres, moods, activities, words of its titles, energy.
STYLES = {
    "jazz": (("jazz",), ("mellow", "warm"), ("dinner",), "Blue Smoke Velvet Horn", 0.3),
    "metal": (("metal", "rock"), ("aggressive",), ("workout",), "Iron Wrath Skull Fire", 0.95),
    "house": (("house", "electronic"), ("euphoric",), ("party",), "Night Club Laser Groove", 0.8),
    "folk": (("folk",), ("calm", "reflective"), ("rainy day",), "River Willow Lantern Field", 0.2),
}


def planted_tracks(n_artists: int = 10, n_per_artist: int = 5) -> list[Track]:
    """Tracks of four styles: each artist keeps to one style and decade."""
    tracks = []
    for style, (genres, moods, activities, vocabulary, energy) in STYLES.items():
        words = vocabulary.split()
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
                        genres=genres,
                        moods=moods,
                        activities=activities,
                        energy=energy,
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
