"""How messages change a session: what people expect when they correct themselves."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.merging import contradict
from assistant.phrases import asks_for_more_of, asks_for_others
from assistant.request import Intent, Mention, Request
from assistant.session import MAX_LIKES, MAX_QUERY_TEXT, SessionState, fold, with_slate
from recsys.types import Constraint, Facet

ROCK = Constraint(Facet.GENRE, ("rock",), hard=True, text="rock")
JAZZ = Constraint(Facet.GENRE, ("jazz",), hard=True, text="jazz")
NINETIES = Constraint(Facet.ERA, low=1990, high=1999, hard=True, text="90s")
EIGHTIES = Constraint(Facet.ERA, low=1980, high=1989, hard=True, text="80s")
MELLOW = Constraint(Facet.MOOD, ("mellow",), text="mellow")
ENERGETIC = Constraint(Facet.MOOD, ("energetic",), text="energetic")
DREAMY = Constraint(Facet.MOOD, ("dreamy",), text="dreamy")
DINNER = Constraint(Facet.ACTIVITY, ("dinner",), text="dinner")
STUDY = Constraint(Facet.ACTIVITY, ("study",), text="study")
NO_COUNTRY = Constraint(Facet.GENRE, ("country",), wanted=False, hard=True, text="country")
NO_METAL = Constraint(Facet.GENRE, ("metal",), wanted=False, hard=True, text="metal")


def ask(text: str, *constraints: Constraint, **more: object) -> Request:
    return Request.model_validate(
        {"text": text, "intent": Intent.ASK, "constraints": constraints, "search_text": text, **more}
    )


def refine(text: str, *constraints: Constraint, **more: object) -> Request:
    return Request.model_validate(
        {"text": text, "intent": Intent.REFINE, "constraints": constraints, "search_text": text, **more}
    )


def play(*requests: Request) -> SessionState:
    state = SessionState()
    for request in requests:
        state = fold(state, request)
    return state


def test_constraints_accumulate() -> None:
    state = play(ask("90s rock", ROCK, NINETIES), refine("mellow", MELLOW), refine("no country", NO_COUNTRY))
    assert state.active() == (ROCK, NINETIES, MELLOW, NO_COUNTRY)


def test_a_new_genre_replaces_the_old_one() -> None:
    state = play(ask("90s rock, 45 minutes", ROCK, NINETIES, minutes=45), refine("now some jazz", JAZZ, DINNER))
    assert state.active() == (NINETIES, JAZZ, DINNER)
    assert state.minutes == 45


def test_a_wish_for_a_child_of_what_is_refused_spares_the_child_alone() -> None:
    grass = Constraint(Facet.GENRE, ("bluegrass",), hard=True, text="bluegrass")
    spared = replace(NO_COUNTRY, spared=("bluegrass",))
    assert play(refine("no country", NO_COUNTRY), refine("bluegrass", grass)).active() == (spared, grass)
    again = play(refine("no country but bluegrass", spared), refine("no country", NO_COUNTRY))
    assert again.active() == (NO_COUNTRY,)
    no_grass = replace(grass, wanted=False)
    assert play(refine("", spared), refine("no bluegrass", no_grass)).active() == (NO_COUNTRY, no_grass)
    wanted = play(ask("bluegrass", grass), refine("no country except bluegrass", spared))
    assert wanted.active() == (grass, spared)


def test_also_widens_instead_of_replacing() -> None:
    state = play(ask("rock", ROCK), refine("also some jazz", JAZZ))
    (genre,) = state.active()
    assert genre.values == ("rock", "jazz")
    assert genre.hard


def test_also_widens_an_era_to_the_span_of_both() -> None:
    (era,) = play(ask("90s", NINETIES), refine("the 80s too", EIGHTIES)).active()
    assert (era.low, era.high) == (1980, 1989 + 10)


def test_too_inside_a_message_does_not_mean_also() -> None:
    slow = Constraint(Facet.TEMPO, high=110, text="not too fast")
    state = play(ask("rock", ROCK), refine("jazz, not too fast", JAZZ, slow))
    assert state.active() == (JAZZ, slow)


def test_a_contradicting_mood_replaces_and_a_compatible_one_joins() -> None:
    assert contradict(MELLOW, ENERGETIC)
    assert not contradict(MELLOW, DREAMY)
    assert play(ask("mellow", MELLOW), refine("energetic", ENERGETIC)).active() == (ENERGETIC,)
    assert play(ask("mellow", MELLOW), refine("dreamy", DREAMY)).active() == (MELLOW, DREAMY)


def test_high_energy_ends_a_mellow_mood_but_not_what_the_music_is_for() -> None:
    loud = Constraint(Facet.ENERGY, low=0.7, text="louder")
    state = play(ask("mellow study music", MELLOW, STUDY), refine("louder", loud))
    assert state.active() == (STUDY, loud)
    assert fold(state, refine("energetic", ENERGETIC)).active() == (STUDY, loud, ENERGETIC)


def test_a_new_activity_ends_moods_that_cannot_go_with_it() -> None:
    workout = Constraint(Facet.ACTIVITY, ("workout",), text="workout")
    assert play(ask("mellow", MELLOW), refine("for a workout", workout)).active() == (workout,)


def test_a_later_era_overrides() -> None:
    assert play(ask("90s", NINETIES), refine("80s", EIGHTIES)).active() == (EIGHTIES,)


def test_unwanted_values_accumulate() -> None:
    state = play(ask("music"), refine("no country", NO_COUNTRY), refine("no metal", NO_METAL))
    assert state.active() == (NO_COUNTRY, NO_METAL)


def test_wanting_what_was_unwanted_ends_the_ban_and_the_other_way_round() -> None:
    country = Constraint(Facet.GENRE, ("country",), text="country")
    no_rock = Constraint(Facet.GENRE, ("rock",), wanted=False, hard=True, text="rock")
    assert play(ask("no country", NO_COUNTRY), refine("country", country)).active() == (country,)
    assert play(ask("rock", ROCK), refine("no rock", no_rock)).active() == (no_rock,)


def test_unwanting_a_parent_takes_its_children_out_of_what_is_wanted() -> None:
    both = Constraint(Facet.GENRE, ("grunge", "jazz"), text="grunge or jazz")
    no_rock = Constraint(Facet.GENRE, ("rock",), wanted=False, hard=True, text="rock")
    wanted, unwanted = play(ask("grunge or jazz", both), refine("no rock", no_rock)).active()
    assert wanted.values == ("jazz",)
    assert unwanted == no_rock


def test_wanting_rock_keeps_the_ban_on_metal() -> None:
    assert play(ask("no metal", NO_METAL), refine("rock", ROCK)).active() == (NO_METAL, ROCK)


def test_a_new_size_replaces_the_other_kind_of_size() -> None:
    state = play(ask("rock", ROCK, minutes=45), refine("make it 10 tracks", n_tracks=10))
    assert (state.n_tracks, state.minutes) == (10, None)
    state = play(ask("rock", ROCK, n_tracks=10), refine("an hour", minutes=60))
    assert (state.n_tracks, state.minutes) == (None, 60)


def test_shorter_and_longer_change_the_size_on_screen() -> None:
    shown = with_slate(play(ask("rock", ROCK)), [str(n) for n in range(20)])
    half = fold(shown, refine("half as long", size_factor=0.5))
    assert (half.n_tracks, half.minutes) == (10, None)
    hour = with_slate(play(ask("an hour of rock", ROCK, minutes=60)), ["a"])
    assert fold(hour, refine("twice as long", size_factor=2.0)).minutes == 120
    assert fold(hour, refine("much longer", size_factor=10.0)).minutes == 600
    assert fold(hour, refine("longer, 30 minutes", size_factor=1.5, minutes=30)).minutes == 30


def test_dials_override_and_otherwise_stay() -> None:
    state = play(ask("rock", ROCK, fame=-0.7, discovery=0.5), refine("hits", fame=1.0))
    assert (state.fame, state.discovery) == (1.0, 0.5)


def test_moving_the_fame_dial_ends_earlier_popularity_bounds() -> None:
    obscure = Constraint(Facet.POPULARITY, high=0.4, text="not too famous")
    assert play(ask("rock", ROCK, obscure, fame=-0.7), refine("hits", fame=1.0)).active() == (ROCK,)


def test_start_over_forgets_everything_but_what_was_shown() -> None:
    state = with_slate(play(ask("90s rock, 10 tracks", ROCK, NINETIES, n_tracks=10)), ["a", "b"])
    state = fold(state, Request(text="start over", intent=Intent.START_OVER))
    assert state.is_empty()
    assert state.n_tracks is None
    assert state.shown == ("a", "b")
    assert state.turn == 2


def test_a_fresh_request_keeps_only_the_size() -> None:
    state = play(
        ask("90s rock, 45 minutes", ROCK, NINETIES, minutes=45, fame=-1.0),
        ask("jazz for dinner", JAZZ, DINNER),
    )
    assert state.active() == (JAZZ, DINNER)
    assert (state.minutes, state.fame) == (45, None)
    assert state.query_text() == "jazz for dinner"


def test_a_fresh_request_that_takes_up_what_holds_continues_the_session() -> None:
    state = play(ask("90s rock", ROCK, NINETIES), ask("rock for dinner", ROCK, DINNER))
    assert state.active() == (NINETIES, ROCK, DINNER)


def test_examples_are_remembered_newest_last_and_at_most_five() -> None:
    def like(number: int) -> Request:
        return refine(f"like {number}", mentions=(Mention(kind="artist", key=f"a{number}", name="A", polarity="~"),))

    state = play(*(like(number) for number in range(7)), like(4))
    assert [mention.key for mention in state.likes] == ["a2", "a3", "a5", "a6", "a4"]
    assert len(state.likes) == MAX_LIKES


def test_refusing_an_example_forgets_it_and_bans_the_artist() -> None:
    liked = Mention(kind="artist", key="muse", name="Muse", polarity="~")
    state = play(
        ask("like Muse", mentions=(liked,)),
        refine("no Muse", mentions=(liked.model_copy(update={"polarity": "-"}),)),
    )
    assert state.likes == ()
    (ban,) = state.active()
    assert (ban.facet, ban.values, ban.wanted, ban.hard) == (Facet.ARTIST, ("muse",), False, True)
    assert state.names() == {"muse": "Muse"}


def test_a_track_asked_for_by_title_leads_and_does_not_restrict() -> None:
    creep = Mention(kind="track", key="t1", name="Creep", polarity="+")
    state = play(ask("Creep and more like it", mentions=(creep,)))
    assert state.active() == ()
    assert [mention.key for mention in state.titles] == ["t1"]


def test_the_query_text_keeps_earlier_words_that_still_hold() -> None:
    state = play(ask("mellow songs for a rainy sunday", MELLOW), refine("more energetic", ENERGETIC))
    assert state.query_text() == "more energetic rainy sunday"


def test_wishes_of_several_turns_are_written_in_one_order() -> None:
    one = play(ask("for dinner", DINNER), refine("mellow", MELLOW), refine("jazz", JAZZ))
    other = play(ask("jazz", JAZZ), refine("mellow", MELLOW), refine("for dinner", DINNER))
    assert one.query_text() == other.query_text() == "for dinner jazz mellow"


def test_what_a_message_asks_for_is_written_in_any_turn() -> None:
    """ "Music for the morning" has only words that say nothing alone, and was encoded a turn after it was said."""
    morning = Constraint(Facet.ACTIVITY, ("morning",), text="morning")
    assert play(ask("music for morning", morning)).query_text() == "morning"
    assert play(ask("music for morning", morning), refine("jazz", JAZZ)).query_text() == "jazz morning"


def test_too_long_a_query_text_loses_its_oldest_words() -> None:
    long = [f"{word} " * 60 for word in ("zither", "marimba", "celesta")]
    text = play(*(refine(one, MELLOW) for one in long)).query_text()
    assert "celesta" in text
    assert "marimba" in text
    assert "zither" not in text
    assert len(text) <= MAX_QUERY_TEXT


def test_a_count_of_beats_is_no_query_text_a_turn_later() -> None:
    beats = Constraint(Facet.TEMPO, low=100.0, text="over 100 bpm")
    assert play(ask("over 100 bpm", beats)).query_text() == ""
    assert play(ask("over 100 bpm", beats), refine("jazz", JAZZ)).query_text() == "jazz"


def test_a_count_of_beats_is_no_feeling() -> None:
    """ "Slow" ends with "energetic", "under 100 bpm" does not: energetic tracks have such tempos too."""
    slow, counted = (Constraint(Facet.TEMPO, high=100.0, text=text) for text in ("slow", "under 100 bpm"))
    assert play(ask("slow", slow), refine("energetic", ENERGETIC)).active() == (ENERGETIC,)
    assert play(ask("under 100 bpm", counted), refine("energetic", ENERGETIC)).active() == (counted, ENERGETIC)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "skip the country",
            "please avoid country",
            "I can't stand country",
            "leave out country",
            "ditch the country",
        ),
        *("country is off limits", "stay away from country", "country gives me a headache", "I'm tired of country"),
    ],
)
def test_a_message_that_only_refuses_is_no_query_text(text: str) -> None:
    """ "Skip the country" once found titles with "skip"."""
    assert play(ask("rock", ROCK), refine(text, NO_COUNTRY)).query_text() == "rock"


def test_a_refused_artist_leaves_no_query_text() -> None:
    refused = Mention(kind="artist", key="drake", name="Drake", polarity="-", text="Drake")
    request = Request(text="I'm tired of Drake", intent=Intent.REFINE, mentions=(refused,), search_text="I'm")
    assert play(ask("rock", ROCK), request).query_text() == "rock"


def test_the_query_text_drops_the_words_of_a_left_subject() -> None:
    state = play(
        ask("rock about trains, instrumental", ROCK, Constraint(Facet.VOCALS, ("none",))),
        refine("jazz", JAZZ),
    )
    assert state.query_text() == "instrumental jazz"


def test_the_query_text_never_holds_unwanted_words() -> None:
    state = play(ask("rock", ROCK), Request(text="no country", intent=Intent.REFINE, constraints=(NO_COUNTRY,)))
    assert state.query_text() == "rock"


@pytest.mark.parametrize(
    "text",
    ["more", "More please!", "others", "something else", "other songs", "give me more", "another playlist",
     "show me different ones", "not these", "can I have some more", "try again", "more of the same",
     "Amazing! Some more please", "these are lovely, could you add more", "Beautiful! More please",
     "can I have some more from different artists", "what else do you have?", "got more of him?"],
)  # fmt: skip
def test_asking_for_others(text: str) -> None:
    assert asks_for_others(text)


@pytest.mark.parametrize(
    "text",
    [
        "more upbeat",
        "more jazz",
        "no more country",
        "a different mood",
        "rock",
        "",
        "less famous",
        "moreover",
        "any more jazz?",
        "I don't want any more rap",
        "more upbeat please",
    ],
)
def test_not_asking_for_others(text: str) -> None:
    assert not asks_for_others(text)


@pytest.mark.parametrize(
    "text",
    ["10 tracks", "shorter", "twice as long", "start over", "no country", "also", "more popular", "hits", "please"],
)
def test_words_that_describe_no_music_are_no_query_text(text: str) -> None:
    constraints = (NO_COUNTRY,) if "country" in text else ()
    factor = 2.0 if "long" in text or "short" in text else None
    assert play(refine(text, *constraints, size_factor=factor)).query_text() == ""


def test_refused_words_leave_earlier_text_too() -> None:
    no_rock = Constraint(Facet.GENRE, ("rock",), wanted=False, hard=True, text="rock")
    state = play(ask("songs about trains, some rock", ROCK), refine("no rock", no_rock))
    assert state.query_text() == "trains"


def test_another_playlist_means_others_and_a_reset_means_a_reset() -> None:
    state = with_slate(play(ask("rock", ROCK)), ["a"])
    again = fold(state, Request(text="another playlist", intent=Intent.START_OVER, search_text="another"))
    assert (again.active(), again.set_aside) == ((ROCK,), ("a",))
    other = fold(state, Request(text="forget that, another playlist", intent=Intent.START_OVER))
    assert other.active() == ()


def test_a_tempo_ends_a_mood_that_cannot_go_with_it() -> None:
    fast = Constraint(Facet.TEMPO, low=105, text="upbeat")
    assert play(ask("mellow dinner", MELLOW, DINNER), refine("more upbeat", fast)).active() == (DINNER, fast)


def test_others_sets_aside_what_was_shown_and_later_refinements_do_not_bring_it_back() -> None:
    state = with_slate(play(ask("rock", ROCK)), ["a", "b"])
    state = with_slate(fold(state, refine("something else")), ["c"])
    assert state.set_aside == ("a", "b")
    assert state.query_text() == "rock"
    state = fold(state, refine("mellow", MELLOW))
    assert state.set_aside == ("a", "b")


FACET_CONSTRAINTS = st.sampled_from(
    [ROCK, JAZZ, NINETIES, EIGHTIES, MELLOW, ENERGETIC, DREAMY, DINNER, STUDY, NO_COUNTRY, NO_METAL]
)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    constraints = tuple(draw(st.lists(FACET_CONSTRAINTS, max_size=3, unique=True)))
    return Request(
        text=draw(st.sampled_from(["rock", "also this", "more", "x", ""])),
        intent=draw(st.sampled_from(list(Intent))),
        constraints=constraints,
        n_tracks=draw(st.none() | st.integers(1, 200)),
        fame=draw(st.none() | st.floats(-1, 1)),
        search_text=draw(st.text(max_size=20)),
    )


@given(st.lists(requests(), max_size=5))
def test_the_state_survives_json_and_the_last_message_always_holds(messages: list[Request]) -> None:
    state = play(*messages)
    restored = SessionState.model_validate(json.loads(json.dumps(state.model_dump(mode="json"))))
    assert restored == state
    if messages:
        held = {(c.facet, c.wanted, value) for c in state.active() for value in c.values}
        for constraint in messages[-1].constraints:
            assert {(constraint.facet, constraint.wanted, value) for value in constraint.values} <= held


@given(st.permutations([ROCK, NINETIES, MELLOW, DINNER, NO_METAL]))
def test_the_order_of_independent_constraints_does_not_matter(order: list[Constraint]) -> None:
    state = play(*(refine("x", constraint) for constraint in order))
    assert set(state.active()) == set(order)


def test_shorter_is_taken_from_the_size_that_holds() -> None:
    shorter = refine("shorter", size_factor=0.5)
    assert play(ask("90s rock, 40 minutes", ROCK, minutes=40), shorter).minutes == 20
    assert play(ask("20 rock songs", ROCK, n_tracks=20), shorter).n_tracks == 10
    shown = with_slate(play(ask("rock", ROCK)), [f"t{n}" for n in range(12)])
    assert fold(shown, shorter).n_tracks == 6
    assert fold(play(ask("rock", ROCK)), shorter).n_tracks is None
    assert play(ask("1 song", n_tracks=1), shorter).n_tracks == 1


@pytest.mark.parametrize("text", ["more songs by Björk", "add more Bjork please", "more of Björk", "some more björk"])
def test_more_of_what_was_asked_for_is_other_tracks(text: str) -> None:
    assert asks_for_more_of(text, ["Björk"])
    bjork = Constraint(Facet.ARTIST, ("bjork",), hard=True, text="Björk")
    state = with_slate(play(ask("Björk", bjork)), ("a", "b"))
    assert fold(state, refine(text, bjork)).set_aside == ("a", "b")


def test_more_of_what_is_new_to_a_session_sets_nothing_aside() -> None:
    bjork = Constraint(Facet.ARTIST, ("bjork",), hard=True, text="Björk")
    state = with_slate(play(ask("rock", ROCK)), ("a", "b"))
    assert fold(state, refine("some more Björk", bjork)).set_aside == ()


@pytest.mark.parametrize("text", ["Björk", "more like Björk", "more upbeat than Björk", "more music"])
def test_not_more_of_what_was_asked_for(text: str) -> None:
    assert not asks_for_more_of(text, ["Björk", ""])


def test_artists_asked_for_after_other_wishes_lead_until_others_do() -> None:
    cars = Constraint(Facet.ARTIST, ("cars",), hard=True, text="The Cars")
    sade = Constraint(Facet.ARTIST, ("sade",), hard=True, text="Sade")
    state = play(ask("The Cars", cars))
    assert state.lead == ()
    state = fold(state, refine("add some Sade", sade))
    assert (state.lead, state.active()[0].values) == (("sade",), ("cars", "sade"))
    assert fold(state, refine("mellow", MELLOW)).lead == ("sade",)
    assert fold(state, refine("and more of The Cars", cars)).lead == ("cars",)
