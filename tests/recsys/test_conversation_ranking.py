"""Ranking conversations on a planted catalogue, and learning it from them without seeing what is looked for."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from recsys.conversation_ranking import BESIDE_FUSION, ConversationRanking, features_of
from recsys.dialogues import Dialogue, DialogueTurn, Heard
from recsys.jam.score import ScoreParts
from recsys.jam.train import TrainingSettings
from recsys.lambdarank import RISING, LambdaRank, RankedTurn, RankerError, RankerSettings
from recsys.pipeline import build, open_recommender
from recsys.ranker_training import beside_goals, fit_ranker, ranked_turns
from recsys.recommendation import Conversation, Query
from recsys.recommender import RankingWeights, Recommender
from recsys.retrieval.fusion import fuse, retrieve
from recsys.types import FloatArray
from recsys.vocabulary import load_vocabulary
from tests.planted import planted_catalogue
from tests.talking import conversing_on
from tests.words_encoder import WordsEncoder

CATALOGUE = planted_catalogue()
SETTINGS = RankerSettings(n_trees=20, min_leaf=3, threads=1, feature_share=1.0)
Turns = list[tuple[tuple[str, ...], RankedTurn]]


@pytest.fixture(scope="module")
def conversations() -> ConversationRanking:
    """Without trees, as if the catalogue had bare names."""
    return ConversationRanking(lambda: conversing_on(CATALOGUE), None, weight=3.0)


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory, conversations: ConversationRanking) -> Recommender:
    home, encoder = tmp_path_factory.mktemp("home"), WordsEncoder()
    training = TrainingSettings(steps=5, batch=16, n_negatives=20, threads=1)
    build(home, CATALOGUE, load_vocabulary(), encoder, training)
    opened, _ = open_recommender(home, load_vocabulary(), encoder, weights=RankingWeights(jitter=0))
    return opened.beside(conversations)


def ask(heard: Heard) -> Query:
    liked, disliked = (
        tuple(tuple(CATALOGUE.rows(ids).tolist()) for ids in rated) for rated in (heard.liked, heard.disliked)
    )
    text = " ".join(heard.utterances)
    return Query(text, conversation=Conversation(heard.utterances, heard.responses, liked, disliked), now=0.0)


def aimless(n: int = 8) -> list[Dialogue]:
    """Conversations whose words say nothing of their goals, and whose goals share nothing."""
    ids = random.Random(3).sample(CATALOGUE.track_ids, 5 * n)
    return [Dialogue(f"d{i}", (DialogueTurn("some music"),), tuple(ids[5 * i : 5 * i + 5])) for i in range(n)]


def advantage(turns: Turns, ranker: LambdaRank) -> float:
    """How often what is right is scored above what is not, ties as halves."""
    kept = [turns[0][0].index(name) for name in ranker.names]
    won = []
    for _, turn in turns:
        scores = ranker.scores(turn.features[:, kept])
        right, wrong = scores[turn.right][:, None], scores[~turn.right]
        won.append(((right > wrong) + (right == wrong) / 2).mean())
    return float(np.mean(won))


def test_a_conversation_never_sees_its_own_goal(recommender: Recommender, conversations: ConversationRanking) -> None:
    """Where a goal is told by nothing but its own playlist, there is nothing to learn and no advantage."""
    dialogues = aimless()
    beside = conversations.beside(beside_goals(conversations.conversing, dialogues))
    honest = list(ranked_turns(recommender, beside, dialogues, ask))
    leaking = list(ranked_turns(recommender, beside, dialogues, ask, own_goals=False))
    for names, turn in honest:
        held = turn.features[:, names.index("track_in_playlists")]
        assert not held[turn.right].any()
        assert held[~turn.right].any()
    told = fit_ranker(leaking, SETTINGS, {}, keep=RISING.__contains__)
    assert advantage(leaking, told) > 0.8, "a leak would be seen"
    learnt = fit_ranker(honest, SETTINGS, {}, keep=RISING.__contains__)
    assert set(learnt.names) == RISING
    assert advantage(honest, learnt) <= 0.5


def test_goals_count_as_playlists_named_by_what_was_said(conversations: ConversationRanking) -> None:
    dialogues = [
        Dialogue("a", (DialogueTurn("zorblax evening"), DialogueTurn(" ")), ("jazz-0-0", "jazz-1-1", "nowhere")),
        Dialogue("b", (DialogueTurn("something loud"),), ("metal-0-0",)),
        Dialogue("c", (), ()),
    ]
    conversing = beside_goals(conversations.conversing, dialogues)
    said = Conversation(("a zorblax evening",))
    jazz, metal, folk = CATALOGUE.rows(["jazz-0-0", "metal-0-0", "folk-0-0"])
    found = conversing.turn(said).everything
    assert found["track_in_playlists"][[jazz, metal, folk]].tolist() == [1, 1, 0]
    assert found["track_in_alike_playlists"][jazz] > 0.5
    assert found["track_in_alike_playlists"][metal] < 0.2
    without = conversing.turn(said, without=0).everything
    assert without["track_in_playlists"][[jazz, metal, folk]].tolist() == [0, 1, 0]
    assert without["track_in_alike_playlists"][jazz] == 0
    before = conversations.conversing.turn(said).everything
    assert not before["track_in_playlists"].any(), "the other reader keeps its playlists"


def test_turns_are_learnt_from_while_their_goal_is_not_reached(
    recommender: Recommender, conversations: ConversationRanking
) -> None:
    """What was liked before is neither right nor wrong, and a turn that has nothing left to find is left out."""
    goal = ("jazz-0-0", "jazz-0-1")
    turns = (
        DialogueTurn("The Blue Jazz A", liked=goal[:1]),
        DialogueTurn("more", liked=goal[1:]),
        DialogueTurn("and more", liked=("folk-0-0",)),
        DialogueTurn("bye"),
    )
    dialogues = [Dialogue("d", turns, goal), Dialogue("e", turns[:1], ())]
    beside = conversations.beside(beside_goals(conversations.conversing, dialogues))
    learnt = list(ranked_turns(recommender, beside, dialogues, ask))
    assert [int(turn.right.sum()) for _, turn in learnt] == [2, 1]
    names, second = learnt[1]
    assert second.features[:, names.index("liked_of_artist")][second.right].tolist() == [1]
    with pytest.raises(RankerError):
        fit_ranker([], SETTINGS, {})


def test_features_of_a_turn_know_nothing_of_what_comes_later(
    recommender: Recommender, conversations: ConversationRanking
) -> None:
    first, liked = DialogueTurn("some mellow jazz"), ("jazz-0-0", "jazz-2-2")
    goal = (*liked, "jazz-5-1")
    plain = Dialogue("d", (first, DialogueTurn("more")), goal)
    other = Dialogue(
        "d", (replace(first, response="Yes.", liked=liked, disliked=("jazz-4-0",)), DialogueTurn("x")), goal
    )
    (names, one), *_ = ranked_turns(recommender, conversations, [plain], ask, own_goals=False)
    (_, two), *_ = ranked_turns(recommender, conversations, [other], ask, own_goals=False)
    np.testing.assert_array_equal(one.features, two.features)
    np.testing.assert_array_equal(one.right, two.right)
    assert one.features[:, names.index("n_liked")].max() == 0


# --- the recommender ---

LIKED = int(CATALOGUE.row("folk-4-1"))
QUERY = Query(
    "mellow jazz please",
    conversation=Conversation(("mellow jazz", "please"), ("Here.",), ((LIKED,),), ((),)),
    now=0.0,
    size=40,
    max_per_artist=40,
)


def test_ranking_orders_candidates_as_recommending_does(recommender: Recommender) -> None:
    for one in (recommender, recommender.beside(None)):
        rows, scores = one.rank(QUERY, len(CATALOGUE))
        assert sorted(rows.tolist()) == list(range(len(CATALOGUE))), "every track once"
        assert (np.diff(scores) <= 0).all()
        of = dict(zip(rows.tolist(), scores.tolist(), strict=True))
        picks = one.recommend(QUERY).picks
        assert len(picks) == 40
        for pick in picks:
            assert pick.score == pytest.approx(of[pick.row], abs=1e-4)


def test_a_learnt_ranker_decides_and_the_weight_says_how_much(
    recommender: Recommender, conversations: ConversationRanking
) -> None:
    """A ranker that puts first what is of the artists liked, whatever the words say."""
    names = ("liked_of_artist", "words_now")
    turns = [
        RankedTurn(x, x[:, 0] > 0) for x in (np.random.default_rng(1).random((40, 30, 2)) > 0.6).astype(np.float32)
    ]
    learnt = LambdaRank.fit(turns, names, replace(SETTINGS, n_trees=60), {})
    mine = {row for row in range(len(CATALOGUE)) if CATALOGUE.track_ids[row].startswith("folk-4")}

    def first(weight: float) -> set[int]:
        ranked = recommender.beside(conversations.beside(learned=learnt, weight=weight))
        return set(ranked.rank(QUERY, len(mine))[0].tolist())

    assert first(100.0) == mine
    assert recommender.beside(conversations.beside(learned=learnt, weight=0.0)).rank(QUERY, 200)[1] == pytest.approx(
        recommender.beside(None).rank(QUERY, 200)[1], abs=1e-5
    )
    assert first(0.0) != mine


def test_without_trees_reciprocal_ranks_decide(recommender: Recommender, conversations: ConversationRanking) -> None:
    strong = recommender.beside(conversations.beside(weight=1000.0))
    found = retrieve(conversations.evidence(QUERY), np.ones(len(CATALOGUE), dtype=bool))
    fused = fuse(found, len(CATALOGUE))
    rows, _ = strong.rank(QUERY, 10)
    assert rows[0] == fused.argmax()
    np.testing.assert_allclose(fused[rows], np.sort(fused)[:-11:-1], rtol=1e-3)
    assert recommender.beside(None).rank(QUERY, 10)[0].tolist() != rows.tolist()


def test_fusion_keeps_its_share_beside_made_conversations(conversations: ConversationRanking) -> None:
    query = ask(Heard(("some jazz",)))
    evidence = conversations.evidence(query)
    rows = np.arange(20)
    nothing = np.zeros(len(rows), dtype=np.float32)
    found = retrieve(evidence, np.ones(len(CATALOGUE), dtype=bool))
    features = np.random.default_rng(1).normal(size=(20, 1)).astype(np.float32)
    turns = [RankedTurn(features, features[:, 0] > 0.5)] * 20

    def scores(learned: LambdaRank | None) -> FloatArray:
        jam = ScoreParts(nothing, nothing, np.zeros((len(rows), 1), dtype=np.float32))
        ranking = ConversationRanking(lambda: conversations.conversing, learned, weight=3.0)
        return ranking.scores(query, evidence, rows, nothing, jam, found)

    alone = LambdaRank.fit(turns, ["words_now"], SETTINGS, {})
    half = LambdaRank.fit(turns, ["words_now"], SETTINGS, {BESIDE_FUSION: 0.5})
    assert scores(None).any()
    np.testing.assert_allclose(scores(half), (scores(alone) + scores(None)) / 2, rtol=1e-5)


def test_no_track_that_is_no_candidate_gains_by_it(
    recommender: Recommender, conversations: ConversationRanking
) -> None:
    """What no retriever found passes none that it was behind, and keeps its place among the others."""
    few = recommender.beside(conversations)
    few._n_candidates = 3
    rows, scores = few.rank(QUERY, len(CATALOGUE))
    hand_rows, hand_scores = few.beside(None).rank(QUERY, len(CATALOGUE))
    candidates = set(few.candidates(QUERY, conversations).rows.tolist())
    assert 0 < len(candidates) < len(CATALOGUE)
    assert sorted(rows.tolist()) == list(range(len(CATALOGUE)))
    now, by_hand = np.empty((2, len(CATALOGUE)), dtype=np.float32)
    now[rows], by_hand[hand_rows] = scores, hand_scores
    others = [row for row in range(len(CATALOGUE)) if row not in candidates]
    for row in sorted(candidates):
        behind = [other for other in others if by_hand[other] < by_hand[row]]
        assert (now[behind] <= now[row] + 1e-5).all()
    assert (np.diff(now[sorted(others, key=lambda row: by_hand[row])]) >= -1e-5).all()


def test_a_query_without_a_conversation_is_its_own_words(conversations: ConversationRanking) -> None:
    alone = Query("mellow jazz", liked_rows=(LIKED,), now=0.0)
    told = replace(alone, conversation=Conversation(("mellow jazz",), (), ((LIKED,),), ((),)))
    mine, theirs = conversations.evidence(alone), conversations.evidence(told)
    for name, values in theirs.items():
        np.testing.assert_array_equal(mine[name], values, err_msg=name)


def test_scores_of_a_scale_of_their_own_are_told_as_distances_from_the_best() -> None:
    evidence = {"turn": np.arange(5, dtype=np.float32)}
    rows = np.array([4, 1, 0])
    jam = ScoreParts(np.array([1, 3, 2], np.float32), np.zeros(3, np.float32), np.ones((3, 1), np.float32))

    def told(hand_set: FloatArray) -> FloatArray:
        return features_of(evidence, rows, hand_set, jam, ("jam_words", "turn", "hand_set", "jam_taste"))

    features = told(np.array([5, 5, 8], np.float32))
    assert features[:, 1].tolist() == [4, 1, 0]
    assert features[:, 0] == pytest.approx(np.array([-2, 0, -1]) / np.std([1, 3, 2]))
    assert features[:, 3].tolist() == [0, 0, 0], "no spread"
    np.testing.assert_allclose(told(np.array([500, 500, 503], np.float32)), features, rtol=1e-5)
    nothing = features_of(
        evidence, rows[:0], features[:0, 0], ScoreParts(*[features[:0, 0]] * 2, features[:0]), ("turn",)
    )
    assert nothing.shape == (0, 1)
