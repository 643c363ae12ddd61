"""Keys, tempi and AI-made music in requests, and what is said of what was heard and not stated."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.evidence import Context
from assistant.explain import explain_slate
from assistant.labels import constraint_label
from assistant.languages import TONGUES
from assistant.phrasebook import phrasebook
from assistant.rewording.checker import objection
from assistant.rewording.facts import track_facts, with_origins
from assistant.slates import slate_tracks
from assistant.understanding.rules import RulesUnderstanding
from recsys.catalogue import Catalogue
from recsys.constraints import check
from recsys.recommendation import Pick, count_all
from recsys.types import Constraint, Derived, Facet, Track
from recsys.vocabulary import load_vocabulary

NO_AI = Constraint(Facet.AI, ("yes",), wanted=False, hard=True)
HEARD = Derived("heard:librosa", 0.8)


@pytest.fixture(scope="module")
def rules() -> RulesUnderstanding:
    return RulesUnderstanding(Catalogue.from_tracks([Track("t", "Song", ("Somebody",), year=1990)]))


def asked(rules: RulesUnderstanding, text: str, facet: Facet) -> list[tuple[tuple[str, ...], bool, bool]]:
    return [(c.values, c.wanted, c.hard) for c in rules.understand(text).constraints if c.facet is facet]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("songs in A minor", "A minor"),
        ("something in a minor", "A minor"),
        ("something in a minor key", "minor"),
        ("upbeat pop in a major key", "major"),
        ("minor key jazz", "minor"),
        ("in C# minor please", "C# minor"),
        ("piano in E flat major", "D# major"),
        ("jazz in Bb major", "A# major"),
        ("the key of f sharp minor", "F# minor"),
        ("ruhige Musik in Moll", "minor"),
        ("etwas in fis-Moll", "F# minor"),
        ("Klaviermusik in C-Dur bitte", "C major"),
        ("música tranquila en tono menor", "minor"),
        ("rock en la menor", "A minor"),
        ("chansons calmes en la mineur", "A minor"),
        ("musica strumentale in tonalità minore", "minor"),
        ("músicas em tom menor", "minor"),
    ],
)
def test_a_key_is_a_soft_wish(rules: RulesUnderstanding, text: str, key: str) -> None:
    assert asked(rules, text, Facet.KEY) == [((key,), True, False)]


@pytest.mark.parametrize(
    "text", ["a minor hit from the 80s", "Ursa Major songs", "minor league baseball", "songs by Minor Threat", "in D"]
)
def test_major_and_minor_are_not_always_keys(rules: RulesUnderstanding, text: str) -> None:
    assert asked(rules, text, Facet.KEY) == []


def test_a_key_may_be_refused(rules: RulesUnderstanding) -> None:
    assert asked(rules, "jazz, but not in a minor key", Facet.KEY) == [(("minor",), False, True)]


def test_instrumental_around_90_bpm_in_a_minor_key_are_three_wishes(rules: RulesUnderstanding) -> None:
    found = rules.understand("instrumental, around 90 bpm, in a minor key").constraints
    assert {(c.facet, c.values, c.low, c.high) for c in found} == {
        (Facet.VOCALS, ("none",), None, None),
        (Facet.TEMPO, (), 85.0, 95.0),
        (Facet.KEY, ("minor",), None, None),
    }


@pytest.mark.parametrize(
    "text",
    [
        "no AI music",
        "rock, no AI",
        "nothing made by AI",
        "calm songs without AI",
        "human made only",
        "only music made by humans",
        "chill lofi, but no AI slop",
        "nothing from Suno",
        "jazz, no machine generated music",
        "keine KI-Musik",
        "rock de los 80, sin IA",
        "pas de musique faite par une IA",
        "canzoni tristi, niente IA",
        "nada feito por IA",
    ],
)
def test_ai_made_music_is_refused_for_good(rules: RulesUnderstanding, text: str) -> None:
    assert asked(rules, text, Facet.AI) == [(("yes",), False, True)]


def test_ai_made_music_may_be_asked_for(rules: RulesUnderstanding) -> None:
    assert asked(rules, "some AI generated music", Facet.AI) == [(("yes",), True, True)]


def test_no_ai_in_capitals_is_english(rules: RulesUnderstanding) -> None:
    assert rules.understand("no AI").spoken == "en"


def test_quiet_and_loud_stay_words_for_energy_and_mood(rules: RulesUnderstanding) -> None:
    facets = {c.facet for text in ("quiet songs", "loud rock") for c in rules.understand(text).constraints}
    assert facets <= {Facet.MOOD, Facet.ENERGY, Facet.GENRE}


@pytest.mark.parametrize(
    ("text", "action", "facet"),
    [
        ("the key doesn't matter", "drop", Facet.KEY),
        ("any key is fine", "drop", Facet.KEY),
        ("AI is fine", "allow", Facet.AI),
        ("forget the key", "drop", Facet.KEY),
    ],
)
def test_a_key_and_ai_are_taken_back(rules: RulesUnderstanding, text: str, action: str, facet: Facet) -> None:
    (chip,) = rules.understand(text, first_turn=False).chips
    assert (chip.action, chip.facets) == (action, (facet,))


def test_what_nobody_knows_of_ai_is_let_through_and_counted() -> None:
    tracks = [
        Track("machine", "A", ("X",), ai_generated="yes"),
        Track("human", "B", ("Y",), ai_generated="no"),
        Track("unknown", "C", ("Z",)),
    ]
    catalogue = Catalogue.from_tracks(tracks)
    checked = check(catalogue, load_vocabulary(), (NO_AI,))
    assert [catalogue.track_ids[row] for row in checked.allowed().nonzero()[0]] == ["human", "unknown"]
    (count,) = count_all(catalogue, checked.pairs(), catalogue.rows(("human", "unknown")))
    assert (count.n_met, count.n_unknown, count.n_total) == (1, 1, 2)


@pytest.mark.parametrize(
    ("constraint", "label"),
    [
        (NO_AI, "no AI music"),
        (Constraint(Facet.AI, ("yes",), hard=True), "made by AI"),
        (Constraint(Facet.KEY, ("minor",)), "in a minor key"),
        (Constraint(Facet.KEY, ("C# minor",)), "in C# minor"),
        (Constraint(Facet.KEY, ("major",), wanted=False), "not in a major key"),
    ],
)
def test_labels_are_what_one_would_say(constraint: Constraint, label: str) -> None:
    assert constraint_label(constraint) == label


def test_every_language_names_a_key_in_its_own_words() -> None:
    said = {constraint_label(Constraint(Facet.KEY, ("minor",)), book=phrasebook(one)) for one in TONGUES}
    assert len(said) == len(TONGUES)


def pick(*, matched: tuple[Constraint, ...] = (), **facts: Any) -> Pick:
    track = Track("t1", "Title", ("Artist",), **facts)
    return Pick(0, track, 200.0, True, 1.0, 0.8, 0.2, retrievers=("translation",), matched=matched)


SLOW_AND_MINOR = (Constraint(Facet.TEMPO, low=87.0, high=97.0), Constraint(Facet.KEY, ("minor",)))


def test_a_reason_that_rests_on_what_was_heard_says_so() -> None:
    heard = pick(
        matched=SLOW_AND_MINOR,
        genres=("folk",),
        tempo_bpm=92.3,
        key="A minor",
        derived={"tempo_bpm": HEARD, "key": HEARD},
    )
    stated = pick(matched=SLOW_AND_MINOR[1:], genres=("folk",), key="A minor")
    assert explain_slate([heard], Context()) == ("Folk; ≈92 BPM and A minor, heard.",)
    assert explain_slate([stated], Context()) == ("Folk; it is in A minor.",)


def test_words_that_were_heard_or_inferred_are_marked_in_a_reason() -> None:
    derived = {"moods": HEARD, "instruments": HEARD, "year": Derived("artist", 0.7)}
    one = pick(genres=("folk",), moods=("mellow",), instruments=("piano",), year=1991, derived=derived)
    (reason,) = explain_slate([one], Context())
    assert reason == "Mellow folk from 1991 with piano (heard: mellow and piano) (inferred: 1991)."


def test_a_row_marks_what_was_heard() -> None:
    one = pick(
        genres=("folk",), moods=("calm",), tempo_bpm=92.3, key="A minor", derived=dict.fromkeys(("moods", "key"), HEARD)
    )
    (shown,) = slate_tracks([one], ("why",), {})
    assert shown.facets == ("folk", "calm (heard)", "A minor (heard)")


def test_a_rewording_may_say_what_was_heard_and_is_marked_where_it_does_not() -> None:
    derived = {"tempo_bpm": HEARD, "key": HEARD, "moods": HEARD}
    track = Track("t", "Night Bus", ("Ann",), genres=("folk",), moods=("mellow",), derived=derived)
    facts = {fact.text: fact for fact in track_facts(1, track, ["≈92 BPM and A minor, heard"])}
    cause, mood, genre = facts["≈92 BPM and A minor, heard"], facts["mellow"], facts["folk"]
    assert objection("Folk; ≈92 BPM and A minor, heard.", [genre, cause]) == ""
    assert objection("Folk at ≈120 BPM, heard.", [genre, cause])
    assert with_origins("Mellow folk.", [genre, mood]) == "Mellow folk (heard: mellow)."
    assert with_origins("Folk; ≈92 BPM, heard.", [genre, cause]) == "Folk; ≈92 BPM, heard."
    assert with_origins("A folk track.", [genre]) == "A folk track."
