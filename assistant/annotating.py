"""Annotating the catalogue with MGPHot's attributes: read from files, asked of a language model, or found by sound.

Every value is stored beside the track with its source and how sure it is; the surest of each attribute is served, can
be asked for ("gritty vocals"), and is part of the modality "attributes", with which the joint space is fitted anew.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.annotated import asked_about, found_by_sound, match_rows, said_by, values_from
from assistant.annotating_asked import ask_about
from assistant.annotating_errors import (
    NoSpaceError,
    NoTrackMatchedError,
    UnknownAnnotatorError,
    UnknownScaleError,
)
from assistant.annotating_reports import (
    AnnotateReport,
    AskedReport,
    CostReport,
    FileReport,
    HeldOutReport,
    SoundReport,
)
from assistant.enriching_reports import DropReport
from assistant.errors import NoModelError
from assistant.labels import plain
from assistant.parts import Parts
from recsys.types import Progress

if TYPE_CHECKING:
    from assistant.lookups import AnswerCache
    from recsys.annotations import Annotation
    from recsys.attributes.by_model import Example
    from recsys.attributes.scales import Scale
    from recsys.catalogue import Catalogue
    from recsys.types import Track, TrackId

#: An answer about many attributes takes its time: the limit of a turn does not hold here, in seconds.
_LEAST_TIMEOUT_S = 120.0
_EXAMPLES = 5
#: What is to be forgotten, by what people call it.
ANNOTATORS = {"file": "attributes:file", "llm": "attributes:llm", "audio": "heard:attributes"}


def read_scale(name: str) -> Scale:
    """Read the name of a scale, "0-1" or "0-5".

    Raises:
        UnknownScaleError: it is neither.
    """
    from recsys.attributes.scales import Scale

    try:
        return Scale(name.strip().replace("–", "-"))
    except ValueError:
        raise UnknownScaleError(name, [one.value for one in Scale]) from None


class Annotating(Parts):
    """The part of an assistant that fills the attributes of tracks."""

    def annotate_from_file(
        self, path: Path, scale: Scale, *, dry_run: bool = False, progress: Progress | None = None
    ) -> AnnotateReport:
        """Take the attributes of the catalogue's tracks from a file (`recsys.attributes.files`).

        Args:
            path: the file.
            scale: that its values are written on; they are converted to 0–1.
            dry_run: find out and report, but store nothing and serve what was served.
            progress: told about every stage.

        Raises:
            SourceError: the file cannot be read.
            ScaleError: a value is none of the scale.
            NoTrackMatchedError: it names no track of the catalogue.
        """
        from recsys.attributes.files import read_attributes
        from recsys.attributes.values import FILE, annotation

        started = time.perf_counter()
        if progress:
            progress("read", 0, 0)
        read = read_attributes(path.expanduser(), scale)
        matched, unmatched = match_rows(self._catalogue(progress), read.rows)
        if not matched:
            raise NoTrackMatchedError(path.name, len(read.rows), unmatched[0])
        found = [
            annotation(track_id, {key: (value, sure) for key, value in row.values.items()}, FILE)
            for track_id, (row, sure) in matched.items()
        ]
        file = FileReport(
            name=path.name,
            form=read.form,
            scale=read.scale.value,
            greatest=read.greatest,
            n_rows=len(read.rows),
            n_matched=len(read.rows) - len(unmatched),
            n_attributes=len(read.attributes),
            unmatched=tuple(plain(one, 80) for one in unmatched[:_EXAMPLES]),
            ignored=tuple(plain(one, 40) for one in read.ignored),
            bad=tuple(plain(one, 120) for one in read.bad[:_EXAMPLES]),
        )
        report = self._stored(FILE, set(matched), found, dry_run, progress)
        return report.model_copy(update={"file": file, "seconds": time.perf_counter() - started})

    def annotation_cost(self, *, source: str | None = None, most: int | None = None, checks: int = 0) -> CostReport:
        """Estimate what `annotate_by_model` would cost with the same arguments; nothing is asked.

        Raises:
            NoModelError: the settings name no language model.
        """
        return self._plan(source, most, checks)[0]

    def annotate_by_model(
        self,
        *,
        source: str | None = None,
        most: int | None = None,
        checks: int = 0,
        progress: Progress | None = None,
    ) -> AnnotateReport:
        """Ask the language model of the settings about tracks of which no file says anything.

        Answers are kept as they come: a run that is killed goes on where it was. Where the model gives no usable
        answer, twice, the next tracks are asked about; only one that cannot be reached ends the run.

        Args:
            source: ask about the tracks of this catalogue source alone.
            most: ask about at most so many tracks in this run.
            checks: ask about so many annotated tracks too, to find out how sure the model's values are.
            progress: told about every stage.

        Raises:
            NoModelError: the settings name no language model.
            UnknownSourceError: there is no catalogue source of that name.
        """
        from recsys.attributes import by_model
        from recsys.attributes.values import MODEL, annotation

        started = time.perf_counter()
        _, tracks, examples, cache, n_kept = self._plan(source, most, checks)
        todo = [one for one in tracks if asked_about(one) not in cache]

        def keep(track: Track, said: Mapping[str, float] | None) -> None:
            cache.keep(asked_about(track), None if said is None else dict(said))

        went = ask_about(self._patient_asker(), todo, examples, keep, progress)
        kept = {one.track_id: cache[asked_about(one)] for one in self._askable(source) if asked_about(one) in cache}
        said = {track_id: values for track_id, values in kept.items() if values}
        known = values_from(self._store(), ANNOTATORS["file"])
        sure = by_model.confidences(said, known)
        found = [
            annotation(track_id, {key: (float(value), sure[key]) for key, value in values.items()}, MODEL)
            for track_id, values in said.items()
        ]
        report = self._stored(MODEL, set(kept), found, False, progress)
        asked = AskedReport(
            n_asked=went.n_asked,
            n_kept=n_kept,
            n_left=len(todo) - went.n_asked,
            n_failed=went.n_failed,
            failed=tuple(went.failed.most_common()),
            tokens_in=by_model.tokens(went.n_sent),
            tokens_out=by_model.tokens(went.n_received),
            refused=tuple((plain(what, 120), n) for what, n in went.refused.most_common()),
            n_compared=len(said.keys() & known.keys()),
            problem=went.problem,
        )
        return report.model_copy(update={"asked": asked, "seconds": time.perf_counter() - started})

    def annotate_by_sound(
        self, space: str | None = None, *, dry_run: bool = False, progress: Progress | None = None
    ) -> AnnotateReport:
        """Find the attributes of tracks from their vectors, by what is known of annotated ones.

        What is stored of an annotated track is what was found without its artist.

        Args:
            space: the stored space of tracks to find them from; the only one there is when None.
            dry_run: find out and report, but store nothing and serve what was served.
            progress: told about every stage.

        Raises:
            NoSpaceError: there is no such space, or several and none is named.
            TooFewAnnotatedError: too few annotated tracks have a vector.
        """
        import numpy as np

        from recsys.attributes.by_audio import fit_regression
        from recsys.attributes.table import load_attributes
        from recsys.attributes.values import AUDIO

        started = time.perf_counter()
        name = self._space(space)
        catalogue = self._catalogue(progress)
        if progress:
            progress("fit", 0, 0)
        from recsys.spaces import open_space

        vectors, present = open_space(self.settings.home, name).rows(catalogue.track_ids)
        known = values_from(self._store(), ANNOTATORS["file"], ANNOTATORS["llm"])
        keys = load_attributes().keys
        rows = [row for row, track_id in enumerate(catalogue.track_ids) if present[row] and track_id in known]
        values = np.array(
            [[known[catalogue.track_ids[row]].get(key, np.nan) for key in keys] for row in rows], np.float32
        ).reshape(len(rows), len(keys))
        artists = [catalogue.artist_keys[catalogue.artist_rows[row]] for row in rows]
        fitted = fit_regression(vectors[rows], values, artists, seed=self.settings.seed)
        everywhere = np.flatnonzero(present)
        predicted = fitted.predict(vectors[everywhere])
        place = {int(row): number for number, row in enumerate(everywhere)}
        for number, row in enumerate(rows):
            seen = ~np.isnan(fitted.folded[number])
            predicted[place[row], seen] = fitted.folded[number, seen]
        ids = [catalogue.track_ids[row] for row in everywhere.tolist()]
        found = found_by_sound(ids, predicted, fitted)
        report = self._stored(AUDIO, set(said_by(self._store(), AUDIO)) | set(ids), found, dry_run, progress)
        sound = SoundReport(
            space=name,
            n_fitted=len(rows),
            n_vectors=len(ids),
            held_out=tuple(
                HeldOutReport(
                    key=one.key,
                    name=load_attributes().of_key[one.key].name,
                    n=one.n,
                    mae=one.mae,
                    mean_mae=one.mean_mae,
                    within=one.within,
                    gain=one.gain,
                    gain_low=one.gain_low,
                    gain_high=one.gain_high,
                    filled=one.beats_mean,
                )
                for one in fitted.held_out
            ),
        )
        return report.model_copy(update={"sound": sound, "seconds": time.perf_counter() - started})

    def drop_attributes(self, annotator: str, progress: Progress | None = None) -> DropReport:
        """Forget all attributes that came from one place, and serve what is left.

        Args:
            annotator: "file", "llm" or "audio".
            progress: told about every stage.

        Raises:
            UnknownAnnotatorError: it is none of them.
        """
        if annotator not in ANNOTATORS:
            raise UnknownAnnotatorError(annotator, tuple(ANNOTATORS))
        source = ANNOTATORS[annotator]
        n_values = sum(len(values) for values in values_from(self._store(), ANNOTATORS[annotator], least=0.0).values())
        changed = False
        with self._lock:
            if self._store().annotations.drop(source):
                self._store_space()
                changed = self._build(progress).changed
        return DropReport(source=source, n_values=n_values, generation_changed=changed)

    # --- parts ---

    def _catalogue(self, progress: Progress | None) -> Catalogue:
        self.ensure_ready(progress)
        return self._agent().recommender.catalogue

    def _askable(self, source: str | None) -> list[Track]:
        """The tracks of the catalogue, or of one of its sources, that may be asked about."""
        from assistant.enriching_errors import UnknownSourceError

        names = [one.name for one in self._store().sources()]
        if source is not None and source not in names:
            raise UnknownSourceError(source, names)
        tracks = self._store().stated.tracks()
        return [one for one in tracks if one.artists and (source is None or one.source == source)]

    def _plan(
        self, source: str | None, most: int | None, checks: int
    ) -> tuple[CostReport, list[Track], list[Example], AnswerCache, int]:
        """What to ask: its cost, the tracks, the examples, the answers that are kept, and of how many tracks."""
        from assistant.lookups import AnswerCache
        from recsys.attributes import by_model

        if self.settings.llm.model is None:
            raise NoModelError
        self.ensure_ready()
        wanted, known = self._askable(source), values_from(self._store(), ANNOTATORS["file"])
        chosen = by_model.choose_examples(known, wanted)
        examples = [by_model.Example(one.artist, one.title, known[one.track_id]) for one in chosen]
        annotated = [one for one in wanted if one.track_id in known and one not in chosen]
        n_compared = min(checks, len(annotated))
        compared = [annotated[n * len(annotated) // n_compared] for n in range(n_compared)]
        new = [one for one in wanted if one.track_id not in known]
        cache = AnswerCache(self.settings.home / "cache" / "lookups" / f"attributes-{self._model_digest()}.jsonl")
        tracks = [one for one in (*compared, *new) if asked_about(one) not in cache]
        n_kept = sum(asked_about(one) in cache for one in (*compared, *new))
        tracks = tracks if most is None else tracks[:most]
        shown = examples or list(by_model.shipped_examples())
        cost = by_model.estimate(tracks, shown)
        ids = {one.track_id for one in compared}
        report = CostReport(
            n_tracks=cost.n_tracks,
            n_checks=sum(one.track_id in ids for one in tracks),
            n_kept=n_kept,
            n_questions=cost.n_questions,
            tokens_in=cost.tokens_in,
            tokens_out=cost.tokens_out,
            n_examples=len(examples),
        )
        return report, tracks, shown, cache, n_kept

    def _model_digest(self) -> str:
        return hashlib.blake2b(str(self.settings.llm.model).encode(), digest_size=6).hexdigest()

    def _patient_asker(self) -> Any:
        """The language model of the settings, with time enough for long answers, and asked again however it fails."""
        from assistant.reading import open_asker

        llm = self.settings.llm
        return open_asker(llm.model_copy(update={"timeout_s": max(llm.timeout_s, _LEAST_TIMEOUT_S)}), pauses=False)

    def _space(self, name: str | None) -> str:
        from recsys.attributes.space import SPACE
        from recsys.spaces import TRACKS, cards

        there = [card.name for card in cards(self.settings.home) if card.of == TRACKS and card.name != SPACE]
        if name in there:
            return str(name)
        if name is None and len(there) == 1:
            return there[0]
        raise NoSpaceError(name, there)

    def _stored(
        self,
        source: str,
        track_ids: set[TrackId],
        found: Sequence[Annotation],
        dry_run: bool,
        progress: Progress | None,
    ) -> AnnotateReport:
        """Store what was found in place of what the source said of these tracks, and serve it."""
        from recsys.annotations import LEAST_CONFIDENCE
        from recsys.attributes.values import values_of

        sure = [confidence for one in found for _, confidence in values_of(one).values()]
        changed, n_known = False, 0
        if not dry_run:
            with self._lock:
                self._store().annotations.put(source, track_ids, found)
                n_known = self._store_space()
                changed = self._build(progress).changed
        return AnnotateReport(
            source=source,
            n_tracks=len(found),
            n_values=len(sure),
            n_shown=sum(one >= LEAST_CONFIDENCE for one in sure),
            confidence=sum(sure) / len(sure) if sure else 0.0,
            dry_run=dry_run,
            n_known=n_known,
            generation_changed=changed,
        )

    def _store_space(self) -> int:
        """Make the modality of what is known of all tracks; return of how many that is something."""
        from recsys.attributes.space import store_space
        from recsys.attributes.values import surest

        known = {track_id: surest(said) for track_id, said in self._store().annotations.of().items()}
        store_space(self.settings.home, known)
        return sum(bool(values) for values in known.values())
