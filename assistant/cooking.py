"""Following a recipe: link its names to the catalogue, ask the recommender, and tell what could not be kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.curation import changes
from assistant.entries import Entry
from assistant.labels import plain, total_label
from assistant.matching import match
from assistant.merging import Standing
from assistant.recipes import Named, Recipe, RecipeRun
from assistant.reply import Reply, SlateTrack
from assistant.session import SessionState
from recsys.recommendation import Query
from recsys.text import artist_key, fold
from recsys.types import Constraint, Facet

if TYPE_CHECKING:
    from assistant.agent import Agent
    from assistant.aside import Aside

#: Between title and artist, in either order: "Alison – Slowdive", "Slowdive - Alison", "Alison by Slowdive".
_BETWEEN = re.compile(r" (?:[-–—]|by) ", re.IGNORECASE)


class Cooking:
    """One run of one recipe."""

    def __init__(self, agent: Agent, recipe: Recipe, listener_id: str, exclude: Sequence[str]) -> None:
        self._agent, self._recipe, self._listener_id = agent, recipe, listener_id
        self._catalogue = agent.recommender.catalogue
        self._problems: list[str] = []
        self._quotas = {
            key: most for name, most in recipe.quotas.items() for key in self._artist(name, "quotas", at_most=most)
        }
        self._never_artists, self._never_rows = self._refused()
        self._exclude = frozenset(self._catalogue.rows(exclude).tolist())
        self._barred_works = set(self._catalogue.work[sorted(self._exclude | self._never_rows)].tolist())
        self._of_artist: Counter[str] = Counter()

    def run(self) -> RecipeRun:
        """Make the playlist."""
        recipe = self._recipe
        last = [row for one in recipe.last for row in self._track(one)]
        approved = self._staying(recipe.approved, "approved")
        places = {row: place for place, row in reversed(list(enumerate(last)))}
        beyond = max(len(last), len(approved))
        fixed = tuple((places.get(row, beyond + number), row) for number, row in enumerate(approved))
        must = [row for row in self._staying(recipe.must_include, "must_include", but=approved) if row not in approved]
        self._check_phrases()
        aside = self._agent.aside(
            self._listener_id,
            [text for text in (recipe.prompt, *self._phrases()) if text.strip()],
            wish=self._wish,
            adjust=lambda query: self._adjust(query, fixed, must, last),
            seed=recipe.seed,
        )
        self._check_result(aside, must)
        return self._told(aside, approved)

    def staying(self) -> tuple[str, ...]:
        """Return the ids of the tracks that the recipe wants in any case."""
        named = (*self._recipe.approved, *self._recipe.must_include)
        return tuple(self._catalogue.track_ids[row] for one in named for row in self._track(one))

    def _told(self, aside: Aside, approved: Sequence[int]) -> RecipeRun:
        recipe = self._recipe
        ids = [track.track_id for track in aside.tracks]
        staying = {self._catalogue.track_ids[row] for row in approved}
        before = [one.id for one in recipe.last]
        tracks = tuple(
            track.model_copy(
                update={
                    "pinned": track.track_id in staying,
                    "new": bool(before) and track.track_id not in before,
                }
            )
            for track in aside.tracks
        )
        diff = changes(before, ids)
        kept = tuple(track_id for track_id in ids if track_id in staying)
        seconds = sum(track.duration_s or 0.0 for track in tracks)
        total = total_label(seconds, sum(track.duration_estimated for track in tracks)) if tracks else ""
        reply = Reply(
            session_id="",
            turn=0,
            query=plain(recipe.prompt or recipe.name),
            text=self._said(tracks, total, diff.added, diff.removed, kept),
            tracks=tracks,
            receipt=aside.receipt,
            diff=diff,
            total=total,
            seed=aside.query.seed,
            index=aside.result.index,
            certified=aside.result.certified,
            n_candidates=aside.result.n_candidates,
        )
        last = tuple(Named(id=track.track_id, track=f"{track.title} – {track.artist}") for track in tracks)
        return RecipeRun(
            reply=reply,
            recipe=recipe.model_copy(update={"last": last}),
            diff=diff,
            kept=kept,
            problems=tuple(dict.fromkeys(self._problems)),
        )

    def _said(
        self,
        tracks: Sequence[SlateTrack],
        total: str,
        added: Sequence[str],
        removed: Sequence[str],
        kept: Sequence[str],
    ) -> str:
        if not tracks:
            return "Nothing in the catalogue meets this recipe."
        said = f"{plain(self._recipe.name, 80)}: {_count(len(tracks), 'track')}, {total}."
        if self._recipe.last:
            said += f" Since last time {len(added)} new and {len(removed)} gone"
            said += f"; {_count(len(kept), 'approved track')} kept." if self._recipe.approved else "."
        return said

    # --- names ---

    def _refused(self) -> tuple[dict[str, str], frozenset[int]]:
        """Key → name of the artists, and the rows of the tracks, that are never to be included."""
        artists: dict[str, str] = {}
        rows: set[int] = set()
        for one in self._recipe.never_include:
            bare = one.track if not one.id else ""
            if one.artist or (bare and artist_key(bare) in self._artist_keys and not self._tracks_called(bare)):
                artists |= {key: str(one) for key in self._artist(str(one), "never_include")}
            else:
                found = self._track(one)
                rows.update(found)
                if not found:
                    self._problems.append(f"never_include: the catalogue has no {_quoted(one)}, so there is no need")
        return artists, frozenset(rows)

    def _staying(self, named: Sequence[Named], field: str, but: Sequence[int] = ()) -> list[int]:
        """The rows of tracks that are to be in the playlist, without those that may not be, which is told."""
        rows: list[int] = []
        for one in named:
            found = self._track(one)
            if not found:
                self._problems.append(f"{field}: the catalogue has no {_quoted(one)}; check its title and artist")
            for row in found:
                if row in rows or row in but:
                    continue
                if why := self._why_not(row):
                    self._problems.append(f"{field}: {_quoted(one)} is left out: {why}")
                else:
                    rows.append(row)
                    self._of_artist[self._main_artist(row)] += 1
        return rows

    def _why_not(self, row: int) -> str:
        """Say why a track that is asked for cannot be in the playlist; "" where it can."""
        track, key = self._catalogue.track(row), self._main_artist(row)
        if int(self._catalogue.work[row]) in self._barred_works:
            other = int(self._catalogue.work[row]) in set(self._catalogue.work[sorted(self._exclude)].tolist())
            return "it is in another playlist" if other else "it is under never_include"
        if barred := [name for name in track.artists if artist_key(name) in self._never_artists]:
            return f"{plain(barred[0], 60)} is under never_include"
        if self._recipe.clean_only and self._catalogue.explicit[row] == 1:
            return "it is explicit, and the recipe is clean_only"
        most = self._quotas.get(key, self._recipe.max_per_artist)
        if most is not None and self._of_artist[key] >= most:
            return f"{plain(track.artists[0], 60)} may have {_count(most, 'track')}"
        return ""

    def _main_artist(self, row: int) -> str:
        return self._catalogue.artist_keys[int(self._catalogue.artist_rows[row])]

    @property
    def _artist_keys(self) -> frozenset[str]:
        return frozenset(self._catalogue.artist_keys)

    def _artist(self, name: str, field: str, at_most: int = 1) -> list[str]:
        """The key of an artist, none where the catalogue has none of the name, which is told."""
        keys = self._artist_keys
        named = sorted(key for key in self._agent.named(name) if key in keys)
        found = [artist_key(name)] if artist_key(name) in keys else named[:1]
        if not found and (field != "quotas" or at_most):
            self._problems.append(f"{field}: the catalogue has no artist “{plain(name, 60)}”; check the spelling")
        return found

    def _track(self, one: Named) -> list[int]:
        """The row of a track by id or by name; none where the catalogue has no such track."""
        for track_id in (one.id, one.track):
            if found := self._catalogue.rows([track_id]).tolist():
                return list(found)
        return self._tracks_called(one.track)

    def _tracks_called(self, words: str) -> list[int]:
        words = " ".join(words.split())
        if not words:
            return []
        # Any of them may part the two: "Stand by Me – Ben E. King", "Alison by Slowdive".
        splits = [(words[: found.start()], words[found.end() :]) for found in _BETWEEN.finditer(words)][::-1]
        entries = [Entry(title, artist, either=True) for title, artist in splits] or [Entry(words)]
        found = [one.row for one in match(self._catalogue, entries) if one.row is not None]
        if found or not splits:
            return found[:1]
        # A title that is spelt too badly is still told by its artist, but no title stands for another artist's.
        rows = self._catalogue.rows(sorted(self._agent.named(f"“{splits[0][0]}” by {splits[0][1]}")))
        said = f" {fold(words)} "
        return [int(row) for row in rows if f" {self._main_artist(int(row))} " in said][:1]

    # --- what is asked ---

    def _phrases(self) -> list[str]:
        return [one for one in self._recipe.constraints if isinstance(one, str)]

    def _check_phrases(self) -> None:
        for phrase in self._phrases():
            q = self._agent.read("", phrase)
            told = (q.constraints, q.like_rows, q.title_rows, q.discovery, q.fame, q.arc, q.minutes, q.how_much_me != 1)
            if not any(told):
                self._problems.append(
                    f"constraints: “{plain(phrase, 60)}” names nothing that can be checked; it only colours"
                )

    def _wish(self, state: SessionState) -> SessionState:
        recipe = self._recipe
        told: dict[str, object] = {k: v for k, v in recipe.dials.model_dump().items() if v is not None}
        if recipe.n_tracks is not None or recipe.minutes is not None:
            told |= {"n_tracks": recipe.n_tracks, "minutes": recipe.minutes}
        if recipe.arc is not None:
            told["arc"] = recipe.arc
        wishes = [one.constraint() for one in recipe.constraints if not isinstance(one, str)]
        wishes += [
            Constraint(Facet.ARTIST, (key,), wanted=False, hard=True, text=name)
            for key, name in self._never_artists.items()
        ]
        more = tuple(Standing(constraint=constraint, turn=state.turn) for constraint in wishes)
        return state.model_copy(update=told | {"constraints": (*state.constraints, *more)})

    def _adjust(
        self, query: Query, fixed: tuple[tuple[int, int], ...], must: Sequence[int], last: Iterable[int]
    ) -> Query:
        recipe, quotas = self._recipe, dict(self._quotas)
        if recipe.max_per_artist is not None:
            asked = (v for c in query.constraints if c.facet is Facet.ARTIST and c.wanted for v in c.values)
            quotas |= {key: recipe.max_per_artist for key in asked if key not in quotas}
        stay = {row for _, row in fixed} | set(must)
        gone = self._exclude | self._never_rows | (frozenset(last) - stay if recipe.fresh else frozenset())
        return replace(
            query,
            fixed=fixed,
            must_rows=tuple(must),
            exclude=(query.exclude | gone) - stay,
            quotas=tuple(sorted(quotas.items())),
            max_per_artist=recipe.max_per_artist or query.max_per_artist,
            clean=recipe.clean_only,
        )

    def _check_result(self, aside: Aside, must: Sequence[int]) -> None:
        """Tell what the playlist is not, though the recipe asks for it."""
        n, state = len(aside.tracks), aside.state
        asked = aside.query.size if aside.query.minutes is None else None
        stay = len(must) + len(aside.query.fixed)
        if asked is not None and stay > asked:
            self._problems.append(f"n_tracks: {asked} are asked for, and {stay} are approved or must be there")
        elif asked is not None and n < asked:
            self._problems.append(f"n_tracks: {n} of {asked} were found; ask for less, or for fewer")
        seconds = sum(track.duration_s or 0.0 for track in aside.tracks)
        if state.minutes is not None and abs(seconds / 60 - state.minutes) > 0.05 * state.minutes:
            self._problems.append(f"minutes: {state.minutes:g} are asked for, and it plays {seconds / 60:.0f}")
        for line in aside.receipt:
            if line.relaxed and line.n_total and line.chip:
                self._problems.append(f"constraints: {line.constraint} had to give way: {line.delivered}")
        rows = self._catalogue.rows(track.track_id for track in aside.tracks)
        unknown = int((self._catalogue.explicit[rows] == -1).sum())
        if self._recipe.clean_only and unknown:
            self._problems.append(f"clean_only: of {unknown} of {n} tracks nobody says whether they are explicit")


def _quoted(one: Named) -> str:
    return f"“{plain(str(one), 80)}”"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
