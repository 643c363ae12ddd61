"""How a playlist looks in Discord: an embed of numbered tracks, page by page. Pure: nothing here speaks to Discord."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from assistant.phrasebook import Phrasebook
from assistant.reply import ReceiptLine, Reply, SlateTrack
from connectors.discord.words import MAX_DESCRIPTION, MAX_EMBED, MAX_FIELD, label, safe, web_link
from connectors.web_text import length_label

#: Tracks on a page, and characters of them: text and receipt of a turn go beside them.
PER_PAGE, _PAGE_CHARACTERS = 10, 3_300
#: Longest words of a turn that stand in the embed, in characters; longer ones are sent before it.
MAX_SAID = 350
_MAX_TITLE, _MAX_ARTIST, _MAX_REASON, _MAX_ASKED = 90, 60, 140, 100
_COLOUR = 0x4F6BED
_LEFT = MAX_EMBED - MAX_DESCRIPTION - 400  # for the receipt


def pages(reply: Reply) -> list[tuple[SlateTrack, ...]]:
    """Cut a slate into pages: at most ten tracks each, and fewer where their names are long. Never empty."""
    cut: list[list[SlateTrack]] = [[]]
    room = _PAGE_CHARACTERS
    for track in reply.tracks:
        n = len(_line(track)) + 1
        if cut[-1] and (len(cut[-1]) == PER_PAGE or n > room):
            cut.append([])
            room = _PAGE_CHARACTERS
        cut[-1].append(track)
        room -= n
    return [tuple(page) for page in cut]


def page_of(reply: Reply, position: int) -> int:
    """Return the page, from 0, that a position of the slate is on."""
    for number, page in enumerate(pages(reply)):
        if any(track.position == position for track in page):
            return number
    return 0


def slate_embed(reply: Reply, page: int, book: Phrasebook) -> discord.Embed:
    """Show one page of a turn's slate, with what was asked and delivered.

    Args:
        reply: the turn.
        page: from 0; one that is not there shows the nearest.
        book: the language of the bot's own words.
    """
    cut = pages(reply)
    page = min(max(page, 0), len(cut) - 1)
    lines = [_line(track) for track in cut[page]]
    if len(reply.text) <= MAX_SAID:
        lines = [safe(reply.text, MAX_SAID), "", *lines]
    embed = discord.Embed(
        title=safe(reply.query, _MAX_ASKED) or book("Playlist"), description="\n".join(lines), colour=_COLOUR
    )
    if receipt := receipt_text(reply.receipt):
        embed.add_field(name=book("Asked and delivered"), value=receipt, inline=False)
    n = len(reply.tracks)
    footer = [book("{n} tracks", n=n) if n != 1 else book("1 track"), reply.total]
    if len(cut) > 1:
        footer.append(book("page {page} of {n}", page=page + 1, n=len(cut)))
    embed.set_footer(text=" · ".join(filter(None, footer)))
    return embed


def receipt_text(lines: tuple[ReceiptLine, ...]) -> str:
    """Write what was asked against what was delivered, one line each, as long as there is room."""
    shown, room = [], min(MAX_FIELD, _LEFT)
    for line in lines:
        sign = "⚠️" if line.relaxed else "◐" if line.n_total and line.n_met < line.n_total else "✓"
        words = f"{sign} {safe(line.constraint, 80)}: {safe(line.delivered, 80)}"
        if len(words) + 1 > room:
            break
        shown.append(words)
        room -= len(words) + 1
    return "\n".join(shown)


def people(listeners: Sequence[str], most: int = 4) -> str:
    """Name Discord users among listeners, as Discord shows them; in an embed that calls nobody."""
    users = [one.removeprefix("discord-") for one in listeners]
    named = [f"<@{user}>" for user in users if user.isdigit()]
    more = f" +{len(named) - most}" if len(named) > most else ""
    return ", ".join(named[:most]) + more


def track_label(track: SlateTrack, limit: int = 100) -> str:
    """Name a track where no markdown is read, by its number first."""
    return label(f"{track.position}. {track.title or '–'} – {track.artist}", limit)


def track_name(track: SlateTrack) -> str:
    """Name a track where markdown is read."""
    name = f"**{safe(track.title, _MAX_TITLE) or '–'}**"
    return f"{name} – {safe(track.artist, _MAX_ARTIST)}" if track.artist else name


def _line(track: SlateTrack) -> str:
    title = web_link(f"**{safe(track.title, _MAX_TITLE) or '–'}**", track.link)
    mark = " ♥" if track.liked else " ✗" if track.liked is False else ""
    mark += " 📌" if track.pinned else ""
    artist = f" – {safe(track.artist, _MAX_ARTIST)}" if track.artist else ""
    known = [str(track.year) if track.year is not None else ""]
    known += [length_label(track.duration_s, estimated=track.duration_estimated)] if track.duration_s else []
    facts = " · ".join(filter(None, known))
    mark += f" → {people(track.whom)}" if track.whom else ""
    reason = f"\n-# {safe(track.reason, _MAX_REASON)}" if track.reason else ""
    return f"`{track.position}.` {title}{artist}{f' ({facts})' if facts else ''}{mark}{reason}"
