"""E4SRec over tiny language models of the real classes: what it reads, learns, keeps and refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recsys.sequential import e4srec, language_models
from recsys.sequential.backbones import item_vectors, open_backbone
from recsys.sequential.e4srec import E4SRec
from recsys.sequential.e4srec_net import E4SRecNet, ItemSignals, opened
from recsys.sequential.e4srec_settings import (
    PRESETS,
    Completion,
    E4SRecSettings,
    Head,
    LanguageModel,
    Lora,
    Reading,
    preset,
)
from recsys.sequential.e4srec_training import _batches, loss_of, recent
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.measure import ranks
from recsys.sequential.port import SequentialModel
from recsys.sequential.registry import load_model, open_model
from recsys.sequential.sequences import Sequences, leave_one_out
from tests.tiny_models import save_llama, save_qwen2

_N = 12
_SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}
_TINY = E4SRecSettings(
    language_model=LanguageModel(shape=_SHAPE),
    dim=16,
    dropout=0.0,
    history=8,
    epochs=25,
    batch=16,
    warm_up=5,
    learning_rate=1e-2,
)


def _vectors(n: int = _N, width: int = 8, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32)


def _circle(n_sequences: int = 60, seed: int = 1) -> Sequences:
    """Each item is followed by the next of a circle."""
    rng = np.random.default_rng(seed)
    starts, lengths = rng.integers(_N, size=n_sequences), rng.integers(3, 9, size=n_sequences)
    rows = [(start + np.arange(n)) % _N for start, n in zip(starts, lengths, strict=True)]
    return Sequences.of(rows, [f"track {number}" for number in range(_N)])


def _net(settings: E4SRecSettings) -> E4SRecNet:
    return E4SRecNet(ItemSignals.of({"id": _vectors()}, _N), settings, opened(settings))


@pytest.fixture(scope="module")
def fitted() -> E4SRec:
    return E4SRec(_TINY, {"id": _vectors()}).fit(_circle())


@pytest.mark.parametrize(
    ("kind", "reading", "head"),
    [("llama", "each", "vectors"), ("qwen2", "each", "linear"), ("llama", "response", "linear")],
)
def test_it_learns_what_follows_what(kind: str, reading: Reading, head: Head) -> None:
    known, questions = leave_one_out(_circle())
    settings = replace(_TINY, language_model=LanguageModel(kind=kind, shape=_SHAPE), reading=reading, head=head)
    if reading == "response":
        settings = replace(settings, n_prefixes=3, epochs=10)
    model = E4SRec(settings, {"id": _vectors()}).fit(known)
    assert isinstance(model, SequentialModel)
    assert np.mean(ranks(model, questions, repeats=True) == 1) > 0.9
    assert model.history[-1]["loss"] < model.history[0]["loss"] / 2


def test_it_learns_nothing_where_nothing_follows_anything() -> None:
    rng = np.random.default_rng(2)
    mixed = Sequences.of([rng.integers(_N, size=6) for _ in range(60)], [str(number) for number in range(_N)])
    known, questions = leave_one_out(mixed)
    model = E4SRec(replace(_TINY, epochs=4), {"id": _vectors()}).fit(known)
    assert np.mean(ranks(model, questions, repeats=True) == 1) < 0.3


def test_each_prefix_is_scored_as_if_alone_and_an_empty_one_too(fitted: E4SRec) -> None:
    prefixes = Sequences.of([[], [3], [5, 6, 7, 8, 9, 10, 11, 0, 1, 2], [1, 4]], [str(n) for n in range(_N)])
    together = fitted.scores(prefixes)
    assert np.isfinite(together).all()
    for row in range(4):
        np.testing.assert_allclose(fitted.scores(prefixes.take([row]))[0], together[row], atol=1e-5)
    assert together[1].argmax() == 4


def test_only_the_last_steps_of_the_history_are_looked_at(fitted: E4SRec) -> None:
    names = [str(n) for n in range(_N)]
    long, short = Sequences.of([[7, 7, *range(8)]], names), Sequences.of([list(range(8))], names)
    np.testing.assert_allclose(fitted.scores(long), fitted.scores(short), atol=1e-6)
    assert recent(long, 3).items.tolist() == [5, 6, 7]


def test_what_comes_later_changes_no_earlier_reading(fitted: E4SRec) -> None:
    net = fitted._fitted()
    names = [str(n) for n in range(_N)]
    one, other = Sequences.of([[1, 2, 3, 4]], names), Sequences.of([[1, 2, 9, 0]], names)
    with torch.no_grad():
        a, b = (net.states(x, net.prompt.lay_out(x, last=False)) for x in (one, other))
    torch.testing.assert_close(a[:3], b[:3])  # before any step, after the first and the second
    assert not torch.allclose(a[3], b[3])


def test_the_published_prompt_is_instruction_then_items_then_response() -> None:
    net = _net(replace(_TINY, reading="response"))
    histories = Sequences.of([[3, 4], [5]], [str(n) for n in range(_N)])
    layout = net.prompt.lay_out(histories, last=True)
    places = layout.is_item.int().argmax(dim=1).tolist()
    assert places[0] == places[1] > 20  # the instruction's words
    assert layout.is_item.sum(dim=1).tolist() == [2, 1]
    after = layout.tokens[0, places[0] + 2 :]
    assert after.tolist() == layout.tokens[1, places[0] + 1 : -1].tolist()
    assert (after > 0).all()
    assert layout.reads.tolist() == [[0, layout.tokens.shape[1] - 1], [1, layout.tokens.shape[1] - 2]]
    assert layout.n_read.tolist() == [2, 1]


def test_completion_is_told_in_words_where_it_is_known() -> None:
    net = _net(replace(_TINY, completion="text"))
    names = [str(n) for n in range(_N)]
    heard = replace(Sequences.of([[3, 4, 5]], names), completion=np.array([0.31, np.nan, 1.0], np.float32))
    layout = net.prompt.lay_out(heard, last=True)
    first, second, third = torch.nonzero(layout.is_item[0])[:, 0].tolist()
    assert (second - first, third - second) == (4, 1)  # "played 30 percent"
    words = layout.tokens[0, first + 1 : first + 4].tolist()
    assert words[0] == layout.tokens[0, third + 1]
    assert words[1] != layout.tokens[0, third + 2]
    assert net.prompt.lay_out(replace(heard, completion=None), last=True).tokens.shape[1] == layout.tokens.shape[1] - 6


def test_completion_as_a_number_is_told_from_a_track_not_played_and_from_not_known() -> None:
    net = _net(replace(_TINY, completion="scalar"))
    item = torch.tensor([2, 2, 2, 2])
    fused = net.fused(item, torch.tensor([0.0, torch.nan, 1.0, 0.5]))
    torch.testing.assert_close(fused[1], net.fused(item[:1])[0])
    assert len({tuple(row) for row in fused.tolist()}) == 4


@pytest.mark.parametrize("save", [save_llama, save_qwen2], ids=["llama", "qwen2"])
def test_adapters_alone_are_trained_in_a_language_model_with_a_name(tmp_path: Path, save: Any) -> None:
    from transformers import AutoModelForCausalLM

    if save is save_llama:
        save(tmp_path / "lm", chat=False)
    else:
        save(tmp_path / "lm")
    lora = Lora(rank=2, alpha=4, layers=("q_proj", "v_proj"))
    named = LanguageModel(name=str(tmp_path / "lm"), lora=lora)
    settings = replace(_TINY, language_model=named, reading="response", n_prefixes=2, epochs=2, head="linear")
    model = E4SRec(settings, {"id": _vectors()}).fit(_circle(20))
    published = dict(AutoModelForCausalLM.from_pretrained(tmp_path / "lm").named_parameters())
    trained = model._weights()
    adapters = {name for name in trained if "lora" in name}
    assert len(adapters) == 2 * 2 * 2  # A and B of two layers' q and v
    assert all("q_proj" in name or "v_proj" in name for name in adapters)
    assert any(trained[name].abs().max() > 0 for name in adapters if "lora_B" in name)
    for name, weight in model._fitted().language_model.named_parameters():
        if "lora" not in name:
            assert not weight.requires_grad
            torch.testing.assert_close(weight, published[name.replace(".base_layer", "")], rtol=0, atol=0)

    model.save(tmp_path / "kept")
    again = E4SRec.load(tmp_path / "kept")
    _, questions = leave_one_out(_circle(20))
    np.testing.assert_array_equal(again.scores(questions.prefixes), model.scores(questions.prefixes))
    assert again.settings == settings


def test_what_is_saved_scores_the_same_and_holds_no_code(fitted: E4SRec, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".safetensors", ".json"}
    again = E4SRec.load(tmp_path / "model")
    _, questions = leave_one_out(_circle())
    np.testing.assert_array_equal(again.scores(questions.prefixes), fitted.scores(questions.prefixes))
    assert again.n_trained == fitted.n_trained
    (tmp_path / "model" / "model.json").write_text("{}")
    with pytest.raises(SequentialModelError, match="no readable model"):
        E4SRec.load(tmp_path / "model")


def test_adapters_of_a_model_without_a_name_come_back_with_all_that_they_adapt(tmp_path: Path) -> None:
    settings = replace(_TINY, language_model=LanguageModel(shape=_SHAPE, lora=Lora(layers=("q_proj",))), epochs=1)
    known, questions = leave_one_out(_circle(20))
    model = E4SRec(settings, {"id": _vectors()}).fit(known)
    model.save(tmp_path / "kept")
    again = E4SRec.load(tmp_path / "kept")
    np.testing.assert_array_equal(again.scores(questions.prefixes), model.scores(questions.prefixes))


def test_the_published_zero_shot_has_learnt_nothing() -> None:
    known, questions = leave_one_out(_circle(300))
    settings = replace(_TINY, trained=False, reading="response", head="linear")
    model = E4SRec(settings, {"id": _vectors()}).fit(known)
    assert model.history == []
    hits = np.mean(ranks(model, questions, repeats=True) <= 3)
    assert abs(hits - 3 / _N) < 0.15
    np.testing.assert_array_equal(
        model.scores(questions.prefixes), E4SRec(settings, {"id": _vectors()}).fit(known).scores(questions.prefixes)
    )


def test_told_from_all_items_the_sampled_softmax_is_the_full_one() -> None:
    net = _net(_TINY).eval()
    histories = Sequences.of([[3, 4], [5, 6, 7]], [str(n) for n in range(_N)])
    states = net.states(histories, net.prompt.lay_out(histories, last=True))
    targets = torch.tensor([5, 5])
    torch.testing.assert_close(loss_of(net, states, targets, torch.randperm(_N)), loss_of(net, states, targets, None))


def test_it_learns_from_sampled_items_and_in_parts_of_a_batch() -> None:
    known, questions = leave_one_out(_circle())
    settings = replace(_TINY, n_negatives=6, micro_batch=8)
    model = E4SRec(settings, {"id": _vectors()}).fit(known)
    assert np.mean(ranks(model, questions, repeats=True) == 1) > 0.9


def test_parts_of_a_batch_add_up_to_the_batch() -> None:
    known, _ = leave_one_out(_circle(16))
    whole, parts = (
        E4SRec(replace(_TINY, epochs=2, micro_batch=size), {"id": _vectors()}).fit(known) for size in (None, 3)
    )
    np.testing.assert_allclose([h["loss"] for h in whole.history], [h["loss"] for h in parts.history], rtol=1e-4)


def test_the_best_epoch_on_the_validation_questions_is_kept() -> None:
    known, questions = leave_one_out(_circle(30))
    model = E4SRec(replace(_TINY, epochs=6, patience=2), {"id": _vectors()}).fit(known, validation=questions)
    found = [told["ndcg@10"] for told in model.history]
    places = ranks(model, questions, repeats=known.has_repeats())
    assert float(np.where(places <= 10, 1 / np.log2(places + 1), 0).mean()) == pytest.approx(max(found))


def test_absent_rows_are_masked_and_tables_are_of_one_size() -> None:
    table = 100 * _vectors()
    table[3], table[4, 2] = 0, np.nan
    signals = ItemSignals.of({"id": _vectors(), "audio": table}, _N)
    assert torch.nonzero(~signals.present[:, 1])[:, 0].tolist() == [3, 4]
    assert signals.tables[1].square().sum() / 8 / 10 == pytest.approx(1, rel=1e-5)
    assert not signals.tables[1][4].any()


def test_presets_hold_the_papers_settings() -> None:
    paper = {name: preset(name) for name in ("llama-2-13b", "qwen2.5-7b", "llama-3-70b")}
    assert [one.language_model.name for one in paper.values()] == [
        "meta-llama/Llama-2-13b-hf",
        "Qwen/Qwen2.5-7B-Instruct",
        "meta-llama/Meta-Llama-3-70B",
    ]
    for one in paper.values():
        lora = one.language_model.lora
        assert lora is not None
        assert (lora.rank, lora.alpha, one.learning_rate, one.epochs, one.n_negatives) == (32, 64, 1e-4, 5, 128)
    original = preset("original")
    assert original.language_model.lora == Lora(16, 16, 0.05, ("gate_proj", "down_proj", "up_proj"))
    values = (original.learning_rate, original.batch, original.epochs, original.warm_up, original.history)
    assert values == (3e-4, 16, 3, 100, 50)
    assert original.n_negatives is None
    assert original.backbone_settings == {"dim": 64, "n_blocks": 2, "dropout": 0.5}
    for name, one in PRESETS.items():
        published = ("each", "vectors") if name == "small" else ("response", "linear")
        assert (one.reading, one.head) == published


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (replace(_TINY, language_model=LanguageModel(name="x", four_bit=True)), "need a GPU, and none is found"),
        (
            replace(_TINY, language_model=LanguageModel(four_bit=True)),
            "four bits are asked for a model without weights",
        ),
        (replace(_TINY, language_model=LanguageModel(name="/no/such/model")), "cannot be opened"),
        (replace(_TINY, language_model=LanguageModel(kind="resnet")), "no language model of kind 'resnet'"),
        (
            replace(_TINY, language_model=LanguageModel(shape=_SHAPE, lora=Lora(layers=("nothing",)))),
            "no adapters in layers nothing",
        ),
    ],
    ids=["four bits", "four bits of nothing", "no model", "no text", "no layer"],
)
def test_a_language_model_that_cannot_be_had_says_why(
    settings: E4SRecSettings, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SequentialModelError, match=told):
        E4SRec(settings, {"id": _vectors()}).fit(_circle(4))


def test_what_this_machine_lacks_is_said_when_a_model_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SequentialModelError, match="four bits a weight need a GPU, and none is found"):
        E4SRec(preset("llama-3-70b"))
    with pytest.raises(SequentialModelError, match="the device is 'cuda', and no GPU is found; set device to cpu"):
        E4SRec(replace(_TINY, device="cuda"))
    with pytest.raises(SequentialModelError, match="no backbone is called 'caser'"):
        E4SRec(replace(_TINY, backbone="caser"))
    monkeypatch.setattr(language_models, "find_spec", lambda package: None if package == "peft" else package)
    with pytest.raises(
        SequentialModelError, match=r"needs peft, which is not installed; run `pip install 'segue\[lora\]'"
    ):
        E4SRec(replace(_TINY, language_model=LanguageModel(shape=_SHAPE, lora=Lora())))


def test_no_backbone_is_trained_for_a_language_model_that_cannot_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a backbone was trained")

    monkeypatch.setattr(e4srec, "open_backbone", refuse)
    with pytest.raises(SequentialModelError, match="cannot be opened"):
        E4SRec(replace(_TINY, language_model=LanguageModel(name="/no/such/model"))).fit(_circle(4))


def test_an_epoch_shows_each_example_once_with_others_of_like_length() -> None:
    rng = np.random.default_rng(0)
    ends = rng.integers(1, 50, size=200)
    examples = np.stack([np.zeros_like(ends), ends, np.zeros_like(ends)], axis=1)
    drawn = list(_batches(examples, 16, rng))
    assert sorted(np.concatenate(drawn).tolist()) == list(range(200))
    assert max(map(len, drawn)) == 16
    padded = sum(len(rows) * ends[rows].max() for rows in drawn)
    assert padded < 1.3 * ends.sum()
    assert [rows.tolist() for rows in drawn] != [rows.tolist() for rows in _batches(examples, 16, rng)]


def test_without_vectors_it_reads_those_of_the_backbone_it_names() -> None:
    settings = replace(_TINY, epochs=2, backbone="gru4rec", backbone_settings={"steps": 5, "dim": 8, "batch": 16})
    model = E4SRec(settings).fit(_circle())
    assert model._fitted().signals.names == ("id",)
    assert model._fitted().signals.widths == (8,)
    again = open_backbone("gru4rec", steps=5, dim=8, batch=16, seed=settings.seed).fit(_circle())
    direct = E4SRec(settings, {"id": item_vectors(again)}).fit(_circle())
    np.testing.assert_array_equal(direct.scores(_circle(5)), model.scores(_circle(5)))


def test_the_registry_makes_it_and_reads_it_back(fitted: E4SRec, tmp_path: Path) -> None:
    made = open_model("e4srec", epochs=2, signals={"id": _vectors()})
    assert isinstance(made, E4SRec)
    assert made.settings == replace(E4SRecSettings(), epochs=2)
    fitted.save(tmp_path)
    again = load_model(tmp_path)
    np.testing.assert_array_equal(again.scores(_circle(5)), fitted.scores(_circle(5)))


def test_what_does_not_belong_together_is_refused(fitted: E4SRec) -> None:
    with pytest.raises(SequentialModelError, match=r"'id' has shape \(5, 8\); give it one row for each of 12 items"):
        E4SRec(_TINY, {"id": _vectors(5)}).fit(_circle(4))
    with pytest.raises(SequentialModelError, match="the items have no signal"):
        E4SRec(_TINY, {}).fit(_circle(4))
    with pytest.raises(SequentialModelError, match="no sequence has a step"):
        E4SRec(_TINY, {"id": _vectors()}).fit(Sequences.of([[]], [str(n) for n in range(_N)]))
    with pytest.raises(SequentialModelError, match="not fitted"):
        E4SRec(_TINY).scores(_circle(4))
    with pytest.raises(SequentialModelError, match="are of 3 items and the model of 12"):
        fitted.scores(Sequences.of([[1]], ["a", "b", "c"]))
    with pytest.raises(SequentialModelError, match="no preset is called 'huge'; name one of small"):
        preset("huge")


@pytest.mark.parametrize("completion", ["text", "scalar"])
def test_what_is_saved_knows_how_completion_is_told(completion: Completion, tmp_path: Path) -> None:
    heard = _circle(10)
    heard = replace(heard, completion=np.linspace(0, 1, len(heard.items), dtype=np.float32))
    model = E4SRec(replace(_TINY, completion=completion, epochs=1), {"id": _vectors()}).fit(heard)
    model.save(tmp_path)
    again = E4SRec.load(tmp_path)
    np.testing.assert_array_equal(again.scores(heard), model.scores(heard))
    assert not np.allclose(again.scores(heard), again.scores(replace(heard, completion=None)))
