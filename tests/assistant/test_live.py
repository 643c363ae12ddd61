"""`segue doctor --live llm` against a loopback server, healthy and failing, and a random local model."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.app import Assistant
from assistant.errors import ModelError, NoModelError
from assistant.live import REQUESTS, LiveReport, try_model
from assistant.live_wording import SLATES
from assistant.llm import open_model
from assistant.local_model import MAX_NEW_TOKENS, LocalModel
from assistant.reply import Message
from assistant.settings import LlmSettings
from assistant.understanding.by_model import NOTE
from connectors.cli import app
from recsys.sources import read_starter
from tests.openai_server import Behaviour, Given, Handler, fails, hangs, refused, says, serving, states, streams
from tests.tiny_models import save_llama


def settings(url: str, timeout_s: float = 20.0) -> LlmSettings:
    return LlmSettings.model_validate(
        {"model": "openai:scripted", "base_url": url, "api_key": "none", "timeout_s": timeout_s}
    )


def rewording(handler: Handler, given: Given, stop: threading.Event) -> None:
    """Reword every track truly by title and year, and invent something about the first of each slate."""
    tracks = [json.loads(line) for line in given["messages"][-1]["content"].splitlines()]
    lines = []
    for track in tracks:
        ids = {kind: fact["id"] for fact in track for kind in fact if kind != "id"}
        said = {kind: value for fact in track for kind, value in fact.items() if kind != "id"}
        if track is tracks[0]:
            told = f"“{said['title']}” was recorded in a church by childhood friends."
            lines.append({"cites": [ids["title"]], "sentence": told})
        told = f"“{said['title']}” is {said['genre']} from {said['year']}."
        lines.append({"cites": [ids["title"], ids["genre"], ids["year"]], "sentence": told})
    streams("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))(handler, given, stop)


def knowing(handler: Handler, given: Given, stop: threading.Event) -> None:
    """Answer three of the requests rightly, and all others with nothing; reword truly but for one sentence a slate."""
    if given.get("stream"):
        rewording(handler, given, stop)
        return
    text = json.loads(given["messages"][5]["content"])["message"]
    answer = {
        REQUESTS[0]: {"moods": ["mellow"], "eras": ["90s"], "genres": ["hip-hop"], "avoid_artists": ["Eminem"]},
        REQUESTS[1]: {"moods": ["sad"], "activities": ["rainy day: rainy sunday"], "minutes": ["45: 45 minutes"]},
        REQUESTS[3]: {"genres": ["rock"], "instruments": ["saxophone"], "avoid": ["vocals"]},
    }.get(text, {})
    states(**answer)(handler, given, stop)


def test_a_healthy_server_is_counted_request_by_request() -> None:
    with serving(knowing) as server:
        report = try_model(settings(server.url))
    assert len(REQUESTS) == len(set(REQUESTS)) == 20
    assert (report.n_valid, len(report.answers), len(server.asked)) == (20, 20, 20 + len(SLATES))
    by_request = {answer.request: answer for answer in report.answers}
    assert (by_request[REQUESTS[0]].n_agreed, by_request[REQUESTS[0]].n_read) == (4, 4)
    assert (by_request[REQUESTS[1]].n_agreed, by_request[REQUESTS[1]].n_read) == (3, 3)
    assert (by_request[REQUESTS[3]].n_agreed, by_request[REQUESTS[3]].n_read) == (2, 4)
    assert report.n_agreed == 9
    assert report.n_read == sum(answer.n_read for answer in report.answers) > 40
    assert 0 < report.seconds_p50 <= report.seconds_max < 20


def test_sentences_that_the_checker_drops_are_counted() -> None:
    with serving(knowing) as server:
        wording = try_model(settings(server.url)).wording
    assert wording is not None
    assert (wording.n_tracks, len(wording.seconds)) == (15, 3)
    assert (wording.n_kept, wording.n_dropped) == (15, 3)
    dropped = [one for one in wording.sentences if one.objection]
    assert all("childhood friends" in one.sentence for one in dropped)
    kept = next(one.sentence for one in wording.sentences if not one.objection)
    assert kept == "“Rolling in the Deep” is pop from 2010."


def test_the_slates_are_of_the_starter_catalogue() -> None:
    known = {track.track_id: track for track in read_starter().tracks}
    named = [track_id for slate in SLATES for track_id in slate]
    assert len(named) == len(set(named)) == 15
    assert all(known[track_id].year and known[track_id].genres for track_id in named)


def test_a_model_that_rewords_nothing_is_said_to() -> None:
    """It answers requests, and fails where it is to write in pieces."""

    def behave(handler: Handler, given: Given, stop: threading.Event) -> None:
        (fails(500) if given.get("stream") else states())(handler, given, stop)

    with serving(behave) as server:
        wording = try_model(settings(server.url)).wording
    assert wording is not None
    assert wording.sentences == ()


def test_half_of_the_answers_wrong_is_half_valid() -> None:
    script: list[Behaviour] = []
    for _ in range(10):
        script += [says("no idea"), says("none at all"), states()]  # one wrong twice, one right
    with serving(script) as server:
        report = try_model(settings(server.url))
    assert [answer.valid for answer in report.answers] == [False, True] * 10
    assert all("no JSON" in answer.problem for answer in report.answers if not answer.valid)


@pytest.mark.parametrize("script", [hangs(), fails(429), fails(500), refused()], ids=["hangs", "429", "500", "refused"])
def test_a_server_that_does_not_answer_is_given_up(script: Behaviour | str) -> None:
    started = time.perf_counter()
    if isinstance(script, str):
        report = try_model(settings(script, 0.5))
    else:
        with serving(script) as server:
            report = try_model(settings(server.url, 0.5))
    assert (report.n_valid, len(report.answers)) == (0, 3)
    assert report.seconds_max < 1.5
    assert time.perf_counter() - started < 20


def test_without_a_model_nothing_is_tried() -> None:
    with pytest.raises(NoModelError, match="SEGUE_LLM__MODEL"):
        try_model(LlmSettings())
    with pytest.raises(ModelError, match="'nowhere:x'"):
        try_model(LlmSettings(model="nowhere:x"))


@pytest.fixture
def segue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """Run `segue doctor --live llm` with a model and an address: (exit status, stdout, stderr)."""
    for name in [name for name in os.environ if name.startswith("SEGUE_LLM")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SEGUE_HOME", str(tmp_path))

    def run(url: str = "", model: str = "openai:scripted") -> tuple[int, str, str]:
        monkeypatch.setenv("SEGUE_LLM__MODEL", model)
        monkeypatch.setenv("SEGUE_LLM__BASE_URL", url)
        monkeypatch.setenv("SEGUE_LLM__API_KEY", "none")
        done = CliRunner().invoke(app, ["doctor", "--live", "llm"], prog_name="segue")
        return done.exit_code, done.stdout, done.stderr

    return run


def test_the_command_prints_the_figures(segue: Callable[..., tuple[int, str, str]]) -> None:
    with serving(knowing) as server:
        status, out, err = segue(server.url)
    assert (status, "could be used" in err) == (0, False)
    lines = out.splitlines()
    assert len(lines) == 27
    assert lines[0].startswith("✓ mellow 90s hip-hop, no Eminem: 4 of 4 as the rules read it; ")
    assert lines[20] == "Valid answers of openai:scripted: 20 of 20"
    assert lines[21].startswith("Read as the rules read it: 9 of ")
    assert lines[22].startswith("Seconds: p50 ")
    assert lines[23].startswith("Reworded sentences: 15 kept, 3 dropped, of 15 tracks; p50 ")
    assert lines[24].startswith("  dropped: “Rolling in the Deep” was recorded in a church by childhood friends. (")


def test_the_command_fails_where_nothing_was_valid(segue: Callable[..., tuple[int, str, str]]) -> None:
    with serving(says("I am a teapot")) as server:
        status, out, err = segue(server.url)
    assert status == 1
    assert "Valid answers of openai:scripted: 0 of 20\nSeconds" in out
    assert err.splitlines()[-1].startswith("No answer could be used")
    status, out, _ = segue(refused())
    assert status == 1
    assert "0 of 3; it stopped answering, so 17 more were not asked" in out
    status, out, err = segue(model="")
    assert (status, out) == (1, "")
    assert err.startswith("segue: no language model is set; name one")
    assert err.count("\n") == 1


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-llama")
    save_llama(folder, chat=True)
    return folder


@pytest.mark.parametrize("chat", [True, False])
def test_a_local_model_writes_what_transformers_writes(tmp_path: Path, chat: bool) -> None:
    """Against a greedy search by hand on the same weights."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    save_llama(tmp_path, chat=chat)
    said = [("system", "calm jazz"), ("human", "songs for a rainy sunday")]
    written = LocalModel.open(str(tmp_path), max_time_s=60.0).generate(said)
    tokenizer, model = AutoTokenizer.from_pretrained(tmp_path), AutoModelForCausalLM.from_pretrained(tmp_path)
    prompt = "system calm jazz user songs for a rainy sunday assistant"
    if not chat:
        prompt = "system: calm jazz\nuser: songs for a rainy sunday\nassistant:"
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    n_given = ids.shape[1]
    with torch.inference_mode():
        while ids.shape[1] < min(n_given + MAX_NEW_TOKENS, 512):
            best = model(ids).logits[:, -1].argmax(-1, keepdim=True)
            ids = torch.cat([ids, best], dim=1)
            if int(best) == tokenizer.eos_token_id:
                break
    assert written == tokenizer.decode(ids[0, n_given:], skip_special_tokens=True)
    assert written.split()


