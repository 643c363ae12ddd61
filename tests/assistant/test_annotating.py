"""Attributes come from files, from a language model and from vectors, are served, and can be undone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from assistant import spaces
from assistant.annotating import read_scale
from assistant.annotating_errors import NoSpaceError, NoTrackMatchedError, UnknownAnnotatorError, UnknownScaleError
from assistant.app import Assistant
from assistant.asking import Asker
from assistant.errors import ModelError, NoModelError
from assistant.listening import _store_facts
from assistant.reply import Message
from connectors.annotating import told, told_cost
from recsys.annotations import Annotation
from recsys.attributes.by_audio import TooFewAnnotatedError
from recsys.attributes.scales import Scale, ScaleError
from recsys.attributes.table import load_attributes
from recsys.attributes.values import AUDIO, FILE, MODEL, annotation, values_of
from recsys.audio.base import Heard
from recsys.spaces import cards, put_space
from recsys.store import Store
from recsys.types import Track
from tests.words_encoder import WordsEncoder

KEYS = load_attributes().keys
N_ARTISTS, N_TRACKS = 30, 60
#: Of the first half of the artists, whose voices are gritty; the others' are clean.
GRITTY = "vocal_grittiness"


def quick(open_assistant: Callable[..., Assistant], home: Path, **more: Any) -> Assistant:
    opened = open_assistant(home, **more)
    opened._encoder_or_none = WordsEncoder()
    return opened


def artist_of(number: int) -> int:
    return number % N_ARTISTS


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory, open_assistant: Callable[..., Assistant]) -> Path:
    """A data folder that serves sixty tracks of thirty artists of which only the names are known."""
    home = tmp_path_factory.mktemp("attributes") / "home"
    table = home.with_name("names.csv")
    rows = [f"Song Number {number},Band {artist_of(number)}" for number in range(N_TRACKS)]
    table.write_text("\n".join(["title,artist", *rows]), encoding="utf-8")
    with quick(open_assistant, home) as assistant:
        assistant.index(table)
    return home


@pytest.fixture
def home(named: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(named, tmp_path / "home"))


@pytest.fixture
def assistant(home: Path, open_assistant: Callable[..., Assistant]) -> Iterator[Assistant]:
    with quick(open_assistant, home) as opened:
        yield opened


def published(path: Path, numbers: range, *, scale: Scale = Scale.UNIT) -> Path:
    """Write attributes of tracks in MGPHot's own form: gritty voices for the first half of the artists."""
    lines = ["mgphot_track_id\tartist\ttitle\tyear\tgene_values"]
    for number in numbers:
        values = [0.5] * len(KEYS)
        values[KEYS.index(GRITTY)] = 0.9 if artist_of(number) < N_ARTISTS // 2 else 0.1
        values[KEYS.index("minor_major")] = 0.1 if number % 2 else 0.9
        said = values if scale is Scale.UNIT else [round(value * 5) for value in values]
        lines.append(f"{number}\tBAND {artist_of(number)}\tsong number {number}\t1999\t{json.dumps(said)}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def tracks(assistant: Assistant) -> dict[str, Track]:
    catalogue = assistant.serving().recommender.catalogue
    return {catalogue.titles[row]: catalogue.track(row) for row in range(len(catalogue))}


def stored(assistant: Assistant, source: str) -> dict[str, dict[str, tuple[float, float]]]:
    found = assistant._store().annotations.of()
    return {track_id: values_of(one) for track_id, said in found.items() for one in said if one.source == source}


def test_a_published_file_is_read_served_and_asked_for(assistant: Assistant, home: Path, tmp_path: Path) -> None:
    report = assistant.annotate_from_file(published(tmp_path / "mgphot.tsv", range(40)), Scale.UNIT)
    assert report.file is not None
    assert (report.file.form, report.file.n_rows, report.file.n_matched, report.n_tracks) == ("list", 40, 40, 40)
    assert report.n_values == report.n_shown == 40 * 58
    assert report.generation_changed
    one = tracks(assistant)["Song Number 3"].attributes[GRITTY]
    assert (one.value, one.derived.source, one.derived.confidence) == (0.9, FILE, 0.95)
    assert tracks(assistant)["Song Number 50"].attributes == {}
    (card,) = (card for card in cards(home) if card.name == "attributes")
    assert (card.n_rows, card.width) == (40, 116)
    (space,) = spaces.stored(home)
    assert (space.name, space.used) == ("attributes", True)
    reply = assistant.reply(Message(listener_id="me", session_id="s", text="gritty vocals", n_tracks=10))
    (line,) = (line for line in reply.receipt if line.constraint == "gritty vocals")
    assert not line.hard
    assert line.n_met >= 7
    assert line.delivered.startswith(f"{line.n_met} of 10, {line.n_met} inferred, not stated")
    reply = assistant.reply(Message(listener_id="me", session_id="t", text="only gritty vocals", n_tracks=10))
    (line,) = (line for line in reply.receipt if line.constraint == "gritty vocals")
    assert (line.hard, line.delivered) == (True, "10 of 10, 10 inferred, not stated")
    assert all(tracks(assistant)[track.title].attributes[GRITTY].value == 0.9 for track in reply.tracks)
    assert any(track.reason.startswith("Vocal grittiness 0.90 of 1, annotated") for track in reply.tracks)
    dropped = assistant.drop_attributes("file")
    assert dropped.n_values == 40 * 58
    assert not [card for card in cards(home) if card.name == "attributes"]
    assert tracks(assistant)["Song Number 3"].attributes == {}


def test_a_key_is_met_by_the_tonality_where_no_key_is_stated(assistant: Assistant, tmp_path: Path) -> None:
    assistant.annotate_from_file(published(tmp_path / "mgphot.tsv", range(40)), Scale.UNIT)
    reply = assistant.reply(Message(listener_id="me", session_id="s", text="only songs in a minor key", n_tracks=8))
    line = next(line for line in reply.receipt if "minor" in line.constraint)
    assert line.n_met == 8
    assert "8 inferred, not stated" in line.delivered
    assert all(int(track.title.split()[-1]) % 2 for track in reply.tracks)


def test_both_scales_come_to_the_same_and_neither_is_taken_for_the_other(assistant: Assistant, tmp_path: Path) -> None:
    fives = published(tmp_path / "fives.tsv", range(5), scale=Scale.FIVE)
    report = assistant.annotate_from_file(fives, Scale.FIVE, dry_run=True)
    assert report.file is not None
    assert (report.file.scale, report.file.greatest) == ("0-5", 4.0)
    assert stored(assistant, FILE) == {}
    with pytest.raises(ScaleError, match=r"line 2.* is not a number from 0 to 1.*name the scale 0-5"):
        assistant.annotate_from_file(fives, Scale.UNIT)
    with pytest.raises(ScaleError, match=r"0.5 is not a whole number from 0 to 5.*name the scale 0-1"):
        assistant.annotate_from_file(published(tmp_path / "units.tsv", range(5)), Scale.FIVE)
    with pytest.raises(UnknownScaleError, match="'percent'"):
        read_scale("percent")


def test_a_file_of_other_tracks_changes_nothing(assistant: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("artist_name,track_name,Tempo,Sad Lyrics\nNobody,Nothing,0.5,0.2\n", encoding="utf-8")
    with pytest.raises(NoTrackMatchedError, match="'Nobody – Nothing'"):
        assistant.annotate_from_file(path, Scale.UNIT)


def test_what_sounds_alike_is_annotated_alike_and_how_well_is_found_on_other_artists(
    assistant: Assistant, home: Path, tmp_path: Path
) -> None:
    catalogue = assistant.serving().recommender.catalogue
    rng = np.random.default_rng(64)
    vectors = rng.standard_normal((N_TRACKS, 6)).astype(np.float32)
    for row, title in enumerate(catalogue.titles):
        vectors[row, 0] = 3.0 if artist_of(int(title.split()[-1])) < N_ARTISTS // 2 else -3.0
    put_space(home, "sound", catalogue.track_ids, vectors, source="test")
    with pytest.raises(TooFewAnnotatedError, match="0 annotated tracks"):
        assistant.annotate_by_sound("sound")
    assistant.annotate_from_file(published(tmp_path / "mgphot.tsv", range(45)), Scale.UNIT)
    report = assistant.annotate_by_sound()
    assert report.sound is not None
    assert (report.sound.space, report.sound.n_fitted, report.sound.n_vectors) == ("sound", 45, N_TRACKS)
    filled = {one.key for one in report.sound.held_out if one.filled}
    assert GRITTY in filled
    assert len(filled) <= 2  # at most one more, by chance
    found = stored(assistant, AUDIO)
    assert len(found) == N_TRACKS
    new = tracks(assistant)["Song Number 50"]
    assert artist_of(50) >= N_ARTISTS // 2
    assert new.attributes[GRITTY].value < 0.3
    assert new.attributes[GRITTY].derived.heard
    assert new.attributes[GRITTY].derived.confidence > 0.7
    assert any("Vocal Grittiness" in line and "R²" in line for line in told(report))
    with pytest.raises(NoSpaceError, match=r"no space of tracks called 'none'.*there are sound"):
        assistant.annotate_by_sound("none")


class Scripted:
    """A language model that writes what it was told to, the last of it again and again."""

    def __init__(self, *answers: str | Exception) -> None:
        self._answers, self.asked = list(answers), list[str]()

    def complete(self, messages: Sequence[tuple[str, str]], form: type[BaseModel] | None = None) -> str:
        self.asked.append(messages[-1][1])
        said = self._answers[min(len(self.asked), len(self._answers)) - 1]
        if isinstance(said, Exception):
            raise said
        return said


def modelled(open_assistant: Callable[..., Assistant], home: Path, model: Scripted) -> Assistant:
    """Open an installation whose language model is a script, and which serves nothing new: that takes longest."""
    opened = quick(open_assistant, home, llm={"model": "openai:scripted"})
    asker = Asker(lambda: model, timeout_s=30.0, pause_s=0.0)
    opened._asker_or_none = asker
    opened._patient_asker = lambda: asker  # type: ignore[method-assign]
    opened._build = lambda *_, **__: SimpleNamespace(changed=False)  # type: ignore[method-assign,assignment]
    return opened


def answer(numbers: range, **odd: Any) -> dict[str, Any]:
    values = dict.fromkeys(KEYS, 2) | {GRITTY: 5}
    return {"tracks": [{"number": number, "values": values | (odd if number == 1 else {})} for number in numbers]}


def test_a_language_model_is_asked_once_checked_and_told_apart(
    home: Path, open_assistant: Callable[..., Assistant], tmp_path: Path
) -> None:
    model = Scripted(json.dumps(answer(range(1, 8), tempo=9, piano="loud", kazoo=3, organ=None)))
    with modelled(open_assistant, home, model) as assistant:
        assistant.annotate_from_file(published(tmp_path / "mgphot.tsv", range(12)), Scale.UNIT)
        cost = assistant.annotation_cost(most=10, checks=4)
        assert (cost.n_tracks, cost.n_checks, cost.n_questions, cost.n_examples) == (10, 4, 2, 3)
        assert model.asked == []
        assert any("at your prices" in line for line in told_cost(cost, 1.0, 2.0))
        report = assistant.annotate_by_model(most=10, checks=4)
        asked = report.asked
        assert asked is not None
        assert (asked.n_asked, asked.n_left, asked.n_compared, asked.problem) == (10, 0, 4, "")
        assert dict(asked.refused) == {
            "a track numbered 6, which was not asked about": 2,
            "a track numbered 7, which was not asked about": 2,
            "tempo = '9', which is no whole number from 0 to 5": 2,
            "piano = 'loud', which is no whole number from 0 to 5": 2,
            "'kazoo', which is no attribute": 2,
        }
        assert any("refused 2 × tempo = '9'" in line for line in told(report))
        assert len(model.asked) == 2
        found = stored(assistant, MODEL)
        assert len(found) == 10
        assert all(values[GRITTY][0] == 1.0 for values in found.values())
        # 2 of 5 is within a step of .5, and 5 of 5 is right for the gritty half alone.
        confidences = next(iter(found.values()))
        assert confidences["backbeat"][1] > 0.6
        assert assistant.annotation_cost(checks=4).n_kept == 10
        kept = (home / "cache" / "lookups").glob("attributes-*.jsonl")
        assert "song" not in next(iter(kept)).read_text(encoding="utf-8").lower()
        again = assistant.annotate_by_model(most=5, checks=4)
        assert again.n_tracks == 15
        assert len(model.asked) == 3


#: What is no usable answer, and how it is told; each is asked to mend its answer, and then asked anew.
USELESS = {
    "no JSON": ("I would rather not.", "there is no JSON object in it"),
    "cut off": ('{"tracks": [{"number": 1, "val', "the JSON is broken"),
    "another shape": ('{"tracks": "none"}', "valid list"),
    "a refusal as JSON": ('{"error": "I cannot rate music"}', "tracks: Field required"),
    "no numbers": ('{"tracks": [{"values": {}}]}', "number: Field required"),
    "too late": (TimeoutError("read timed out"), "TimeoutError"),
}


@pytest.mark.parametrize("kind", USELESS)
def test_one_answer_of_no_use_is_told_and_the_next_tracks_are_asked_about(
    home: Path, open_assistant: Callable[..., Assistant], kind: str
) -> None:
    useless, why = USELESS[kind]
    whole = json.dumps(answer(range(1, 6)))
    n_tries = 1 if isinstance(useless, Exception) else 2
    model = Scripted(whole, *[useless] * (2 * n_tries), whole)
    with modelled(open_assistant, home, model) as assistant:
        report = assistant.annotate_by_model(most=15)
        asked = report.asked
        assert asked is not None
        assert (asked.n_asked, asked.n_left, asked.n_failed, asked.problem) == (10, 5, 5, "")
        ((said, n),) = asked.failed
        assert n == 5
        assert why in said
        assert report.n_tracks == 10
        lines = told(report)
        assert any("no usable answer about 5 tracks, each asked for twice; run it again" in line for line in lines)
        assert any(why in line for line in lines)
        # Nothing of the five is taken for known: they are asked about again, and the model has come to itself.
        assert assistant.annotation_cost().n_kept == 10
        report = assistant.annotate_by_model(most=5)
        assert report.asked is not None
        assert (report.asked.n_asked, report.asked.n_failed, report.n_tracks) == (5, 0, 15)


def test_an_answer_that_is_of_use_the_second_time_is_kept(home: Path, open_assistant: Callable[..., Assistant]) -> None:
    model = Scripted("no", "no", json.dumps(answer(range(1, 6))))
    with modelled(open_assistant, home, model) as assistant:
        report = assistant.annotate_by_model(most=5)
        assert report.asked is not None
        assert (report.asked.n_asked, report.asked.n_failed, report.asked.failed) == (5, 0, ())
        # The answer that was of no use was paid for, too.
        assert report.asked.tokens_in > assistant.annotation_cost(most=5).tokens_in * 1.5


def test_a_model_that_cannot_be_reached_ends_the_run_and_what_is_done_stays(
    home: Path, open_assistant: Callable[..., Assistant]
) -> None:
    model = Scripted(json.dumps(answer(range(1, 6))), ConnectionError("refused"))
    with modelled(open_assistant, home, model) as assistant:
        report = assistant.annotate_by_model(most=40)
        asked = report.asked
        assert asked is not None
        assert (asked.n_asked, asked.n_failed, asked.n_left) == (5, 15, 35)
        assert "ConnectionError: refused" in asked.problem
        assert len(model.asked) == 1 + 3 * 2
        assert report.n_tracks == 5
        assert any("run it again to go on" in line for line in told(report))
        again = assistant.annotate_by_model(most=5)
        assert again.asked is not None
        assert again.asked.n_kept == 5


def test_failures_between_answers_do_not_end_the_run(home: Path, open_assistant: Callable[..., Assistant]) -> None:
    whole, lost = json.dumps(answer(range(1, 6))), ConnectionError("reset")
    model = Scripted(*[one for _ in range(4) for one in (lost, lost, whole)])
    with modelled(open_assistant, home, model) as assistant:
        asked = assistant.annotate_by_model(most=40).asked
        assert asked is not None
        assert (asked.n_asked, asked.n_failed, asked.problem) == (20, 20, "")


def test_a_model_that_cannot_be_opened_is_not_asked_again(home: Path, open_assistant: Callable[..., Assistant]) -> None:
    opened: list[int] = []

    def broken() -> Any:
        opened.append(1)
        raise ModelError("openai:scripted", "no key")

    with modelled(open_assistant, home, Scripted("")) as assistant:
        asker = Asker(broken, timeout_s=30.0, pause_s=0.0)
        assistant._patient_asker = lambda: asker  # type: ignore[method-assign]
        asked = assistant.annotate_by_model(most=40).asked
        assert asked is not None
        assert (asked.n_asked, asked.n_failed, len(opened)) == (0, 5, 1)
        assert "no key" in asked.problem


def test_what_cannot_be_done_is_said_at_once(assistant: Assistant) -> None:
    with pytest.raises(NoModelError):
        assistant.annotation_cost()
    with pytest.raises(NoSpaceError, match="there is none"):
        assistant.annotate_by_sound()
    with pytest.raises(UnknownAnnotatorError, match=r"'wikipedia'.*file, llm, audio"):
        assistant.drop_attributes("wikipedia")


def test_hearing_the_files_again_leaves_attributes_alone(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{(tmp_path / 'segue.db').as_posix()}")
    store.add_source("mine", "", "csv", "1", [Track("a", "Song", ("Band",))])
    store.annotations.put(AUDIO, ["a"], [annotation("a", {GRITTY: (0.9, 0.8)}, AUDIO)])
    store.annotations.put("heard:old", ["a"], [Annotation("a", "energy", 0.1, 0.8, "heard:old")])
    _store_facts(store, {"a": "sound 1"}, {"sound 1": [Heard("energy", 0.7, 0.9, "heard:new")]})
    assert {(one.source, one.field) for one in store.annotations.of()["a"]} == {
        ("heard:new", "energy"),
        (AUDIO, "attributes"),
    }
    store.close()
