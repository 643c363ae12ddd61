"""Pretrained audio encoders, on tiny random models of the real classes in folders as they are published."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recsys.audio.base import AudioCard
from recsys.audio.decode import open_excerpts
from recsys.audio.listening import listen
from recsys.audio.pretrained import clap, encodec, loading, mert, muq, music2vec, musicfm
from recsys.audio.pretrained.encoder import PretrainedEncoder, equal_parts, repeated_parts, unit_variance
from recsys.audio.pretrained.mert import filled_parts
from recsys.audio.registry import (
    UnknownAudioEncoderError,
    audio_card,
    open_audio_encoder,
    weights_folder,
)
from recsys.errors import WeightsError
from recsys.types import FloatArray
from tests import tiny_audio_models as tiny

#: The size of pretrained_msd.pt on the hub.
PUBLISHED_MUSICFM_BYTES = 1_316_802_088
DOCS = Path(__file__).parents[2] / "docs" / "encoders.md"


@dataclass(frozen=True)
class Family:
    """An encoder, and a tiny model of its class."""

    card: AudioCard  # with the tiny model's width
    module: Any
    save: Callable[[Path], None]
    part: str  # a name among its weights


_LAYER = "encoder.layers.0.final_layer_norm.weight"
_BLOCK = "model.conformer.layers.0.ffn1.intermediate_dense.weight"
FAMILIES = {
    one.card.name: one
    for one in (
        Family(replace(mert.BASE, dim=32), mert, tiny.save_mert, _LAYER),
        Family(replace(mert.APEX, dim=32), mert, tiny.save_mert, _LAYER),
        Family(replace(mert.LARGE, dim=32), mert, lambda folder: tiny.save_mert(folder, large=True), _LAYER),
        Family(replace(music2vec.CARD, dim=32), music2vec, tiny.save_music2vec, _LAYER),
        Family(replace(clap.CARD, dim=8), clap, tiny.save_clap, "audio_projection.linear1.weight"),
        Family(replace(encodec.CARD, dim=8), encodec, tiny.save_encodec, "encoder.layers.0.conv.bias"),
        Family(replace(muq.MUQ, dim=16), muq, tiny.save_muq, _BLOCK),
        Family(replace(muq.MULAN, dim=6), muq, tiny.save_muq_mulan, "mulan.audio.proj.weight"),
        Family(replace(musicfm.CARD, dim=16), musicfm, tiny.save_musicfm, _BLOCK),
    )
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("weights")
    for name, family in FAMILIES.items():
        family.save(root / name)
    return {name: root / name for name in FAMILIES}


@pytest.fixture(scope="module", autouse=True)
def _tiny_musicfm() -> Any:
    """MusicFM's size is in its authors' code, not in its files."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("_CHANNELS", 4), ("_WIDTH", 16), ("_DEPTH", 3)):
            patch.setattr(musicfm, name, value)
        yield


@pytest.fixture(scope="module")
def encoders(folders: dict[str, Path], _tiny_musicfm: None) -> dict[str, PretrainedEncoder]:
    return {name: family.module.open_encoder(family.card, folders[name], 1, "cpu") for name, family in FAMILIES.items()}


def sound(rate: int, seconds: float, hz: float = 220.0) -> FloatArray:
    """A tone with an overtone that rises, as in the golden file."""
    t = np.arange(int(rate * seconds)) / rate
    wave = 0.5 * np.sin(2 * np.pi * hz * t) + 0.3 * np.sin(2 * np.pi * 8 * hz * t * (1 + t / 4))
    return wave.astype(np.float32)


def assert_close(one: FloatArray, other: FloatArray) -> None:
    """Equal but for the rounding of a batched product."""
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * float(np.abs(other).max()))


each = pytest.mark.parametrize("name", list(FAMILIES))


@each
def test_a_window_has_one_vector_of_the_width_that_the_card_says(
    encoders: dict[str, PretrainedEncoder], name: str
) -> None:
    encoder = encoders[name]
    low, high = sound(encoder.card.rate, 0.4), sound(encoder.card.rate, 0.4, hz=330)
    vectors = encoder.encode([low, high, np.zeros_like(low)])
    assert vectors.shape == (3, FAMILIES[name].card.dim)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3 * np.abs(vectors).max()
    assert encoder.encode([]).shape == (0, FAMILIES[name].card.dim)


