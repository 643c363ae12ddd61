"""A playlist on the desk: read from elsewhere or asked for, then changed step by step, each step undone at will.

Nothing of it is stored. An error leaves the playlist as it was, and becomes a sentence.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.curate_errors import MAX_PLAYLIST
from assistant.labels import plain
from assistant.recipe_files import RecipeFile
from assistant.recipes import Named, Recipe
from assistant.reply import Diff, Message, SlateTrack
from connectors.playlists.reading import PlaylistIn, parse_playlist, read_playlist
from connectors.web_chat import apology
from connectors.web_parts import count

if TYPE_CHECKING:
    from assistant.app import Assistant
    from assistant.curate_reports import CuratedPlaylist

#: Changes that can be undone.
_MAX_EARLIER = 30
_MAX_TITLE = 80
#: What a recipe takes: tracks, letters of a prompt, letters of a track's name.
_MAX_RECIPE, _MAX_PROMPT, _MAX_NAME = 200, 4_000, 900
_THIS_RECIPE = "in the box"


@dataclass(frozen=True)
class Desk:
    """A playlist being worked on in one browser tab. Every step makes a new one."""

    title: str = ""
    playlist: CuratedPlaylist | None = None
    unmatched: tuple[tuple[str, str], ...] = ()  # what was named and is not here, and why
    earlier: tuple[CuratedPlaylist, ...] = field(default=(), repr=False)  # before each change, the newest last
    prompt: str = ""  # what it was asked for with, if it was
    recipe: str = field(default="", repr=False)  # YAML, as it was written or run last
    approved: frozenset[str] | None = None  # ids that the recipe keeps; None where there is no recipe
    names: Mapping[str, str] = field(default_factory=dict, repr=False)  # of what was there before the last change
    message: str = ""
    problem: bool = False

    @property
    def track_ids(self) -> list[str]:
        """The playlist as ids, in order."""
        return [track.track_id for track in self._tracks]

    def paste(self, assistant: Assistant, text: str) -> Desk:
        """Put a pasted playlist on the desk."""
        if not text.strip():
            return self._told("Paste a playlist first: one track a line, or the text of a playlist file.", problem=True)
        return self._tried(lambda: self._read(assistant, parse_playlist(text)))

    def open(self, assistant: Assistant, path: Path) -> Desk:
        """Put the playlist of a file on the desk."""
        return self._tried(lambda: self._read(assistant, read_playlist(path)))

    def ask(self, assistant: Assistant, listener_id: str, text: str) -> Desk:
        """Put a playlist for a request on the desk; no conversation of it is kept."""
        if not text.strip():
            return self._told("Say what the playlist is for first.", problem=True)

        def asked() -> Desk:
            session = f"desk-{secrets.token_hex(8)}"
            try:
                reply = assistant.reply(Message(listener_id=listener_id, session_id=session, text=text, incognito=True))
            finally:
                assistant.end_incognito(session, listener_id)
            if not reply.tracks:
                return self._told(reply.text or "Nothing here fits that.", problem=True)
            ids = [track.track_id for track in reply.tracks]
            return Desk(plain(text, _MAX_TITLE), assistant.take_out(ids), message=reply.text, prompt=text)

        return self._tried(asked)

    def extend(
        self, assistant: Assistant, listener_id: str, n_tracks: int | None, minutes: float | None, text: str
    ) -> Desk:
        """Add tracks that fit; what is there stays."""
        return self._changed(lambda ids: assistant.extend(listener_id, ids, n_tracks, minutes, text))

    def shorten(self, assistant: Assistant, minutes: float | None) -> Desk:
        """Bring it to a length."""
        if minutes is None:
            return self._told("Say how many minutes it is to be.", problem=True)
        return self._changed(lambda ids: assistant.shorten(ids, minutes))

    def reorder(self, assistant: Assistant, arc: str) -> Desk:
        """Put it into another order."""
        return self._changed(lambda ids: assistant.reorder(ids, arc))

    def unique(self, assistant: Assistant) -> Desk:
        """Leave every recording once."""
        return self._changed(assistant.without_duplicates)

    def remove(self, assistant: Assistant, position: int) -> Desk:
        """Take the track at a position (from 1) out."""
        if not 1 <= position <= len(self.track_ids):
            return self
        return self._changed(lambda ids: assistant.take_out(ids, (position,)))

    def back(self) -> Desk:
        """Undo the last change."""
        if not self.earlier:
            return self
        return replace(self, playlist=self.earlier[-1], earlier=self.earlier[:-1], message="Undone.", problem=False)

    # --- recipes ---

    def write_recipe(self) -> Desk:
        """Write a recipe for the playlist: what it was asked for with, or else its tracks."""
        if self.playlist is None:
            return self._told("Make or read a playlist first, and a recipe is written for it.", problem=True)

        def written() -> Desk:
            tracks = tuple(Named(id=t.track_id, track=f"{t.artist} – {t.title}"[:_MAX_NAME]) for t in self._tracks)
            recipe = Recipe(
                name=self.title or "My playlist",
                prompt=self.prompt[:_MAX_PROMPT],
                n_tracks=min(len(tracks), _MAX_RECIPE) or None,
                must_include=() if self.prompt else tracks[:_MAX_RECIPE],
                last=tracks[:_MAX_RECIPE],
            )
            after = replace(self, recipe=RecipeFile.new(recipe).text, approved=frozenset())
            return after._told("A recipe is written below; change it as you like, and run it.")

        return self._tried(written)

    def run(self, assistant: Assistant, listener_id: str, text: str) -> Desk:
        """Make the playlist of a recipe, and note it there as that of last time."""
        if not text.strip():
            return self._told("Write or load a recipe first.", problem=True)

        def made() -> Desk:
            file = RecipeFile.read(text, _THIS_RECIPE)
            done = assistant.run_recipe(file.recipe, listener_id)
            if not done.reply.tracks:
                return self._told(" ".join((done.reply.text, *done.problems)), problem=True)
            looked_at = assistant.take_out([track.track_id for track in done.reply.tracks])
            playlist = looked_at.model_copy(
                update={
                    "tracks": done.reply.tracks,
                    "diff": done.diff if file.recipe.last else Diff(),
                    "said": " ".join((done.reply.text, *done.problems)),
                }
            )
            return Desk(
                plain(file.recipe.name, _MAX_TITLE),
                playlist,
                earlier=self.earlier if self.playlist is None else (*self.earlier, self.playlist)[-_MAX_EARLIER:],
                prompt=file.recipe.prompt,
                recipe=file.with_state(done.recipe).text,
                approved=_ids(done.recipe.approved),
                names={one.id: str(one) for one in file.recipe.last},
            )

        return self._tried(made)

    def approve(self, text: str, position: int) -> Desk:
        """Have the recipe keep the track at a position, or no longer."""
        if not 1 <= position <= len(self._tracks):
            return self
        track_id = self._tracks[position - 1].track_id

        def approved() -> Desk:
            file = RecipeFile.read(text, _THIS_RECIPE)
            kept = tuple(one for one in file.recipe.approved if one.id != track_id)
            recipe = file.recipe.model_copy(update={"approved": kept})
            if track_id not in _ids(file.recipe.approved):
                recipe = file.recipe.approving([track_id])
            after = replace(self, recipe=file.with_state(recipe).text, approved=_ids(recipe.approved))
            return after._told("")

        return self._tried(approved)

    @property
    def _tracks(self) -> tuple[SlateTrack, ...]:
        return self.playlist.tracks if self.playlist else ()

    def _read(self, assistant: Assistant, given: PlaylistIn) -> Desk:
        if len(given.entries) > MAX_PLAYLIST:
            return self._told(
                f"That playlist has {len(given.entries):,} tracks; give one of at most {MAX_PLAYLIST:,}.", problem=True
            )
        matches = assistant.match_entries(given.entries)
        ids = [match.track_id for match in matches if match.track_id is not None]
        missing = tuple((str(match.entry), match.why) for match in matches if match.track_id is None)
        if not ids:
            return replace(self._told("None of these tracks is in the catalogue.", problem=True), unmatched=missing)
        message = f"{count(len(ids), 'track')} of {len(matches):,} found here."
        return Desk(plain(given.name, _MAX_TITLE), assistant.take_out(ids), missing, message=message)

    def _changed(self, change: Callable[[list[str]], CuratedPlaylist]) -> Desk:
        now = self.playlist
        if now is None:
            return self._told("There is no playlist on the desk yet.", problem=True)

        def step() -> Desk:
            changed = change(self.track_ids)
            earlier = (*self.earlier, now)[-_MAX_EARLIER:]
            return replace(self, playlist=changed, earlier=earlier, names=_names(now), message="", problem=False)

        return self._tried(step)

    def _tried(self, step: Callable[[], Desk]) -> Desk:
        try:
            return step()
        except Exception as error:
            return self._told(apology(error), problem=True)

    def _told(self, message: str, *, problem: bool = False) -> Desk:
        return replace(self, message=message, problem=problem)


def _ids(named: Iterable[Named]) -> frozenset[str]:
    return frozenset(one.id for one in named)


def _names(playlist: CuratedPlaylist) -> dict[str, str]:
    return {track.track_id: f"{track.title} by {track.artist}" for track in playlist.tracks}
