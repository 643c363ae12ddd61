"""The benchmark of the multimodal E4SRec paper, built of what its user has: LastFM-1K, vectors, attributes, durations.

A folder of plain files, the same byte for byte from the same input:

    train.txt validation.txt test.txt   one session to a line, `LISTENER/NUMBER ITEM ITEM …`, items by number from 1
    validation.targets.txt
    test.targets.txt                    `PREFIX<TAB>ITEM`: the last step of each session, what came before it
    validation.candidates.npy
    test.candidates.npy                 (Q, 1 + n) each target, and uniform negatives not in its session; 0: none
    train.completion.txt …              one value for each step of the same file, "-" where it is not known
    items.tsv items.json                number, plays in train, name; number → name
    vectors/NAME.npy                    (I, D) float32, row i is item i + 1; zeros where there is none
    attributes.npy attributes.json      (I, 58) 0–1, NaN where unknown; the attributes' keys
    card.json README.md                 what it was made of and how, in figures and in words
    checksums.sha256                    of all other files, as `sha256sum -c` reads it

`segue eval sequential --data FOLDER` reads it back, with its candidates and vectors
(`recsys.sequential.benchmark_reading`). Sessions and splits are those of
`recsys.sequential.sessions`; a session that runs over a border is in no part. Items are numbered by their plays in
train, then by name, so that a number tells nothing of what is held out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from recsys.sequential.errors import SequenceDataError
from recsys.sequential.plays import Plays
from recsys.sequential.port import silent
from recsys.sequential.sequences import Sequences
from recsys.sequential.sessions import PAPER, SessionSettings, Split, check_shares, sessions_of, split_by_time
from recsys.types import FloatArray, IntArray, Progress

#: The paper ranks one positive among so many uniform negatives.
N_NEGATIVES = 199
CHECKSUMS, CARD = "checksums.sha256", "card.json"
PARTS = ("train", "validation", "test")
_UNKNOWN = "-"
#: Within the new folder while it takes the place of the old one.
_REPLACED = ".replaced"


@dataclass(frozen=True)
class Extras:
    """What is known of items beside who listened to them, as functions of their names: (I, D), or (I, 58)."""

    vectors: Mapping[str, Callable[[Sequence[str]], FloatArray]] = field(default_factory=dict)
    attributes: Callable[[Sequence[str]], FloatArray] | None = None
    durations: Callable[[Sequence[str]], FloatArray] | None = None
    sources: Mapping[str, str] = field(default_factory=dict)  # part → the name of its file


@dataclass(frozen=True)
class Built:
    """What was written."""

    folder: Path
    card: Mapping[str, Any]


def build_benchmark(
    plays: Plays,
    folder: Path,
    extras: Extras,
    *,
    settings: SessionSettings = PAPER,
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 64,
    source: str = "LastFM-1K",
    progress: Progress = silent,
) -> Built:
    """Write the benchmark into a folder, whole or not at all.

    Args:
        plays: of all listeners.
        folder: where to; it must not be there, or be a benchmark, which is replaced.
        extras: what else is known of items.
        settings: how sessions are cut and kept.
        validation: share of all steps that validation begins at, seen from the end before test.
        test: share of all steps in the time of test.
        seed: of the negatives.
        source: what the plays are of.
        progress: told about every stage.

    Raises:
        SequenceDataError: the folder holds something else, a share is none, or no session is left.
    """
    check_place(folder)
    check_shares(validation, test)
    progress("cut sessions", 0, 0)
    if extras.durations is not None:
        plays = replace(plays, durations=extras.durations(plays.names))
    split = split_by_time(sessions_of(plays, settings), validation=validation, test=test)
    split = _numbered(split)
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.parent / f".{folder.name}-{uuid4().hex[:8]}"  # no `mkdtemp`: others may read a benchmark
    (part / "vectors").mkdir(parents=True)
    try:
        card = _written(part, split, extras, plays, settings, (validation, test), seed, source, progress)
        _put(part / CARD, json.dumps(card, indent=2, ensure_ascii=False) + "\n")
        _put(part / "README.md", _told(card))
        _put(part / CHECKSUMS, _sums(part))
        _put_in_place(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Built(folder, card)


def _put_in_place(part: Path, folder: Path) -> None:
    """Let a new folder take the place of an old one, which is there until the new one is."""
    old = part / _REPLACED
    if folder.exists():
        os.replace(folder, old)
    try:
        os.replace(part, folder)
    except OSError:
        if old.exists():
            os.replace(old, folder)
        raise
    shutil.rmtree(folder / _REPLACED, ignore_errors=True)


def check_place(folder: Path) -> None:
    """Check that a benchmark may be written in the place of a folder; nothing is changed.

    Raises:
        SequenceDataError: it holds anything but a benchmark, is a link, or is the folder that one works in.
    """
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or Path.cwd().is_relative_to(folder.resolve()):
        what = "it is a link" if folder.is_symlink() else "you are in it"
        raise SequenceDataError(folder, None, what, "name a new folder, such as -o e4srec")
    if not _may_go(folder):
        problem = "there is something else, and it is left as it is"
        raise SequenceDataError(
            folder, None, problem, "name a new folder, such as -o e4srec, or a benchmark to replace"
        )


def _may_go(folder: Path) -> bool:
    """Say whether a folder is empty, or a benchmark with nothing beside what its checksums name."""
    if not folder.is_dir():
        return False
    everything = list(folder.rglob("*"))
    if any(one.is_dir() and one != folder / "vectors" for one in everything):
        return False
    there = {file.relative_to(folder).as_posix() for file in everything if not file.is_dir()}
    try:
        lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    named = {line.partition("  ")[2] for line in lines}
    return not everything or (CARD in named and there <= named | {CHECKSUMS})


def damaged(folder: Path) -> list[str]:
    """Name the files of a benchmark that are not what its checksums say, or are missing.

    Raises:
        SequenceDataError: it has no checksums.
    """
    try:
        lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SequenceDataError(folder, None, f"it holds no {CHECKSUMS}", "name a folder of the benchmark") from error
    if not lines:
        raise SequenceDataError(folder, None, f"its {CHECKSUMS} is empty", "build it anew")
    found = []
    for line in lines:
        digest, _, name = line.partition("  ")
        file = folder / name
        if not file.is_file() or _digest(file) != digest:
            found.append(name)
    return found


def _numbered(split: Split) -> Split:
    """Order items by their plays in train, then by name."""
    plays = np.bincount(split.train.items, minlength=split.train.n_items)
    names = split.train.names
    order = sorted(range(len(names)), key=lambda row: (-int(plays[row]), names[row]))
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(names))
    called = tuple(names[row] for row in order)

    def numbered(part: Sequences) -> Sequences:
        return replace(part, items=place[part.items], names=called)

    return replace(split, train=numbered(split.train), validation=numbered(split.validation), test=numbered(split.test))


def _written(
    folder: Path,
    split: Split,
    extras: Extras,
    plays: Plays,
    settings: SessionSettings,
    shares: tuple[float, float],
    seed: int,
    source: str,
    progress: Progress,
) -> dict[str, Any]:
    """Write everything but the card and the checksums; return the card."""
    names = split.train.names
    card: dict[str, Any] = {
        "benchmark": "multimodal E4SRec (arXiv 2606.00125)",
        "source": source,
        "sessions": asdict(settings) | {"validation": shares[0], "test": shares[1]},
        "n_plays": len(plays),
        "n_bad_rows": plays.n_bad_rows,
        "n_listeners": len(plays.listener_ids),
        "n_items": len(names),
        "n_sessions_over_a_border": split.n_dropped,
        "parts": {},
        "seed": seed,
    }
    known = np.bincount(split.train.items, minlength=len(names))
    for name in PARTS:
        progress(f"write {name}", 0, 0)
        sequences: Sequences = getattr(split, name)
        _put(folder / f"{name}.txt", "".join(_lines(sequences)))
        card["parts"][name] = {"sessions": len(sequences), "steps": len(sequences.items)}
        if sequences.completion is not None:
            _put(folder / f"{name}.completion.txt", "".join(_completions(sequences)))
            there = ~np.isnan(sequences.completion)
            card["parts"][name]["completion_known"] = round(float(there.mean()), 4)
        if name != "train":
            _put(folder / f"{name}.targets.txt", "".join(_targets(sequences)))
            last = sequences.items[sequences.offsets[1:] - 1]
            card["parts"][name]["targets_not_in_train"] = int((known[last] == 0).sum())
            np.save(folder / f"{name}.candidates.npy", _candidates(sequences, seed))
    n_negatives = min(N_NEGATIVES, len(names) - 1)
    card["candidates"] = {"negatives": n_negatives, "chance_hr@10": round(min(10 / (1 + n_negatives), 1.0), 6)}
    rows = [f"{row + 1}\t{int(known[row])}\t{name}\n" for row, name in enumerate(names)]
    _put(folder / "items.tsv", "".join(["item\tplays_in_train\tname\n", *rows]))
    called = {str(row + 1): name for row, name in enumerate(names)}
    _put(folder / "items.json", json.dumps(called, ensure_ascii=False, indent=0) + "\n")
    card["vectors"] = {}
    for name, vectors_of in sorted(extras.vectors.items()):
        progress(f"write {name}", 0, 0)
        vectors = vectors_of(names)
        np.save(folder / "vectors" / f"{name}.npy", vectors.astype(np.float32))
        share = float(vectors.any(axis=1).mean())
        card["vectors"][name] = {"width": int(vectors.shape[1]), "items_known": round(share, 4)}
    if extras.attributes is not None:
        from recsys.attributes.table import load_attributes

        values = extras.attributes(names)
        np.save(folder / "attributes.npy", values.astype(np.float32))
        _put(folder / "attributes.json", json.dumps(list(load_attributes().keys), indent=0) + "\n")
        card["attributes"] = {"items_known": round(float((~np.isnan(values)).any(axis=1).mean()), 4), "scale": "0-1"}
    card["made_of"] = dict(sorted(extras.sources.items()))
    return card


def _lines(sequences: Sequences) -> list[str]:
    return [
        f"{owner.replace(' ', '_')} {' '.join(str(item + 1) for item in items.tolist())}\n"
        for owner, items in zip(sequences.owners, sequences, strict=True)
    ]


def _targets(sequences: Sequences) -> list[str]:
    found = []
    for items in sequences:
        *prefix, last = (str(item + 1) for item in items.tolist())
        found.append(f"{' '.join(prefix)}\t{last}\n")
    return found


def _completions(sequences: Sequences) -> list[str]:
    assert sequences.completion is not None, "checked by the caller"
    cells = [_UNKNOWN if value != value else f"{value:.4f}" for value in sequences.completion.tolist()]
    bounds = sequences.offsets.tolist()
    return [f"{' '.join(cells[start:end])}\n" for start, end in pairwise(bounds)]


def _candidates(sequences: Sequences, seed: int) -> IntArray:
    """The target of each session and negatives, none twice and none of the session: numbers from 1, 0 where too few."""
    rng = np.random.default_rng(seed)
    n_wanted = min(N_NEGATIVES, sequences.n_items - 1)
    found = np.zeros((len(sequences), 1 + n_wanted), np.int64)
    for row, items in enumerate(sequences):
        drawn = _drawn(rng, items, sequences.n_items, n_wanted)
        found[row, 0], found[row, 1 : 1 + len(drawn)] = items[-1] + 1, drawn + 1
    return found


def _drawn(rng: np.random.Generator, items: IntArray, n_items: int, n: int) -> IntArray:
    """Draw so many items that are not in a session, or all that there are."""
    if n_items < 4 * (n + len(items)):
        free = np.setdiff1d(np.arange(n_items), items)
        return np.asarray(rng.choice(free, min(n, len(free)), replace=False), np.int64)
    drawn: dict[int, None] = {}
    taken = set(items.tolist())
    while len(drawn) < n:  # few of a big catalogue are refused
        drawn.update(dict.fromkeys(one for one in rng.integers(n_items, size=n).tolist() if one not in taken))
    return np.array(list(drawn)[:n], np.int64)


def _told(card: Mapping[str, Any]) -> str:
    """The data card in words."""
    parts = "\n".join(
        f"| {name} | {one['sessions']:,} | {one['steps']:,} | {_share(one.get('completion_known'))} |"
        for name, one in card["parts"].items()
    )
    vectors = ", ".join(
        f"{name} ({one['width']}-d, {one['items_known']:.0%} of items)" for name, one in card["vectors"].items()
    )
    attributes = f"{card['attributes']['items_known']:.0%} of items" if "attributes" in card else "none"
    cut = card["sessions"]
    paragraphs = (
        f"# {card['benchmark']}, built from {card['source']}",
        f"{card['n_plays']:,} plays of {card['n_listeners']:,} listeners ({card['n_bad_rows']:,} rows were broken). "
        f"Sessions end after a pause of {cut['gap_s'] / 60:g} minutes and have at least {cut['least_steps']} steps; "
        f"listeners have at least {cut['least_plays']:,} plays, items at least {cut['least_item_plays']}, counted over "
        f"all parts. One global split by time ({cut['validation']:.0%} of the steps for validation, {cut['test']:.0%} "
        f"for test); {card['n_sessions_over_a_border']:,} sessions over a border are in no part. {card['n_items']:,} "
        "items.",
        f"| part | sessions | steps | completion known |\n|---|---|---|---|\n{parts}",
        f"Vectors: {vectors or 'none'}. Attributes: {attributes}. Negatives for each target: "
        f"{card['candidates']['negatives']}, so chance is HR@10 {card['candidates']['chance_hr@10']:.3f}; ranked among "
        "all items, targets of items that train does not have count as missed "
        f"({card['parts']['test']['targets_not_in_train']:,} in test).",
        "Read it with `segue eval sequential --data FOLDER`, this folder, for validation with `--part validation`; "
        f"check it with `sha256sum -c {CHECKSUMS}`. Choose on validation; report test once.",
        "LastFM-1K is for non-commercial use: do not pass this folder on without its terms, nor without those of what "
        "vectors and attributes were made of.",
    )
    return "\n\n".join(paragraphs) + "\n"


def _share(value: float | None) -> str:
    return "not known" if value is None else f"{value:.0%}"


def _sums(folder: Path) -> str:
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return "".join(f"{_digest(folder / name)}  {name}\n" for name in files)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
