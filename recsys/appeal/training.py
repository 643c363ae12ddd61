"""Fitting the network of APEX to any content numbers and any heads, in a way that can be broken off and gone on with.

Protocol of the published training script (github.com/AMAAI-Lab/apex, train.py): AdamW, learning rate and weight decay
1e-4, batches of 512, gradients clipped at 1, 50 epochs, a cosine to 0, patience of 20 epochs on the loss of
held-out rows, the best epoch's weights kept. The loss that is chosen by is the one that is trained, without dropout.

The validation part is a tenth of the artists. Content is brought to mean 0 and deviation 1 of the training rows, unless
`standardise` is off, as it is in the published script. State is kept after each epoch; order and dropout are functions
of (seed, epoch), so a run that was killed ends with the weights of one that was not, at the same number of threads.

Shapes: n rows (tracks, or segments of tracks), D content numbers, H heads.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recsys.appeal.apex import Apex
from recsys.appeal.errors import AppealError
from recsys.appeal.losses import CombinedLoss
from recsys.appeal.targets import Scales, Targets
from recsys.appeal.transforms import Transform
from recsys.jam.training_state import STATE_FILE, StateFile, TrainingState, optimiser_state, restore_optimiser
from recsys.types import NOTE, FloatArray, Progress

_LEAST_BATCH = 2  # BatchNorm has no deviation of one row
_MODEL, _BEST, _LOSS = "model.", "best.", "loss."
_VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class ApexSettings:
    """How APEX is trained. The defaults are the published ones, but for `standardise`."""

    n_shared: int = 2
    loss: str = "uncertainty"
    scaled: bool = False  # whether errors are divided by the heads' ranges before they are combined
    learning_rate: float = 1e-4
    weight_decay: float = 1e-4
    batch: int = 512
    epochs: int = 50
    patience: int = 20
    clip: float = 1.0
    standardise: bool = True
    transforms: Mapping[str, Transform] = field(default_factory=dict)  # by head

    def to_json(self) -> dict[str, object]:
        """As plain data."""
        told = asdict(self) | {"transforms": {name: one.to_json() for name, one in self.transforms.items()}}
        return dict(told)


@dataclass(frozen=True)
class FittedApex:
    """A network with what its inputs and outputs are mapped by."""

    model: Apex
    scales: Scales
    centre: FloatArray  # (D,)
    spread: FloatArray  # (D,)
    losses: tuple[float, ...]  # of the validation part, by epoch

    def predict(self, content: FloatArray) -> NDArray[np.float64]:
        """Predict raw values (n, H) of rows (n, D), each row by itself.

        Raises:
            AppealError: the rows are of another width.
        """
        if content.ndim != 2 or content.shape[1] != self.model.n_inputs:
            raise AppealError(
                f"content of the shape {content.shape} for a model of {self.model.n_inputs:,} numbers a track; give "
                "the vectors or features that it was trained on"
            )
        self.model.eval()
        with torch.inference_mode():
            told = self.model(torch.from_numpy(((content - self.centre) / self.spread).astype(np.float32)))
        return self.scales.inverse(told.numpy().astype(np.float64))


def train_apex(
    content: FloatArray,
    targets: Targets,
    groups: Sequence[str],
    settings: ApexSettings,
    *,
    seed: int,
    folder: Path | None = None,
    progress: Progress | None = None,
    stage: str = "train",
) -> FittedApex:
    """Fit the network.

    Args:
        content: (n, D), no NaN.
        targets: of the same rows, NaN where unknown.
        groups: the artist of each row (the track, where rows are segments and artists unknown): none is both learnt
            from and validated on.
        settings: how.
        seed: of initial weights, validation part, order and dropout.
        folder: where the state is kept; None keeps none.
        progress: told (stage · validation loss, epochs done, epochs at most).
        stage: its name.

    Raises:
        AppealError: rows do not match, too few are known, values are beyond a head's range, or the loss is no number
            any more.
        CheckpointError: the state in `folder` is damaged.
    """
    _check(content, targets, groups)
    learnt, held = _validation(groups, targets, seed)
    scales = Scales.fit(targets.rows(learnt), settings.transforms)
    values = scales.forward(targets.values)
    _check_ranges(targets, values)
    wanted = torch.from_numpy(values.astype(np.float32))
    centre, spread = _scaling(content[learnt], settings.standardise)
    rows = torch.from_numpy(((content - centre) / spread).astype(np.float32))
    torch.manual_seed(seed)
    model = Apex(targets.heads, n_inputs=content.shape[1], n_shared=settings.n_shared)
    state = StateFile(None if folder is None else folder / STATE_FILE, _identity(content, targets, settings, seed))
    run = _Run(model, CombinedLoss(targets.heads, settings.loss, scaled=settings.scaled), settings, state, seed)
    losses = run.fit(rows[learnt], wanted[learnt], rows[held], wanted[held], progress, stage)
    return FittedApex(model.eval(), scales, centre, spread, tuple(losses))


def held_out_errors(
    fitted: FittedApex, content: FloatArray, targets: Targets, groups: Sequence[str], *, seed: int
) -> dict[str, float]:
    """The root mean square error of every head on the artists that `train_apex` held out, with the same arguments.

    The epoch was chosen by them, so that it is a little too small. A head of which they state nothing is left out.
    """
    _, held = _validation(groups, targets, seed)
    off = np.square(fitted.predict(content[held]) - targets.values[held])
    known = {head.name: off[~np.isnan(off[:, column]), column] for column, head in enumerate(targets.heads)}
    return {name: float(np.sqrt(values.mean())) for name, values in known.items() if len(values)}


class _Run:
    """One training run and its state."""

    def __init__(self, model: Apex, loss: CombinedLoss, settings: ApexSettings, state: StateFile, seed: int) -> None:
        self.model, self.loss, self.settings, self.state, self.seed = model, loss, settings, state, seed
        learnt = [*model.parameters(), *(one for one in loss.parameters() if one.requires_grad)]
        self.optimiser = torch.optim.AdamW(learnt, lr=settings.learning_rate, weight_decay=settings.weight_decay)
        self.learnt = learnt
        self.losses: list[float] = []
        self.best = {name: one.clone() for name, one in model.state_dict().items()}

    def fit(
        self,
        rows: Tensor,
        wanted: Tensor,
        held_rows: Tensor,
        held_wanted: Tensor,
        progress: Progress | None,
        stage: str,
    ) -> list[float]:
        """Train from wherever the state is; the model then has the best epoch's weights."""
        self._restore()
        while len(self.losses) < self.settings.epochs and not self._stop():
            epoch = len(self.losses)
            self._epoch(epoch, rows, wanted)
            self.model.eval()
            with torch.no_grad():
                found = float(self.loss(self.model(held_rows), held_wanted))
            if not math.isfinite(found):
                raise AppealError(f"the loss of epoch {epoch + 1} is {found}; lower the learning rate or the inputs")
            if not self.losses or found < min(self.losses):
                self.best = {name: one.clone() for name, one in self.model.state_dict().items()}
            self.losses.append(found)
            self._keep()
            if progress:
                progress(f"{stage}{NOTE}loss {found:.4g}", epoch + 1, self.settings.epochs)
        self.model.load_state_dict(self.best)
        return self.losses

    def _stop(self) -> bool:
        if not self.losses:
            return False
        return len(self.losses) - 1 - int(np.argmin(self.losses)) >= self.settings.patience

    def _epoch(self, epoch: int, rows: Tensor, wanted: Tensor) -> None:
        rate = self.settings.learning_rate * (1 + math.cos(math.pi * epoch / self.settings.epochs)) / 2
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        # Order and dropout begin anew with each epoch, from nothing but the seed and its number.
        torch.manual_seed(int(np.random.SeedSequence((self.seed, epoch)).generate_state(1)[0]))
        order = torch.randperm(len(rows))
        self.model.train()
        for batch in torch.split(order, self.settings.batch):
            if len(batch) < _LEAST_BATCH:
                continue
            self.optimiser.zero_grad()
            self.loss(self.model(rows[batch]), wanted[batch]).backward()
            torch.nn.utils.clip_grad_norm_(self.learnt, self.settings.clip)
            self.optimiser.step()

    def _keep(self) -> None:
        tensors = {f"{_MODEL}{name}": one for name, one in self.model.state_dict().items()}
        tensors |= {f"{_BEST}{name}": one for name, one in self.best.items()}
        tensors |= {f"{_LOSS}{name}": one for name, one in self.loss.state_dict().items()}
        moments, groups = optimiser_state(self.optimiser)
        self.state.keep(TrainingState(tensors | moments, {"losses": self.losses, "groups": groups}))

    def _restore(self) -> None:
        found = self.state.find(torch.device("cpu"))
        if found is None:
            return
        self.model.load_state_dict(found.part(_MODEL))
        self.loss.load_state_dict(found.part(_LOSS))
        self.best = found.part(_BEST)
        restore_optimiser(self.optimiser, found, found.facts["groups"])
        self.losses = [float(one) for one in found.facts["losses"]]


