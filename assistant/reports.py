"""What the long jobs and the questions about the installation give back: plain data for connectors to show."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.following_status import FollowingStatus
from assistant.reply import Reply


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SessionReport(_Report):
    """A conversation."""

    session_id: str
    name: str = Field(description="as the listener calls it, else its first message")
    n_turns: int
    created_at: float = Field(description="seconds since the epoch, UTC")
    updated_at: float


class TurnReport(_Report):
    """One turn of a conversation."""

    at: float = Field(description="seconds since the epoch, UTC")
    message: str
    reply: Reply


class Suggestion(_Report):
    """A name that the catalogue has."""

    kind: Literal["artist", "track", "genre"]
    key: str = Field(description="folded artist name, track id, or genre")
    name: str


class SourceReport(_Report):
    """A catalogue source that is in the database."""

    name: str
    path: str
    kind: str
    n_tracks: int
    n_playlists: int
    added_at: float = Field(description="seconds since the epoch, UTC")


class BadRowReport(_Report):
    """A row of a source that was skipped, or a file of a folder; that one has a path as its name and line 0."""

    line: int
    reason: str
    name: str = ""


class EncoderReport(_Report):
    """An audio encoder."""

    name: str
    rate: int = Field(description="samples per second that it reads")
    window_s: float = Field(description="seconds that it reads at a time")
    layer: str = Field(description="of which the vector is made")
    pooling: str = Field(description="how windows and frames become one vector")
    dim: int = Field(description="numbers of a vector")
    licence: str
    source: str = Field(description="the paper, and where weights come from")
    fetch: str = Field(description="the command that gets what it needs; empty where it needs nothing")
    ready: bool = Field(description="whether what it needs is there")
    chosen: bool = Field(description="whether it listens when the catalogue is indexed")


class CheckedArray(_Report):
    """An array of golden outputs, beside what is computed here."""

    name: str
    largest: float = Field(description="of the absolute differences")


class CheckedEncoder(_Report):
    """What comparing an audio encoder with its original came to."""

    arrays: tuple[CheckedArray, ...]
    tolerance: float

    @property
    def largest(self) -> float:
        """The largest difference of all."""
        return max(array.largest for array in self.arrays)


class SoundProblem(_Report):
    """A file that could not be heard, or not wholly."""

    path: str
    reason: str
    heard: bool = Field(description="whether what there is of it was heard all the same")


class ListeningReport(_Report):
    """What listening to the files of tracks came to."""

    encoders: tuple[str, ...] = Field(description="what listened, each the name of a space of vectors")
    n_tracks: int = Field(description="tracks with a file")
    n_heard: int = Field(description="of which at least one encoder has heard all or some")
    n_decoded: int = Field(description="files that were decoded now; all others were heard before")
    n_facts: int = Field(description="values heard, beside what tracks state")
    problems: tuple[SoundProblem, ...] = Field(default=(), description="by path")
    seconds: float


class IndexReport(_Report):
    """What `Assistant.index` did."""

    source: SourceReport | None = Field(default=None, description="what was added; None for the starter alone")
    n_rows: int = Field(default=0, description="rows read, or audio files found")
    bad_rows: tuple[BadRowReport, ...] = ()
    remarks: tuple[BadRowReport, ...] = Field(default=(), description="files that were taken though they are odd")
    source_changed: bool = Field(default=True, description="False where the stored source was already the same")
    starter_dropped: bool = Field(default=False, description="whether the starter served and no longer does")
    listening: ListeningReport | None = Field(default=None, description="None where no track has a file")
    n_tracks: int = Field(description="tracks now served, all sources together")
    generation: str
    generation_changed: bool = Field(description="False where this very catalogue was being served already")
    trained: bool = Field(description="False where the served model still fitted")
    undescribed: float = Field(default=0.0, description="share of the source's tracks without a genre, 0–1")
    seconds: float


class GainReport(_Report):
    """What a space adds to a model: the share of held-out answers among the first tracks, without it and with it."""

    space: str
    held_out: str = Field(description="whose requests: synthetic listeners, or listeners with vectors of their own")
    n: int = Field(description="held-out requests")
    depth: int = Field(description="first tracks that are looked at")
    without: float = Field(description="recall without it, 0–1; where it was fitted alone, the model before")
    recall: float = Field(description="recall with it, 0–1")
    low: float = Field(description="lower end of the 95 % interval of the difference, paired over the requests")
    high: float = Field(description="upper end")


class TrialReport(_Report):
    """Two models on the same held-out requests, means over the whole catalogue: NDCG@10, or MRR@10 of rankers."""

    served: float = Field(description="of the model that served so far")
    new: float
    difference: float = Field(description="new minus served, request by request")
    low: float = Field(description="of the paired 95 % interval of the difference")
    high: float


class OwnReport(_Report):
    """What training on listeners' own requests came to."""

    n_listeners: int
    n_learnt: int = Field(description="own requests learnt from beside synthetic ones")
    n_held_out: int = Field(description="later ones, which are tested on")
    trial: TrialReport | None = Field(description="None where the model being served had learnt from these already")
    deployed: bool = Field(description="whether the new model serves, which it does if the interval is above zero")


