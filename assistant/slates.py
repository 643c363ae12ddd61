"""A slate as connectors get it, and what a turn changed in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from assistant.entries import tidy_ids
from assistant.evidence import origin
from assistant.labels import plain
from assistant.links import link
from assistant.reply import Diff, SlateTrack
from recsys.recommendation import Pick
from recsys.types import Track

_MAX_FACETS = 6
#: Lists of a track's words, and how many of each are shown.
_SHOWN = {"genres": 3, "moods": 2, "activities": 2, "instruments": 2}


def slate_tracks(
    picks: Sequence[Pick],
    reasons: Sequence[str],
    rated: Mapping[str, bool],
    *,
    causes: Sequence[Sequence[str]] = (),
    pins: Collection[str] = (),
    before: Collection[str] = (),
) -> tuple[SlateTrack, ...]:
    """Write picks as rows of a slate.

    Args:
        picks: in the order of the slate.
        reasons: one sentence per pick.
        causes: what was computed about why, per pick.
        rated: track id → whether the listener likes it.
        pins: ids of tracks that keep their places.
        before: ids of the playlist before; without one, nothing is new.
    """
    return tuple(
        SlateTrack(
            position=position,
            track_id=track.track_id,
            title=plain(track.title),
            artist=plain(track.artist),
            artists=tuple(plain(name) for name in track.artists),
            album=plain(track.album) if track.album else None,
            year=track.year,
            duration_s=pick.duration_s,
            duration_estimated=pick.duration_estimated,
            link=link(track),
            path=track.path,
            ids=tidy_ids(track.ids),
            facets=_facets(track),
            reason=reason,
            causes=tuple(causes[position - 1]) if causes else (),
            query_share=pick.query_share,
            user_share=pick.user_share,
            liked=rated.get(track.track_id),
            pinned=track.track_id in pins,
            new=bool(before) and track.track_id not in before,
        )
        for position, (pick, reason) in enumerate(zip(picks, reasons, strict=True), start=1)
        for track in (pick.track,)
    )


def diff(before: Sequence[str], after: Sequence[str]) -> Diff:
    """Compare two playlists given as track ids in order."""
    places = {track: place for place, track in enumerate(before)}
    now = set(after)
    return Diff(
        added=tuple(track for track in after if track not in places),
        removed=tuple(track for track in before if track not in now),
        moved=tuple(track for place, track in enumerate(after) if places.get(track, place) != place),
        n_kept=len(now & places.keys()),
    )


def _facets(track: Track) -> tuple[str, ...]:
    """A few words for the track; what was heard and not stated is marked, and tempo and key are told only then."""
    words = []
    for column, most in _SHOWN.items():
        listed: tuple[str, ...] = getattr(track, column)
        words += [_marked(track, column, word) for word in listed[:most]]
    if track.tempo_bpm is not None and "tempo_bpm" in track.derived:
        words.append(_marked(track, "tempo_bpm", f"≈{track.tempo_bpm:.0f} BPM"))
    if track.key is not None and "key" in track.derived:
        words.append(_marked(track, "key", track.key))
    return tuple(dict.fromkeys(words))[:_MAX_FACETS]


def _marked(track: Track, column: str, word: str) -> str:
    return f"{plain(word, 40)} (heard)" if origin(track, column) == "heard" else plain(word, 40)
