"""The tagger: learnt phrases, how they are meant, partial labels, and what an installation does with them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import LabelledRequestsError
from assistant.languages import ENGLISH
from assistant.reading import FOLDER, learn_to_read, open_understanding
from assistant.request import Request
from assistant.understanding.labelled import Labelled, others, read_labelled, read_lines, read_names
from assistant.understanding.learned import LearnedUnderstanding, without
from assistant.understanding.rules import RulesUnderstanding
from assistant.understanding.tagger_training import TaggerSettings, _Networks, places, train_tagger
from assistant.understanding.tagging import Phrase, Tagger, TaggerError, WordReader, join, refused_spans
from assistant.understanding.tokens import MAX_CHARACTERS, read
from recsys.catalogue import Catalogue
from recsys.types import FloatArray, Track

MOODS = ("schmaltzy", "wistful", "gloopy", "sparkly", "brooding", "feathery", "woozy", "crunchy")
PLACES = ("dishwashing", "gardening", "carpentry", "knitting", "welding", "fishing")
QUICK = TaggerSettings(members=1, hidden=16, epochs=8, batch=8)


class HashedStates:
    """A double of the encoder: a word's state depends on the word alone."""

    name, dim, state_dim = "hashed", 8, 8

    def states(self, text: str, spans: Sequence[tuple[int, int]]) -> FloatArray:
        rows = [np.random.default_rng(list(text[a:b].lower().encode())).normal(size=8) for a, b in spans]
        return np.array(rows, np.float32).reshape(-1, 8)

    def encode(self, texts: Sequence[str]) -> FloatArray:
        return np.stack([self.states(text, [(0, len(text))])[0] for text in texts])


READER = WordReader(HashedStates())


def requests() -> list[Labelled]:
    """Moods that no vocabulary has, wanted, refused and likened, for occasions that none has either."""
    made = []
    for number in range(72):
        mood, place = MOODS[number % len(MOODS)], PLACES[number % len(PLACES)]
        said = (("Mood", mood, "+"), ("ListeningContext", place, "+"))
        made.append(Labelled(f"{mood} songs for {place}", said))
        made.append(Labelled(f"songs for {place}, {mood}", said))
        made.append(Labelled(("some songs please", "hello", "music that is not for me")[number % 3], ()))
        made.append(Labelled(f"songs for {place} that sound like {mood} ones", (("Mood", mood, "~"), said[1])))
    return made


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return train_tagger(requests(), READER, QUICK, seed=64)


def tagged(tagger: Tagger, text: str) -> set[tuple[str, str, str]]:
    return {(one.facet, one.text, one.polarity) for one in tagger.tag(READER.read(read(text)))}


def test_what_was_learnt_is_found_where_it_was_never_said(tagger: Tagger) -> None:
    assert tagged(tagger, "Woozy music for fishing") == {("Mood", "Woozy", "+"), ("ListeningContext", "fishing", "+")}
    assert ("Mood", "sparkly", "~") in tagged(tagger, "songs for welding that sound like sparkly ones")
    assert not tagged(tagger, "some songs please")


def test_what_the_rules_read_as_refused_is_unwanted(tagger: Tagger) -> None:
    """No training request refuses anything: the polarity is the rules'."""
    assert ("Mood", "gloopy", "-") in tagged(tagger, "songs for fishing, not gloopy")
    assert ("Mood", "woozy", "-") in tagged(tagger, "songs for fishing, but not too woozy")
    assert ("Mood", "woozy", "+") in tagged(tagger, "not only woozy songs for fishing")


def test_an_idiom_that_sounds_like_a_refusal_refuses_nothing() -> None:
    """ "Stop" may have been learnt to be a phrase; "non stop" is still no refusal of it."""
    assert refused_spans(read("non stop eurodance"), [(1, 2), (2, 3)]) == set()
    assert refused_spans(read("no stop words"), [(1, 2)]) == {(1, 2)}


def test_the_same_seed_gives_the_same_tagger(tagger: Tagger) -> None:
    again = train_tagger(requests(), READER, QUICK, seed=64)
    for name, table in tagger.weights.items():
        np.testing.assert_array_equal(again.weights[name], table)
    other = train_tagger(requests(), READER, QUICK, seed=65)
    assert not np.array_equal(other.weights["inner"], tagger.weights["inner"])