class TrainReport(_Report):
    """What `Assistant.train` did."""

    generation: str
    n_tracks: int
    only: str = Field(default="", description="the space that was fitted alone, the rest of the model as it was")
    trained: bool = Field(default=True, description="False where this very model was there already")
    n_examples: int | None = Field(default=None, description="requests with answers that were learnt from")
    steps: int
    loss: float | None
    fit_s: float = Field(default=0.0, description="seconds that fitting alone took, examples included")
    gains: tuple[GainReport, ...] = ()
    seconds: float
    own: OwnReport | None = Field(default=None, description="where listeners' own requests were learnt from")


class ReadingReport(_Report):
    """What `Assistant.train_reading` did."""

    n_requests: int
    facets: tuple[str, ...] = Field(description="as the labelled requests name them")
    seconds: float


class RankerReport(_Report):
    """What `Assistant.train_ranker` learnt from, and whether it serves."""

    n_own: int = Field(description="conversations held here that have a goal")
    n_given: int = Field(description="conversations of the file, other than these, that have a goal here")
    n_learnt: int = Field(description="of both, conversations that were learnt from")
    n_held_out: int = Field(description="of both, conversations that the two rankers are compared on")
    n_walks: int = Field(description="made conversations learnt from beside them")
    n_turns: int = Field(description="turns learnt from, whose answer was among the candidates")
    trial: TrialReport = Field(description="MRR@10 over the turns held out; those of a conversation are drawn together")
    deployed: bool = Field(description="whether the new ranker serves: on average it is not worse than the one so far")
    seconds: float


class UsageReport(_Report):
    """What `Assistant.export_jam` wrote."""

    folder: str
    splits: dict[str, int] = Field(description="requests of each part, which are by time")
    n_listeners: int
    n_kept: int = Field(description="requests answered by the tracks that were kept")
    n_played: int = Field(description="requests whose slate was listened to for ten minutes or more")
    n_answers: int = Field(description="tracks that answer, summed over requests")
    n_left_out: int = Field(description="requests none of whose answers is in the catalogue any more")
    n_tracks: int = Field(description="tracks of the catalogue, all of which are in it")
    modalities: tuple[str, ...] = Field(description="whose vectors of the tracks are in it")
    n_plays: int = Field(description="pairs of listener and track in listening.tsv")
    with_ids: bool = Field(description="whether listeners are named and not numbered")
    n_by_model: int | None = Field(default=None, description="queries that a language model wrote, where it was asked")
    n_by_template: int | None = Field(default=None, description="queries that the template wrote in its place")


class DialoguesReport(_Report):
    """What `Assistant.export_dialogues` wrote."""

    folder: str
    dialogs: str = Field(description="the file of dialogues in it")
    tracks: str = Field(description="the file of tracks in it")
    n_dialogues: int = Field(description="conversations with a goal")
    n_turns: int
    n_listeners: int
    n_goal: int = Field(description="tracks of the goals, summed over conversations")
    n_left_out: int = Field(description="conversations in which nothing was liked, kept or saved that is still there")
    n_gone: int = Field(description="ratings of tracks that left the catalogue")
    n_tracks: int = Field(description="tracks of the catalogue, all of which are in it")