@each
def test_the_company_of_a_window_does_not_change_its_vector(encoders: dict[str, PretrainedEncoder], name: str) -> None:
    """Windows from a tenth of a second up, batched with longer ones, in whichever order."""
    encoder = encoders[name]
    windows = [sound(encoder.card.rate, seconds, hz) for seconds, hz in ((0.1, 220), (0.9, 440), (0.35, 880))]
    alone = np.concatenate([encoder.encode([window]) for window in windows])
    assert_close(encoder.encode(windows), alone)
    assert_close(encoder.encode(windows[::-1])[::-1], alone)


@each
def test_more_windows_than_a_batch_holds_are_as_good_as_one(encoders: dict[str, PretrainedEncoder], name: str) -> None:
    encoder = encoders[name]
    windows = [sound(encoder.card.rate, 0.2, 100.0 + 90 * number) for number in range(5)]
    together = encoder.encode(windows)
    for row in (0, 4):
        assert_close(together[row : row + 1], encoder.encode([windows[row]]))


def masked(model: Any, short: FloatArray, long: FloatArray) -> tuple[Any, Any]:
    """The frames of a short wave alone, and of the same one padded to a longer one and masked."""
    both = torch.zeros(2, len(long))
    both[0, : len(short)], both[1] = torch.from_numpy(short), torch.from_numpy(long)
    mask = torch.zeros(both.shape, dtype=torch.long)
    mask[0, : len(short)], mask[1] = 1, 1
    with torch.no_grad():
        alone = model(torch.from_numpy(short)[None]).last_hidden_state[0]
        padded = model(both, attention_mask=mask).last_hidden_state[0, : len(alone)]
    return alone.mean(dim=0), padded.mean(dim=0)


@pytest.mark.parametrize(("name", "leaks"), [("mert_v1_95m", True), ("music2vec", True), ("mert_v1_330m", False)])
def test_a_mask_keeps_padding_out_of_a_large_mert_only(
    encoders: dict[str, PretrainedEncoder], name: str, leaks: bool
) -> None:
    """Why windows of unlike lengths are never batched: group norm, and stacked convolutions, see what is masked."""
    rate = encoders[name].card.rate
    alone, padded = masked(encoders[name]._model, sound(rate, 0.3), sound(rate, 0.9, 440))
    assert (float((alone - padded).abs().max()) > 1e-2 * float(alone.abs().max())) == leaks


def test_padding_would_change_what_a_conformer_hears(encoders: dict[str, PretrainedEncoder]) -> None:
    model = encoders["muq"]._model
    short = torch.from_numpy(sound(24_000, 0.4))[None]
    with torch.inference_mode():
        frames = model.conv(model.spectrogram(short))
        n = frames.shape[1]
        padded = torch.cat([frames, torch.zeros(1, 10, frames.shape[2])], dim=1)
        mask = torch.arange(padded.shape[1])[None] < n
        alone = model.conformer(frames.clone()).last_hidden_state[0].mean(dim=0)
        with_padding = model.conformer(padded, attention_mask=mask).last_hidden_state[0, :n].mean(dim=0)
    assert float((alone - with_padding).abs().max()) > 1e-3 * float(alone.abs().max())


def test_mert_is_the_mean_over_time_of_the_last_layer_of_what_its_own_feature_extractor_makes(
    encoders: dict[str, PretrainedEncoder], folders: dict[str, Path]
) -> None:
    from transformers import Wav2Vec2FeatureExtractor

    for name in ("mert_v1_95m", "mert_v1_330m"):
        wave = sound(24_000, 0.5)
        extractor = Wav2Vec2FeatureExtractor.from_pretrained(folders[name])
        given = extractor(wave, sampling_rate=24_000, return_tensors="pt")["input_values"]
        model, last = encoders[name]._model, []
        place = model.encoder.layer_norm if name == "mert_v1_330m" else model.encoder.layers[-1]
        with place.register_forward_hook(lambda module, read, made, last=last: last.append(made)), torch.no_grad():
            model(given)
        assert_close(encoders[name].encode([wave]), last[0].mean(dim=1).numpy())


