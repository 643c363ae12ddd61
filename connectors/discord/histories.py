"""/history import: a listening history of elsewhere becomes taste; only the one whose it is sees what came of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import discord
from discord import app_commands

from assistant.history_reports import HistoryReport
from assistant.phrasebook import Phrasebook
from connectors.discord.errors import RefusedError
from connectors.discord.handling import Seen, Visit, handled
from connectors.discord.words import safe

_MB = 1 << 20
_SHOWN = 5

history = app_commands.Group(name="history", description="Your listening history of elsewhere.")


def commands() -> list[app_commands.Group]:
    """Return the commands."""
    return [history]


@history.command(name="import", description="Bring a history: Spotify, Last.fm, ListenBrainz, CSV, playlists.")
@app_commands.describe(
    file="The export, as JSON, CSV, a playlist or a zip", timezone="Of times without one, such as Europe/Berlin"
)
@handled(Seen.BY_ONE)
async def import_(
    visit: Visit, file: discord.Attachment, timezone: app_commands.Range[str, 1, 60] | None = None
) -> None:
    """Take a history in."""
    assistant, listener_id = visit.desk.assistant, visit.place.listener
    book, most = visit.book, visit.bot.settings.upload_mb
    if file.size > most * _MB:
        size = book.number(file.size / _MB, 1)
        raise RefusedError(book("This file has {size} MB, and I take at most {most} MB.", size=size, most=most))

    def take(path: Path) -> HistoryReport:
        from connectors.histories import import_history

        return import_history(assistant, listener_id, path, timezone=timezone)

    with visit.bot.one_at_a_time(visit.place), tempfile.TemporaryDirectory(prefix="segue-") as folder:
        # The name says the format; nothing else of it may reach the disk.
        path = Path(folder) / f"history{Path(file.filename).suffix[:10]}"
        await file.save(path)
        report = await visit.bot.work_long(take, path)
    await visit.say(report_text(report, book))


def report_text(report: HistoryReport, book: Phrasebook) -> str:
    """Say what came of an import."""
    n = book.number
    lines = [
        book("{n} rows, {new} of them new.", n=n(report.n_rows), new=n(report.n_new)),
        book("{n} tracks were here, {new} were added.", n=n(report.n_matched_tracks), new=n(report.n_added_tracks)),
    ]
    if report.n_unmatched:
        names = ", ".join(safe(one.name, 80) for one in report.unmatched[:_SHOWN])
        lines.append(book("{n} rows fit no track: {names}.", n=n(report.n_unmatched), names=names))
    if report.n_bad_rows:
        places = ", ".join(safe(f"{one.place}: {one.why}", 120) for one in report.bad_rows[:_SHOWN])
        lines.append(book("{n} rows could not be read: {places}.", n=n(report.n_bad_rows), places=places))
    if report.n_left_out:
        lines.append(book("{n} rows are no music that you heard.", n=n(report.n_left_out)))
    return "\n".join(lines)
