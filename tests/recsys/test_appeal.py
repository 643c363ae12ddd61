"""The network of APEX, its losses, transforms and files, and the reader of the published checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from recsys.appeal.apex import Apex
from recsys.appeal.errors import AppealError, AppealModelError, PublishedCheckpointError, UnknownHeadError
from recsys.appeal.heads import HEADS, PUBLISHED, Group, Kind, find_head, find_heads, heads_in
from recsys.appeal.losses import CombinedLoss, head_losses
from recsys.appeal.published import read_published
from recsys.appeal.saved import CARD_FILE, WEIGHTS_FILE, load_apex, save_apex
from recsys.appeal.targets import Scales, Targets
from recsys.appeal.training import ApexSettings, FittedApex, train_apex
from recsys.appeal.transforms import Chain, Identity, Percentile, Power, parse_transform, read_transform

_DESCRIBED = json.loads((Path(__file__).parent / "apex_checkpoint.json").read_text(encoding="utf-8"))
Planted = tuple[np.ndarray, Targets, list[str]]
_QUICK = ApexSettings(learning_rate=5e-3, batch=32, epochs=6)


def _state(depth: str, seed: int = 0) -> dict[str, torch.Tensor]:
    """Weights of the names and shapes that the authors describe, with drawn values."""
    draw = torch.Generator().manual_seed(seed)
    return {
        name: torch.tensor(7) if not shape else torch.rand(shape, generator=draw) * 0.2 + 0.05
        for name, shape in _DESCRIBED[depth].items()
    }


@pytest.fixture(scope="module")
def planted() -> Planted:
    """240 tracks of 80 artists whose popularity and coherence follow from two content numbers; half lack each."""
    rng = np.random.default_rng(0)
    content = rng.normal(size=(240, 8)).astype(np.float32)
    popularity, coherence = 50 + 12 * content[:, 0], 3 + 0.5 * content[:, 1]
    popularity[::4], coherence[:120] = np.nan, np.nan
    return content, Targets.of({"popularity": popularity, "coherence": coherence}), [f"a{n // 3}" for n in range(240)]


@pytest.fixture(scope="module")
def fitted(planted: Planted) -> FittedApex:
    content, targets, artists = planted
    return train_apex(content, targets, artists, _QUICK, seed=3)


def test_heads_have_unlike_names_sound_ranges_and_say_who_said_them() -> None:
    assert len({head.name for head in HEADS}) == len(HEADS) == 13
    assert all(head.low < head.high and head.source for head in HEADS)
    assert {head.kind for head in HEADS if head.group is Group.POPULARITY} == {Kind.PROXY}
    assert {head.kind for head in HEADS if head.group is Group.AESTHETICS} == {Kind.HUMAN}
    called = [name for head in HEADS for name in (head.name, *head.columns)]
    assert len(called) == len(set(called))


def test_columns_of_files_are_told_by_what_their_authors_call_them() -> None:
    found = heads_in(["caption", "Production_Quality", "track_popularity", "coherence"])
    assert {column: head.name for column, head in found.items()} == {
        "Production_Quality": "production_quality",
        "track_popularity": "popularity",
        "coherence": "coherence",
    }
    with pytest.raises(UnknownHeadError, match=r"no head 'beauty'.*score_streams"):
        find_head("beauty")


@pytest.mark.parametrize("n_shared", [2, 3])
def test_the_network_has_the_published_names_and_shapes(n_shared: int) -> None:
    ours = {name: list(one.shape) for name, one in Apex(find_heads(PUBLISHED), n_shared=n_shared).state_dict().items()}
    assert ours == _DESCRIBED[str(n_shared)]


def test_outputs_stay_within_the_published_ranges_and_reach_their_middle() -> None:
    model = Apex(find_heads(PUBLISHED)).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".branch.2." in name:
                parameter.zero_()
        told = model(torch.randn(5, 768) * 100)
    assert told[:, :2].eq(50).all()
    assert told[:, 2:].eq(3).all()


@pytest.mark.parametrize("depth", ["2", "3"])
def test_a_published_checkpoint_predicts_what_its_weights_say(tmp_path: Path, depth: str) -> None:
    """Worked out from the described layers by hand, not through our class."""
    state = _state(depth)
    path = tmp_path / "best_model.pt"
    extra: dict[str, Any] = {"epoch": 9, "val_loss": 1.5, "mode": "segment", "task": "full", "shared": int(depth)}
    torch.save({"model_state": state, "loss": "weighted", "optimizer_state": {"state": {}}} | extra, path)
    read = read_published(path)
    assert (read.mode, read.loss, read.model.n_shared) == ("segment", "weighted", int(depth))
    content = torch.randn(4, 768, generator=torch.Generator().manual_seed(1)) * 0.05

    def block(values: torch.Tensor, at: str) -> torch.Tensor:
        values = values @ state[f"{at}.block.0.weight"].T + state[f"{at}.block.0.bias"]
        centred = (values - state[f"{at}.block.1.running_mean"]) / (state[f"{at}.block.1.running_var"] + 1e-5).sqrt()
        return torch.nn.functional.gelu(centred * state[f"{at}.block.1.weight"] + state[f"{at}.block.1.bias"])

    shared = content
    for layer in range(int(depth)):
        shared = block(shared, f"shared.{layer}")
    for column, (name, low, span) in enumerate(
        [("score_streams", 0, 100), ("score_likes", 0, 100), ("coherence", 1, 4)]
    ):
        at = f"branch_{name}.branch"
        logit = block(block(shared, f"{at}.0"), f"{at}.1") @ state[f"{at}.2.weight"].T + state[f"{at}.2.bias"]
        with torch.no_grad():
            torch.testing.assert_close(read.model(content)[:, column], torch.sigmoid(logit[:, 0]) * span + low)


def test_weights_alone_are_read_with_a_prefix_and_without_the_aesthetics(tmp_path: Path) -> None:
    state = {f"module.{name}": one for name, one in _state("2").items() if "branch_" not in name or "score_" in name}
    save_file(state, tmp_path / "model.safetensors")
    read = read_published(tmp_path / "model.safetensors")
    assert [head.name for head in read.model.heads] == ["score_streams", "score_likes"]
    assert read.mode == "song"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda state: state.pop("branch_clarity.branch.1.block.1.running_var"), "it lacks branch_clarity"),
        (lambda state: state.update({"shared.0.block.0.bias": torch.zeros(3)}), r"shape \(3,\) where \(512,\)"),
        (lambda state: state.update({"head.weight": torch.zeros(3)}), "it has head.weight"),
        (lambda state: state.pop("shared.0.block.0.weight"), "0 of its"),
        (lambda state: state.update({"branch_beauty.branch.0.block.0.weight": torch.zeros(2)}), "branches for beauty"),
        (lambda state: state.update({"shared.0.block.0.weight": torch.zeros(512)}), r"the shape \(512,\)"),
        (lambda state: state.update({"shared.0.block.0.weight": torch.zeros(1, 1).expand(512, 10**11)}), "the shape"),
        (lambda state: state["shared.0.block.0.bias"].fill_(float("nan")), "bias does not hold finite numbers"),
        (lambda state: state.update({"shared.0.block.0.bias": torch.zeros(512).to_sparse()}), "does not hold finite"),
        (lambda state: state.update({1: torch.zeros(3)}), "it has 1 and 0 more"),
    ],
    ids=[
        *("a tensor lacks", "another shape", "one too many", "no first layer", "another branch", "one axis"),
        *("too wide", "no number", "sparse", "a name that is a number"),
    ],
)
def test_what_is_no_published_checkpoint_is_refused_by_name(tmp_path: Path, change: Any, problem: str) -> None:
    state = _state("2")
    change(state)
    torch.save({"model_state": state}, tmp_path / "best_model.pt")
    with pytest.raises(PublishedCheckpointError, match=problem):
        read_published(tmp_path / "best_model.pt")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("x.pt", b"artist,popularity\nFox,3\n", "it cannot be read"),
        ("x.pt", b"", "it cannot be read"),
        ("x.safetensors", b"abc", "it cannot be read"),
        ("x.pt", None, "there is no such file"),
    ],
    ids=["a table", "empty", "cut short", "not there"],
)
def test_a_file_of_another_kind_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, problem: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(PublishedCheckpointError, match=problem):
        read_published(tmp_path / name)


def test_a_checkpoint_cannot_run_code(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return Path.touch, (tmp_path / "sprung",)

    torch.save({"model_state": Trap()}, tmp_path / "best_model.pt")
    with pytest.raises(PublishedCheckpointError, match="cannot be read"):
        read_published(tmp_path / "best_model.pt")
    assert not (tmp_path / "sprung").exists()


def test_missing_targets_change_neither_loss_nor_gradient() -> None:
    predicted = torch.tensor([[1.0, 5.0], [3.0, 7.0]], requires_grad=True)
    targets = torch.tensor([[2.0, torch.nan], [5.0, torch.nan]])
    losses, there = head_losses(predicted, targets)
    assert losses.tolist() == [2.5, 0.0]
    assert there.tolist() == [True, False]
    CombinedLoss(find_heads(["popularity", "coherence"]), "equal")(predicted, targets).backward()
    assert predicted.grad is not None
    assert predicted.grad.tolist() == [[-1.0, 0.0], [-2.0, 0.0]]


def test_the_three_combinations_are_the_published_ones() -> None:
    heads = find_heads(["score_likes", "coherence"])
    predicted, targets = torch.tensor([[12.0, 3.0]]), torch.tensor([[10.0, 2.0]])  # errors 4 and 1
    assert CombinedLoss(heads, "equal")(predicted, targets).item() == 5
    assert CombinedLoss(heads, "weighted")(predicted, targets).item() == 5 * 4 + 1
    uncertain = CombinedLoss(heads, "uncertainty")
    with torch.no_grad():
        uncertain.log_sigmas.copy_(torch.tensor([0.5, 0.0]))
    expected = 4 / (2 * np.exp(1.0)) + 0.5 + 1 / 2
    assert uncertain(predicted, targets).item() == pytest.approx(expected)
    assert CombinedLoss(heads, "equal", scaled=True)(predicted, targets).item() == pytest.approx(0.02**2 + 0.25**2)
    with pytest.raises(AppealError, match="expected one of equal, weighted, uncertainty"):
        CombinedLoss(heads, "best")


@pytest.mark.parametrize("text", ["none", "percentile", "power:0.5", "percentile+power:2"])
def test_transforms_are_undone_and_survive_being_saved(text: str) -> None:
    values = np.array([3.0, np.nan, 0.0, 40.0, 3.0, 99.0])
    fitted = read_transform(json.loads(json.dumps(parse_transform(text).fit(values).to_json())))
    there = fitted.forward(values)
    assert np.isnan(there).tolist() == np.isnan(values).tolist()
    np.testing.assert_allclose(fitted.inverse(there), values, atol=1e-9)


def test_percentile_ranks_share_ties_and_go_up() -> None:
    fitted = Percentile().fit(np.array([1.0, 1.0, 5.0, 1000.0]))
    np.testing.assert_allclose(fitted.forward(np.array([1.0, 5.0, 1000.0, 2000.0, -3.0])), [25, 62.5, 87.5, 87.5, 25])
    with pytest.raises(AppealError, match="says nothing"):
        Percentile().fit(np.array([2.0, 2.0]))
    with pytest.raises(AppealError, match="cannot be undone"):
        Power(0)
    with pytest.raises(AppealError, match="no transform 'square'"):
        parse_transform("percentile+square")
    assert isinstance(parse_transform("percentile+power:2"), Chain)


def test_a_binary_target_is_neither_transformed_nor_anything_but_0_and_1() -> None:
    targets = Targets.of({"hit": [0.0, 1.0, np.nan]})
    with pytest.raises(AppealError, match="nothing to transform"):
        Scales.fit(targets, {"hit": Percentile()})
    assert isinstance(Scales.fit(targets, {}).transforms[0], Identity)
    with pytest.raises(AppealError, match=r"hit is 0\.5"):
        Targets.of({"hit": [0.5, 1.0]})


def test_it_learns_what_is_planted_from_partly_known_targets(planted: Planted, fitted: FittedApex) -> None:
    content, _, _ = planted
    told = fitted.predict(content)
    assert np.corrcoef(told[:, 0], content[:, 0])[0, 1] > 0.8
    assert np.corrcoef(told[:, 1], content[:, 1])[0, 1] > 0.6  # of tracks, too, whose coherence is unknown


def test_each_track_is_predicted_as_if_alone(planted: Planted, fitted: FittedApex) -> None:
    content = planted[0][:6]
    for row in range(6):
        np.testing.assert_allclose(fitted.predict(content)[row], fitted.predict(content[row : row + 1])[0], rtol=1e-5)
    with pytest.raises(AppealError, match="model of 8 numbers"):
        fitted.predict(content[:, :3])


def test_a_killed_training_ends_with_the_same_weights(tmp_path: Path, planted: Planted, fitted: FittedApex) -> None:
    content, targets, artists = planted

    class KilledError(Exception):
        pass

    def kill(_: str, done: int, __: int) -> None:
        if done == 3:
            raise KilledError

    with pytest.raises(KilledError):
        train_apex(content, targets, artists, _QUICK, seed=3, folder=tmp_path, progress=kill)
    epochs: list[int] = []
    again = train_apex(
        content, targets, artists, _QUICK, seed=3, folder=tmp_path, progress=lambda _, done, __: epochs.append(done)
    )
    assert epochs == [4, 5, 6]
    np.testing.assert_array_equal(again.predict(content), fitted.predict(content))


def test_no_artist_is_both_learnt_from_and_validated_on(planted: Planted) -> None:
    content, targets, _ = planted
    with pytest.raises(AppealError, match="only 1 artist"):
        train_apex(content, targets, ["one"] * len(content), _QUICK, seed=3)
    plays = Targets.of({"score_streams": np.arange(len(content)) * 1000.0})
    with pytest.raises(AppealError, match=r"goes from 0 to 239000 where the head says 0 to 100; transform it"):
        train_apex(content, plays, [str(n) for n in range(len(content))], _QUICK, seed=3)
    with pytest.raises(AppealError, match="no finite number"):
        train_apex(np.full_like(content, np.nan), targets, [str(n) for n in range(len(content))], _QUICK, seed=3)


def test_a_saved_model_predicts_the_same_and_a_damaged_one_is_refused(
    tmp_path: Path, planted: Planted, fitted: FittedApex
) -> None:
    save_apex(tmp_path, fitted, {"rows": 240})
    again, facts = load_apex(tmp_path)
    assert facts == {"rows": 240}
    np.testing.assert_array_equal(again.predict(planted[0]), fitted.predict(planted[0]))
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}
    (tmp_path / WEIGHTS_FILE).write_bytes(b"half")
    with pytest.raises(AppealModelError, match="segue train --apex"):
        load_apex(tmp_path)
    (tmp_path / CARD_FILE).unlink()
    with pytest.raises(AppealModelError, match="FileNotFoundError"):
        load_apex(tmp_path)


def test_the_fixed_mix_of_mert_is_the_first_draw_of_the_published_seed() -> None:
    """The authors' extraction script seeds torch with 42 and takes an untrained Conv1d(4, 1, 1)."""
    from recsys.audio.pretrained.mert import _APEX_MIX, _APEX_SHIFT

    with torch.random.fork_rng():
        torch.manual_seed(42)
        mix = torch.nn.Conv1d(4, 1, 1)
    np.testing.assert_allclose(list(_APEX_MIX.values()), mix.weight.detach().flatten(), atol=6e-6)
    assert pytest.approx(float(mix.bias.detach()), abs=6e-6) == _APEX_SHIFT