def test_requests_with_names_alone_leave_the_rest_open() -> None:
    """Where only names were labelled, a mood that others teach is no mistake."""
    names = [Labelled(f"woozy songs like {name}", (("NE", name, "~"),), complete=False) for name in ("zorb", "plim")]
    learnt = train_tagger([*requests(), *names * 16], READER, QUICK, seed=64)
    assert {one[:2] for one in tagged(learnt, "woozy songs like zorb")} == {("Mood", "woozy"), ("NE", "zorb")}
    taken_whole = [Labelled(one.text, one.intents) for one in names]
    strict = train_tagger([*requests(), *taken_whole * 16], READER, QUICK, seed=64)
    assert ("Mood", "woozy", "+") not in tagged(strict, "woozy songs like zorb")


def test_saved_loaded_and_refused(tagger: Tagger, tmp_path: Path) -> None:
    assert Tagger.load(tmp_path, "hashed") is None
    tagger.save(tmp_path)
    loaded = Tagger.load(tmp_path, "hashed")
    assert loaded is not None
    text = "gloopy songs for knitting"
    assert tagged(loaded, text) == tagged(tagger, text)
    with pytest.raises(TaggerError, match="text encoder hashed, not other; run `segue train --requests"):
        Tagger.load(tmp_path, "other")
    (tmp_path / "tagger.safetensors").write_bytes(b"torn")
    with pytest.raises(TaggerError, match="cannot be read"):
        Tagger.load(tmp_path, "hashed")


@given(seed=st.integers(0, 2**32 - 1))
def test_the_crf_sums_over_all_sequences(seed: int) -> None:
    """Against every sequence of labels by brute force: 5 labels, 3 words."""
    torch.manual_seed(seed)
    network = _Networks(4, 2, TaggerSettings(members=1, hidden=16))
    torch.nn.init.normal_(network.steps)
    torch.nn.init.normal_(network.starts)
    emissions = torch.randn(1, 3, 5)
    with torch.no_grad():
        steps = (network.steps[0] + network.possible).numpy()
        starts = (network.starts[0] + network.possible_starts).numpy()
        total = float(network.log_total(emissions[None], torch.tensor([3])))
    words = emissions[0].numpy()
    weights = [
        starts[a] + words[0, a] + steps[a, b] + words[1, b] + steps[b, c] + words[2, c]
        for a, b, c in product(range(5), repeat=3)
    ]
    assert total == pytest.approx(np.logaddexp.reduce(weights), abs=1e-3)


def test_places_are_whole_words() -> None:
    assert places(read("Popular pop, pop punk"), "pop") == [(1, 2), (2, 3)]
    assert places(read("some R&B please"), "r&b") == [(1, 4)]
    assert places(read("nothing"), "thing") == []


def test_the_rules_add_what_is_refused_and_facets_that_were_not_learnt() -> None:
    learnt = [Phrase("Mood", 1, 3, "+", "b c"), Phrase("NE", 7, 9, "~", "h i")]
    ruled = [Phrase("Genre", 2, 4, "+", "c d"), Phrase("NE", 5, 6, "-", "f"), Phrase("Genre", 10, 11, "+", "k")]
    assert join(learnt, ruled, ("Mood", "NE", "Genre")) == [learnt[0], ruled[1], learnt[1]]
    assert join(learnt, ruled, ("Mood", "NE")) == [learnt[0], ruled[1], learnt[1], ruled[2]]
    voices = Phrase("Vocals", 10, 11, "+", "k")
    assert join(learnt, [voices], ("Instrument",)) == learnt
    refused = Phrase("Genre", 8, 9, "-", "i")
    assert join(learnt, [refused], ("Genre",)) == [learnt[0], refused]
    assert join(learnt, [Phrase("NE", 8, 9, "-", "i")], ("NE",)) == learnt


