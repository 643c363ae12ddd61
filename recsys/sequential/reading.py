"""Files of sequences, one to a line, and files of targets.

    listener   LISTENER ITEM ITEM …      the first token names the sequence
    session    ITEM ITEM …               the number of the line, from 1, names it

Tokens lie between blanks or tabs; empty lines are skipped, and keep their number. Files ending in `.gz` or `.bz2` are
unpacked. Targets are, one to a line, all in one form:

    SEQUENCE ITEM                   what came after the whole of a sequence of the data
    PREFIX<TAB>ITEM                 what came after these items, blanks between them
    NAME<TAB>PREFIX<TAB>ITEM        the same, with a name for the sequence that the prefix is of

Which questions are of one sequence matters for intervals. A prefix without a name is of the same sequence as that of
the line before it if one of both goes on where the other's item is, or both are the same: so are files written that
ask for every step of a session in turn. Every other line is a sequence of its own.

What an item is called says nothing: models never see it. On published files it would: items there are often numbered by
where they come first, so that a number missing from the count betrays what was held out.
"""

from __future__ import annotations

import bz2
import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

import numpy as np

from recsys.sequential.errors import SequenceDataError
from recsys.sequential.sequences import Questions, Sequences

FORMATS = ("listener", "session")
#: Fields between tabs of a target with a prefix, and of one that names its sequence.
_UNNAMED, _NAMED = 2, 3


@dataclass(frozen=True)
class Targets:
    """The questions of a file of targets, and what of it the data does not know."""

    questions: Questions  # those whose item is among the data's
    owners: tuple[str, ...]  # what each question's sequence is called: questions of one name are of one sequence
    unknown: tuple[str, ...]  # what the sequences of the others are called: they are asked too, and missed
    n_unknown_steps: int = 0  # steps of prefixes whose item is not among the data's; they are left out


