"""How much each encoder's vectors are worth for recommending, with listening history and without: a table of weights.

`segue eval encoders --report FOLDER` writes one, from what each adds on validation parts to the same vectors shuffled.
Weights are shares: of the encoders that a catalogue has, those that are named share out 1 among them by theirs, and one
that is not named counts as much as they do on average.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from recsys.cold.errors import ColdStartError
from recsys.cold.splits import PROTOCOLS, Protocol

SHIPPED = "data/encoder_weights.json"


@dataclass(frozen=True)
class EncoderWeights:
    """Shares by protocol and encoder, and what they were measured on."""

    shares: Mapping[Protocol, Mapping[str, float]]
    measured_on: str

    def of(self, names: Iterable[str], protocol: Protocol) -> dict[str, float]:
        """Return the weights of some encoders, which add up to 1; equal ones where none of them is known."""
        known = self.shares.get(protocol, {})
        wanted = list(dict.fromkeys(names))
        found = [known[name] for name in wanted if name in known]
        usual = sum(found) / len(found) if found and sum(found) > 0 else 1.0
        weights = {name: known.get(name, usual) if found and sum(found) > 0 else 1.0 for name in wanted}
        total = sum(weights.values())
        return {name: weight / total for name, weight in weights.items()}

    def to_json(self) -> dict[str, Any]:
        """The weights as plain data."""
        shares = {name: {one: round(share, 4) for one, share in of.items()} for name, of in self.shares.items()}
        return {"schema": 1, "measured_on": self.measured_on, "shares": shares}

    def write(self, path: Path) -> None:
        """Write them whole or not at all."""
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(part, path)


def read_weights(path: Path | None = None) -> EncoderWeights:
    """Read weights from a file, or those that are shipped.

    Raises:
        ColdStartError: the file cannot be read, or is none of these.
    """
    source = resources.files("recsys").joinpath(SHIPPED) if path is None else path
    try:
        plain = json.loads(source.read_text(encoding="utf-8"))
        shares: dict[Protocol, Mapping[str, float]] = {}
        for protocol in PROTOCOLS:
            found = {str(name): float(share) for name, share in plain["shares"].get(protocol, {}).items()}
            if any(not 0 <= share <= 1 for share in found.values()):
                raise ValueError(f"a share of {protocol} is not from 0 to 1")
            shares[protocol] = found
        return EncoderWeights(shares, str(plain["measured_on"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        problem = f"cannot be read ({type(error).__name__}: {error})"
        raise ColdStartError(str(source), problem, "write one with `segue eval encoders --report FOLDER`") from error
