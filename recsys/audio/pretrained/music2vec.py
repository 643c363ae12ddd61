"""Music2Vec (Li et al., ISMIR late-breaking 2022): data2vec trained on music.

Rate 16 kHz; trained on windows of 30 s; 50 frames a second. The published use is the mean over time of any of the 13
hidden states; we take the last, as the study of audio encoders for recommendation has it at the width of one layer, 768
(Tamm and Aljanaki, arXiv 2409.08987). Waveforms are brought to mean zero and variance one, as the published use does by
borrowing the feature extractor of data2vec-audio-base-960h.

**Padding** takes part in the vectors whatever the mask says: five stacked position convolutions carry it inwards. So
windows of unlike lengths are never batched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recsys.audio.base import AudioCard
from recsys.audio.pretrained.encoder import PretrainedEncoder, mean_of_last, unit_variance
from recsys.audio.pretrained.loading import download, load_pretrained, settings_in

CARD = AudioCard(
    name="music2vec",
    rate=16_000,
    window_s=30.0,
    layer="last of 12",
    pooling="mean over time",
    dim=768,
    licence="CC BY-NC 4.0",
    source="Li et al. 2022, arXiv 2212.02508; huggingface.co/m-a-p/music2vec-v1",
    fetch="segue encoders fetch music2vec",
)


def fetch(card: AudioCard, folder: Path) -> None:
    """Download the weights.

    Raises:
        WeightsError: that failed.
    """
    download(card, "m-a-p/music2vec-v1", folder, ("config.json",), ("model.safetensors", "pytorch_model.bin"))


def open_encoder(card: AudioCard, folder: Path, threads: int = 1, device: str | None = None) -> PretrainedEncoder:
    """Open Music2Vec with the weights in a folder.

    Raises:
        MissingWeightsError: they are not there.
    """
    from transformers import Data2VecAudioModel

    model = load_pretrained(Data2VecAudioModel, card, folder, data2vec_config(settings_in(card, folder)))
    return PretrainedEncoder(card, model, folder, mean_of_last, prepare=unit_variance, threads=threads, device=device)


def data2vec_config(settings: dict[str, Any]) -> Any:
    """Return the published settings as transformers takes them.

    They name a file as the size of the vocabulary, which is of no use here and which transformers 5 refuses.
    """
    from transformers import Data2VecAudioConfig

    known = set(Data2VecAudioConfig().to_dict()) - {"model_type", "architectures", "transformers_version", "vocab_size"}
    return Data2VecAudioConfig(**{name: value for name, value in settings.items() if name in known})
