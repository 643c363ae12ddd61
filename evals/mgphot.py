"""How near do annotators of MGPHot's attributes come to a reference? Per attribute, per category and in all.

Task. A reference file holds values that are taken for right (MGPHot's own, or any other). Compared with it are the
values that a data folder keeps of the same tracks, source by source (a language model's, those found by sound), or
those of a second file. Both scales are read as they are said to be, and compared on both: MAE on 0–1, quadratic kappa
and the share within one step on 0–1 in steps of .1 and on 0–5 (Figure 5 of the multimodal E4SRec paper has the latter).

Beside every annotator stands the constant that always says the reference's own median of each attribute: its kappa is
0, and what it reaches within one step is reached without knowing anything.

What was found by sound of a track that the regression was fitted to was found without its artist (`recsys.attributes
.by_audio`); tracks shown to the language model as examples are not asked about. So a reference that was also read with
`segue annotate file` is no leak for either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from assistant.annotated import match_rows, values_from
from assistant.settings import Settings
from evals.agreement import agree
from evals.errors import EvaluationDataError
from evals.report import Report
from recsys.attributes.files import AttributeFile, read_attributes
from recsys.attributes.scales import Scale
from recsys.attributes.table import CATEGORIES, load_attributes
from recsys.attributes.values import AUDIO, MODEL
from recsys.catalogue import Catalogue
from recsys.store import Store
from recsys.types import FloatArray, Track, TrackId

#: What annotators are called in a report.
_NAMES = {MODEL: "language model", AUDIO: "by sound"}
CONSTANT = "reference median"
#: Fewer tracks than this tell next to nothing.
_LEAST = 2
Values = Mapping[TrackId, Mapping[str, float]]


def evaluate(
    reference: Path,
    seeds: Sequence[int],
    *,
    scale: Scale = Scale.UNIT,
    annotated: Path | None = None,
    annotated_scale: Scale = Scale.FIVE,
    home: Path | None = None,
) -> Report:
    """Compare annotators with a reference.

    Args:
        reference: the file of values that are taken for right.
        seeds: the first is that of the intervals.
        scale: of the reference's values.
        annotated: a file to compare with it; without one, what a data folder keeps.
        annotated_scale: of that file's values.
        home: the data folder; the usual one when None.

    Raises:
        SourceError: a file cannot be read.
        ScaleError: a value is none of its scale.
        EvaluationDataError: no two tracks are in both.
    """
    read = read_attributes(reference, scale)
    if annotated is not None:
        pairs, matched = _of_file(read, read_attributes(annotated, annotated_scale), annotated.name)
    else:
        pairs, matched = _of_home(read, home)
    report = Report(
        "segue eval mgphot",
        {
            "reference": reference,
            "scale": scale.value,
            "annotated": annotated,
            "annotated scale": annotated_scale.value if annotated else None,
            "tracks of the reference": len(read.rows),
            "found": matched,
        },
        seeds,
    )
    table = load_attributes()
    groups: dict[str, Sequence[int]] = {"all": range(len(table.keys))}
    groups |= {name: [table.number[one.key] for one in table.category(name)] for name in CATEGORIES}
    groups |= {one.name: [table.number[one.key]] for one in table.attributes}
    for name, (true, said) in pairs.items():
        for system, values in ((name, said), (f"{CONSTANT} ({name})", _constant(true, said))):
            for group, found in agree(true, values, groups, seed=seeds[0]).items():
                for metric, summary in found.figures.items():
                    report.add(system, group, metric, summary)
    return report


Pairs = dict[str, tuple[FloatArray, FloatArray]]


def _of_home(reference: AttributeFile, home: Path | None) -> tuple[Pairs, int]:
    """What a data folder keeps of the reference's tracks, by annotator: (n, A) of the reference, and of it."""
    settings = Settings() if home is None else Settings(home=home)
    url = settings.database_url or f"sqlite:///{(settings.home / 'segue.db').as_posix()}"
    if settings.database_url is None and not (settings.home / "segue.db").is_file():
        raise EvaluationDataError(
            f"{settings.home} holds no segue.db, so nothing is annotated there; name a data folder with --home, or a "
            "file with --annotated"
        )
    with closing(Store.open(url)) as store:
        catalogue = store.load_catalogue(with_starter=True)
        matched = {one: row.values for one, (row, _) in match_rows(catalogue, reference.rows)[0].items()}
        kept = {name: values_from(store, source, least=0.0) for source, name in _NAMES.items()}
    pairs = {name: _aligned(matched, values) for name, values in kept.items() if len(matched.keys() & values) >= _LEAST}
    if not pairs:
        said = ", ".join(f"{len(values):,} {name}" for name, values in kept.items())
        raise EvaluationDataError(
            f"{len(matched):,} of the {len(reference.rows):,} tracks of the reference are in {settings.home}, and "
            f"fewer than {_LEAST} of them are annotated there ({said}); run `segue annotate llm --check 50` or "
            "`segue annotate audio` first, or give a file with --annotated"
        )
    return pairs, len(matched)


def _of_file(reference: AttributeFile, annotated: AttributeFile, name: str) -> tuple[Pairs, int]:
    """What a second file says of the reference's tracks."""
    tracks = [
        Track(f"row {number}", row.title, (row.artist,) if row.artist else (), ids=row.ids)
        for number, row in enumerate(annotated.rows)
    ]
    said = {track.track_id: row.values for track, row in zip(tracks, annotated.rows, strict=True)}
    found, _ = match_rows(Catalogue.from_tracks(tracks), reference.rows)
    matched = {one: row.values for one, (row, _) in found.items()}
    if len(matched) < _LEAST:
        raise EvaluationDataError(
            f"{len(matched):,} of the {len(reference.rows):,} tracks of the reference are in {name}, which has "
            f"{len(annotated.rows):,}; expected the same tracks, by artist and title or an id"
        )
    return {name: _aligned(matched, said)}, len(matched)


def _aligned(true: Values, said: Values) -> tuple[FloatArray, FloatArray]:
    keys = load_attributes().keys
    ids = sorted(true.keys() & said.keys())
    return _matrix([true[one] for one in ids], keys), _matrix([said[one] for one in ids], keys)


def _matrix(rows: Sequence[Mapping[str, float]], keys: Sequence[str]) -> FloatArray:
    return np.array([[row.get(key, np.nan) for key in keys] for row in rows], np.float32)


def _constant(true: FloatArray, said: FloatArray) -> FloatArray:
    """The reference's median of each attribute, where the annotator says anything."""
    constant = np.full_like(true, np.nan)
    for column in range(true.shape[1]):
        there = ~(np.isnan(true[:, column]) | np.isnan(said[:, column]))
        if there.any():
            constant[there, column] = np.median(true[there, column])
    return constant
