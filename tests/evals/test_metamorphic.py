"""Relations between replies: a fair judge, and a suite that notices when a promise is broken."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.app import Assistant
from assistant.reply import Message, Reply
from assistant.settings import Settings
from evals.metamorphic import evaluate, look
from evals.metamorphic_cases import RELATIONS, Case, broken, fill, kept_promises, subsets, tell, wilson
from evals.metamorphic_judge import Clause, Judge
from evals.metamorphic_words import Words, list_clauses
from evals.report import Report
from recsys.constraints import Checked
from recsys.ranking import RankingWeights
from recsys.types import BoolArray, Facet, Track
from recsys.vocabulary import load_vocabulary
from tests.proofs import proof_sizes

#: Conversations of the sample, and of the whole.
N_SAMPLE, N_WHOLE = 30, 300
_NAMES = ["Silver", "Amber", "Velvet", "Copper", "Marble", "Willow", "Cedar", "Harbor", "Meadow", "Juniper"]
_SCENES = ["Arctic", "Neon", "Desert", "Coastal", "Harvest", "Island", "Railway", "Subway", "Carnival", "Monastery"]
_GENRES = ("hard rock", "house", "jazz", "trap", "indie pop", "soul")


def track(track_id: str, **facts: object) -> Track:
    return Track(track_id, str(facts.pop("title", track_id)), tuple(facts.pop("artists", ("Fox",))), **facts)  # type: ignore[arg-type]


ROCK = Clause(Facet.GENRE, "rock")
BLUES = track("1", title="One", genres=("hard rock",), year=1975, energy=0.9, valence=0.2, tempo_bpm=100.0)
DUET = track("2", title="Two", artists=("Fox", "Owl"), genres=("jazz",), year=1994, vocal="female")
BARE = track("3", title="Three", instrumentalness=0.9)
JUDGE = Judge([BLUES, DUET, BARE], load_vocabulary())


@pytest.mark.parametrize(
    ("clause", "judged"),
    [
        (ROCK, (True, False, None)),
        (Clause(Facet.GENRE, "rock", spared="hard rock"), (False, False, None)),
        (Clause(Facet.ARTIST, "owl"), (False, True, False)),
        (Clause(Facet.ERA, low=1970, high=1979), (True, False, None)),
        (Clause(Facet.TEMPO, high=100.0), (True, None, None)),
        (Clause(Facet.VOCALS, "none"), (None, False, True)),
        (Clause(Facet.VOCALS, "female"), (None, True, None)),
        (Clause(Facet.MOOD, "energetic"), (True, None, None)),
        (Clause(Facet.COUNTRY, "france"), (None, None, None)),
    ],
)
def test_the_judge_knows_what_tracks_state(clause: Clause, judged: tuple[bool | None, ...]) -> None:
    assert tuple(JUDGE.has(track_id, clause) for track_id in "123") == judged


def test_unknown_is_no_violation_and_meets_no_wish() -> None:
    no_rock = Clause(Facet.GENRE, "rock", wanted=False)
    assert JUDGE.violations("123", ROCK) == 1
    assert JUDGE.violations("123", no_rock) == 1
    assert JUDGE.meeting([ROCK]).tolist() == [True, False, False]
    assert JUDGE.meeting([no_rock]).tolist() == [False, True, True]


def test_a_slate_holds_each_work_once_and_two_of_an_artist() -> None:
    same = [track(f"a{n}", title="One", artists=("Owl",), genres=("jazz",)) for n in range(3)]
    many = [track(f"b{n}", title=f"Song {n}", genres=("jazz",)) for n in range(5)]
    assert Judge([*same, *many], load_vocabulary()).fill([Clause(Facet.GENRE, "jazz")]) == 1 + 2


def test_neighbours_share_what_is_stated_and_then_sound() -> None:
    tracks = [
        track(f"{genre} {level}", artists=(f"{genre} {level}",), genres=(genre,), energy=level)
        for genre in ("jazz", "house")
        for level in (0.1, 0.2, 0.9)
    ]
    judge = Judge(tracks, load_vocabulary())
    everything = np.ones(6, dtype=bool)
    assert judge.neighbours("jazz 0.1", everything, 3) == ["jazz 0.2", "jazz 0.9"]
    assert judge.neighbours("jazz 0.1", everything, 1) == ["jazz 0.2"]
    assert judge.neighbours("jazz 0.1", judge.having(Clause(Facet.GENRE, "jazz")), 3) == [], "all are as alike"


def test_clauses_are_drawn_from_what_a_track_has() -> None:
    tracks = [track(f"{n}", artists=("Silver Fox",), genres=("jazz",), year=1994, tempo_bpm=120.0) for n in range(20)]
    judge = Judge(tracks, load_vocabulary())
    words = Words(judge, load_vocabulary(), np.random.default_rng(0))
    drawn = words.wanted(tracks[0])
    assert {clause.facet for clause in drawn} == {Facet.GENRE, Facet.ERA, Facet.TEMPO}
    assert all(judge.has("0", clause) for clause in drawn)
    assert Facet.ARTIST in {clause.facet for clause in words.refusable(tracks[0])}
    said = words.say(Clause(Facet.ARTIST, "silver fox", wanted=False), "Silver Fox")
    assert "Silver Fox" in said.words


def test_a_refusal_ends_its_sentence() -> None:
    said = [Clause(ROCK.facet, "rock", words="rock"), Clause(ROCK.facet, "pop", wanted=False, words="no pop")]
    assert list_clauses(said) == "rock, no pop"
    assert list_clauses(said[::-1]) == "no pop. rock"


def test_intervals_are_wilsons() -> None:
    """The first two by hand: z²/(n + z²) = 3.8415/13.8415, and .5 ± .5·z/√(n + z²)."""
    none, half = wilson(0, 10), wilson(5, 10)
    assert (none.mean, none.low, none.high) == pytest.approx((0.0, 0.0, 0.27753), abs=1e-4)
    assert (half.low, half.high) == pytest.approx((0.23659, 0.76341), abs=1e-4)
    assert wilson(10, 10).low == pytest.approx(1 - 0.27753, abs=1e-4)


def test_vacuous_cases_are_counted_apart() -> None:
    cases = [
        Case("refusal", "genre", "64 0", counts, holds, "told")
        for counts, holds in ((True, True), (True, False), (False, False))
    ]
    report = Report("segue eval metamorphic", {}, (64,))
    fill(report, cases)
    figures = report.results["segue"]["refusal"]
    assert (figures["counts"].mean, figures["counts"].n) == (pytest.approx(2 / 3), 3)
    assert (figures["holds"].mean, figures["holds"].n) == (0.5, 2)
    assert tell(cases).splitlines()[0] == "refusal: 3 cases, 2 not vacuous, 1 violations"
    assert [case.holds for case in broken(cases)] == [False]
    assert [name for name, _ in subsets(cases)] == ["all", "refusal"]


@pytest.mark.parametrize(
    ("relation", "n_broken", "kept"),
    [("dislike", 1, True), ("dislike", 2, False), ("refusal", 0, True), ("refusal", 1, False)],
)
def test_only_a_dislike_may_fail_now_and_then(relation: str, n_broken: int, kept: bool) -> None:
    cases = [Case(relation, "kind", "64 0", True, number >= n_broken, "told") for number in range(10)]
    vacuous = Case(relation, "kind", "64 0", False, False, "told")
    assert kept_promises([*cases, vacuous]) is kept


# --- on the product ---


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that serves 1,800 made-up tracks of six genres, each with ten scenes, and audio features."""
    folder = tmp_path_factory.mktemp("metamorphic")
    table, rng = folder / "songs.csv", np.random.default_rng(0)
    lines = [
        "track_id,title,artist,genre,tags,year,tempo,energy,valence,danceability,acousticness,instrumentalness,popularity"
    ]
    for number in range(1_800):
        levels = ",".join(f"{level:.3f}" for level in rng.random(5))
        artist = " ".join(_NAMES[number // 10**place % 10] for place in range(3))
        year, tempo = 1960 + int(rng.integers(60)), 70 + int(rng.integers(100))
        genre = _GENRES[int(rng.integers(len(_GENRES)))]
        scene = f"{_SCENES[int(rng.integers(len(_SCENES)))]} {genre}"
        lines.append(f"t{number},Piece {number},{artist},{genre},{scene},{year},{tempo},{levels},{rng.random():.2f}")
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with Assistant(settings(folder / "home")) as assistant:
        assistant.index(table)
    return folder / "home"


def settings(home: Path) -> Settings:
    return Settings(_env_file=None, home=home, training_steps=200, threads=1, log_level="error")


@pytest.fixture
def home(served: Path, tmp_path: Path) -> Path:
    """A copy of it, in which nobody has talked yet."""
    return Path(shutil.copytree(served, tmp_path / "home"))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("n_conversations", proof_sizes(N_SAMPLE, N_WHOLE))
def test_relations_hold_on_a_small_catalogue(home: Path, n_conversations: int) -> None:
    with Assistant(settings(home)) as assistant:
        cases = look(assistant, n_conversations, 64)
    assert kept_promises(cases), [(case.relation, case.kind, case.told) for case in broken(cases)]
    counting = {relation: sum(c.counts for c in cases if c.relation == relation) for relation in RELATIONS}
    assert min(n for relation, n in counting.items() if relation != "pins") >= n_conversations // 3, counting


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_relations_hold_on_the_large_catalogue(eval_data: Path) -> None:
    """At least a hundred cases of each relation could have failed, and none did."""
    _, cases = evaluate(eval_data / "spotify-songs" / "spotify_songs.csv.gz", N_WHOLE, (64,))
    assert kept_promises(cases), [(case.relation, case.kind, case.told) for case in broken(cases)]
    counting = {relation: sum(c.counts for c in cases if c.relation == relation) for relation in RELATIONS}
    assert min(n for relation, n in counting.items() if relation != "pins") >= 100, counting


class Tampering(Assistant):
    """Answers wrongly in one way."""

    def __init__(self, home: Path, change: Callable[[Message, Reply], Reply]) -> None:
        super().__init__(settings(home))
        self._change = change

    def reply(self, message: Message) -> Reply:
        return self._change(message, super().reply(message))


def _turned(reply: Reply) -> Reply:
    return reply.model_copy(update={"tracks": reply.tracks[::-1]})


def _broken_by(assistant: Assistant, n: int = 8) -> set[str]:
    with assistant:
        return {case.relation for case in broken(look(assistant, n, 64))}


def test_an_undo_that_loses_the_order_is_noticed(home: Path) -> None:
    found = _broken_by(Tampering(home, lambda m, r: _turned(r) if r.text.startswith("Back to") else r))
    assert "undo" in found


def test_a_slate_that_changes_by_itself_is_noticed(home: Path) -> None:
    found = _broken_by(Tampering(home, lambda m, r: _turned(r) if m.listener_id.endswith(" again") else r))
    assert "same seed" in found


def test_an_ignored_dislike_is_noticed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tampering, "feedback", lambda *arguments: None)
    with Tampering(home, lambda m, r: r) as assistant:
        cases = [case for case in look(assistant, 8, 64) if case.relation == "dislike" and case.counts]
    assert cases
    assert not any(case.holds for case in cases)
    assert not kept_promises(cases)


def test_refusals_that_do_not_filter_are_noticed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def allowed(checked: Checked, without: frozenset[int] = frozenset()) -> BoolArray:
        wanted = [met == 1 for constraint, met in checked.pairs() if constraint.hard and constraint.wanted]
        return np.logical_and.reduce([np.ones(checked.n_tracks, dtype=bool), *wanted])

    monkeypatch.setattr(Checked, "allowed", allowed)
    assert "refusal" in _broken_by(Assistant(settings(home)))


def test_wishes_that_cost_each_other_are_noticed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Checked, "against", lambda checked, rows: np.zeros(len(rows), dtype=np.int64))
    assert "addition" in _broken_by(Assistant(settings(home), weights=RankingWeights(constraint=0.0)))


def test_an_order_that_decides_is_noticed(home: Path) -> None:
    """As if the first words alone were heard."""

    class Hasty(Assistant):
        def reply(self, message: Message) -> Reply:
            return super().reply(message.model_copy(update={"text": message.text.split(",")[0]}))

    assert "order" in _broken_by(Hasty(settings(home)))