def test_what_was_learnt_says_how_far_a_refusal_goes() -> None:
    learnt = Phrase("Instrument", 2, 5, "-", "english female vocals", chance=0.4)
    ruled = Phrase("Language", 2, 3, "-", "english")
    assert join([learnt], [ruled], ("Instrument",)) == [learnt]
    assert join([Phrase("Instrument", 2, 5, "+", "english female vocals")], [ruled], ("Instrument",)) == [ruled]
    stray, pop = Phrase("Genre", 3, 5, "-", "Pop y"), Phrase("Genre", 3, 4, "-", "Pop")
    assert join([stray], [pop], ("Genre",)) == [pop], "a lone letter is no word of it"


def test_a_refusal_that_was_only_learnt_is_likelier_than_not() -> None:
    doubtful = Phrase("NE", 1, 3, "-", "right now", chance=0.4)
    assert join([doubtful], [], ("NE",)) == []
    sure = Phrase("NE", 1, 3, "-", "chicken dance", chance=0.6)
    assert join([sure], [], ("NE",)) == [sure]


def test_a_learnt_name_holds_the_word_that_refuses_only_where_it_is_likened() -> None:
    ruled = Phrase("NE", 4, 6, "-", "bad bunny")
    assert join([Phrase("NE", 3, 6, "+", "no bad bunny")], [ruled], ("NE",)) == [ruled]
    likened = Phrase("NE", 3, 5, "~", "no quarter")
    assert join([likened], [Phrase("Genre", 4, 5, "-", "quarter")], ("NE",)) == [likened]


def test_no_learnt_phrase_goes_on_behind_a_comma(tagger: Tagger) -> None:
    reading = read("woozy, sparkly, gloopy, songs for fishing")
    assert all(not reading.pause(n) for one in tagger.tag(READER.read(reading)) for n in range(one.start + 1, one.end))


@pytest.mark.parametrize(
    "text", ["musica triste para la cena", "etwas Jazz ohne Gesang und mit Klavier", "du rock sans voix"]
)
def test_what_was_learnt_in_english_is_kept_out_of_other_languages(tagger: Tagger, text: str) -> None:
    rules = RulesUnderstanding(Catalogue.from_tracks([Track("a", "Night Boat", ("Abe",), genres=("jazz",))], []))
    assert LearnedUnderstanding(rules, tagger, READER).phrases(text) == rules.phrases(read(text))
    assert rules.spoken(read(text)) != ENGLISH
    for english in ("songs like los lobos please", "some bossa nova for a dinner", "sad jazz", ""):
        assert rules.spoken(read(english)) == ENGLISH


def test_refused_words_are_no_search_text() -> None:
    assert without("music to study that isn't too schmaltzy", ["schmaltzy"]) == "music to study that"
    assert without("schmaltzy", ["schmaltzy"]) == "schmaltzy"
    assert without("pop but not pop punk", ["pop punk"]) == "pop"


