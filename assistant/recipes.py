"""A recipe: a playlist as what is wanted of it, so that it can be made anew; and what making it gave.

What comes first where two things cannot both be: never_include and clean_only, then quotas, then approved tracks and
must_include, then constraints, then the prompt. Whatever could not be kept is told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from assistant.parts import Parts
from assistant.reply import Diff, Reply
from assistant.request import MAX_ME
from recsys.types import Arc, Constraint, Facet


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Named(_Part):
    """A track or an artist, by id or by name."""

    id: str = Field(default="", max_length=1_000, description="of a track")
    track: str = Field(default="", max_length=1_000, description='such as "Alison – Slowdive"')
    artist: str = Field(default="", max_length=1_000)

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, value: Any) -> Any:
        return {"track": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if not (self.id or self.track or self.artist) or (self.artist and (self.id or self.track)):
            raise ValueError("it must name either a track or an artist")
        return self

    def __str__(self) -> str:
        return self.track or self.artist or self.id


class Wish(_Part):
    """A constraint that is spelled out instead of said in words."""

    facet: Facet
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    wanted: bool = True
    hard: bool = True

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.values and self.low is None and self.high is None:
            raise ValueError("it must have values, or low or high")
        return self

    def constraint(self) -> Constraint:
        """Return it as the recommender takes it."""
        return Constraint(self.facet, self.values, self.low, self.high, self.wanted, self.hard)


class Dials(_Part):
    """The dials of a request; None leaves them to the words."""

    discovery: float | None = Field(default=None, ge=-1, le=1)
    fame: float | None = Field(default=None, ge=-1, le=1)
    how_much_me: float | None = Field(default=None, ge=0, le=MAX_ME)


class Recipe(_Part):
    """A playlist as what is wanted of it. The same recipe, catalogue, history and seed give the same playlist."""

    version: Literal[1] = 1
    name: str = Field(min_length=1, max_length=200)
    prompt: str = Field(default="", max_length=4_000, description="the request in the listener's words")
    constraints: tuple[str | Wish, ...] = Field(default=(), description="each in words, or spelled out")
    dials: Dials = Dials()
    n_tracks: int | None = Field(default=None, ge=1, le=200)
    minutes: float | None = Field(default=None, ge=1, le=1440)
    arc: Arc | None = None
    must_include: tuple[Named, ...] = Field(default=(), description="tracks")
    never_include: tuple[Named, ...] = Field(default=(), description="tracks and artists")
    quotas: dict[str, int] = Field(default={}, description="artist → most tracks of theirs, as main artist")
    max_per_artist: int | None = Field(default=None, ge=1, le=200, description="most tracks of all other artists")
    clean_only: bool = Field(default=False, description="nothing that is known to be explicit")
    seed: int | None = Field(default=None, ge=0, lt=2**32)
    fresh: bool = Field(default=False, description="take no track of last time but the approved ones")
    approved: tuple[Named, ...] = Field(default=(), description="tracks that stay, where they stood last time")
    last: tuple[Named, ...] = Field(default=(), description="the playlist of last time, in order")

    @field_validator("quotas")
    @classmethod
    def _counts(cls, quotas: dict[str, int]) -> dict[str, int]:
        for artist, most in quotas.items():
            if most < 0:
                raise ValueError(f"the quota of {artist} is {most}, and must be 0 or more")
        return quotas

    @field_validator("must_include", "approved", "last")
    @classmethod
    def _tracks(cls, named: tuple[Named, ...]) -> tuple[Named, ...]:
        for one in named:
            if one.artist:
                raise ValueError(f"the artist {one.artist} stands where only tracks can")
        return named

    def approving(self, track_ids: Collection[str]) -> Recipe:
        """Return the recipe with tracks of last time approved, beside those that are."""
        known = {one.id for one in self.approved}
        more = tuple(one for one in self.last if one.id in set(track_ids) - known)
        return self.model_copy(update={"approved": (*self.approved, *more)})


class RecipeRun(_Part):
    """What making a recipe gave."""

    reply: Reply
    recipe: Recipe = Field(description="the recipe, with this playlist as that of last time")
    diff: Diff = Field(description="since last time; moved: out of the order that they had among each other")
    kept: tuple[str, ...] = Field(default=(), description="ids of the approved tracks that are in it")
    problems: tuple[str, ...] = Field(default=(), description="what could not be done as the recipe says")


class Recipes(Parts):
    """The part of an assistant that makes playlists by recipe. Nothing of it is stored here."""

    def run_recipe(self, recipe: Recipe, listener_id: str, *, exclude: Sequence[str] = ()) -> RecipeRun:
        """Make a playlist by a recipe; approved tracks keep their places.

        Args:
            recipe: what is wanted.
            listener_id: whose taste takes part.
            exclude: ids of tracks that are not to be in it, in any version, such as those of other playlists.
        """
        from assistant.cooking import Cooking

        with self.acting_for(listener_id):
            return Cooking(self._agent(), recipe, listener_id, exclude).run()

    def recipe_tracks(self, recipe: Recipe) -> tuple[str, ...]:
        """Return the ids of the tracks that a recipe wants in any case: approved ones, and those it must include."""
        from assistant.cooking import Cooking

        return Cooking(self._agent(), recipe, "", ()).staying()
