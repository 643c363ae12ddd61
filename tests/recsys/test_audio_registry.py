"""The registry of audio encoders: what it lists, what it fetches, and what it says where weights are missing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from recsys.audio.base import AudioCard
from recsys.audio.pretrained import precomputed
from recsys.audio.registry import (
    ENCODERS,
    audio_card,
    audio_cards,
    fetch_audio_encoder,
    open_audio_encoder,
)
from recsys.errors import WeightsError
from recsys.spaces import add_space, open_space
from recsys.types import Modality

DOCS = Path(__file__).parents[2] / "docs" / "encoders.md"
#: Those whose weights are a repository's of the Hugging Face hub.
FETCHED = [
    name
    for name, (_, place) in ENCODERS.items()
    if place.startswith("recsys.audio.pretrained.") and "precomputed" not in place
]


@pytest.mark.parametrize("name", [name for name, (card, _) in ENCODERS.items() if card.fetch])
def test_without_weights_an_encoder_says_which_command_gets_them(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError) as caught:
        open_audio_encoder(name, tmp_path)
    assert f"`{audio_card(name).fetch}`" in str(caught.value)


@pytest.mark.parametrize("card", [precomputed.ENCODEC_MAE, precomputed.MULE, precomputed.JUKEBOX], ids=lambda c: c.name)
def test_vectors_made_elsewhere_come_in_by_the_command_that_opening_says(tmp_path: Path, card: AudioCard) -> None:
    command = f"segue embeddings add {card.name} FILE.npy --ids FILE"
    for act in (open_audio_encoder, fetch_audio_encoder):
        with pytest.raises(WeightsError, match=command):
            act(card.name, tmp_path)
    np.save(tmp_path / "made.npy", np.eye(3, card.dim, dtype=np.float32))
    (tmp_path / "ids.txt").write_text("one\ntwo\nthree\n")
    add_space(tmp_path, card.name, tmp_path / "made.npy", tmp_path / "ids.txt", {"one", "three"})
    assert open_space(tmp_path, card.name).card.width == card.dim


def test_every_encoder_can_name_a_space() -> None:
    assert [Modality(card.name) for card in audio_cards()] == list(ENCODERS)


class _Hub:
    """A stand-in for the Hugging Face hub: two files of settings, two of weights, and code, in every repository."""

    there = ("config.json", "preprocessor_config.json", "modeling_X.py", "msd_stats.json", "pretrained_msd.pt")

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []

    def list_repo_files(self, repository: str) -> list[str]:
        return [*self.there, "pytorch_model.bin", "model.safetensors"]

    def hf_hub_download(self, repository: str, name: str, *, local_dir: Path) -> None:
        assert local_dir.is_dir()
        self.taken.append((repository, name))


def test_fetching_takes_settings_and_one_file_of_weights_and_never_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.HfApi", lambda: hubs.append(_Hub()) or hubs[-1])
    taken = {}
    for name in FETCHED:
        hubs: list[_Hub] = []
        assert fetch_audio_encoder(name, tmp_path) == tmp_path / "weights" / name
        taken[name] = [f"{repository} {file}" for hub in hubs for repository, file in hub.taken]
    assert taken["mert_v1_330m"] == [
        "m-a-p/MERT-v1-330M config.json",
        "m-a-p/MERT-v1-330M preprocessor_config.json",
        "m-a-p/MERT-v1-330M model.safetensors",
    ]
    assert taken["musicfm"][-1] == "facebook/wav2vec2-conformer-rope-large-960h-ft config.json"
    assert taken["muq_mulan"][-1] == "OpenMuQ/MuQ-large-msd-iter config.json"
    assert not [line for lines in taken.values() for line in lines if line.endswith(".py")]


def test_fetching_without_a_network_says_what_else_can_be_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsError, match="or download it elsewhere and name the encoder clap:FOLDER"):
        fetch_audio_encoder("clap", tmp_path)
    monkeypatch.setattr(_Hub, "hf_hub_download", _unreachable)
    monkeypatch.setattr("huggingface_hub.HfApi", _Hub)
    with pytest.raises(WeightsError, match=r"\(no route to it\); try again with a network"):
        fetch_audio_encoder("clap", tmp_path)


def test_a_repository_without_weights_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Hub, "list_repo_files", lambda self, repository: ["config.json"])
    monkeypatch.setattr("huggingface_hub.HfApi", _Hub)
    with pytest.raises(WeightsError, match=r"laion/larger_clap_music has none of model\.safetensors"):
        fetch_audio_encoder("clap", tmp_path)


def _unreachable(*given: object, **named: object) -> None:
    """Fails as the hub's HTTP library does: with an error that is no OSError."""
    raise _ConnectError("no route to it")


class _ConnectError(Exception):
    pass


def test_the_list_of_encoders_needs_no_heavy_library() -> None:
    code = (
        "import sys; from recsys.audio.registry import audio_cards; assert len(audio_cards()) >= 12; "
        "sys.exit(sorted({'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)) != [])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=DOCS.parents[1]).returncode == 0


def _table(cards: Sequence[AudioCard]) -> str:
    """All cards as `docs/encoders.md` has them."""
    head = ("encoder", "rate (Hz)", "window (s)", "layer", "pooling", "width", "licence", "source", "get it")
    rows = [
        (
            f"`{card.name}`",
            f"{card.rate:,}",
            f"{card.window_s:g}",
            card.layer,
            card.pooling,
            f"{card.dim:,}",
            card.licence,
            card.source,
            f"`{card.fetch}`" if card.fetch else "built in",
        )
        for card in cards
    ]
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def test_the_table_in_the_docs_is_what_the_cards_say() -> None:
    assert _table(audio_cards()) in DOCS.read_text(encoding="utf-8")


def test_every_entry_of_the_registry_leads_to_functions() -> None:
    for card, place in ENCODERS.values():
        module = import_module(place.partition(":")[0])
        assert callable(getattr(module, place.partition(":")[2]))
        assert not card.fetch.startswith("segue encoders fetch") or card.fetch == f"segue encoders fetch {card.name}"
