"""MusiCNN and its VGG sibling in torch, over the original checkpoints.

Shapes: P patches, T = 187 frames, F = 96 mel bands, C channels; tensors are (P, C, T, F).
Source: Pons & Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging" (2019), and the
code of `musicnn` 0.1.0. Every convolution is followed by ReLU, then by batch normalisation.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys.types import FloatArray

#: ε of batch normalisation in TensorFlow 1.
_EPSILON = 1e-3


class _Checkpoint(nn.Module):
    """The parts that both networks are made of, over the tensors of a checkpoint by their names."""

    def __init__(self, weights: Mapping[str, FloatArray]) -> None:
        super().__init__()
        self._names = {name: f"t{number}" for number, name in enumerate(sorted(weights))}
        for name, short in self._names.items():
            tensor = torch.from_numpy(weights[name])
            # TensorFlow's kernels are (height, width, in, out) and (in, out).
            order = {4: (3, 2, 0, 1), 2: (1, 0)}.get(tensor.ndim)
            self.register_buffer(short, tensor.permute(order).contiguous() if order else tensor)

    def _of(self, name: str) -> Tensor:
        return self.get_buffer(self._names[name])

    def _norm(self, x: Tensor, number: int) -> Tensor:
        """Normalise the channels (dimension 1)."""
        scale, shift = self._scale_and_shift(number)
        shape = (1, -1) + (1,) * (x.ndim - 2)
        return x * scale.view(shape) + shift.view(shape)

    def _scale_and_shift(self, number: int) -> tuple[Tensor, Tensor]:
        layer = f"batch_normalization_{number}" if number else "batch_normalization"
        scale = self._of(f"{layer}/gamma") / torch.sqrt(self._of(f"{layer}/moving_variance") + _EPSILON)
        return scale, self._of(f"{layer}/beta") - self._of(f"{layer}/moving_mean") * scale

    def _conv(self, x: Tensor, layer: str, padding: tuple[int, int] | str) -> Tensor:
        weights, bias = self._of(f"{layer}/kernel"), self._of(f"{layer}/bias")
        return functional.relu(functional.conv2d(x, weights, bias, padding=padding))

    def _dense(self, x: Tensor, layer: str) -> Tensor:
        return functional.linear(x, self._of(f"{layer}/kernel"), self._of(f"{layer}/bias"))


class Musicnn(_Checkpoint):
    """Timbral and temporal filters, three layers of residual convolutions, pooling over time."""

    def forward(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Map log-mel patches (P, T, F) to tags (P, 50) in 0–1 and to the penultimate layer (P, 200)."""
        x = self._norm(patches.unsqueeze(1), 0)  # (P, 1, T, F)
        strongest = [self._strongest_band(x, layer, norm, (3, 3)) for norm, layer in ((1, "conv2d"), (2, "conv2d_1"))]
        for norm, length in ((3, 128), (4, 64), (5, 32)):
            # "same" in TensorFlow: of an odd number of zeros the greater half comes behind.
            padding = (length - 1) // 2, length // 2
            strongest.append(self._strongest_band(x, f"conv2d_{norm - 1}", norm, padding))
        front = torch.cat(strongest, dim=1)  # (P, 561, T)

        first = self._over_time(front, "conv2d_5", 6)  # (P, 64, T)
        second = self._over_time(first, "conv2d_6", 7) + first
        third = self._over_time(second, "conv2d_7", 8) + second
        x = torch.cat([front, first, second, third], dim=1)  # (P, 753, T)

        pooled = torch.stack([x.amax(dim=2), x.mean(dim=2)], dim=2).flatten(1)  # maximum and mean of each, in turn
        penultimate = self._norm(functional.relu(self._dense(self._norm(pooled, 9), "dense")), 10)
        return torch.sigmoid(self._dense(penultimate, "dense_1")), penultimate

    def _strongest_band(self, x: Tensor, layer: str, norm: int, padding: tuple[int, int]) -> Tensor:
        """Filter (P, 1, T, F), and take each filter's greatest value over the bands: (P, C, T).

        The original takes it after ReLU and normalisation. Both keep the order of values, or turn it round where a
        scale is negative; so it is taken of the filtered bands, turned round there, and the rest done to it alone.
        """
        scale, shift = self._scale_and_shift(norm)
        sign = torch.where(scale < 0, -1.0, 1.0)
        weights, bias = self._of(f"{layer}/kernel") * sign.view(-1, 1, 1, 1), self._of(f"{layer}/bias") * sign
        padded = functional.pad(x, (0, 0, *padding))
        greatest = functional.conv2d(padded, weights, bias).amax(dim=3) * sign.view(1, -1, 1)
        return functional.relu(greatest) * scale.view(1, -1, 1) + shift.view(1, -1, 1)

    def _over_time(self, x: Tensor, layer: str, norm: int) -> Tensor:
        """Convolve (P, C, T) over 7 frames and all channels at once, into (P, 64, T)."""
        planes = x.transpose(1, 2).unsqueeze(1)  # (P, 1, T, C)
        return self._norm(self._conv(planes, layer, (3, 0)), norm).squeeze(3)


class Vgg(_Checkpoint):
    """Five layers of 3 × 3 filters."""

    def forward(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Map log-mel patches (P, T, F) to tags (P, 50) in 0–1 and to the pooled last layer (P, 256), flat."""
        x = self._norm(patches.unsqueeze(1), 0)
        for number, (size, stride) in enumerate([((4, 1), (2, 2)), *[((2, 2), (2, 2))] * 3, ((4, 4), (4, 4))], start=1):
            x = self._norm(self._conv(x, f"{number}CNN", "same"), number)
            x = functional.max_pool2d(x, size, stride)
        flat = x.permute(0, 2, 3, 1).flatten(1)  # channels last, as TensorFlow has them
        return torch.sigmoid(self._dense(flat, "dense")), flat


def build(checkpoint: str, weights: Mapping[str, FloatArray]) -> nn.Module:
    """Build the network of a checkpoint, by its name, ready to answer."""
    return (Vgg if checkpoint.endswith("_vgg") else Musicnn)(weights).eval()