def test_a_template_without_a_role_for_the_system_gets_its_words_first(tmp_path: Path) -> None:
    save_llama(tmp_path, chat=True)
    model = LocalModel.open(str(tmp_path), max_time_s=60.0)
    template = model._tokenizer.chat_template
    refuses = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    model._tokenizer.chat_template = refuses + template
    written = model.generate([("system", "calm jazz"), ("human", "love")])
    model._tokenizer.chat_template = template
    assert written == model.generate([("human", "calm jazz\n\nlove")])
    assert written != model.generate([("human", "love")])


def test_a_local_model_ends_in_time_and_refuses_what_it_cannot_read(tiny: Path) -> None:
    hurried = LocalModel.open(str(tiny), max_time_s=0.0)
    assert len(hurried.generate([("human", "love")]).split()) <= 2
    with pytest.raises(ValueError, match="reads no more than 512"):
        hurried.generate([("human", "love " * 600)])


def test_a_local_model_that_writes_nonsense_leaves_the_rules(
    tiny: Path,
    starter_home: Path,
    open_assistant: Callable[..., Assistant],
    capfd: pytest.CaptureFixture[str],
) -> None:
    text = "90s rock, no country, to weep by candle"
    message = Message(listener_id="me", session_id="local", text=text, seed=1)
    with open_assistant(starter_home) as assistant:
        alone = assistant.reply(message)
    llm = LlmSettings(model=f"transformers:{tiny}", timeout_s=60.0)
    capfd.readouterr()
    model = open_model(llm)
    assert capfd.readouterr() == ("", "")
    assert model is not None
    assert model.complete([("human", "calm jazz for a rainy sunday")]).strip()
    with open_assistant(starter_home, llm=llm) as assistant:
        reply = assistant.reply(message.model_copy(update={"session_id": "local too"}))
    assert reply.tracks == alone.tracks
    assert reply.text == f"{alone.text} {NOTE}"
    report: LiveReport = try_model(llm.model_copy(update={"timeout_s": 5.0}))
    assert report.n_valid == 0


def test_a_local_model_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="transformers:") as caught:
        open_model(LlmSettings(model=f"transformers:{tmp_path / 'nothing'}"))
    assert "SEGUE_LLM__MODEL" in str(caught.value)
