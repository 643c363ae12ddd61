"""What a terminal shows of two lists: every track in its column, each number under the list it is of."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from assistant.reports import ComparedList, CompareReport, NamedTrack
from connectors.comparison import show_comparison


def track(name: str) -> NamedTrack:
    return NamedTrack(track_id=name.lower(), title=name, artist="Fox [bold]& Owl")


def shown(report: CompareReport, width: int = 80) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, highlight=False, markup=False, emoji=False)
    show_comparison(console, report)
    return out.getvalue().splitlines()


TWO_LISTENERS = CompareReport(
    lists=(
        ComparedList(
            listener_id="ann", request="party", tracks=(track("One"), track("Two"), track("Four")),
            listener_share=0.34, own_fit=95.4, other_fit=61.2,
        ),
        ComparedList(
            listener_id="bob", request="party", tracks=(track("Two"), track("Three")),
            listener_share=0.5, own_fit=93.6, other_fit=12.0,
        ),
    ),
    size=3, n_common=1, jaccard=0.25, cosine=0.831,
)  # fmt: skip


def test_two_listeners_side_by_side() -> None:
    lines = shown(TWO_LISTENERS)
    assert lines[0] == "“party”"
    assert lines[1].split() == ["#", "ann", "bob"]
    assert " ".join(lines[2].split()) == "1 One – Fox [bold]& Owl = Two – Fox [bold]& Owl"
    assert " ".join(lines[3].split()) == "2 = Two – Fox [bold]& Owl Three – Fox [bold]& Owl"
    assert " ".join(lines[4].split()) == "3 Four – Fox [bold]& Owl"
    numbers = [" ".join(line.split()) for line in lines]
    assert "share of the listener 34% 50%" in numbers
    assert "fit to ann's taste 95 12" in numbers  # each row is one taste, each column one list
    assert "fit to bob's taste 61 94" in numbers
    assert any("1 of 3 tracks, Jaccard 0.25 · cosine of the two points 0.83" in line for line in numbers)


def test_one_listener_has_one_taste() -> None:
    lists = [
        side.model_copy(update={"listener_id": "ann", "request": request, "other_fit": None})
        for side, request in zip(TWO_LISTENERS.lists, ("party", "calm"), strict=True)
    ]
    lines = [" ".join(line.split()) for line in shown(TWO_LISTENERS.model_copy(update={"lists": tuple(lists)}))]
    assert lines[:2] == ["ann asks twice", "# “party” “calm”"]
    assert "fit to ann's taste 95 94" in lines
    assert sum("fit to" in line for line in lines) == 1


@pytest.mark.parametrize("width", [40, 80, 140])
def test_it_fits_any_window(width: int) -> None:
    lines = shown(TWO_LISTENERS, width)
    assert max(cell_len(line) for line in lines) <= width
    assert all(line == line.rstrip() for line in lines)
    assert "Jaccard 0.25" in " ".join(" ".join(lines).split())