def open_text(path: Path) -> TextIO:
    """Open a text file, unpacking `.gz` and `.bz2`.

    Raises:
        SequenceDataError: it is not there.
    """
    try:
        if path.suffix == ".gz":
            return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", newline="\n"))
        if path.suffix == ".bz2":
            return cast(TextIO, bz2.open(path, "rt", encoding="utf-8-sig", newline="\n"))
        return path.open(encoding="utf-8-sig", newline="\n")
    except OSError as error:
        problem = f"cannot be opened ({error.strerror or type(error).__name__})"
        raise SequenceDataError(path, None, problem, "name a file that can be read") from error


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file that hold something, each with its number from 1.

    Raises:
        SequenceDataError: it cannot be read, is no text in UTF-8, or has lines that end as no system here ends them.
    """
    number = 0
    try:
        with open_text(path) as file:
            for number, line in enumerate(file, 1):
                said = line.rstrip("\r\n")
                if "\r" in said:
                    problem = "a carriage return stands within the line"
                    raise SequenceDataError(path, number, problem, "end lines with a line feed")
                if said.strip():
                    yield number, said
    except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
        problem = f"cannot be read on ({type(error).__name__})"
        raise SequenceDataError(path, number + 1, problem, "give text in UTF-8, whole") from error


def read_sequences(path: Path, form: str = "listener", *, names: Path | None = None) -> Sequences:
    """Read one sequence per line.

    Args:
        path: the file.
        form: "listener" or "session".
        names: a JSON object that says what items are called; without one they are called as in the file.

    Raises:
        SequenceDataError: the file cannot be read, holds no sequence, or names one twice.
    """
    rows: dict[str, int] = {}
    sequences: list[list[int]] = []
    owners: dict[str, int] = {}
    for number, line in lines_of(path):
        tokens = line.split()
        owner = tokens.pop(0) if _form(form) == "listener" else str(number)
        if owner in owners:
            problem = f"the sequence {owner!r} is there twice, first in line {owners[owner]}"
            raise SequenceDataError(path, number, problem, "put each listener's items into one line, or use session")
        owners[owner] = number
        sequences.append([rows.setdefault(token, len(rows)) for token in tokens])
    if not rows:
        raise SequenceDataError(path, None, "it holds no sequence", "give one sequence per line, items between blanks")
    return Sequences.of(sequences, _called(tuple(rows), names), tuple(owners))


def read_tokens(path: Path, form: str) -> tuple[str, ...]:
    """Return the items of a file as they are written, in the order of `read_sequences`."""
    skipped = _form(form) == "listener"
    return tuple(dict.fromkeys(token for _, line in lines_of(path) for token in line.split()[skipped:]))


def read_targets(path: Path, sequences: Sequences, tokens: tuple[str, ...], form: str = "listener") -> Targets:
    """Read what came next.

    Args:
        path: the file.
        sequences: those of the data.
        tokens: how the file of the data writes its items, in their order (`read_tokens`).
        form: of the data, "listener" or "session".

    Raises:
        SequenceDataError: the file cannot be read, a line is of another form, there twice, or names a sequence that is
            not there.
    """
    rows = {token: row for row, token in enumerate(tokens)}
    places = {owner: place for place, owner in enumerate(sequences.owners)}
    prefixes: list[list[int]] = []
    targets, owners, unknown, n_unknown = list[int](), list[str](), list[str](), 0
    lines = list(lines_of(path))
    n_fields = _fields([line for _, line in lines], places, form)
    before: tuple[str, list[str], str] | None = None
    said: dict[tuple[str, str], int] = {}
    for number, line in lines:
        owner, prefix, item = _parsed(path, number, line, n_fields)
        if n_fields:
            if n_fields == _UNNAMED and before is not None and _is_of_one(before, prefix, item):
                owner = before[0]
            before = owner, prefix, item
            known = [rows[token] for token in prefix if token in rows]
            n_unknown += len(prefix) - len(known)
        else:
            if owner not in places:
                problem = f"there is no sequence {owner!r} in the data"
                raise SequenceDataError(path, number, problem, "name one of its sequences, or write PREFIX<TAB>ITEM")
            if (first := said.setdefault((owner, item), number)) != number:
                problem = f"it asks the same as line {first}"
                raise SequenceDataError(path, number, problem, "write each target once, or it counts twice")
            known = sequences[places[owner]].tolist()
        if item not in rows:
            unknown.append(owner)
            continue
        prefixes.append(known)
        targets.append(rows[item])
        owners.append(owner)
    if not targets and not unknown:
        raise SequenceDataError(path, None, "it holds no target", "write one `SEQUENCE ITEM` per line")
    asked = Sequences.of(prefixes, sequences.names, [str(number) for number in range(1, len(prefixes) + 1)])
    questions = Questions(asked, np.asarray(targets, dtype=np.int64))
    return Targets(questions, tuple(owners), tuple(unknown), n_unknown)


def _fields(lines: list[str], places: dict[str, int], form: str) -> int:
    """Return how many fields a line with a prefix has between tabs, 0 where lines are `SEQUENCE ITEM`.

    Prefixes of items and names of sequences are told apart by the whole file, since both may be numbers. A tab means a
    prefix, but where each line has one listener before it. Sessions have no names of their own.
    """
    if not any("\t" in line for line in lines):
        return 0
    if all(line.count("\t") == _NAMED - 1 for line in lines):
        return _NAMED
    parts = [line.split() for line in lines]
    if form != "session" and all(len(tokens) == 2 and tokens[0] in places for tokens in parts):
        return 0
    return _UNNAMED


def _parsed(path: Path, number: int, line: str, n_fields: int) -> tuple[str, list[str], str]:
    """Return what a line's sequence is called, its prefix, and the item."""
    if n_fields:
        fields = line.split("\t")
        if len(fields) != n_fields or len(fields[-1].split()) != 1:
            form = "PREFIX<TAB>ITEM" if n_fields == _UNNAMED else "NAME<TAB>PREFIX<TAB>ITEM"
            remedy = "write all lines in one form, with blanks between the items of a prefix"
            raise SequenceDataError(path, number, f"it is not {form}", remedy)
        if n_fields == _NAMED and not fields[0].strip():
            raise SequenceDataError(path, number, "it names no sequence", "write NAME<TAB>PREFIX<TAB>ITEM")
        # No name of the file has a tab, so none is taken for a line's number.
        name = fields[0].strip() if n_fields == _NAMED else f"line\t{number}"
        return name, fields[-2].split(), fields[-1].strip()
    tokens = line.split()
    if len(tokens) != 2:
        problem = f"it has {len(tokens)} tokens, and two were expected"
        raise SequenceDataError(path, number, problem, "write `SEQUENCE ITEM`, or PREFIX<TAB>ITEM throughout")
    return tokens[0], [], tokens[1]


def _is_of_one(before: tuple[str, list[str], str], prefix: list[str], item: str) -> bool:
    """Say whether two questions in a row are of one sequence: one goes on where the other's item is."""
    _, earlier, earlier_item = before
    if len(prefix) == len(earlier):
        return bool(prefix) and prefix == earlier
    whole = [*earlier, earlier_item] if len(prefix) > len(earlier) else [*prefix, item]
    longer = prefix if len(prefix) > len(earlier) else earlier
    return longer[: len(whole)] == whole


def _form(form: str) -> str:
    if form not in FORMATS:
        raise ValueError(f"{form!r} is no form of sequences; expected one of {', '.join(FORMATS)}")
    return form


def _called(tokens: tuple[str, ...], names: Path | None) -> tuple[str, ...]:
    """Return what the items are called."""
    if names is None:
        return tokens
    try:
        with open_text(names) as file:
            called = json.load(file)
    except SequenceDataError:
        raise
    except (ValueError, EOFError, OSError, zlib.error, RecursionError) as error:
        raise SequenceDataError(names, None, "it is no JSON", 'give an object such as {"1": "Morcheeba"}') from error
    if not isinstance(called, dict):
        raise SequenceDataError(names, None, "it is no JSON object", 'give an object such as {"1": "Morcheeba"}')
    return tuple(str(called.get(token) or token) for token in tokens)


def last_lines(sequences: Sequences, share: float) -> tuple[Sequences, Sequences]:
    """Divide sequences in the order of time into the earlier ones and the last `share` of them, at least one."""
    n_earlier = len(sequences) - max(int(share * len(sequences)), 1)
    return sequences.take(np.arange(n_earlier)), sequences.take(np.arange(n_earlier, len(sequences)))