class SpaceReport(_Report):
    """A precomputed space of tracks or listeners that is stored."""

    name: str
    of: str = Field(description="tracks or listeners")
    n_rows: int
    width: int
    source: str = Field(description="name of the file it was read from")
    added_at: float = Field(description="seconds since the epoch, UTC")
    used: bool = Field(description="whether the model being served was fitted with these rows")
    replaced: bool = Field(description="whether that model was fitted with other rows of this name")
    remedy: str = Field(description="how to have it used; empty where it is")


class AddedSpaceReport(_Report):
    """What taking a space in came to."""

    space: SpaceReport
    n_known: int = Field(description="ids that are tracks, or listeners, here")
    n_unknown: int
    n_zero: int = Field(description="rows of zeros, which say nothing")
    changed: bool = Field(description="False where the very same rows were there already")


class IndexStatus(_Report):
    """The index generation being served."""

    generation: str
    kind: str = Field(description="exact or chroma")
    n_tracks: int
    built_at: float = Field(description="seconds since the epoch, UTC")


class ModelStatus(_Report):
    """The joint-space model being served."""

    trained_at: float = Field(description="seconds since the epoch, UTC")
    steps: int
    loss: float | None = None
    mixer: str
    dim: int
    learned_from: str | None = Field(default=None, description="data set of real requests; None: synthetic listeners")
    spaces: tuple[str, ...] = Field(default=(), description="precomputed spaces that it was fitted with")
    n_own: int = Field(default=0, description="own requests learnt from beside synthetic listeners")


class StatusReport(_Report):
    """What is indexed, trained and stored, where, and how big."""

    home: str
    database: str = Field(description="address, without its password")
    encoder: str
    sources: tuple[SourceReport, ...] = ()
    n_tracks: int = Field(description="tracks stored, served or not")
    n_listeners: int
    n_events: int
    n_sessions: int
    n_turns: int
    index: IndexStatus | None = None
    model: ModelStatus | None = None
    following: FollowingStatus | None = Field(default=None, description="the model of what comes next, where one is on")
    spaces: tuple[SpaceReport, ...] = ()
    sizes_bytes: dict[str, int] = Field(default_factory=dict, description="size on disk by part of the data folder")


class Check(_Report):
    """One thing that `segue doctor` looked at."""

    name: str
    ok: bool
    detail: str
    remedy: str = Field(default="", description="what to do where it is not ok")
    optional: bool = Field(default=False, description="worth knowing; everything works without it")


class Ranked(_Report):
    """A ranking of the catalogue, best first."""

    track_ids: tuple[str, ...]
    scores: tuple[float, ...]


class NamedTrack(_Report):
    """A track as a list names it."""

    track_id: str
    title: str
    artist: str


class ComparedList(_Report):
    """What one listener gets for one request, best first, without slate rules."""

    listener_id: str
    request: str
    tracks: tuple[NamedTrack, ...]
    listener_share: float = Field(
        description="of what lifts a track above the average one in the joint space, the listener's part; mean, 0–1"
    )
    own_fit: float = Field(
        description="how well the list fits its listener's taste: mean percentile of u·t in the catalogue, 50 is chance"
    )
    other_fit: float | None = Field(
        default=None, description="the same for the other listener's taste; None where there is one listener"
    )


class CompareReport(_Report):
    """Two lists side by side: two listeners with one request, or one listener with two."""

    lists: tuple[ComparedList, ComparedList]
    size: int = Field(description="tracks asked for in each list")
    n_common: int = Field(description="tracks that are in both lists")
    jaccard: float = Field(description="tracks in both over tracks in either, 0–1")
    cosine: float = Field(description="of the two points u + q in the joint space, -1 to 1")


class MapTrack(NamedTrack):
    """A track on the map."""

    x: float
    y: float


class MapListener(_Report):
    """A listener on the map: the point of their taste, where the request takes it, and what is found there."""

    listener_id: str
    start: tuple[float, float] = Field(description="u, the listener alone")
    end: tuple[float, float] = Field(description="u + q, the listener with the request")
    picks: tuple[MapTrack, ...] = Field(description="best first, ranked without slate rules")


class MapReport(_Report):
    """The joint space seen flat: tracks as mixed for a request, and listeners whom it translates."""

    request: str
    tracks: tuple[MapTrack, ...] = Field(description="a sample of the catalogue, every pick among them")
    listeners: tuple[MapListener, ...]
    n_catalogue: int = Field(description="tracks of the catalogue")
    kept: float = Field(description="share of the tracks' variance that the two axes show, 0–1")
