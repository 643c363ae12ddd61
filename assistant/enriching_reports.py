"""What came of enriching a catalogue."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldReport(_Frozen):
    """What one source of knowledge filled of one field."""

    field: str
    n_missing: int = Field(description="tracks that do not state it")
    n_filled: int = Field(description="of them, those for which the source is sure enough to be shown")
    n_unsure: int = Field(description="and those for which it is not: kept, and not shown")
    confidence: float = Field(description="mean of those that are shown, 0–1; 0 where none is")
    examples: tuple[str, ...] = Field(description="some that are shown, as “artist – title: value (confidence)”")


class KnowledgeReport(_Frozen):
    """What one source of knowledge came to."""

    source: str = Field(description="as annotations name it")
    fields: tuple[FieldReport, ...]
    n_asked: int = Field(default=0, description="tracks that a service or a model was asked about, in this run")
    n_kept: int = Field(default=0, description="tracks whose answer was kept from an earlier run")
    n_left: int = Field(default=0, description="tracks that are still to be asked about")
    problem: str = Field(default="", description="why it stopped before all were asked, if it did")


class EnrichReport(_Frozen):
    """What `Assistant.enrich` did."""

    n_tracks: int = Field(description="tracks that were looked at")
    dry_run: bool
    sources: tuple[KnowledgeReport, ...]
    n_served: int = Field(default=0, description="tracks served now, of all sources")
    generation_changed: bool = False
    seconds: float


class DropReport(_Frozen):
    """What `Assistant.drop_enrichment` did."""

    source: str
    n_values: int = Field(description="values that were forgotten")
    generation_changed: bool
