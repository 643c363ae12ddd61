"""The vectors that a model reads: what the catalogue states, encoded, and the spaces, laid along its rows.

Shapes: N tracks, M modalities, D_m width of modality m.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recsys import predicted
from recsys.catalogue import Catalogue
from recsys.embeddings import EmbeddingCache, build_table, copy_table
from recsys.encoders.text import TextEncoder
from recsys.jam.train import StandIns
from recsys.spaces import LISTENERS, Space, open_space
from recsys.types import BoolArray, FloatArray, Modality, Progress

if TYPE_CHECKING:
    from recsys.cold.predicting import Predicted
    from recsys.fitting import Plan


@dataclass(frozen=True)
class Inputs:
    """The vectors that a model reads."""

    tables: dict[Modality, FloatArray]  # per modality (N, D_m), zero where absent
    present: BoolArray  # (N, M)
    own: dict[str, Space]  # of listeners
    stand_ins: dict[Modality, StandIns] = field(default_factory=dict)  # predicted vectors of tracks that have true ones


def read_inputs(
    home: Path, building: Path, catalogue: Catalogue, encoder: TextEncoder, plan: Plan, progress: Progress | None
) -> Inputs:
    """Encode what the catalogue states, lay the spaces along its rows, and predict what the plan says of them."""
    texts: dict[Modality, Sequence[str]] = {
        Modality.TEXT: [catalogue.text_of(row) for row in range(len(catalogue))],
        Modality.TAGS: [catalogue.tags_of(row) for row in range(len(catalogue))],
    }
    folder = building / "embeddings"
    with EmbeddingCache(home / "cache" / "embeddings", encoder) as cache:
        tables = [build_table(folder / m.value, m, texts[m], cache, catalogue.fingerprint, progress) for m in texts]
    own, brought = {}, {}
    for name in sorted(plan.spaces):
        space = open_space(home, name)
        if space.card.of == LISTENERS:
            own[name] = space
            continue
        vectors, present = space.rows(catalogue.track_ids)
        if present.any() if plan.reused is None else Modality(name) in plan.reused.modalities:
            brought[Modality(name)] = (vectors, present, f"space {space.card.fingerprint}")
    stand_ins = {}
    if filling := [one for one in brought if one.value in plan.predicted and _knows_worth(plan, one.value)]:
        contents = {table.modality: table.vectors for table in tables}
        contents |= {m: one[0] for m, one in brought.items() if not predicted.is_collaborative(m.value)}
        for modality in filling:
            made = _predict(home, building, catalogue, plan, modality, brought[modality][0], contents, progress)
            vectors, present, source = brought[modality]
            filled = np.where(made.missing[:, None], made.vectors, vectors)
            brought[modality] = (filled, present | made.missing, f"{source}, {plan.predicted[modality.value]}")
            if made.stand_ins.any():
                stand_ins[modality] = StandIns(made.vectors, made.stand_ins)
    for modality, (vectors, present, source) in brought.items():
        tables.append(copy_table(folder / modality.value, modality, vectors, present, source, catalogue.fingerprint))
    return Inputs(
        {table.modality: table.vectors for table in tables},
        np.stack([table.present for table in tables], axis=1),
        own,
        stand_ins,
    )


def _knows_worth(plan: Plan, name: str) -> bool:
    """Tell whether the plan's model was, or is yet to be, shown predicted vectors of a space."""
    fitted = plan.reused or plan.base
    if fitted is None or name == plan.only:
        return True
    return name in fitted.card.get("shown", fitted.card.get("predicted", ()))


def _predict(
    home: Path,
    building: Path,
    catalogue: Catalogue,
    plan: Plan,
    modality: Modality,
    collaborative: FloatArray,
    contents: Mapping[Modality, FloatArray],
    progress: Progress | None,
) -> Predicted:
    return predicted.make(
        building / predicted.FOLDER / modality.value,
        collaborative,
        contents,
        catalogue,
        weights=predicted.weights_of(home),
        seed=plan.settings.seed,
        threads=plan.settings.threads,
        progress=progress,
    )
