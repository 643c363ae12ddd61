"""So many turns at once, in order, and others go on while one waits for something outside."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from assistant.pace import Pace, waiting

LONG_S = 10.0


def beside(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_no_more_turns_go_on_than_there_is_room_for() -> None:
    pace, lock = Pace(2), threading.Lock()
    most, now = 0, 0
    gate = threading.Barrier(8)

    def work() -> None:
        nonlocal most, now
        gate.wait(LONG_S)
        for _ in range(50):
            with pace.turn():
                with lock:
                    now += 1
                    most = max(most, now)
                with lock:
                    now -= 1

    for thread in [beside(work) for _ in range(8)]:
        thread.join(LONG_S)
        assert not thread.is_alive()
    assert 1 <= most <= 2


def test_another_turn_goes_on_while_one_waits_for_something_outside() -> None:
    pace, other_done, entered = Pace(1), threading.Event(), threading.Event()

    def other() -> None:
        entered.wait(LONG_S)
        with pace.turn():
            other_done.set()

    thread = beside(other)
    with pace.turn():
        entered.set()
        assert not other_done.wait(0.05)
        with waiting():
            assert other_done.wait(LONG_S)
    thread.join(LONG_S)


def test_a_turn_within_a_turn_does_not_wait_for_itself_and_an_error_gives_the_place_back() -> None:
    pace = Pace(1)
    with pytest.raises(KeyError), pace.turn(), pace.turn():
        raise KeyError
    done = threading.Event()

    def other() -> None:
        with pace.turn():
            done.set()

    beside(other)
    assert done.wait(LONG_S)


def test_nobody_waits_outside_of_a_turn() -> None:
    with waiting():
        pass


@pytest.mark.parametrize("n", [0, -3])
def test_there_is_room_for_one_turn_at_least(n: int) -> None:
    with Pace(n).turn():
        pass