def _check(content: FloatArray, targets: Targets, groups: Sequence[str]) -> None:
    n = len(targets.values)
    if content.ndim != 2 or len(content) != n or len(groups) != n:
        raise AppealError(
            f"content of the shape {content.shape}, {n:,} rows of targets and {len(groups):,} artists; expected one "
            "row of each for every track"
        )
    if not np.isfinite(content).all():
        raise AppealError("some content is no finite number; fill what is missing first (see recsys.appeal.inputs)")
    for column, head in enumerate(targets.heads):
        if len(set(targets.values[~np.isnan(targets.values[:, column]), column])) < 2:
            raise AppealError(f"{head.name} has fewer than two different known values; leave that target out")


def _check_ranges(targets: Targets, values: NDArray[np.float64]) -> None:
    """Refuse values that no output can reach."""
    for column, head in enumerate(targets.heads):
        low, high = float(np.nanmin(values[:, column])), float(np.nanmax(values[:, column]))
        if low < head.low or high > head.high:
            raise AppealError(
                f"{head.name} goes from {low:g} to {high:g} where the head says {head.low:g} to {head.high:g}; "
                f"transform it, as with --set transform.{head.name}=percentile, or give it on that scale"
            )


def _validation(groups: Sequence[str], targets: Targets, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Hold out a tenth of the artists, at least one, of the rows that have any target."""
    known = np.asarray(~np.isnan(targets.values).all(axis=1))
    names = sorted({group for group, there in zip(groups, known, strict=True) if there})
    if len(names) < 2:
        raise AppealError(f"only {len(names)} artist has known targets; at least two are needed, one to validate on")
    n_held = max(1, round(_VALIDATION_SHARE * len(names)))
    drawn = set(np.random.default_rng(seed).permutation(names)[:n_held].tolist())
    held = np.array([group in drawn for group in groups])
    return np.flatnonzero(known & ~held), np.flatnonzero(known & held)


def _scaling(content: FloatArray, standardise: bool) -> tuple[FloatArray, FloatArray]:
    """Return what is subtracted from every content number and what it is divided by, (D,) each."""
    if not standardise:
        return np.zeros(content.shape[1], np.float32), np.ones(content.shape[1], np.float32)
    spread = content.std(axis=0)
    return content.mean(axis=0).astype(np.float32), np.where(spread > 0, spread, 1).astype(np.float32)


def _identity(content: FloatArray, targets: Targets, settings: ApexSettings, seed: int) -> str:
    """Digest all that the weights depend on."""
    digest = hashlib.sha256(repr((settings.to_json(), seed, [one.name for one in targets.heads])).encode())
    digest.update(np.ascontiguousarray(content).tobytes())
    digest.update(np.ascontiguousarray(targets.values).tobytes())
    return digest.hexdigest()
