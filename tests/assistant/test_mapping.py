"""The joint space seen flat: one plane for tracks and points, the same way for the same request."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.app import Assistant
from assistant.errors import NoTasteError

REQUEST = "partying like crazy"


@pytest.fixture(scope="module")
def people(assistant: Assistant) -> tuple[str, str]:
    for listener, request in (("map-jazz", "1950s jazz"), ("map-metal", "heavy metal")):
        for track_id in assistant.rank("nobody", request, 8).track_ids:
            assistant.feedback(listener, None, track_id, "like")
    return "map-jazz", "map-metal"


def test_tracks_and_points_lie_in_one_plane(assistant: Assistant, people: tuple[str, str]) -> None:
    """Worked out again from the served vectors: each is centred and turned by the same axes."""
    report = assistant.map_data(REQUEST, people)
    agent = assistant._agent()
    index, catalogue = agent.recommender.index, agent.recommender.catalogue
    stands = [agent.recommender.stand(agent.read(listener, REQUEST), 8) for listener in people]
    rows = np.array([catalogue.row(track.track_id) for track in report.tracks])
    vectors = index.vectors(stands[0].point, rows).astype(np.float64)
    centred = vectors - vectors.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    places = np.array([(track.x, track.y) for track in report.tracks])
    signs = np.sign((places * (centred @ axes.T)).sum(axis=0))
    np.testing.assert_allclose(places, centred @ axes.T * signs, atol=1e-3)
    for drawn, stand in zip(report.listeners, stands, strict=True):
        for place, point in ((drawn.start, stand.point.user), (drawn.end, stand.point.user + stand.point.query)):
            np.testing.assert_allclose(place, (point - vectors.mean(axis=0)) @ axes.T * signs, atol=1e-3)
    assert report.kept == pytest.approx((places.var(axis=0).sum()) / centred.var(axis=0).sum(), rel=1e-3)


def test_the_same_request_is_the_same_arrow_to_different_regions(assistant: Assistant, people: tuple[str, str]) -> None:
    one, other = assistant.map_data(REQUEST, people).listeners
    arrows = [np.subtract(drawn.end, drawn.start) for drawn in (one, other)]
    np.testing.assert_allclose(arrows[0], arrows[1], atol=1e-4)
    assert np.linalg.norm(arrows[0]) > 0
    assert np.linalg.norm(np.subtract(one.end, other.end)) > 0.1
    assert [pick.track_id for pick in one.picks] == list(assistant.rank(people[0], REQUEST, 8).track_ids)
    assert {pick.track_id for pick in one.picks} != {pick.track_id for pick in other.picks}


def test_a_sample_is_the_same_every_time_and_has_every_pick(assistant: Assistant, people: tuple[str, str]) -> None:
    report = assistant.map_data(REQUEST, people, 10, max_tracks=60)
    assert report == assistant.map_data(REQUEST, people, 10, max_tracks=60)
    assert len(report.tracks) == 60 < report.n_catalogue
    drawn = {track.track_id: track for track in report.tracks}
    assert len(drawn) == 60
    for listener in report.listeners:
        assert len(listener.picks) == 10
        assert all(drawn[pick.track_id] == pick for pick in listener.picks)


def test_a_stranger_has_no_place(assistant: Assistant, people: tuple[str, str]) -> None:
    with pytest.raises(NoTasteError, match="segue chat --listener nobody-yet"):
        assistant.map_data(REQUEST, [people[0], "nobody-yet"])
