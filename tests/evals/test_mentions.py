"""`segue eval understanding --entities`: its catalogue of pages, its figures by hand, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.errors import EvaluationDataError
from evals.main import command_line
from evals.mentions import make_linkable, read_mentions
from recsys.types import Facet

HEADER = "mention,type,query,wiki_link,wikidata_type,wiki_name,exposure,dataset\n"
ROWS = (
    ("radioheads", "Artist", "songs by radioheads", "Radiohead"),
    ("creep", "WoA", "play creep by radiohead", "Creep_(Radiohead_song)"),
    ("radiohead", "Artist", "play creep by radiohead", "Radiohead"),
    ("girls generation", "Artist", "songs like girls generation", "Girls%27_Generation"),
    ("quxlefop", "Artist", "songs by quxlefop", ""),
    ("everything", "WoA", "why is everything so loud", "Everything_(Michael_Bublé_song)"),
)


def table(folder: Path) -> Path:
    lines = [f"{mention},{kind},{query},,,{page},0,d\n" for mention, kind, query, page in ROWS]
    (folder / "entities.csv").write_text(HEADER + "".join(lines), encoding="utf-8")
    return folder / "entities.csv"


def run(*asked: str) -> int:
    with pytest.raises(SystemExit) as left:
        command_line().main(args=["eval", "understanding", *asked], prog_name="segue")
    assert isinstance(left.value.code, int)
    return left.value.code


def test_the_catalogue_is_made_of_pages() -> None:
    made = make_linkable([("Artist", "Ash_(band)"), ("WoA", "Girl_from_Mars_(Ash_song)"), ("WoA", "1977_(film)")])
    tracks = {track: made.catalogue.artists[row] for row, track in enumerate(made.catalogue.track_ids)}
    assert tracks["work Girl_from_Mars_(Ash_song)"] == ("Ash",)
    assert tracks["work 1977_(film)"] == ()
    assert made.catalogue.values(Facet.ARTIST) == ["ash"]
    assert made.page_of_artist == {"ash": "Ash_(band)"}
    assert len(made.catalogue) == 3 + 2


def test_mentions_found_and_linked_by_hand(tmp_path: Path) -> None:
    """Of six mentions the rules overlook one, and it has a page; the name without a page is linked to none."""
    assert run("--entities", str(table(tmp_path)), "--json", str(tmp_path / "out.json")) == 0
    figures = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["results"]["rules"]
    everything = figures["all"]
    assert everything["mention_recall"]["mean"] == pytest.approx(5 / 6)
    assert everything["mention_precision"]["mean"] == 1
    assert everything["mention_f1"]["mean"] == pytest.approx(10 / 11)
    assert everything["linked"] == everything["linked"] | {"mean": pytest.approx(5 / 6), "n": 6}
    assert everything["linked_known"]["mean"] == pytest.approx(4 / 5)
    assert everything["linked_unknown"]["mean"] == 1
    assert figures["Artist"]["mention_f1"]["mean"] == 1
    assert figures["WoA"]["mention_f1"]["mean"] == pytest.approx(2 / 3)


def test_what_cannot_be_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EvaluationDataError, match="there is no file"):
        read_mentions(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("mention,query\na,b\n", encoding="utf-8")
    with pytest.raises(EvaluationDataError, match="lacks some of the columns"):
        read_mentions(tmp_path / "other.csv")
    (tmp_path / "kinds.csv").write_text(HEADER + "a,Venue,songs by a,,,,0,d\n", encoding="utf-8")
    with pytest.raises(EvaluationDataError, match="line 2: type 'Venue'"):
        read_mentions(tmp_path / "kinds.csv")
    assert run() != 0
    assert "give --train FILE" in capsys.readouterr().err
    assert run("--entities", str(table(tmp_path)), "--test", str(tmp_path / "kinds.csv")) != 0
    assert "leave --test out" in capsys.readouterr().err