def test_apex_mixes_the_time_means_of_four_layers(encoders: dict[str, PretrainedEncoder]) -> None:
    """The layers' outputs are taken where they are made: hidden state k is what layer k gives, counted from one."""
    wave = unit_variance(sound(24_000, 0.5)[None])
    model, made = encoders["mert_v1_95m_apex"]._model, []
    hooks = [layer.register_forward_hook(lambda module, read, out: made.append(out)) for layer in model.encoder.layers]
    with torch.no_grad():
        model(torch.from_numpy(wave))
    for hook in hooks:
        hook.remove()
    second, fifth, eighth, last = (made[k - 1].mean(dim=1).numpy() for k in (2, 5, 8, 12))
    expected = 0.38227 * second + 0.41500 * fifth - 0.11714 * eighth + 0.45931 * last - 0.10955
    assert_close(encoders["mert_v1_95m_apex"].encode([sound(24_000, 0.5)]), expected)


def test_music2vec_is_the_mean_over_time_of_normalised_sound(
    encoders: dict[str, PretrainedEncoder], folders: dict[str, Path]
) -> None:
    wave = sound(16_000, 0.5)
    loud = encoders["music2vec"].encode([wave, wave * 0.1 + 0.01])
    assert_close(loud[:1], loud[1:])
    with torch.no_grad():
        frames = encoders["music2vec"]._model(torch.from_numpy(unit_variance(wave[None]))).last_hidden_state
    assert_close(loud[:1], frames.mean(dim=1).numpy())


def test_clap_is_what_the_whole_published_model_makes_of_a_sound(
    encoders: dict[str, PretrainedEncoder], folders: dict[str, Path]
) -> None:
    from transformers import ClapFeatureExtractor, ClapModel

    model = ClapModel.from_pretrained(folders["clap"]).eval()
    extractor = ClapFeatureExtractor.from_pretrained(folders["clap"])
    for seconds in (1.5, 10.0):
        wave = sound(48_000, seconds)
        given = extractor(wave, sampling_rate=48_000, return_tensors="pt")
        with torch.no_grad():
            expected = model.get_audio_features(given["input_features"]).pooler_output
        found = encoders["clap"].encode([wave])
        assert_close(found / np.linalg.norm(found), (expected / expected.norm()).numpy())


def test_encodec_is_the_mean_of_what_is_quantised(
    encoders: dict[str, PretrainedEncoder], folders: dict[str, Path]
) -> None:
    from transformers import EncodecModel

    wave, seen = sound(24_000, 0.5), []
    model = EncodecModel.from_pretrained(folders["encodec"]).eval()
    with model.encoder.register_forward_hook(lambda module, read, made: seen.append(made)), torch.no_grad():
        model.encode(torch.from_numpy(wave)[None, None], bandwidth=1.5)
    assert_close(encoders["encodec"].encode([wave]), seen[0].mean(dim=2).numpy())


@pytest.mark.parametrize("name", ["muq", "musicfm"])
def test_muq_and_musicfm_are_what_the_library_muq_makes(encoders: dict[str, PretrainedEncoder], name: str) -> None:
    wave = sound(24_000, 2.0)
    vectors = encoders[name].encode([wave, wave[:2400]])
    np.testing.assert_allclose(vectors[0], tiny.GOLDEN["last"], atol=1e-5)
    np.testing.assert_allclose(vectors[1], tiny.GOLDEN["last_of_short"], atol=1e-5)
    with torch.inference_mode():
        second = encoders[name]._model(torch.from_numpy(wave)[None], 2).mean(dim=1)[0]
    np.testing.assert_allclose(second.numpy(), tiny.GOLDEN["layer_2"], atol=1e-5)


def test_the_network_of_musicfm_at_its_published_size_fills_the_published_file() -> None:
    """All but what only training has: the codes' projection, the quantiser and a token for classes."""
    from transformers import Wav2Vec2ConformerConfig

    from recsys.audio.pretrained.conformer import MusicConformer

    rope = Wav2Vec2ConformerConfig(
        intermediate_size=4096, num_attention_heads=16, position_embeddings_type="rotary", hidden_act="swish"
    )
    with torch.device("meta"):
        model = MusicConformer(
            hop=240, n_channels=512, width=1024, depth=12, mean=0.0, std=1.0, conformer=rope.to_dict()
        )
    n_numbers = sum(values.numel() for values in model.state_dict().values())
    n_training = 1024 * 4096 + 4096 + 1024 + 512 * 16 + 4096 * 16
    assert 4 * (n_numbers + n_training) == pytest.approx(PUBLISHED_MUSICFM_BYTES, rel=1e-3)


