"""What Segue has learnt of a listener, told with its evidence; and tracks that are not to come again."""

from __future__ import annotations

import itertools
import math
import time
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.app import Assistant
from assistant.personal_errors import UnknownRestError
from assistant.reply import Message, Reply
from assistant.situation import Situation
from assistant.taste_reports import TasteReport
from assistant.whys import _kept_back
from recsys.catalogue import Catalogue
from recsys.errors import UnknownTrackError
from recsys.recommendation import Pick, Query
from recsys.types import Event, EventKind, Facet, Track

_numbers = itertools.count()
#: Words of English sentences about a taste.
_ENGLISH = ("You ", "of the", "times", "the last on", "again", "likes", "tracks")


class Listener:
    """One listener, in any session."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant, self.name = assistant, f"taste {next(_numbers)}"

    def say(self, text: str, session: str = "one", **more: Any) -> Reply:
        reply = self.assistant.reply(Message(listener_id=self.name, session_id=session, text=text, **more))
        assert not reply.last_resort, reply.text
        return reply

    def did(self, *acts: tuple[str, EventKind], at: float | None = None, times: int = 1) -> None:
        when = time.time() if at is None else at
        self.assistant._store().add_events([Event(self.name, *act, when, times=times) for act in acts])

    def taste(self, **how: Any) -> TasteReport:
        return self.assistant.taste(self.name, **how)


@pytest.fixture
def listener(assistant: Assistant) -> Listener:
    return Listener(assistant)


def tracks_of(assistant: Assistant, genre: str, n: int) -> list[str]:
    catalogue = assistant.serving().recommender.catalogue
    return [catalogue.track_ids[row] for row in catalogue.postings(Facet.GENRE, genre)[:n].tolist()]


def test_of_a_stranger_nothing_is_said_to_be_known(listener: Listener) -> None:
    report = listener.taste()
    assert [sentence.text for sentence in report.sentences] == [
        "I know nothing of your taste yet: like, keep, play or dislike tracks, and it counts from the next turn on."
    ]
    assert (report.n_events, report.since, report.liked, report.timeline, report.exposures) == (0, None, (), (), ())


def test_sentences_are_counted_from_the_events(listener: Listener) -> None:
    jazz, metal = tracks_of(listener.assistant, "jazz", 4), tracks_of(listener.assistant, "metal", 3)
    jazz = [one for one in jazz if one not in metal]
    listener.did(*((one, EventKind.LIKE) for one in jazz))
    listener.did((jazz[0], EventKind.PLAY), times=5)
    listener.did(*((one, EventKind.DISLIKE) for one in metal))
    report = listener.taste()
    first, *others = report.sentences
    assert first.text.startswith("I know 5 plays, 4 likes and 3 dislikes of yours, since ")
    assert [words.split(",")[0] for words in first.evidence] == ["5 plays", "4 likes", "3 dislikes"]
    told = {sentence.text.split(":")[0]: sentence for sentence in others}
    assert "4 of the 4 tracks that speak for your taste" in told["You take to jazz"].text
    assert "3 of the 3 tracks against your taste" in told["You turn down metal"].text
    assert told["You take to jazz"].evidence[0].endswith(": 5 plays and 1 like")
    assert report.liked[0].track_id == jazz[0]
    assert report.liked[0].weight > report.liked[1].weight > 0 > report.disliked[0].weight
    assert {track.track_id for track in report.disliked} == set(metal)
    catalogue = listener.assistant.serving().recommender.catalogue
    share = next(share for share in report.genres if share.key == "jazz")
    assert (share.n, share.lift) == (4, pytest.approx(len(catalogue) / len(catalogue.postings(Facet.GENRE, "jazz"))))
    assert report.n_events == 12


def test_a_rating_that_was_taken_back_is_no_evidence(listener: Listener) -> None:
    one, other = tracks_of(listener.assistant, "jazz", 2)
    listener.did((one, EventKind.LIKE), at=1e9)
    listener.did((one, EventKind.UNRATE), at=1e9 + 1)
    listener.did((other, EventKind.DISLIKE), at=1e9)
    listener.did((other, EventKind.LIKE), at=1e9 + 1)
    listener.did((one, EventKind.PLAY), at=1e9 + 2)
    report = listener.taste(language="de")
    assert [(track.track_id, track.rated) for track in report.liked] == [(one, None), (other, True)]
    report = listener.taste()
    assert [(track.track_id, track.how) for track in report.liked] == [(one, "1 play"), (other, "1 like")]
    assert report.disliked == ()


def test_the_timeline_counts_each_month_apart(listener: Listener) -> None:
    jazz, metal = tracks_of(listener.assistant, "jazz", 2), tracks_of(listener.assistant, "metal", 2)
    listener.did(*((one, EventKind.LIKE) for one in jazz), at=1_767_225_599.0)  # 31 December 2025, 23:59:59 UTC
    listener.did(*((one, EventKind.KEEP) for one in metal), at=1_767_225_600.0)
    listener.did((jazz[0], EventKind.DISLIKE), at=1_769_904_000.0)  # 1 February 2026
    months = listener.taste().timeline
    assert [(month.month, month.n_events) for month in months] == [("2025-12", 2), ("2026-01", 2), ("2026-02", 1)]
    assert months[1].genre == "metal"
    assert (months[2].genre, months[2].artist) == (None, None)


@pytest.mark.parametrize("language", ["de", "es", "fr", "it", "pt"])
def test_a_taste_is_told_in_the_language_that_is_asked_for(listener: Listener, language: str) -> None:
    jazz = tracks_of(listener.assistant, "jazz", 4)
    listener.did(*((one, EventKind.LIKE) for one in jazz))
    listener.assistant.rest(listener.name, jazz[0])
    listener.assistant.rest(listener.name, jazz[1], None)
    for sentence in listener.taste(language=language).sentences:
        for words in (sentence.text, *(line.split("”")[-1] for line in sentence.evidence)):
            assert not any(english in words for english in _ENGLISH), words


def test_a_track_is_counted_as_shown_when_it_comes_and_not_while_it_stays(listener: Listener) -> None:
    first = listener.say("mellow jazz", n_tracks=4)
    listener.say("why number 2?")
    kept = [track.track_id for track in first.tracks]
    assert {one.track_id: one.n_shown for one in listener.taste().exposures} == dict.fromkeys(kept, 1)
    swapped = listener.say("swap number 1")
    gone = set(kept) - {track.track_id for track in swapped.tracks}
    again = listener.say("mellow jazz", session="two", seed=first.seed, n_tracks=4)
    shown = {one.track_id: one.n_shown for one in listener.taste().exposures}
    assert len(gone) == 1
    for track in again.tracks:
        assert shown[track.track_id] == (2 if track.track_id in kept else 1)
    dates = [one.last_shown_at for one in listener.taste().exposures]
    assert dates == sorted(dates, reverse=True)


def test_a_resting_track_stays_away_until_it_may_come_again(listener: Listener) -> None:
    asked = listener.say("mellow jazz", n_tracks=5, seed=3)
    resting, never = asked.tracks[0], asked.tracks[1]
    until = listener.assistant.rest(listener.name, resting.track_id, 2)
    assert until is not None
    assert 1.9 * 86_400 < until - time.time() <= 2 * 86_400
    assert listener.assistant.rest(listener.name, never.track_id, None) is None
    exposures = {one.track_id: one for one in listener.taste(n_exposures=1).exposures}
    assert exposures[resting.track_id].state == "resting"
    assert exposures[resting.track_id].until == until
    assert (exposures[never.track_id].state, exposures[never.track_id].until) == ("never", None)
    assert len(exposures) == 3  # what is kept back is listed whatever the limit
    again = {track.track_id for track in listener.say("mellow jazz", session="two", n_tracks=5, seed=3).tracks}
    assert again.isdisjoint({resting.track_id, never.track_id})
    assert listener.assistant.unrest(listener.name, resting.track_id)
    assert not listener.assistant.unrest(listener.name, resting.track_id)
    assert listener.assistant.unrest(listener.name, never.track_id)
    back = {track.track_id for track in listener.say("mellow jazz", session="three", n_tracks=5, seed=3).tracks}
    assert {resting.track_id, never.track_id} <= back


@pytest.mark.parametrize("days", [0.0, -1.0, math.nan, math.inf, 1e9])
def test_a_rest_of_no_sensible_length_is_refused(listener: Listener, days: float) -> None:
    track = tracks_of(listener.assistant, "jazz", 1)[0]
    with pytest.raises(UnknownRestError, match="days"):
        listener.assistant.rest(listener.name, track, days)
    with pytest.raises(UnknownTrackError):
        listener.assistant.rest(listener.name, "no such track")
    assert listener.taste().exposures == ()


def test_asked_why_not_it_answers_that_the_listener_said_so(listener: Listener) -> None:
    asked = listener.say("well known rock", n_tracks=6, seed=5)
    resting, never = [track for track in asked.tracks if track.title.replace(" ", "").isalpha()][:2]
    listener.assistant.rest(listener.name, resting.track_id, 30)
    listener.assistant.rest(listener.name, never.track_id, None)
    listener.say("well known rock", session="two", n_tracks=6, seed=5)
    day = time.gmtime(time.time() + 30 * 86_400)
    said = listener.say(f"why isn't {resting.title} there?", session="two").text
    assert "you said not again before" in said
    assert str(day.tm_year) in said
    said = listener.say(f"why isn't {never.title} there?", session="two").text
    assert "you said never again" in said


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (2e9, "it is another version of “Creep” by Radiohead, of which you said not again before 18 May 2033."),
        (None, "it is another version of “Creep” by Radiohead, of which you said never again."),
    ],
)
def test_another_version_of_a_track_that_is_kept_back_is_told_to_be_one(until: float | None, said: str) -> None:
    creep, live, other = (
        Track(track_id=one, title=title, artists=("Radiohead",))
        for one, title in (("a", "Creep"), ("b", "Creep (Live)"), ("c", "Karma Police"))
    )
    recommender: Any = SimpleNamespace(catalogue=Catalogue.from_tracks([creep, live, other]))
    situation = Situation(
        recommender,
        last=None,
        find=lambda _: None,
        ask=lambda *_: Query(text=""),
        events=(),
        rated={},
        relations={},
        kept_back={"c": None, "a": until},
        max_per_artist=2,
    )
    assert _kept_back(Pick(1, live, 200.0, False, 0.0, 0.0, 0.0), situation) == said
    assert _kept_back(Pick(2, other, 200.0, False, 0.0, 0.0, 0.0), situation) == "you said never again."


def test_artists_named_on_a_first_visit_count_at_once_and_only_once(listener: Listener) -> None:
    keys = [one.key for one in listener.assistant.suggest("", ("artist",), 2)]
    n = listener.assistant.like_artists(listener.name, [*keys, "no such artist"])
    assert n > 0
    assert listener.assistant.like_artists(listener.name, keys) == 0
    report = listener.taste()
    assert {share.key for share in report.artists} >= set(keys)
    assert report.n_events == n
    assert any(sentence.text.startswith("You named ") for sentence in report.sentences)
