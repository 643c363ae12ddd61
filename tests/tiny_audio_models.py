"""Tiny random audio models of the real classes, in folders as their authors publish them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden" / "muq_tiny.json").read_text())
#: Code that weights come with; to run it is to leave a file behind.
TRAP = "from pathlib import Path\nPath(__file__).with_name('ran').write_text('it ran')\n"
_WAVE = {
    "hidden_size": 32,
    "num_hidden_layers": 12,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "conv_dim": [16] * 7,
    "num_conv_pos_embedding_groups": 4,
}


def save_mert(folder: Path, *, large: bool = False, **changed: object) -> None:
    """Save a MERT of width 32: its own kind of model and code, weights under the names of older versions of torch."""
    import torch
    from transformers import HubertConfig, HubertModel

    torch.manual_seed(0)
    shape = {**_WAVE, "num_conv_pos_embeddings": 16}
    kind = {"feat_extract_norm": "layer" if large else "group", "do_stable_layer_norm": large, "conv_bias": large}
    state = HubertModel(HubertConfig(**shape, **kind)).state_dict()
    renamed = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): value
        for name, value in state.items()
    }
    folder.mkdir(parents=True)
    torch.save(renamed, folder / "pytorch_model.bin")
    _write(
        folder / "config.json",
        {
            **shape,
            **kind,
            "model_type": "mert_model",
            "architectures": ["MERTModel"],
            "auto_map": {"AutoConfig": "configuration_MERT.MERTConfig", "AutoModel": "modeling_MERT.MERTModel"},
            "attention_relax": -1.0,
            "deepnorm": False,
            "feature_extractor_cqt": False,
            "feature_extractor_cqt_bins": 336,
            "sample_rate": 24000,
            "torch_dtype": "float32",
            "transformers_version": "4.27.1",
            **changed,
        },
    )
    for name in ("configuration_MERT.py", "modeling_MERT.py"):
        (folder / name).write_text(TRAP)
    _write(
        folder / "preprocessor_config.json",
        {
            "do_normalize": True,
            "feature_extractor_type": "Wav2Vec2FeatureExtractor",
            "feature_size": 1,
            "padding_side": "right",
            "padding_value": 0,
            "return_attention_mask": True,
            "sampling_rate": 24000,
        },
    )


def save_music2vec(folder: Path) -> None:
    """Save a Music2Vec of width 32, with a path for the size of its vocabulary, as published."""
    import torch
    from transformers import Data2VecAudioConfig, Data2VecAudioModel

    torch.manual_seed(1)
    shape = {**_WAVE, "num_conv_pos_embeddings": 5, "conv_pos_kernel_size": 19}
    Data2VecAudioModel(Data2VecAudioConfig(**shape)).save_pretrained(folder)
    settings = json.loads((folder / "config.json").read_text())
    _write(folder / "config.json", {**settings, "vocab_size": "/somewhere/dict.km.txt"})


def save_clap(folder: Path, *, fused: bool = False) -> None:
    """Save a CLAP, both towers, that projects to 8."""
    import torch
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel

    torch.manual_seed(2)
    config = ClapConfig(
        audio_config={
            "patch_embeds_hidden_size": 8,
            "hidden_size": 64,
            "depths": [1, 1, 1, 1],
            "num_attention_heads": [1, 1, 2, 2],
            "projection_dim": 8,
            "enable_fusion": fused,
        },
        text_config={
            "vocab_size": 20,
            "hidden_size": 8,
            "intermediate_size": 8,
            "num_hidden_layers": 1,
            "num_attention_heads": 1,
            "projection_dim": 8,
        },
        projection_dim=8,
    )
    ClapModel(config).save_pretrained(folder)
    ClapFeatureExtractor(truncation="rand_trunc", padding="repeatpad").save_pretrained(folder)


def save_encodec(folder: Path, **changed: Any) -> None:
    """Save an EnCodec, both halves, whose latents have 8 numbers."""
    import torch
    from transformers import EncodecConfig, EncodecModel

    torch.manual_seed(3)
    small = {"num_filters": 2, "hidden_size": 8, "codebook_size": 4, "codebook_dim": 8, "target_bandwidths": [1.5]}
    EncodecModel(EncodecConfig(**{**small, **changed})).save_pretrained(folder)


def save_muq(folder: Path) -> None:
    """Save the MuQ of width 16 of which tests/golden/muq_tiny.json has what `muq` 0.1.0 makes of a sound."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    save_file(planted(GOLDEN["weights"]), folder / "model.safetensors")
    _write(folder / "config.json", GOLDEN["config"])


def save_muq_mulan(folder: Path, layer: int = -1) -> None:
    """Save the MuQ-MuLan that goes with it, projecting to 6; weights of its text tower among them."""
    from safetensors.torch import save_file

    (folder / "muq").mkdir(parents=True)
    save_file(planted(GOLDEN["mulan_weights"], "mulan."), folder / "model.safetensors")
    _write(
        folder / "config.json",
        {
            "mulan": {"sr": 24000, "clip_secs": 10, "dim_latent": 6},
            "audio_model": {"name": "OpenMuQ/MuQ-large-msd-iter", "model_dim": 16, "use_layer_idx": layer},
            "text_model": {"name": "xlm-roberta-base", "model_dim": None, "use_layer_idx": -1},
            "audio_transformer": {"dim": 12, "tf_depth": 2, "heads": 2, "dim_head": 8, "ff_mult": 4},
        },
    )
    _write(folder / "muq" / "config.json", GOLDEN["config"])


def save_musicfm(folder: Path) -> None:
    """Save the same network as MusicFM publishes it: a checkpoint of training, statistics, settings of a conformer."""
    import torch

    folder.mkdir(parents=True)
    torch.save({"state_dict": planted(GOLDEN["weights"])}, folder / "pretrained_msd.pt")
    _write(folder / "msd_stats.json", GOLDEN["config"]["stat"])
    _write(folder / "config.json", {"model_type": "wav2vec2-conformer", **GOLDEN["config"]["w2v2_config"]})


def planted(shapes: Mapping[str, list[int]], without: str = "") -> dict[str, Any]:
    """Return weights made by the rule by which those behind the golden file were made."""
    import torch

    made = {}
    for number, name in enumerate(sorted(shapes, key=lambda name: name.removeprefix(without))):
        shape = shapes[name]
        wave = np.sin(np.arange(int(np.prod(shape))) * 1.7 + number).reshape(shape)
        if name.endswith("num_batches_tracked"):
            made[name] = torch.zeros(shape, dtype=torch.long)
            continue
        if name.endswith("running_var"):
            values = 1 + 0.3 * wave
        elif len(shape) == 1 and name.endswith(("weight", "gamma", "scale")):
            values = 1 + 0.1 * wave
        else:
            values = 0.3 * wave
        made[name] = torch.tensor(values, dtype=torch.float32)
    return made


def _write(path: Path, settings: Mapping[str, object]) -> None:
    path.write_text(json.dumps(settings, indent=1))