def test_muq_mulan_is_what_the_library_muq_makes_of_whichever_layer_it_reads(
    encoders: dict[str, PretrainedEncoder], tmp_path: Path
) -> None:
    wave = sound(24_000, 2.0)
    np.testing.assert_allclose(encoders["muq_mulan"].encode([wave])[0], tiny.GOLDEN["mulan_last"], atol=1e-5)
    tiny.save_muq_mulan(tmp_path / "other", layer=2)
    other = muq.open_encoder(FAMILIES["muq_mulan"].card, tmp_path / "other", 1, "cpu")
    np.testing.assert_allclose(other.encode([wave])[0], tiny.GOLDEN["mulan_layer_2"], atol=1e-5)


def test_a_window_longer_than_a_model_reads_is_the_mean_of_its_parts(folders: dict[str, Path]) -> None:
    card = replace(FAMILIES["encodec"].card, window_s=0.5)
    encoder = encodec.open_encoder(card, folders["encodec"], 1, "cpu")
    wave = sound(24_000, 1.2)
    parts = [wave[start : start + 9600] for start in (0, 9600, 19200)]
    assert_close(encoder.encode([wave])[0], encoder.encode(parts).mean(axis=0))


def test_windows_are_cut_into_equal_parts_or_repeated_to_whole_ones() -> None:
    window = np.arange(7, dtype=np.float32)
    assert [part.tolist() for part in equal_parts(window, 7)] == [[0, 1, 2, 3, 4, 5, 6]]
    assert [part.tolist() for part in equal_parts(window, 4)] == [[0, 1, 2], [3, 4, 5]]
    assert [part.tolist() for part in repeated_parts(window, 5)] == [[0, 1, 2, 3, 4], [5, 6, 0, 1, 2]]
    assert [part.tolist() for part in repeated_parts(window[:2], 5)] == [[0, 1, 0, 1, 0]]
    assert [part.tolist() for part in filled_parts(window, 5)] == [[0, 1, 2, 3, 4], [5, 6, 0, 0, 0]]
    assert [part.tolist() for part in filled_parts(window, 7)] == [[0, 1, 2, 3, 4, 5, 6]]
    assert [part.tolist() for part in filled_parts(window, 8)] == [[0, 1, 2, 3, 4, 5, 6]]


@each
def test_weights_that_lack_something_are_refused_rather_than_made_up(
    folders: dict[str, Path], tmp_path: Path, name: str
) -> None:
    from safetensors.torch import load_file, save_file

    family, folder = FAMILIES[name], tmp_path / "weights"
    shutil.copytree(folders[name], folder)
    path = next(path for path in folder.iterdir() if path.suffix in (".safetensors", ".bin", ".pt"))
    torn = load_file(path) if path.suffix == ".safetensors" else torch.load(path, weights_only=True)
    state = torn.get("state_dict", torn)
    del state[family.part]
    save_file(torn, path, {"format": "pt"}) if path.suffix == ".safetensors" else torch.save(torn, path)
    with pytest.raises(WeightsError, match=family.card.fetch):
        family.module.open_encoder(family.card, folder, 1, "cpu")


@each
def test_damaged_weights_are_refused_and_what_they_would_run_is_not_run(
    folders: dict[str, Path], tmp_path: Path, name: str
) -> None:
    """A pickle that writes a file when it is read stands where the weights were."""
    family, folder = FAMILIES[name], tmp_path / "weights"
    shutil.copytree(folders[name], folder)
    path = next(path for path in folder.iterdir() if path.suffix in (".safetensors", ".bin", ".pt"))
    torch.save(_Trap(str(tmp_path / "ran")), path)
    with pytest.raises(WeightsError, match="cannot load the audio encoder"):
        family.module.open_encoder(family.card, folder, 1, "cpu")
    assert not (tmp_path / "ran").exists()


class _Trap:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (self.path, "w")


def test_code_that_comes_with_weights_is_never_run(
    encoders: dict[str, PretrainedEncoder], folders: dict[str, Path]
) -> None:
    assert (folders["mert_v1_95m"] / "modeling_MERT.py").is_file()
    assert not (folders["mert_v1_95m"] / "ran").exists()


