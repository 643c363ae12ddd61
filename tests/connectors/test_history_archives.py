"""Archives that could do harm are refused whole, before anything of them is read."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.histories import HistoryError, files, read_history
from tests.history_files import play, write, zipped

GOOD = "Spotify/Streaming_History_Audio_0.json"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../../home/x.json", "leads out of its folder"),
        ("a/../../x.json", "leads out of its folder"),
        ("/etc/x.json", "leads out of its folder"),
        ("..\\x.json", "leads out of its folder"),
        ("C:\\x.json", "leads out of its folder"),
        ("more.zip", "an archive inside"),
        ("more.tar.gz", "an archive inside"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(name: str, problem: str, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {GOOD: [play("Alison")], name: [play("Alison")]})
    with pytest.raises(HistoryError, match=problem) as error:
        read_history(path)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == [path]


def test_an_archive_inside_is_refused_whatever_it_is_called(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {GOOD: [play("Alison")]}).read_bytes()
    with pytest.raises(HistoryError, match="an archive inside"):
        read_history(zipped(tmp_path / "x.zip", {"history.json": inner}))


def _with(change: Callable[[zipfile.ZipInfo], None]) -> bytes:
    held = io.BytesIO()
    info = zipfile.ZipInfo("link.json")
    change(info)
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return held.getvalue()


def test_links_are_refused(tmp_path: Path) -> None:
    def link(info: zipfile.ZipInfo) -> None:
        info.external_attr = (stat.S_IFLNK | 0o777) << 16

    with pytest.raises(HistoryError, match="it has a link inside"):
        read_history(write(tmp_path / "x.zip", _with(link)))


def test_members_that_unpack_to_far_more_than_they_are_stored_as_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {GOOD: b"[" + b" " * (4 << 20) + b"]"})
    with pytest.raises(HistoryError, match="times its size"):
        read_history(path)


def test_more_members_or_bytes_than_any_export_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "x.zip", {GOOD: [play("Alison")], "b.json": [play("Alison")]})
    with monkeypatch.context() as patch:
        patch.setattr(files, "MAX_MEMBERS", 1)
        with pytest.raises(HistoryError, match="it has 2 members"):
            read_history(path)
    with monkeypatch.context() as patch:
        patch.setattr(files, "MAX_UNPACKED_BYTES", 100)
        with pytest.raises(HistoryError, match="it unpacks to"):
            read_history(path)
    assert list(read_history(path))


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """The directory of the archive names one member twice: what is small unpacks as often as it is named."""
    path = zipped(tmp_path / "x.zip", {"a.json": [play("Alison")] * 50})
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry, last = data[start:end], bytearray(data[end:])
    for place in (8, 10):
        last[place : place + 2] = (3).to_bytes(2, "little")
    last[12:16] = (3 * len(entry)).to_bytes(4, "little")
    with pytest.raises(HistoryError, match=r"overlap|damaged"):
        read_history(write(path, data[:start] + entry * 3 + bytes(last)))


def test_a_damaged_member_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(GOOD, "[" + ",".join(['{"ts":1,"ms_played":1}'] * 20_000) + "]")
    data = bytearray(path.read_bytes())
    data[300_000] ^= 0x55
    with pytest.raises(HistoryError, match="is damaged"):
        list(read_history(write(path, bytes(data))))
