"""/taste, /link and /unlink: what Segue has learnt of a person, and who else they are; told to them alone."""

from __future__ import annotations

from typing import Any

from discord import app_commands

from assistant.phrasebook import Phrasebook
from assistant.taste_reports import TasteReport, TasteTrack
from connectors.discord.handling import Seen, Visit, handled
from connectors.discord.words import safe

#: Tracks of each list, pieces of evidence of each sentence.
_TRACKS, _EVIDENCE = 10, 3
_MAX_SENTENCE, _MAX_NAME = 300, 80


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    """Return the commands."""
    return [taste, link, unlink]


@app_commands.command(description="What I have learnt of your taste, and from what; only you see it.")
@handled(Seen.BY_ONE)
async def taste(visit: Visit) -> None:
    """Tell a person their taste."""
    desk, listener_id = visit.desk, visit.place.listener
    language = desk.guilds.of(visit.place.guild).language or "en"
    report = await visit.work(
        lambda: desk.assistant.taste(listener_id, language=language, n_tracks=_TRACKS, n_exposures=0)
    )
    await visit.say(taste_text(report, visit.book))


@app_commands.command(description="Make this and your taste elsewhere (web, terminal) one, by a code.")
@app_commands.describe(code="The code that you got elsewhere; without it, you get one to use there")
@handled(Seen.BY_ONE)
async def link(visit: Visit, code: app_commands.Range[str, 1, 40] | None = None) -> None:
    """Give a code out, or use one."""
    if code is None:
        made = await visit.work(visit.desk.assistant.link_code, visit.place.listener)
        words = "Your code is `{code}`: use it where else you use Segue, within ten minutes. It works once."
        await visit.say(visit.book(words, code=made))
        return
    joined = await visit.work(visit.desk.assistant.link, visit.place.listener, code)
    words = "Done: what you like here and there now counts for both ({n} joined). /unlink parts them again."
    await visit.say(visit.book(words, n=len(joined)))


@app_commands.command(description="Part this from your taste elsewhere again; both are then as before.")
@handled(Seen.BY_ONE)
async def unlink(visit: Visit) -> None:
    """Part what was linked."""
    parted = await visit.work(visit.desk.assistant.unlink, visit.place.listener)
    await visit.say(visit.book("Parted: both are as before.") if parted else visit.book("You are linked to nobody."))


def taste_text(report: TasteReport, book: Phrasebook) -> str:
    """Say what a taste comes to: sentences with what they were counted from, then tracks for it and against it."""
    lines = []
    for sentence in report.sentences:
        lines.append(f"• {safe(sentence.text, _MAX_SENTENCE)}")
        lines += [f"-# {safe(one, _MAX_SENTENCE)}" for one in sentence.evidence[:_EVIDENCE]]
    for name, tracks in ((book("You take to"), report.liked), (book("You leave"), report.disliked)):
        if tracks:
            lines += [f"**{name}**", *(_track(one) for one in tracks[:_TRACKS])]
    return "\n".join(lines) or book("Nothing yet: like some tracks, with the buttons or with /like.")


def _track(track: TasteTrack) -> str:
    name = f"{safe(track.title, _MAX_NAME)} – {safe(track.artist, _MAX_NAME)}"
    return f"{name} ({safe(track.how, _MAX_NAME)})"