@pytest.mark.parametrize("setting", ["feature_extractor_cqt", "deepnorm"])
def test_a_mert_that_hubert_cannot_run_is_refused(tmp_path: Path, setting: str) -> None:
    tiny.save_mert(tmp_path / "mert", **{setting: True})
    with pytest.raises(WeightsError, match=f"switches {setting} on"):
        mert.open_encoder(FAMILIES["mert_v1_95m"].card, tmp_path / "mert")


def test_models_of_another_kind_or_rate_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    tiny.save_clap(tmp_path / "fused", fused=True)
    with pytest.raises(WeightsError, match="feature fusion"):
        clap.open_encoder(FAMILIES["clap"].card, tmp_path / "fused")
    tiny.save_encodec(tmp_path / "wide", sampling_rate=48_000)
    with pytest.raises(WeightsError, match="48,000 Hz"):
        encodec.open_encoder(FAMILIES["encodec"].card, tmp_path / "wide")
    shutil.copytree(folders["mert_v1_95m"], tmp_path / "slow")
    preparing = json.loads((tmp_path / "slow" / "preprocessor_config.json").read_text())
    (tmp_path / "slow" / "preprocessor_config.json").write_text(json.dumps({**preparing, "sampling_rate": 16_000}))
    with pytest.raises(WeightsError, match="16000 Hz"):
        mert.open_encoder(FAMILIES["mert_v1_95m"].card, tmp_path / "slow")


def test_weights_of_another_size_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="32 numbers where 768"):
        open_audio_encoder(f"music2vec:{folders['music2vec']}", tmp_path, device="cpu")


def test_an_encoder_is_found_by_its_published_name_and_its_weights_in_a_folder_of_ones_own(tmp_path: Path) -> None:
    assert audio_card("MERT-v1-95M") is audio_card("mert_v1_95m") is mert.BASE
    assert weights_folder("MuQ-MuLan", tmp_path) == tmp_path / "weights" / "muq_mulan"
    tiny.save_encodec(tmp_path / "mine", hidden_size=128, codebook_dim=128)
    encoder = open_audio_encoder(f"EnCodec:{tmp_path / 'mine'}", tmp_path, device="cpu")
    assert encoder.card is encodec.CARD
    with pytest.raises(UnknownAudioEncoderError, match=r"'vggish'; there are librosa, .*, jukebox "):
        open_audio_encoder("vggish", tmp_path)


def test_files_are_heard_by_an_encoder_with_weights_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the stage of indexing that listens: decoded in a worker, encoded here. Analysers stay out of it."""
    import soundfile

    monkeypatch.setattr("recsys.heard.open_analysers", lambda: ())
    tiny.save_encodec(tmp_path / "mine", hidden_size=128, codebook_dim=128)
    name, path = f"encodec:{tmp_path / 'mine'}", tmp_path / "tone.wav"
    soundfile.write(path, sound(44_100, 2.0), 44_100)
    listened = listen(tmp_path, {"key": path}, [name], workers=1, timeout_s=120)
    assert not listened.problems
    encoder = open_audio_encoder(name, tmp_path)
    assert listened.identities == {"encodec": encoder.identity}
    windows = open_excerpts(path, [24_000]).sound.rates[24_000]
    assert_close(listened.vectors["encodec"]["key"], encoder.encode(windows).mean(axis=0))


def test_an_identity_is_of_the_weights(encoders: dict[str, PretrainedEncoder], tmp_path: Path) -> None:
    card = FAMILIES["encodec"].card
    for name, filters in (("same", 2), ("other", 4)):
        tiny.save_encodec(tmp_path / name, num_filters=filters)
    same, other = (encodec.open_encoder(card, tmp_path / name, 1, "cpu").identity for name in ("same", "other"))
    assert encoders["encodec"].identity == same != other


def test_a_gpu_that_is_not_there_is_not_computed_on(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "device", lambda: "cpu")
    with pytest.raises(WeightsError, match="there is no GPU"):
        encodec.open_encoder(FAMILIES["encodec"].card, folders["encodec"], 1, "cuda")
    assert encodec.open_encoder(FAMILIES["encodec"].card, folders["encodec"]).encode([sound(24_000, 0.2)]).any()
