"""How much one listener may ask for in a while, and have under way at a time."""

from __future__ import annotations

from connectors.web_limits import AtOnce, RateLimit


def test_so_many_things_in_a_while_and_what_was_right_counts_no_more() -> None:
    now = [0.0]
    limit = RateLimit(2, lambda: now[0], per_s=900.0)
    assert [limit.allows("ann") for _ in range(3)] == [True, True, False]
    assert limit.allows("bob")
    now[0] = 449.0
    assert not limit.allows("ann")
    now[0] = 900.0
    assert limit.allows("ann")
    limit.give_back("ann")
    assert [limit.allows("ann") for _ in range(3)] == [True, True, False]
    limit.give_back("nobody")


def test_one_listener_takes_so_many_threads_and_others_have_theirs() -> None:
    at_once = AtOnce(2)
    with at_once.one("ann") as first, at_once.one("ann") as second:
        with at_once.one("ann") as third, at_once.one("bob") as other:
            assert (first, second, third, other) == (True, True, False, True)
        with at_once.one("ann") as fourth:
            assert not fourth  # the third was none, and its end frees nothing
    with at_once.one("ann") as again:
        assert again
