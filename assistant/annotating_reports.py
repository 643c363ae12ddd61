"""What came of annotating a catalogue with attributes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CostReport(_Frozen):
    """What asking a language model costs, estimated by the length of the questions and of whole answers."""

    n_tracks: int = Field(description="tracks that are to be asked about")
    n_checks: int = Field(description="of them, those that are annotated otherwise, to find out how sure the model is")
    n_kept: int = Field(description="further tracks whose answers were kept from earlier runs")
    n_questions: int
    tokens_in: int
    tokens_out: int
    n_examples: int = Field(description="annotated tracks of the catalogue shown as examples; 0: the shipped ones")


class AskedReport(_Frozen):
    """How the asking went."""

    n_asked: int = Field(description="tracks that the model was asked about, in this run")
    n_kept: int = Field(description="tracks whose answer was kept from an earlier run")
    n_left: int = Field(description="tracks that are still to be asked about")
    tokens_in: int = Field(description="sent in this run, estimated by their length")
    tokens_out: int
    refused: tuple[tuple[str, int], ...] = Field(description="what was refused of the answers, and how often")
    n_compared: int = Field(description="tracks annotated otherwise, by which its values are known to be sure")
    n_failed: int = Field(default=0, description="of those left, tracks that there was no usable answer about, twice")
    failed: tuple[tuple[str, int], ...] = Field(default=(), description="why there was none, and of how many tracks")
    problem: str = Field(default="", description="why it stopped before all were asked, if it did")


class FileReport(_Frozen):
    """What was read from a file of attributes."""

    name: str
    form: str = Field(description="list or columns")
    scale: str
    greatest: float = Field(description="greatest value, as written")
    n_rows: int
    n_matched: int = Field(description="rows that name a track of the catalogue")
    n_attributes: int
    unmatched: tuple[str, ...] = Field(description="some rows that do not, as “artist – title”")
    ignored: tuple[str, ...] = Field(description="columns that nothing was read from")
    bad: tuple[str, ...] = Field(description="rows that could not be read, and why")


class HeldOutReport(_Frozen):
    """How well one attribute was found on artists that were not fitted to."""

    key: str
    name: str
    n: int
    mae: float
    mean_mae: float
    within: float
    gain: float
    gain_low: float
    gain_high: float
    filled: bool


class SoundReport(_Frozen):
    """How attributes were found from vectors."""

    space: str
    n_fitted: int = Field(description="annotated tracks with a vector")
    n_vectors: int = Field(description="tracks with a vector")
    held_out: tuple[HeldOutReport, ...]


class AnnotateReport(_Frozen):
    """What `Assistant.annotate_…` did."""

    source: str = Field(description="as annotations name it")
    n_tracks: int = Field(description="tracks that got attributes")
    n_values: int
    n_shown: int = Field(description="values of them that are sure enough to be used")
    confidence: float = Field(description="mean of all values, 0–1; 0 where there are none")
    dry_run: bool
    file: FileReport | None = None
    asked: AskedReport | None = None
    sound: SoundReport | None = None
    n_known: int = Field(default=0, description="tracks with attributes now, of all sources")
    generation_changed: bool = False
    seconds: float = 0.0
