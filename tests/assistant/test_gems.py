"""Hidden gems and recording quality are understood in six languages, told as predictions, and may be switched off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.app import Assistant
from assistant.explain import Context, explain_slate
from assistant.judging import judged_line, judged_numbers, unjudged_lines
from assistant.labels import constraint_label
from assistant.languages import TONGUES
from assistant.merging import merge
from assistant.phrasebook import ENGLISH_BOOK, phrasebook
from assistant.reply import Message, Reply
from assistant.settings import Settings
from evals.scratch import open_served
from recsys.appeal.serving import GOOD, HIGH, POOR, Predicted
from recsys.recommendation import ConstraintCount, Pick, Query
from recsys.types import Constraint, Facet, Track
from tests.reading import read

GEM = Constraint(Facet.APPEAL, (HIGH,), text="hidden gems")
NOT_POOR = Constraint(Facet.RECORDING, (POOR,), wanted=False, hard=True, text="badly recorded")
PREDICTED = {
    "quality": Predicted(7.1, 0.8, 6.4),
    "production_complexity": Predicted(7.0, 0.9, 5.5),
    "content_enjoyment": Predicted(7.4, 1.0, 6.6),
    "production_quality": Predicted(6.0, 1.1, 6.5),
}


@pytest.mark.parametrize(
    "text",
    [
        "hidden gems",
        "underrated songs",
        "overlooked music",
        "joyas ocultas",
        "canciones infravaloradas",
        "pépites cachées",
        "morceaux sous-cotés",
        "Geheimtipps",
        "unterschätzte Lieder",
        "joias escondidas",
        "músicas subestimadas",
        "perle nascoste",
        "canzoni sottovalutate",
        "something unheard of but good",
        "unknown but great",
        "algo desconocido pero bueno",
        "quelque chose d'inconnu mais bon",
        "etwas Unbekanntes aber Gutes",
        "qualcosa di sconosciuto ma bello",
        "algo desconhecido mas bom",
    ],
)
def test_gems_turn_the_dial_and_ask_for_quality(text: str) -> None:
    request = read(text)
    assert request.fame is not None
    assert request.fame < 0
    assert [(c.facet, c.values, c.hard) for c in request.constraints] == [(Facet.APPEAL, (HIGH,), False)]


def test_no_gems_takes_back_the_wish_for_gems() -> None:
    gems = read("hidden gems").constraints
    standing, _ = merge((), gems, turn=1, fame=-0.8)
    assert [one.constraint.facet for one in standing] == [Facet.APPEAL]
    assert merge(standing, (), turn=2, fame=-0.2)[0] == standing
    request = read("no hidden gems")
    assert merge(standing, request.constraints, turn=2, fame=request.fame)[0] == ()


def test_what_is_not_well_recorded_is_preferred_and_never_demanded() -> None:
    assert [(c.facet, c.wanted, c.hard) for c in read("not well recorded").constraints] == [
        (Facet.RECORDING, False, False)
    ]


def test_no_gems_asks_for_no_bad_music() -> None:
    request = read("no hidden gems")
    assert not request.constraints
    assert (request.fame or 0) > 0


@pytest.mark.parametrize(
    "text",
    [
        "nothing badly recorded",
        "no lo-fi recordings",
        "jazz, no bootlegs",
        "nada mal grabado",
        "rien de mal enregistré",
        "nichts schlecht Aufgenommenes",
        "nada mal gravado",
        "niente di registrato male",
    ],
)
def test_bad_recordings_are_refused(text: str) -> None:
    found = [c for c in read(text).constraints if c.facet is Facet.RECORDING]
    assert [(c.values, c.wanted) for c in found] == [((POOR,), False)]


@pytest.mark.parametrize(
    "text",
    [
        "well recorded jazz",
        "only well recorded jazz",
        "jazz with good sound quality",
        "jazz bien grabado",
        "du jazz bien enregistré",
        "gut aufgenommener Jazz",
        "jazz bem gravado",
        "jazz ben registrato",
    ],
)
def test_good_recordings_are_preferred_and_never_demanded(text: str) -> None:
    found = [c for c in read(text).constraints if c.facet is Facet.RECORDING]
    assert [(c.values, c.wanted, c.hard) for c in found] == [((GOOD,), True, False)]


@pytest.mark.parametrize("text", ["lofi beats", "lo-fi hip hop", "a rare gem of a band", "live recordings"])
def test_other_words_ask_for_neither(text: str) -> None:
    assert {c.facet for c in read(text).constraints}.isdisjoint({Facet.RECORDING, Facet.APPEAL})


def pick(popularity: float | None = 0.2, predicted: dict[str, Predicted] | None = None) -> Pick:
    track = Track("t", "Title", ("Artist",), genres=("jazz",), popularity=popularity)
    return Pick(1, track, 200.0, True, 1.0, 0.8, 0.2, appeal=PREDICTED if predicted is None else predicted)


def test_a_reason_says_that_it_is_predicted_and_what_stands_out() -> None:
    (reason,) = explain_slate((pick(),), Context(fame=-0.8))
    assert "little known, but predicted to be close to what rates high (rich arrangement, enjoyable)" in reason


def test_nothing_is_said_where_nothing_took_part_or_speaks_for_it() -> None:
    for predicted in ({}, {"quality": Predicted(6.0, 0.8, 6.4), "content_enjoyment": Predicted(7.4, 1.0, 6.6)}):
        (reason,) = explain_slate((pick(predicted=predicted),), Context(fame=-0.8))
        assert "predicted" not in reason


def test_a_why_states_numbers_with_their_intervals() -> None:
    said = judged_numbers(pick(), ENGLISH_BOOK)
    assert said.startswith("Predicted from what is known of it")
    assert "quality 7.1 ± 1.0 of 10 (6.4)" in said
    assert judged_numbers(pick(predicted={}), ENGLISH_BOOK) == ""


def test_the_receipt_counts_what_is_predicted_and_what_is_unknown() -> None:
    low = {"quality": Predicted(5.1, 0.8, 6.4)}
    picks = (pick(), pick(), pick(predicted=low), pick(predicted={}))
    line = judged_line(ConstraintCount(GEM, 2, 4, 1), picks, ENGLISH_BOOK)
    assert line.constraint == "high predicted quality"
    assert line.delivered == "predicted quality median 7.1 of 10; 2 of 4 above the catalogue’s middle, 1 unknown"
    assert (line.hard, line.unknown, line.chip) == (False, 1, "appeal:high")
    none = judged_line(ConstraintCount(NOT_POOR, 0, 1, 1), (pick(predicted={}),), ENGLISH_BOOK)
    assert (none.constraint, none.delivered) == ("nothing badly recorded", "not predicted for any track")


@pytest.mark.parametrize("language", TONGUES)
def test_every_language_has_words_of_its_own(language: str) -> None:
    book = phrasebook(language)
    line = judged_line(ConstraintCount(GEM, 1, 1, 0), (pick(),), book)
    said = (line.constraint, line.delivered, judged_numbers(pick(), book), constraint_label(NOT_POOR, {}, book))
    english = ("predicted", "catalogue’s", "recorded", "quality", "interval")
    assert not [words for words in said for word in english if word in words.lower().split()]


def ask(assistant: Assistant, text: str, session: str) -> Reply:
    return assistant.reply(Message(listener_id="gems", session_id=session, text=text))


def test_gems_are_little_known_and_predicted_to_be_good(assistant: Assistant) -> None:
    reply = ask(assistant, "hidden gems", "gems-1")
    lines = {line.chip: line for line in reply.receipt if line.chip}
    assert "predicted quality median" in lines["appeal:high"].delivered
    assert (lines["appeal:high"].n_met or 0) >= 15
    assert "fame" in lines
    assert any("predicted" in track.reason for track in reply.tracks)
    why = ask(assistant, "why is number 1 there?", "gems-1").text
    assert "Predicted from what is known of it, with 80 % intervals" in why
    assert "known to be" not in why
    dropped = ask(assistant, "/drop appeal:high", "gems-1")
    assert "appeal:high" not in {line.chip for line in dropped.receipt}
    assert "fame" in {line.chip for line in dropped.receipt}


def test_switched_off_it_ranks_as_if_never_asked(assistant: Assistant, starter_home: Path) -> None:
    """Bit for bit: the same rows with the same scores as a query that has no such wish, and predictions nowhere."""
    settings = Settings(home=starter_home, appeal=False)
    plain = open_served(settings)
    assert plain.catalogue.appeal is None
    query = Query("jazz", (Constraint(Facet.GENRE, ("jazz",), hard=True),), fame=-0.8, size=15, seed=4)
    asked = replace(query, constraints=(*query.constraints, GEM, NOT_POOR))
    once, again = plain.recommend(query), plain.recommend(asked)
    assert [(one.row, one.score) for one in once.picks] == [(one.row, one.score) for one in again.picks]
    assert once.counts == again.counts
    assert all(not one.appeal for one in again.picks)
    served = assistant.serving().recommender
    unasked = served.recommend(query)  # predictions that nobody asks for change nothing, either
    assert [(one.row, one.score) for one in once.picks] == [(one.row, one.score) for one in unasked.picks]
    asked_rows, rows = served.rank(asked, 30)[0], plain.rank(asked, 30)[0]
    assert not np.array_equal(asked_rows, rows)


def test_switched_off_the_receipt_says_that_nothing_is_judged() -> None:
    (line,) = unjudged_lines((GEM,), (), ENGLISH_BOOK)
    assert (line.constraint, line.delivered) == ("high predicted quality", "not judged: predictions are off")
    assert unjudged_lines((GEM,), (ConstraintCount(GEM, 0, 1, 0),), ENGLISH_BOOK) == []
