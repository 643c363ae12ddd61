"""Labelled requests: what a request says of the music, the words that say it, and how they are meant.

Two forms of file. CSV with the columns `query` and `intents`, a Python dict of facet → {(span, polarity): weight}, as
MusicRecoIntent (Baranes et al. 2026) is published; `EN` is a misprint of NE there. JSON Lines with `text` and
`intents`, [[facet, span, polarity], …]. Spans are lower-case text as it stands in the request.

Of more requests the names alone may be labelled: CSV with a line per name and the columns `query` and `mention`, as
MusicRecoNER (Epure & Hennequin 2023) is published.
"""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import LabelledRequestsError
from assistant.request import POLARITIES, Polarity
from recsys.text import fold

NAMES = "NE"
_MISPRINTS = {"EN": NAMES}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A request and what was labelled in it."""

    text: str
    intents: tuple[tuple[str, str, Polarity], ...]  # facet, span, polarity
    complete: bool = True  # or only the facets of `intents` were labelled at all, and not how they are meant


def read_labelled(path: Path) -> list[Labelled]:
    """Read a file of labelled requests.

    Raises:
        LabelledRequestsError: it is missing, or a line is of another form.
    """
    if not path.is_file():
        raise LabelledRequestsError(f"there is no file {path}")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LabelledRequestsError(f"{path} is not UTF-8 text ({error})") from error
    requests = read_lines(text, str(path)) if path.suffix == ".jsonl" else _read_csv(text, str(path))
    if not requests:
        raise LabelledRequestsError(f"{path} holds no requests")
    return requests


def read_names(path: Path) -> list[Labelled]:
    """Read requests of which the names alone are labelled.

    Raises:
        LabelledRequestsError: the file is missing, or lacks a column.
    """
    if not path.is_file():
        raise LabelledRequestsError(f"there is no file {path}")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if {"query", "mention"} - set(rows.fieldnames or ()):
                raise LabelledRequestsError(f"{path} has no columns query and mention")
            said: dict[str, list[tuple[object, object, object]]] = {}
            for row in rows:
                said.setdefault(row["query"], []).append((NAMES, row["mention"], POLARITIES[0]))
    except UnicodeDecodeError as error:
        raise LabelledRequestsError(f"{path} is not UTF-8 text ({error})") from error
    return [Labelled(text, _intents(names), complete=False) for text, names in said.items()]


def others(requests: Iterable[Labelled], than: Iterable[Labelled]) -> list[Labelled]:
    """Return the requests whose text is that of none of `than`, however it is written."""
    known = {fold(one.text) for one in than}
    return [one for one in requests if fold(one.text) not in known]


def read_lines(text: str, name: str) -> list[Labelled]:
    """Read JSON Lines; `name` is what an error calls them.

    Raises:
        LabelledRequestsError: a line is of another form.
    """
    requests = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            stated = json.loads(line)
            requests.append(Labelled(str(stated["text"]), _intents(stated["intents"])))
        except (ValueError, KeyError, TypeError) as error:
            form = "an object with text and intents [[facet, span, polarity], …]"
            raise LabelledRequestsError(f"{name}, line {number}: this is not {form} ({error})") from error
    return requests


def _read_csv(text: str, name: str) -> list[Labelled]:
    rows = csv.DictReader(text.splitlines(keepends=True))
    if not {"query", "intents"} <= set(rows.fieldnames or ()):
        raise LabelledRequestsError(f"{name} has no columns query and intents")
    requests = []
    for row in rows:
        try:
            stated = ast.literal_eval(row["intents"]) if row["intents"] else {}
            said = [(facet, span, polarity) for facet, spans in stated.items() for span, polarity in spans]
            requests.append(Labelled(str(row["query"]), _intents(said)))
        except (ValueError, SyntaxError, TypeError, AttributeError) as error:
            form = "a dict of facet → {(span, polarity): weight}"
            raise LabelledRequestsError(f"{name}, line {rows.line_num}: intents is not {form} ({error})") from error
    return requests


def _intents(stated: Iterable[tuple[object, object, object]]) -> tuple[tuple[str, str, Polarity], ...]:
    found = []
    for facet, span, polarity in stated:
        name = str(facet)
        found.append((_MISPRINTS.get(name, name), str(span).lower().strip(), _polarity(polarity)))
    return tuple(dict.fromkeys(found))


def _polarity(value: object) -> Polarity:
    for polarity in POLARITIES:
        if value == polarity:
            return polarity
    raise ValueError(f"{value!r} is no polarity; write one of {' '.join(POLARITIES)}")
