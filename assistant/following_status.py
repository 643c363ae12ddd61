"""What `segue status` tells of the model of what comes next."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class FollowingStatus(BaseModel):
    """The model of what comes next that is switched on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    source: str = Field(description="what it learnt from: sessions or playlists")
    n_sequences: int = Field(description="of these")
    n_tracks: int = Field(description="tracks that it knows")
    n_listeners: int = Field(description="whose sessions they are; 0 for playlists")
    trained_at: float = Field(description="seconds since the epoch, UTC")
    weight: float = Field(description="what it counts in the radio beside likeness")
    ndcg: float = Field(description="NDCG@10 on the sequences held out")
    baseline: str = Field(description="the better of popularity and successor counts")
    baseline_ndcg: float = Field(description="and its NDCG@10")
    gain_low: float = Field(description="of the 95 % interval of the difference")
    gain_high: float


def following_status(home: Path) -> FollowingStatus | None:
    """Say which model is switched on; None where none is."""
    from recsys.own_following import following_card

    card = following_card(home)
    if card is None:
        return None
    try:
        return FollowingStatus(
            model=str(card["model"]),
            source=str(card["source"]),
            n_sequences=int(card["n_sequences"]),
            n_tracks=len(card["track_ids"]),
            n_listeners=len(card["listeners"]),
            trained_at=float(card["at"]),
            weight=float(card["weight"]),
            ndcg=float(card["ndcg"]),
            baseline=str(card["baseline"]),
            baseline_ndcg=float(card["baseline_ndcg"]),
            gain_low=float(card["low"]),
            gain_high=float(card["high"]),
        )
    except (KeyError, TypeError, ValueError):  # a card that something else wrote: nothing is known of it
        return None
