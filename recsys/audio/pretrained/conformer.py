"""The network of MusicFM and of MuQ, over transformers' own conformer: mel spectrogram → convolutions → conformer.

Both families publish weights for the same network under the same names (MuQ is built on MusicFM), so one module reads
them both. No library of theirs can be used here: MusicFM has none, and `muq` 0.1.0 reads a field that the conformer of
transformers 5 no longer returns, and needs builds of torchaudio and torchvision that torch for CPUs cannot load. What
is here agrees with `muq` 0.1.0 under transformers 4.57 to 1e-5 (tests/golden/muq_tiny.json).

Shapes: B windows, S samples, F mel bands, T frames (25 a second), C channels, D width of the conformer.
Sources: Won, Hung and Le (ICASSP 2024), MusicFM; Zhu et al. (2025), MuQ; their public code.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import Wav2Vec2ConformerConfig
from transformers.audio_utils import mel_filter_bank
from transformers.models.wav2vec2_conformer.modeling_wav2vec2_conformer import Wav2Vec2ConformerEncoder

RATE = 24_000
_N_FFT, _N_MELS = 2048, 128
#: Power below which a mel band counts as silent: −100 dB.
_FLOOR = 1e-10


class Spectrogram(nn.Module):
    """Waveform → mel spectrogram in decibels, standardised with the statistics of the training set."""

    window: Tensor
    filters: Tensor

    def __init__(self, hop: int, mean: float, std: float) -> None:
        super().__init__()
        filters = mel_filter_bank(
            num_frequency_bins=_N_FFT // 2 + 1,
            num_mel_filters=_N_MELS,
            min_frequency=0.0,
            max_frequency=RATE / 2,
            sampling_rate=RATE,
            mel_scale="htk",
        )
        self.register_buffer("window", torch.hann_window(_N_FFT), persistent=False)
        self.register_buffer("filters", torch.from_numpy(filters).float(), persistent=False)
        self.hop, self.mean, self.std = hop, mean, std

    def forward(self, waves: Tensor) -> Tensor:
        """Map (B, S) to (B, F, 4 T)."""
        spectrum = torch.stft(waves, _N_FFT, self.hop, window=self.window, return_complex=True)  # (B, bins, 4 T + 1)
        power = spectrum.abs().square()
        mel = torch.einsum("bft,fm->bmt", power, self.filters)
        decibels = 10 * mel.clamp(min=_FLOOR).log10()
        return (decibels[..., :-1] - self.mean) / self.std


class Residual(nn.Module):
    """Two convolutions beside a third that brings the input to their shape."""

    def __init__(self, n_in: int, n_out: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1, stride=stride)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.conv3 = nn.Conv2d(n_in, n_out, 3, padding=1, stride=stride)
        self.bn3 = nn.BatchNorm2d(n_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, n_in, F, T) to (B, n_out, F / stride, T / stride)."""
        inner = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return torch.relu(inner + self.bn3(self.conv3(x)))


class Subsampling(nn.Module):
    """Spectrogram → frames: bands and time are halved twice, then all channels of a frame become one vector."""

    def __init__(self, n_channels: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(Residual(1, n_channels, (2, 2)), Residual(n_channels, n_channels, (2, 2)))
        self.linear = nn.Linear(n_channels * _N_MELS // 4, width)

    def forward(self, mel: Tensor) -> Tensor:
        """Map (B, F, 4 T) to (B, T, D)."""
        maps = self.conv(mel[:, None])  # (B, C, F / 4, T)
        frames: Tensor = self.linear(maps.permute(0, 3, 1, 2).flatten(2))
        return frames


class MusicConformer(nn.Module):
    """Waveform → hidden states of the conformer."""

    def __init__(
        self, *, hop: int, n_channels: int, width: int, depth: int, mean: float, std: float, conformer: dict[str, Any]
    ) -> None:
        """Make the network, without weights.

        Args:
            hop: samples between columns of the spectrogram.
            n_channels: C, of the convolutions.
            width: D.
            depth: layers of the conformer.
            mean: of the spectrogram over the training set, in decibels.
            std: likewise.
            conformer: the published settings of the conformer.
        """
        super().__init__()
        known = set(Wav2Vec2ConformerConfig().to_dict()) - {"model_type", "architectures", "transformers_version"}
        settings = {name: value for name, value in conformer.items() if name in known}
        self.spectrogram = Spectrogram(hop, mean, std)
        self.conv = Subsampling(n_channels, width)
        self.conformer = Wav2Vec2ConformerEncoder(  # type: ignore[no-untyped-call]
            Wav2Vec2ConformerConfig(**{**settings, "hidden_size": width, "num_hidden_layers": depth})
        )

    def forward(self, waves: Tensor, layer: int = -1) -> Tensor:
        """Map (B, S) to the frames (B, T, D) of one hidden state.

        Args:
            waves: in [-1, 1] at 24 kHz.
            layer: 0 is what the first layer reads, 1 what it gives, and so on; the last, also −1, is normalised.
        """
        wanted = layer % (len(self.conformer.layers) + 1)
        states: Tensor = self.conv(self.spectrogram(waves))
        places = self.conformer.embed_positions(states) if self.conformer.embed_positions is not None else None
        for block in self.conformer.layers[:wanted]:
            states = block(states, relative_position_embeddings=places)
        return self.conformer.layer_norm(states) if wanted == len(self.conformer.layers) else states


def mean_of_frames(model: MusicConformer, waves: Tensor) -> Tensor:
    """Return the mean over time (B, D) of the last hidden state."""
    return model(waves).mean(dim=1)  # type: ignore[no-any-return]
