"""What `Assistant.train_sequential` reports."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.reports import TrialReport


class SequentialReport(BaseModel):
    """What was learnt of what comes next, and whether a model of it is switched on for this catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Literal["sessions", "playlists"] = Field(description="what was learnt from")
    n_sequences: int
    n_steps: int
    n_tracks: int = Field(description="tracks that are in any of them")
    n_listeners: int = Field(description="whose sessions they are; 0 for playlists")
    n_learnt: int = Field(description="sequences learnt from in the trial; the later ones tested")
    n_questions: int = Field(description="steps of later sequences that were asked for")
    figures: dict[str, float] = Field(description="model → NDCG@10 over the whole catalogue, on all questions")
    model: str = Field(description="the candidate that was judged")
    baseline: str = Field(description="the better of popularity and successor counts, which it was judged by")
    trial: TrialReport = Field(description="NDCG@10 of the baseline (served) and of the candidate (new)")
    switched_on: bool = Field(description="whether the candidate serves from now on; otherwise none does")
    weight: float = Field(description="what it counts in the radio beside likeness; 0 where it adds nothing")
    seconds: float