def test_an_installation_reads_with_what_it_learnt(
    tagger: Tagger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    catalogue = Catalogue.from_tracks([Track("a", "Night Boat", ("Abe",), genres=("jazz",))], [])
    encoder = HashedStates()
    assert isinstance(open_understanding(tmp_path, catalogue, encoder), RulesUnderstanding)
    tagger.save(tmp_path / FOLDER)
    learned = open_understanding(tmp_path, catalogue, encoder)
    assert isinstance(learned, LearnedUnderstanding)
    request = learned.understand("jazz for fishing, not too gloopy")
    assert "gloopy" not in request.search_text
    assert ("gloopy", "-") in {(one.text, one.polarity) for one in request.descriptors}
    assert ("jazz", "+") in {(one.text, one.polarity) for one in request.descriptors}
    assert (
        request.constraints == RulesUnderstanding(catalogue).understand("jazz for fishing, not too gloopy").constraints
    )
    assert Request.model_validate_json(request.model_dump_json()) == request
    (tmp_path / FOLDER / "tagger.json").write_text("{", encoding="utf-8")
    caplog.set_level(logging.WARNING)
    assert isinstance(open_understanding(tmp_path, catalogue, encoder), RulesUnderstanding)
    assert "read by the rules alone" in caplog.text


@pytest.mark.parametrize(
    "text", ["", " ", "🎻", "\x00", "a" * (MAX_CHARACTERS + 50), "no " * 300, "\ud800 jazz", "音楽"]
)
def test_any_text_is_read(tagger: Tagger, text: str) -> None:
    assert isinstance(tagged(tagger, text), set)


def test_files_of_names(tmp_path: Path) -> None:
    """One request per text, in the order of the file; what else it says is open."""
    table = tmp_path / "entities.csv"
    table.write_text("mention,query\nAdele,like adele and xx\nsia,some sia\nxx,like adele and xx\n", encoding="utf-8")
    adele, sia = read_names(table)
    assert (adele.text, adele.complete, sia.complete) == ("like adele and xx", False, False)
    assert [(facet, span) for facet, span, _ in adele.intents] == [("NE", "adele"), ("NE", "xx")]
    assert others([adele, sia], [Labelled("Like  ADELE and xx!", ())]) == [sia]
    table.write_text("name,query\na,b\n", encoding="utf-8")
    with pytest.raises(LabelledRequestsError, match="no columns query and mention"):
        read_names(table)
    with pytest.raises(LabelledRequestsError, match="there is no file"):
        read_names(tmp_path / "none.csv")


def test_members_of_an_ensemble_differ_and_vote(tagger: Tagger) -> None:
    """Together they read as one does, and none is another's copy."""
    several = train_tagger(requests(), READER, TaggerSettings(members=3, hidden=16, epochs=8, batch=8), seed=64)
    assert several.weights["inner"].shape[0] == 3
    assert not np.allclose(several.weights["inner"][0], several.weights["inner"][1])
    assert tagged(several, "woozy music for fishing") == tagged(tagger, "woozy music for fishing")


def test_files_of_labelled_requests(tmp_path: Path) -> None:
    table = tmp_path / "requests.csv"
    table.write_text(
        "query,intents\nsad songs like Adele,\"{'Mood': {('sad', '+'): 1.0}, 'EN': {('Adele', '~'): 1.0}}\"\nhi,\n",
        encoding="utf-8",
    )
    said = (("Mood", "sad", "+"), ("NE", "adele", "~"))
    assert read_labelled(table) == [Labelled("sad songs like Adele", said), Labelled("hi", ())]
    lines = '{"text": "sad songs", "intents": [["Mood", "sad", "+"]]}'
    assert read_lines(lines, "it") == [Labelled("sad songs", said[:1])]
    with pytest.raises(LabelledRequestsError, match="it, line 2: this is not an object"):
        read_lines(lines + "\n[]", "it")
    with pytest.raises(LabelledRequestsError, match="no polarity; write one of"):
        read_lines(lines.replace("+", "?"), "it")
    table.write_text("query,intents\nhi,{'Mood'\n", encoding="utf-8")
    with pytest.raises(LabelledRequestsError, match=r"requests\.csv, line 2: intents is not a dict"):
        read_labelled(table)
    table.write_text("text\nhi\n", encoding="utf-8")
    with pytest.raises(LabelledRequestsError, match="no columns query and intents"):
        read_labelled(table)
    with pytest.raises(LabelledRequestsError, match="there is no file"):
        read_labelled(tmp_path / "nothing.csv")
    with pytest.raises(LabelledRequestsError, match="labelled phrase"):
        train_tagger([Labelled("hi", ())], READER, QUICK, seed=64)


def test_an_installation_learns_from_requests_and_from_names(tmp_path: Path) -> None:
    """A request that stands in both files is taken from the one that says everything of it."""
    (tmp_path / "requests.jsonl").write_text(
        '{"text": "wistful songs like zorb", "intents": [["Mood", "wistful", "+"]]}\n', encoding="utf-8"
    )
    (tmp_path / "names.csv").write_text(
        "query,mention\nWistful songs like Zorb,zorb\nsome plim,plim\n", encoding="utf-8"
    )
    taught = [
        learn_to_read(tmp_path, tmp_path / "requests.jsonl", HashedStates(), names=names, seed=64, threads=1)
        for names in (None, tmp_path / "names.csv")
    ]
    assert [report.n_requests for report in taught] == [1, 2]
    assert [set(report.facets) for report in taught] == [{"Mood"}, {"Mood", "NE"}]
    assert Tagger.load(tmp_path / FOLDER, "hashed") is not None
