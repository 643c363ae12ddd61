"""Cards: what there is to know of other files, as JSON beside them, written after them and whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_card(path: Path, card: Mapping[str, Any], *, by_name: bool = False) -> None:
    """Write a card in place of the one that is there.

    Args:
        path: of the file; its folder exists.
        card: plain data.
        by_name: sort by name at every level, so that the same content is the same file.
    """
    part = path.with_name(f"{path.name}.part")
    told = json.dumps(dict(card), indent=2, sort_keys=by_name)
    part.write_text(f"{told}\n", encoding="utf-8")
    os.replace(part, path)
