"""Learning to predict appeal from content (`segue train --apex`), into the data folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.types import Progress

if TYPE_CHECKING:
    from recsys.appeal.tables import TargetTable
    from recsys.appeal.training import ApexSettings
    from recsys.types import FloatArray

FOLDER = "appeal"
_STATE = "training"
#: What of a table may be learnt from, beside files and stored spaces.
FEATURES, TEXT = "features", "text:"
MODES = ("song", "segment")
_WORDS = ("loss", "mode", "shared", "rate", "decay", "batch", "epochs", "patience", "scaled", "standardise")


@dataclass(frozen=True)
class AppealReport:
    """What was learnt."""

    folder: Path
    heads: dict[str, tuple[str, int]]  # by head: who said it, and of how many rows
    inputs: tuple[str, ...]
    n_rows: int
    n_artists: int
    n_epochs: int
    best_epoch: int
    loss: float  # of the validation part, at the best epoch
    seconds: float


def train_appeal(
    home: Path,
    table: Path,
    *,
    vectors: Sequence[str] = (),
    targets: Sequence[str] = (),
    asked: Sequence[str] = (),
    encoder: str = "all-MiniLM-L6-v2",
    seed: int = 64,
    progress: Progress | None = None,
) -> AppealReport:
    """Fit the network of APEX to a table of targets, and keep it in the data folder.

    A training that is killed changes nothing that was learnt before, and goes on where it was.

    Args:
        home: the data folder.
        table: targets, and features (see `recsys.appeal.tables`).
        vectors: what to learn from, side by side: .npy files of the table's rows, names of stored spaces (found by the
            table's `track_id`), "text:COLUMN" for the encoded words of a column, and "features" for the table's own
            numeric columns, which are taken where nothing is named.
        encoder: the text encoder, by name.
        targets: which heads to learn; all that the table has when empty.
        asked: settings as KEY=VALUE, such as "loss=weighted" or "transform.popularity=percentile+power:0.5".
        seed: of all that is drawn.
        progress: told about every epoch.

    Raises:
        AppealError: the table, the vectors or a setting do not do.
        SpaceError, UnknownSpaceError: there is no such space.
    """
    from recsys.appeal.errors import AppealError
    from recsys.appeal.saved import save_apex
    from recsys.appeal.tables import read_targets
    from recsys.appeal.training import held_out_errors, train_apex
    from recsys.generations import writing

    started = time.perf_counter()
    settings, mode = read_asked(asked)
    read = read_targets(table)
    if targets:
        known = [head.name for head in read.targets.heads]
        if missing := [name for name in targets if name not in known]:
            raise AppealError(f"{table} has no target {', '.join(missing)}; it has {', '.join(known)}")
        read = replace(read, targets=read.targets.only(targets))
    content, inputs = _content(home, table, read, vectors or (FEATURES,), encoder)
    if mode == MODES[0]:
        read, content = read.songs(content)
    with writing(home):
        fitted = train_apex(
            content,
            read.targets,
            read.artists.tolist(),
            settings,
            seed=seed,
            folder=home / FOLDER / _STATE,
            progress=progress,
            stage="appeal",
        )
        report = _report(home, read, inputs, fitted.losses, started)
        facts = {
            "inputs": list(inputs),
            "made_by": _makers(home, inputs),
            "mode": mode,
            "rows": report.n_rows,
            "artists": report.n_artists,
            "heads": {name: {"kind": kind, "known": n} for name, (kind, n) in report.heads.items()},
            "settings": settings.to_json(),
            "deviations": held_out_errors(fitted, content, read.targets, read.artists.tolist(), seed=seed),
            "seed": seed,
        }
        save_apex(home / FOLDER, fitted, facts)
        for file in (home / FOLDER / _STATE).iterdir():
            file.unlink()
    return report


def read_asked(asked: Sequence[str]) -> tuple[ApexSettings, str]:
    """Read settings and the mode from KEY=VALUE.

    Raises:
        AppealError: one is of no setting, or its value is none.
    """
    from recsys.appeal.errors import AppealError
    from recsys.appeal.heads import find_head
    from recsys.appeal.losses import LOSSES
    from recsys.appeal.training import ApexSettings
    from recsys.appeal.transforms import Transform, parse_transform

    mode, transforms, changed = MODES[0], dict[str, Transform](), dict[str, Any]()
    for one in asked:
        key, _, value = one.partition("=")
        name, _, head = key.partition(".")
        try:
            if name == "transform" and head:
                transforms[find_head(head).name] = parse_transform(value)
            elif key == "loss" and value in LOSSES:
                changed["loss"] = value
            elif key == "mode" and value in MODES:
                mode = value
            elif key in ("shared", "batch", "epochs", "patience") and int(value) > 0:
                changed["n_shared" if key == "shared" else key] = int(value)
            elif key in ("rate", "decay") and float(value) >= 0:
                changed["learning_rate" if key == "rate" else "weight_decay"] = float(value)
            elif key in ("scaled", "standardise") and value in ("yes", "no"):
                changed[key] = value == "yes"
            else:
                raise ValueError(value)
        except ValueError as error:
            if isinstance(error, AppealError):
                raise
            raise AppealError(
                f"no setting {one!r}; write KEY=VALUE with {', '.join(_WORDS)} or transform.HEAD, such as "
                "loss=weighted, shared=3, mode=segment, scaled=yes or transform.popularity=percentile+power:0.5"
            ) from error
    return ApexSettings(transforms=transforms, **changed), mode


def _content(
    home: Path, table: Path, read: TargetTable, vectors: Sequence[str], encoder: str
) -> tuple[FloatArray, tuple[str, ...]]:
    """Lay what is learnt from side by side: (n, D), and what it is called."""
    import numpy as np

    parts = [_part(home, table, read, one, encoder).astype(np.float32) for one in vectors]
    return np.hstack(parts), tuple(one if one.startswith(TEXT) else Path(one).name for one in vectors)


def _makers(home: Path, inputs: Sequence[str]) -> dict[str, str]:
    """Tell what made the vectors of those inputs that are stored spaces."""
    from recsys.spaces import cards

    return {card.name: card.maker for card in cards(home) if card.name in inputs}


def _part(home: Path, table: Path, read: TargetTable, asked: str, encoder: str) -> FloatArray:
    import numpy as np

    from recsys.appeal.errors import AppealError
    from recsys.appeal.inputs import read_vectors
    from recsys.encoders.text import open_text_encoder
    from recsys.spaces import open_space

    rows = np.arange(len(read.tracks))
    if asked == FEATURES:
        if read.features is None:
            raise AppealError(
                f"{table} has no numeric column beside its targets; give vectors of its rows with --vectors FILE.npy, "
                "or the name of a stored space (`segue embeddings list`)"
            )
        return np.asarray(read.features.learn(rows)(rows), np.float32)
    if asked.startswith(TEXT):
        column = asked.removeprefix(TEXT)
        if column not in read.words:
            raise AppealError(f"{table} has no text column {column!r}; it has {', '.join(read.words) or 'none'}")
        return open_text_encoder(encoder, home / "cache" / "encoder").encode(read.words[column])
    if asked.endswith(".npy"):
        found = read_vectors(Path(asked))
        if len(found) != len(rows):
            raise AppealError(f"{asked} has {len(found):,} rows for the {len(rows):,} of {table}; give one a row")
        return found
    found, there = open_space(home, asked).rows(read.tracks.tolist())
    if not there.any():
        raise AppealError(
            f"the space {asked} knows none of the {len(rows):,} tracks of {table}; expected a column track_id with the "
            "ids of the catalogue (`segue embeddings list` says what is stored)"
        )
    return np.where(there[:, None], found, found[there].mean(axis=0))


def _report(
    home: Path, read: TargetTable, inputs: tuple[str, ...], losses: Sequence[float], started: float
) -> AppealReport:
    import numpy as np

    known = (~np.isnan(read.targets.values)).sum(axis=0).tolist()
    heads = zip(read.targets.heads, read.targets.kinds, known, strict=True)
    best = int(np.argmin(losses))
    return AppealReport(
        home / FOLDER,
        {head.name: (kind.value, n) for head, kind, n in heads},
        inputs,
        len(read.targets.values),
        len(set(read.artists.tolist())),
        len(losses),
        best + 1,
        float(losses[best]),
        time.perf_counter() - started,
    )
