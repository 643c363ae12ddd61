"""Comma-separated values, for spreadsheets: one row per track."""

from __future__ import annotations

import csv
import io

from assistant.reply import Reply

COLUMNS = ("position", "track_id", "title", "artist", "album", "year", "duration_s", "link", "reason")
#: A cell that begins with one of these is run as a formula by spreadsheets (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_table(reply: Reply) -> str:
    """Write a reply's slate as CSV with a header; lengths that are only estimated stay empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for track in reply.tracks:
        known_s = None if track.duration_estimated else track.duration_s
        numbers = (track.year, known_s if known_s is None else round(known_s, 3))
        words = (_cell(track.track_id), _cell(track.title), _cell(track.artist), _cell(track.album))
        writer.writerow((track.position, *words, *numbers, _cell(track.link), _cell(track.reason)))
    return out.getvalue()


def _cell(text: str | None) -> str | None:
    """Keep a text from being run as a formula: a leading apostrophe, which spreadsheets read as "text"."""
    return f"'{text}" if text and text.startswith(_FORMULA_STARTS) else text
