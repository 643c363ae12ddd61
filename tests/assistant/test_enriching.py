"""Enriching reaches what is served, says where from, can be run again and undone, and is offered where needed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.app import Assistant
from assistant.enriching_errors import UnknownKnowledgeError, UnknownSourceError
from assistant.errors import NoModelError
from assistant.heard import Heard, Opened
from assistant.lookups import AnswerCache, Asked, LookedUp
from assistant.reply import Message
from connectors.enriching import advice, told, told_dropped
from connectors.history import told as told_history
from recsys.store import Store
from recsys.types import Facet
from tests.openai_server import serving, states
from tests.words_encoder import WordsEncoder

NAMES = "title,artist\nSmells Like Teen Spirit,Nirvana\nVogue,Madonna\nOne More Time,Daft Punk\nWaterloo,ABBA\n"
STATED = "title,artist,genres,year\nOther Song,Nirvana,opera,1850\n"


class Service:
    """A service that knows what it was told, and may fail after so many answers."""

    def __init__(self, *, fails_after: int = 10**6) -> None:
        self.asked: list[Asked] = []
        self.fails_after = fails_after

    def look_up(self, asked: Asked) -> LookedUp | None:
        if len(self.asked) >= self.fails_after:
            raise ConnectionError("MusicBrainz did not do it: it answered 503; try again later")
        self.asked.append(asked)
        if asked.artist == "Nobody":
            return None
        return LookedUp(0.95, (("synth-pop", 9),), year=1981, duration_s=200.0, country="SE")


def quick(open_assistant: Callable[..., Assistant], home: Path, **more: Any) -> Assistant:
    """Open an installation whose encoder counts words: exporting the real one takes longer than all of these tests."""
    opened = open_assistant(home, **more)
    opened._encoder_or_none = WordsEncoder()
    return opened


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory, open_assistant: Callable[..., Assistant]) -> Path:
    """A data folder that serves four tracks of which only the names are known."""
    home = tmp_path_factory.mktemp("named") / "home"
    table = home.with_name("names.csv")
    table.write_text(NAMES, encoding="utf-8")
    with quick(open_assistant, home) as assistant:
        assert assistant.index(table).undescribed == 1.0
    return home


@pytest.fixture
def home(named: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(named, tmp_path / "home"))


@pytest.fixture
def assistant(home: Path, open_assistant: Callable[..., Assistant]) -> Iterator[Assistant]:
    with quick(open_assistant, home) as opened:
        yield opened


def values(home: Path) -> dict[tuple[str, str, str], Any]:
    store = Store.open(f"sqlite:///{(home / 'segue.db').as_posix()}")
    found = {(o.track_id, o.field, o.source): o.value for ones in store.annotations.of().values() for o in ones}
    store.close()
    return found


def test_what_is_inferred_is_served_marked_and_counted_as_inferred_and_can_be_undone(
    assistant: Assistant, home: Path
) -> None:
    before = assistant.serving().recommender.catalogue
    report = assistant.enrich()
    assert report.generation_changed
    assert [one.source for one in report.sources] == ["artist", "artist-facts"]
    catalogue = assistant.serving().recommender.catalogue
    track = next(catalogue.track(row) for row in range(len(catalogue)) if catalogue.titles[row] == "Vogue")
    assert track.derived["genres"].source == "artist-facts"
    assert 0.5 <= track.derived["genres"].confidence < 1
    assert track.year == 1990
    reply = assistant.reply(Message(listener_id="me", session_id="s", text="rock from the 90s", n_tracks=1))
    assert any("1 inferred, not stated" in line.delivered for line in reply.receipt)
    assert "Nirvana" in {track.artist for track in reply.tracks}
    dropped = assistant.drop_enrichment("facts")
    assert (dropped.source, dropped.generation_changed) == ("artist-facts", True)
    assert dropped.n_values > 10
    assert values(home) == {}
    assert assistant.serving().recommender.catalogue.fingerprint == before.fingerprint
    assert told_dropped(assistant.drop_enrichment("artist-facts")) == "There was nothing from artist-facts"


def test_enriching_again_changes_nothing_and_a_dry_run_changes_nothing_at_all(assistant: Assistant, home: Path) -> None:
    dry = assistant.enrich(dry_run=True)
    assert values(home) == {}
    done = assistant.enrich()
    kept = values(home)
    assert dry.sources == done.sources
    assert told(dry)[-1] == "Nothing was changed (--dry-run)"
    again = assistant.enrich()
    assert not again.generation_changed
    assert values(home) == kept


def test_what_a_source_states_is_never_replaced(assistant: Assistant, tmp_path: Path) -> None:
    table = tmp_path / "stated.csv"
    table.write_text(STATED, encoding="utf-8")
    assistant.index(table)
    report = assistant.enrich(source="stated")
    assert report.n_tracks == 1
    catalogue = assistant.serving().recommender.catalogue
    track = next(catalogue.track(row) for row in range(len(catalogue)) if catalogue.titles[row] == "Other Song")
    assert (track.genres, track.year) == (("opera",), 1850)
    assert not {"genres", "year"} & track.derived.keys()
    assert track.country == "united states"
    assert not catalogue.derived(Facet.COUNTRY, heard=False)[catalogue.titles.index("Vogue")]


def test_a_service_that_fails_is_told_and_another_run_goes_on_where_it_stopped(
    assistant: Assistant, home: Path
) -> None:
    failing = Service(fails_after=2)
    report = assistant.enrich(("musicbrainz",), lookups={"musicbrainz": failing})
    (one,) = report.sources
    assert (one.n_asked, one.n_kept, one.n_left) == (2, 0, 2)
    assert "it answered 503" in one.problem
    assert any("run it again to go on" in line for line in told(report))
    assert len({track for track, _, _ in values(home)}) == 2
    well = Service()
    report = assistant.enrich(("musicbrainz",), lookups={"musicbrainz": well})
    assert len(well.asked) == 2
    assert not {asked.key for asked in failing.asked} & {asked.key for asked in well.asked}
    (one,) = report.sources
    assert (one.n_asked, one.n_kept, one.n_left, one.problem) == (2, 2, 0, "")
    quiet = Service()
    assert not assistant.enrich(("musicbrainz",), lookups={"musicbrainz": quiet}).generation_changed
    assert quiet.asked == []
    assert {field for _, field, _ in values(home)} == {"genres", "year", "duration_s", "country"}


def test_what_services_said_is_kept_without_names(assistant: Assistant, home: Path) -> None:
    assistant.enrich(("musicbrainz",), lookups={"musicbrainz": Service()})
    kept = (home / "cache" / "lookups" / "musicbrainz.jsonl").read_text(encoding="utf-8").lower()
    assert "synth-pop" in kept
    assert not any(name in kept for name in ("nirvana", "vogue", "madonna", "waterloo"))


def test_a_kept_answer_that_was_cut_off_is_asked_for_again_and_old_ones_too(tmp_path: Path) -> None:
    path, one, two = tmp_path / "kept.jsonl", Asked("One", "Ann"), Asked("Two", "Ben")
    cache = AnswerCache(path)
    cache.keep(one, {"match": 0.9})
    cache.keep(two, None)
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[:-20], encoding="utf-8")
    opened = AnswerCache(path)
    assert one in opened
    assert two not in opened
    opened.keep(two, None)
    again = AnswerCache(path)
    assert again[one] == {"match": 0.9}
    assert two in again
    assert again[two] is None
    assert one not in AnswerCache(path, now=json.loads(whole.splitlines()[0])["at"] + 400 * 86_400)


def test_a_language_model_describes_tracks_and_is_not_asked_twice(
    home: Path, open_assistant: Callable[..., Assistant]
) -> None:
    said = {"number": 1, "genres": ["grunge", "made-up genre"], "language": "English", "year": 1991}
    with serving(states(tracks=[said])) as server:
        model = {"model": "openai:scripted", "base_url": server.url, "api_key": "none"}
        assistant = quick(open_assistant, home, llm=model)
        report = assistant.enrich(("llm",))
        (one,) = report.sources
        assert (one.n_asked, one.n_left, one.problem) == (4, 0, "")
        found = values(home)
        assert sorted(field for _, field, _ in found) == ["genres", "language", "year"]
        assert ("grunge",) in found.values()
        assert not assistant.enrich(("llm",)).generation_changed
        assert len(server.asked) == 1
        assistant.close()


def test_what_cannot_be_asked_is_said_at_once(assistant: Assistant) -> None:
    with pytest.raises(UnknownKnowledgeError, match=r"'wikipedia'.*artists, facts, musicbrainz"):
        assistant.enrich(("facts", "wikipedia"))
    with pytest.raises(UnknownKnowledgeError):
        assistant.enrich(("musicbrainz",))
    with pytest.raises(UnknownSourceError, match=r"'nowhere'.*there are names"):
        assistant.enrich(source="nowhere")
    with pytest.raises(NoModelError):
        assistant.enrich(("llm",))
    with pytest.raises(UnknownKnowledgeError):
        assistant.drop_enrichment("heard:librosa")


def test_what_was_learnt_of_a_track_goes_with_the_last_listener_who_named_it(assistant: Assistant, home: Path) -> None:
    heard = [Opened("plays", "csv"), Heard("Nightswimming", "R.E.M."), Heard("Everybody Hurts", "R.E.M.")]
    report = assistant.add_listens("ann", heard)
    assert report.undescribed == 1.0
    assert any("segue enrich" in line for line in told_history(report))
    assistant.enrich(source="history")
    assert {track.partition(":")[0] for track, _, _ in values(home)} == {"history"}
    assert assistant.forget("ann")
    assert values(home) == {}


def test_enriching_is_offered_where_most_tracks_have_no_genre() -> None:
    assert advice(0.3) == []
    (line,) = advice(0.97)
    assert line.startswith("97% of its tracks have no genre: `segue enrich`")
