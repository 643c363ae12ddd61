"""A playlist of before, shown where nothing explicit is wanted: without what is known to be explicit."""

from __future__ import annotations

from assistant.labels import total_label
from assistant.reply import Reply
from assistant.session import SessionState
from recsys.catalogue import Catalogue


def cleaned(state: SessionState, reply: Reply, catalogue: Catalogue) -> tuple[SessionState, Reply]:
    """Take what is known to be explicit out of a reply that shows an earlier playlist, and out of what is on screen."""
    explicit = {
        track.track_id
        for track in reply.tracks
        if any(catalogue.explicit[row] == 1 for row in catalogue.rows([track.track_id]).tolist())
    }
    if not explicit:
        return state, reply
    tracks = tuple(
        track.model_copy(update={"position": position})
        for position, track in enumerate((t for t in reply.tracks if t.track_id not in explicit), start=1)
    )
    seconds = sum(track.duration_s or 0.0 for track in tracks)
    total = total_label(seconds, sum(track.duration_estimated for track in tracks))
    slate = tuple(track for track in state.slate if track not in explicit)
    state = state.model_copy(
        update={"slate": slate, "pins": tuple(track for track in state.pins if track not in explicit)}
    )
    return state, reply.model_copy(update={"tracks": tracks, "total": total if tracks else ""})
