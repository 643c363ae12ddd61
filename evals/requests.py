"""Are these the tracks that a knowledgeable friend would have picked? Thirty requests with predicates to check.

Task. Each request of `evals/requests.toml` (one message, or the turns of one session) is answered by the product's own
path from the starter catalogue or a given one, in a data folder of its own, by a listener without history. The last
slate is checked.

Conventions. A track *has* a property only where the catalogue is known to say so (`recsys.constraints`: unknown is
neither met nor violated); a share is taken of the whole slate, so what is unknown counts against it. Beside a
request's own predicates each slate must be one: not empty, every work once, a reason and an address for every track,
and at most two tracks of an artist where the request sets no other number. A share or spread of a property that no
track of the catalogue is known to have cannot be checked there, and is left out. Figures:

    predicates_met   share of a request's predicates that hold, averaged over requests (macro)
    requests_met     share of requests of which every predicate holds

Subset `all` is over all requests (and seeds; the seeds of one request are resampled together), the other subsets are
the requests by name.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from assistant.app import Assistant
from assistant.labels import constraint_label
from assistant.reply import Message, Reply
from evals.errors import EvaluationDataError
from evals.metrics import summarise
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings
from recsys import generations
from recsys.catalogue import Catalogue
from recsys.constraints import YES, property_of
from recsys.types import BoolArray, Constraint, Facet, IntArray, Progress
from recsys.vocabulary import load_vocabulary

#: How far from a number of tracks or minutes a slate may be and still meet it, as a share.
TOLERANCE = 0.05
_COUNTED = ("tracks", "minutes", "most_by_one_artist")


class Property(BaseModel):
    """Something that a track can have: values of a word facet, or an interval of a numeric one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facet: Facet
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    def words(self) -> str:
        """Name it for people."""
        return constraint_label(Constraint(self.facet, self.values, self.low, self.high))


class Predicate(BaseModel):
    """One thing that a slate must hold to; `evals/requests.toml` explains the kinds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["share", "none", "spread", "tracks", "minutes", "most_by_one_artist"]
    any: tuple[Property, ...] = ()
    over: Literal["artist", "decade", "country", "genre"] | None = None
    at_least: float | None = Field(default=None, gt=0)
    number: float | None = Field(default=None, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _gather_property(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Take a property that is written in the predicate itself for the only one of `any`."""
        own = {name: data[name] for name in Property.model_fields if name in data}
        return {k: v for k, v in data.items() if k not in own} | ({"any": [own]} if own else {})

    @model_validator(mode="after")
    def _check(self) -> Predicate:
        needed = {"share": (self.any and self.at_least), "none": self.any, "spread": (self.over and self.at_least)}
        if not needed.get(self.kind, self.number if self.kind in _COUNTED else None):
            raise ValueError(f"{self.kind} lacks what it is measured against")
        return self

    def words(self) -> str:
        """Say what is asked for."""
        property_ = " or ".join(one.words() for one in self.any)
        match self.kind:
            case "share":
                return f"{self.at_least:.0%} {property_}"
            case "none":
                return f"nothing {property_}"
            case "spread":
                return f"{self.at_least:.0f} values of {self.over}"
            case "most_by_one_artist":
                return f"at most {self.number:.0f} by one artist"
            case _:
                return f"{self.number:g} {self.kind}"


