"""Looks for bytes in every file of a folder, also in what is compressed there."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np


def forms_of(text: str) -> dict[str, bytes]:
    """Every way in which a text may be written to a file: plain, as JSON, in two-byte characters."""
    return {
        f"{text!r} as utf-8": text.encode(),
        f"{text!r} as JSON": json.dumps(text)[1:-1].encode(),
        f"{text!r} as utf-16": text.encode("utf-16-le"),
    }


def forms_of_vector(name: str, vector: np.ndarray) -> dict[str, bytes]:
    """A vector's bytes as it is and at unit length, in single and double precision; its head and its tail alone."""
    unit = vector.astype(np.float64) / np.abs(vector).max()
    unit /= np.linalg.norm(unit)
    return {
        f"{name} {how} {part} as {kind}": values.astype(kind).tobytes()
        for how, whole in (("as given", vector), ("at unit length", unit))
        for part, values in (("head", whole[:4]), ("tail", whole[-4:]))
        for kind in ("<f4", "<f8")
    }


def found_in(folder: Path, wanted: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Return which of the wanted bytes are where: name → files, and places in archives."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            for place, content in _contents(str(path.relative_to(folder)), path.read_bytes()):
                for name, sought in wanted.items():
                    if sought in content:
                        found.setdefault(name, []).append(place)
        for name, sought in wanted.items():
            if sought in path.name.encode():
                found.setdefault(name, []).append(f"the name of {path}")
    return found


def _contents(place: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a file's bytes, and those of everything that is packed in it."""
    yield place, content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from _contents(f"{place}!{name}", archive.read(name))
                yield f"{place}!{name} (its name)", name.encode()
    elif content[:2] == b"\x1f\x8b":
        with suppress(OSError, EOFError, zlib.error):
            yield from _contents(f"{place}!gzip", gzip.decompress(content))
