"""A language model that answers by texts alone: what it knows shows, and what it has not learnt does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from recsys.sequential.e4srec_settings import LanguageModel
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.sequences import Sequences
from recsys.sequential.text_zero_shot import TextZeroShot
from tests.tiny_models import save_llama

_NAMES = ("calm", "songs", "rainy", "sunday", "loud", "metal", "jazz", "love")


@pytest.fixture(scope="module")
def knowing(tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    """Return a model that has read which name follows which: each the next of the list."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tmp_path_factory.mktemp("knowing")
    save_llama(folder, chat=False)
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
        pairs = [*zip(_NAMES, (*_NAMES[1:], _NAMES[0]), strict=True), *(("nothing", name) for name in _NAMES)]
        texts = [f"A listener played, in this order: {before}. Next comes: {after}" for before, after in pairs]
        read = tokenizer(texts, add_special_tokens=False, return_tensors="pt")["input_ids"]
        read = torch.cat([torch.full((len(read), 1), 2), read], dim=1)  # the beginning of a text
        labels = read.clone()
        labels[:, :-1] = -100  # the name alone is learnt
        for _ in range(1000):
            sure = torch.log_softmax(model(input_ids=read).logits[:, -2], dim=1).gather(1, labels[:, -1:])
            if sure[: len(_NAMES)].min() > -0.02:  # each is known: when that is depends on the machine's arithmetic
                break
            model(input_ids=read, labels=labels).loss.backward()
            optimiser.step()
            optimiser.zero_grad()
    model.save_pretrained(folder)
    return LanguageModel(name=str(folder))


def _prefixes(*rows: list[int]) -> Sequences:
    return Sequences.of(rows, _NAMES)


def test_the_model_ranks_by_what_it_has_read(knowing: LanguageModel) -> None:
    model = TextZeroShot(knowing, way="ranks").fit(_prefixes([0]))
    scores = model.scores(_prefixes(*([row] for row in range(8))))
    assert scores.argmax(axis=1).tolist() == [1, 2, 3, 4, 5, 6, 7, 0]


def test_those_that_are_not_ranked_come_behind_in_the_order_of_their_vectors(knowing: LanguageModel) -> None:
    near = TextZeroShot(knowing, way="embeds").fit(_prefixes([0])).scores(_prefixes([0]))[0]
    few = TextZeroShot(knowing, way="ranks", n_candidates=3).fit(_prefixes([0])).scores(_prefixes([0]))[0]
    order = np.argsort(-near, kind="stable")
    assert set(np.argsort(-few)[:3]) == set(order[:3])
    assert np.argsort(-few)[3:].tolist() == order[3:].tolist()


def test_texts_of_the_same_words_are_near(tmp_path: Path) -> None:
    save_llama(tmp_path, chat=False)
    names = ["calm rainy sunday", "loud metal", "calm sunday", "loud loud metal", "jazz for love"]
    model = TextZeroShot(LanguageModel(name=str(tmp_path)), way="embeds").fit(Sequences.of([[0]], names))
    scores = model.scores(Sequences.of([[0], [1], []], names))
    assert scores[0].argsort()[-2:].tolist() == [2, 0]
    assert scores[1].argsort()[-2:].tolist() == [3, 1]
    assert np.isfinite(scores).all()


def test_a_text_without_a_word_is_told_apart_from_a_bad_one(tmp_path: Path) -> None:
    save_llama(tmp_path, chat=False)
    for way in ("embeds", "ranks"):
        model = TextZeroShot(LanguageModel(name=str(tmp_path)), way=way, texts=["calm", " ", "jazz"])  # type: ignore[arg-type]
        scores = model.fit(Sequences.of([[0]], ["a", "b", "c"])).scores(Sequences.of([[0], [1]], ["a", "b", "c"]))
        assert np.isinf(scores).tolist() == [[False, True, False]] * 2


@pytest.mark.parametrize("way", ["embeds", "ranks"])
def test_what_is_saved_answers_the_same(knowing: LanguageModel, way: str, tmp_path: Path) -> None:
    model = TextZeroShot(knowing, way=way, history=3).fit(_prefixes([0]))  # type: ignore[arg-type]
    model.save(tmp_path)
    again = TextZeroShot.load(tmp_path)
    np.testing.assert_array_equal(again.scores(_prefixes([1, 2], [])), model.scores(_prefixes([1, 2], [])))
    (tmp_path / "model.json").write_text("[]")
    with pytest.raises(SequentialModelError, match="no readable model"):
        TextZeroShot.load(tmp_path)


def test_what_cannot_answer_is_refused(knowing: LanguageModel) -> None:
    with pytest.raises(SequentialModelError, match="without weights can say nothing"):
        TextZeroShot(LanguageModel())
    with pytest.raises(SequentialModelError, match="no way is called 'guess'"):
        TextZeroShot(knowing, way="guess")  # type: ignore[arg-type]
    with pytest.raises(SequentialModelError, match="1 texts for 8 items"):
        TextZeroShot(knowing, texts=["one"]).fit(_prefixes([0]))
    with pytest.raises(SequentialModelError, match="fitted on 0 items and asked about 8"):
        TextZeroShot(knowing).scores(_prefixes([0]))