class FriendlyRequest(BaseModel):
    """A request as said, and what its answer must hold to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    say: tuple[str, ...]
    predicates: tuple[Predicate, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _gather_turns(cls, data: dict[str, Any]) -> dict[str, Any]:
        say = data.get("say", ())
        return data | {"say": (say,) if isinstance(say, str) else tuple(say)}


class _RequestFile(BaseModel):
    """The whole of `evals/requests.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: tuple[FriendlyRequest, ...] = Field(min_length=1)


#: Holds for every slate of a request that does not say otherwise.
_USUAL = Predicate(kind="most_by_one_artist", number=2)


@dataclass(frozen=True, slots=True)
class Checked:
    """What one predicate came to; `met` is None where the catalogue cannot tell."""

    asked: str
    found: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One request's last reply and its checks."""

    request: FriendlyRequest
    seed: int
    reply: Reply
    checks: tuple[Checked, ...]

    @property
    def share_met(self) -> float:
        """Share of the checkable predicates that hold."""
        known = [check.met for check in self.checks if check.met is not None]
        return sum(known) / len(known)


def load_requests(path: Path | None = None) -> tuple[FriendlyRequest, ...]:
    """Read the shipped requests, or those of another file of the same form.

    Raises:
        EvaluationDataError: the file is not of that form.
    """
    source = path or resources.files("evals").joinpath("requests.toml")
    try:
        return _RequestFile.model_validate(tomllib.loads(source.read_text(encoding="utf-8"))).requests
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        said = " ".join(str(error).split())
        raise EvaluationDataError(
            f"{path or 'requests.toml'} holds no requests: {said}; see evals/requests.toml"
        ) from error


def evaluate(
    requests: Sequence[FriendlyRequest],
    seeds: Sequence[int],
    *,
    catalogue: Path | None = None,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Report, list[Answer]]:
    """Answer and check every request, once per seed.

    Args:
        requests: what to ask.
        seeds: of the slates.
        catalogue: what to index; the starter when None.
        kept: where encoded texts are kept from one run to the next, if anywhere.
        progress: told about every stage.
    """
    answers = []
    with scratch_home(kept) as home:
        settings = scratch_settings(home)
        with Assistant(settings) as assistant:
            assistant.index(catalogue, with_starter=catalogue is None, progress=progress)
            checker = SlateChecker(Catalogue.load(generations.current(home).folder / "catalogue"))
            for done, (seed, request) in enumerate((s, r) for s in seeds for r in requests):
                answers.append(_answer(assistant, checker, request, seed))
                if progress:
                    progress("ask", done + 1, len(seeds) * len(requests))
    said = {"catalogue": catalogue or "starter"} | product_settings(settings)
    report = Report("segue eval requests", said, seeds)
    names = [answer.request.name for answer in answers]
    shares = [answer.share_met for answer in answers]
    report.add("segue", "all", "predicates_met", summarise(shares, groups=names))
    report.add("segue", "all", "requests_met", summarise([float(share == 1) for share in shares], groups=names))
    for name in dict.fromkeys(names):
        of_name = [share for share, of in zip(shares, names, strict=True) if of == name]
        report.add("segue", name, "predicates_met", summarise(of_name))
    return report, answers


def _answer(assistant: Assistant, checker: SlateChecker, request: FriendlyRequest, seed: int) -> Answer:
    session = f"{request.name} {seed}"
    for text in request.say:
        reply = assistant.reply(Message(listener_id=session, session_id=session, text=text, seed=seed))
    return Answer(request, seed, reply, tuple(checker.check(request, reply)))


class SlateChecker:
    """Checks slates of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Check against what this catalogue knows of its tracks."""
        self._catalogue = catalogue
        self._known: dict[tuple[Property, ...], BoolArray] = {}

    def check(self, request: FriendlyRequest, reply: Reply) -> Iterator[Checked]:
        """Check a request's own predicates and then what every slate must hold to."""
        rows = self._catalogue.rows(track.track_id for track in reply.tracks)
        said = {predicate.kind for predicate in request.predicates}
        usual = () if "most_by_one_artist" in said else (_USUAL,)
        for predicate in (*request.predicates, *usual):
            yield self._predicate(predicate, rows, reply)
        works = self._catalogue.work[rows]
        versions = len(works) - len(set(works.tolist()))
        told = sum(bool(track.reason and track.link) for track in reply.tracks)
        yield Checked("every work once", f"{versions} again", versions == 0)
        yield Checked("a reason and an address each", f"{told} of {len(rows)}", 0 < told == len(rows))

    def _predicate(self, predicate: Predicate, rows: IntArray, reply: Reply) -> Checked:
        n, asked = len(rows), predicate.words()
        if predicate.kind in ("share", "none"):
            has = self._has(predicate.any)
            n_having = int(has[rows].sum())
            if predicate.kind == "none":
                return Checked(asked, f"{n_having} of {n}", n > 0 and n_having == 0)
            met = None if not has.any() else n > 0 and n_having / n >= (predicate.at_least or 0)
            return Checked(asked, f"{n_having} of {n}" + (", not known here" if met is None else ""), met)
        if predicate.kind == "spread":
            values = self._values(predicate.over or "", rows)
            known = bool(values) or bool(self._values(predicate.over or "", np.arange(len(self._catalogue))))
            return Checked(asked, str(len(values)), len(values) >= (predicate.at_least or 0) if known else None)
        number = predicate.number or 0.0
        if predicate.kind == "most_by_one_artist":
            most = max(Counter(self._catalogue.artist_rows[rows].tolist()).values(), default=0)
            return Checked(asked, str(most), 0 < most <= number)
        found = float(n) if predicate.kind == "tracks" else sum(track.duration_s or 0 for track in reply.tracks) / 60
        return Checked(asked, f"{found:.4g}", abs(found - number) <= TOLERANCE * number)

    def _has(self, properties: tuple[Property, ...]) -> BoolArray:
        """Mask the tracks (N,) that are known to have any of the properties."""
        if properties not in self._known:
            masks = [
                property_of(self._catalogue, load_vocabulary(), Constraint(p.facet, p.values, p.low, p.high)) == YES
                for p in properties
            ]
            self._known[properties] = np.logical_or.reduce(masks)
        return self._known[properties]

    def _values(self, over: str, rows: IntArray) -> set[Any]:
        catalogue = self._catalogue
        if over == "artist":
            return set(catalogue.artist_rows[rows].tolist())
        if over == "decade":
            years = catalogue.numeric["year"][rows]
            return {int(year) // 10 for year in years.tolist() if year == year}
        tracks = [catalogue.track(row) for row in rows.tolist()]
        if over == "country":
            return {track.country for track in tracks if track.country}
        return {genre for track in tracks for genre in track.genres}
