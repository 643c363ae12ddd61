"""The encoders of the paper, on tiny random models of the real classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from recsys.encoders.folder_digest import folder_digest
from recsys.encoders.pooled import LYRICS, PRESETS, QUERIES, QUERIES_WITH_PADDING, Pooled, PooledEncoder, find_preset
from recsys.encoders.text import open_lyrics_encoder, open_text_encoder
from recsys.errors import WeightsError
from recsys.jam.queries import encode_queries
from recsys.types import FloatArray
from tests.tiny_models import save_modernbert, save_xlm_roberta

TEXTS = ["calm songs for a rainy sunday", "metal", "", "loud jazz " * 60, "так 🎸 \ud800", "love songs"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    save_modernbert(folder / "ModernBERT-base")
    save_xlm_roberta(folder / "multilingual-e5-base")
    return folder


def plainly(folder: Path, how: Pooled, texts: Sequence[str]) -> FloatArray:
    """Each text alone, its tokens counted by hand."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    out = []
    for text in texts:
        ids = tokenizer(how.prefix + text.encode("utf-8", "replace").decode())["input_ids"]
        ids = ids if len(ids) <= how.max_tokens else [*ids[: how.max_tokens - 1], ids[-1]]
        n_padding = how.max_tokens - len(ids) if how.pooling == "padding" else 0
        with torch.no_grad():
            states = model(
                input_ids=torch.tensor([ids + [0] * n_padding]),
                attention_mask=torch.tensor([[1] * len(ids) + [0] * n_padding]),
            ).last_hidden_state[0]
        mean = states.mean(dim=0).numpy()
        out.append(mean / np.linalg.norm(mean))
    return np.array(out, np.float32)


@pytest.mark.parametrize("how", [QUERIES, QUERIES_WITH_PADDING, LYRICS], ids=["tokens", "padding", "lyrics"])
def test_vectors_are_the_mean_of_the_last_layer_as_stated(how: Pooled, models: Path) -> None:
    encoder = PooledEncoder(how, models / how.base_name, threads=1)
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), encoder.dim) == (len(TEXTS), 16)
    np.testing.assert_allclose(vectors, plainly(models / how.base_name, how, TEXTS), atol=1e-5)
    assert encoder.encode([]).shape == (0, 16)


@pytest.mark.parametrize("how", [QUERIES, QUERIES_WITH_PADDING, LYRICS], ids=["tokens", "padding", "lyrics"])
def test_a_text_is_encoded_as_if_alone(how: Pooled, models: Path) -> None:
    encoder = PooledEncoder(how, models / how.base_name, threads=1)
    many = [f"{'calm jazz ' * (number % 30)}metal" for number in range(70)]
    together = encoder.encode(many)
    for row in (0, 1, 31, 69):
        np.testing.assert_allclose(together[row], encoder.encode([many[row]])[0], atol=1e-5)


def test_padding_counts_only_where_it_is_asked_for(models: Path) -> None:
    tokens, padded = (
        PooledEncoder(how, models / how.base_name, threads=1).encode(TEXTS) for how in (QUERIES, QUERIES_WITH_PADDING)
    )
    apart = np.abs(tokens - padded).max(axis=1)
    assert apart[0] > 1e-3
    assert apart[3] == pytest.approx(0, abs=1e-6), "a text of 38 tokens has no padding"


def test_texts_are_cut_at_their_tokens(models: Path) -> None:
    encoder = PooledEncoder(QUERIES, models / "ModernBERT-base", threads=1)
    inside, beyond, within = "jazz " * 36, "jazz " * 36 + "metal", "jazz " * 35 + "metal"
    np.testing.assert_allclose(*encoder.encode([inside, beyond]), atol=1e-6)
    assert np.abs(np.subtract(*encoder.encode([inside, within]))).max() > 1e-4


def test_presets_by_name(models: Path) -> None:
    assert set(PRESETS) == {"paper", "paper-padding"}
    assert find_preset("paper") == (QUERIES, None)
    assert find_preset("paper-padding:/there", lyrics=True) == (LYRICS, Path("/there/multilingual-e5-base"))
    assert find_preset("all-MiniLM-L6-v2") is None
    assert (QUERIES.model, QUERIES.max_tokens) == ("answerdotai/ModernBERT-base", 38)
    assert (LYRICS.model, LYRICS.prefix, LYRICS.pooling) == ("intfloat/multilingual-e5-base", "passage: ", "tokens")
    names = set()
    for name in PRESETS:
        encoder = open_text_encoder(f"{name}:{models}", Path("unused"), threads=1)
        assert encoder.name.endswith(f", weights {folder_digest(models / 'ModernBERT-base')}")
        names.add(encoder.name.rpartition(", weights")[0])
        assert getattr(encoder, "max_tokens", None) == 38
    assert names == {"ModernBERT-base, 38 tokens, mean over tokens", "ModernBERT-base, 38 tokens, mean over padding"}
    lyrics = open_lyrics_encoder(f"paper:{models}", Path("unused"), threads=1)
    assert lyrics.name.startswith("multilingual-e5-base, 512 tokens, mean over tokens, weights ")


def test_vectors_of_other_weights_in_the_same_place_are_not_reused(tmp_path: Path) -> None:
    """Both trainings have the same name, width and file sizes."""
    found, names = [], []
    for seed in (0, 1):
        save_modernbert(tmp_path / "ModernBERT-base", seed)
        encoder = open_text_encoder(f"paper:{tmp_path}", Path("unused"), threads=1)
        names.append(encoder.name)
        found.append(encode_queries(["calm songs", "jazz"], encoder, tmp_path / "cache"))
        np.testing.assert_array_equal(found[-1], encoder.encode(["calm songs", "jazz"]))
    assert names[0] != names[1]
    assert not np.allclose(*found)


@pytest.mark.parametrize("changed", ["model.safetensors", "config.json", "tokenizer.json"])
def test_whatever_decides_the_vectors_is_in_a_models_name(changed: str, tmp_path: Path) -> None:
    save_modernbert(tmp_path / "model")
    before = folder_digest(tmp_path / "model")
    assert folder_digest(tmp_path / "model") == before
    (tmp_path / "model" / "README.md").write_text("of no matter", encoding="utf-8")
    assert folder_digest(tmp_path / "model") == before
    path = tmp_path / "model" / changed
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    assert folder_digest(tmp_path / "model") != before


def test_a_model_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot load answerdotai/ModernBERT-base .*paper:FOLDER"):
        open_text_encoder(f"paper:{tmp_path}", tmp_path)
