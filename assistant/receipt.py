"""The receipt: every wish of a session against what the slate delivers, counted and never rounded up.

One line per constraint, then one per other wish that can be counted: size, artists, dials, titles, repeats. Tracks
about which nothing is known are counted as unknown, never as met. What gave way is marked as relaxed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import pairwise
from statistics import fmean, median

from assistant.chips import chip_of
from assistant.judging import judged_line, unjudged_lines
from assistant.labels import arc_label, constraint_label, plain, total_label
from assistant.phrasebook import ENGLISH_BOOK, Phrasebook
from assistant.reply import ReceiptLine
from assistant.session import SessionState
from recsys.appeal.serving import JUDGED
from recsys.explicitness import explicit
from recsys.recommendation import ConstraintCount, Pick, Recommendation
from recsys.text import artist_key
from recsys.types import Arc, Facet

#: Minutes count as delivered within this share of what was asked.
MINUTES_TOLERANCE = 0.05


def write_receipt(
    result: Recommendation,
    state: SessionState,
    *,
    usual_size: int,
    max_per_artist: int,
    heard_artists: Collection[str] = (),
    clean: bool = False,
    book: Phrasebook = ENGLISH_BOOK,
) -> tuple[ReceiptLine, ...]:
    """Count what a slate delivers of what a session asks.

    Args:
        result: the slate and its constraint counts.
        state: what holds in the session, this turn included.
        usual_size: tracks in a slate when no size was asked for.
        max_per_artist: most tracks of an artist who was not asked for.
        heard_artists: keys of artists in the listener's own history, for the familiar ↔ discovery dial.
        clean: whether nothing explicit was to be in it.
        book: the language to write it in.
    """
    picks = result.picks
    names = state.names()
    lines = [
        judged_line(count, picks, book) if count.constraint.facet in JUDGED else _constraint_line(count, names, book)
        for count in result.counts
    ]
    lines += unjudged_lines(state.active(), result.counts, book)
    lines += _size_lines(picks, state, usual_size, book)
    lines += _artist_lines(picks, result.counts, state, max_per_artist, book)
    lines += _dial_lines(picks, state, heard_artists, book)
    lines += _arc_lines(picks, state, book)
    lines += _title_lines(picks, result.counts, state, book)
    if (clean or state.clean) and picks:
        lines.append(_clean_line(picks, book).model_copy(update={"chip": "" if clean else "clean"}))
    if state.set_aside:
        again = sum(pick.track.track_id in set(state.set_aside) for pick in picks)
        asked = book("none shown before")
        shown = book("{n} shown before", n=again) if again else asked
        lines.append(_line(book("others"), asked, shown, relaxed=again > 0))
    return tuple(lines)


def slate_length(picks: Sequence[Pick], book: Phrasebook = ENGLISH_BOOK) -> str:
    """Write how long a slate plays: "45 min", or "≈ 45 min (6 estimated)"."""
    return total_label(sum(p.duration_s for p in picks), sum(p.duration_estimated for p in picks), book)


def _line(
    constraint: str,
    asked: str,
    delivered: str,
    *,
    hard: bool = True,
    unknown: int = 0,
    relaxed: bool = False,
    chip: str = "",
) -> ReceiptLine:
    return ReceiptLine(
        constraint=plain(constraint),
        hard=hard,
        asked=plain(asked),
        delivered=plain(delivered),
        unknown=unknown,
        relaxed=relaxed,
        chip=chip,
    )


def _constraint_line(count: ConstraintCount, names: dict[str, str], book: Phrasebook) -> ReceiptLine:
    constraint = count.constraint
    delivered = book("{n} of {total}", n=count.n_met, total=count.n_total)
    if count.n_heard:
        delivered = book("{said}, {n} heard, not stated", said=delivered, n=count.n_heard)
    if count.n_inferred:
        delivered = book("{said}, {n} inferred, not stated", said=delivered, n=count.n_inferred)
    if count.n_unknown:
        delivered = book("{said}, {n} unknown", said=delivered, n=count.n_unknown)
    return ReceiptLine(
        constraint=constraint_label(constraint, names, book),
        hard=constraint.hard,
        asked=book("all" if constraint.hard else "preferred"),
        delivered=delivered,
        n_met=count.n_met,
        n_total=count.n_total,
        unknown=count.n_unknown,
        relaxed=count.relaxed,
        chip=chip_of(constraint),
    )


def _size_lines(picks: Sequence[Pick], state: SessionState, usual_size: int, book: Phrasebook) -> list[ReceiptLine]:
    """Tracks, minutes, or both where both were asked; minutes decide, so then the number may differ."""
    lines = []
    if state.minutes is None or state.n_tracks is not None:
        n_tracks = state.n_tracks or usual_size
        said = str(n_tracks) if state.n_tracks is not None else book("{n} (the usual)", n=n_tracks)
        chip = "size" if state.n_tracks is not None else ""
        lines.append(_line(book("tracks"), said, str(len(picks)), relaxed=len(picks) != n_tracks, chip=chip))
    if state.minutes is not None:
        seconds = sum(pick.duration_s for pick in picks)
        off = abs(seconds / 60 - state.minutes) > MINUTES_TOLERANCE * state.minutes
        n_estimated = sum(pick.duration_estimated for pick in picks)
        asked_minutes, length = f"{state.minutes:g}", slate_length(picks, book)
        lines.append(_line(book("minutes"), asked_minutes, length, unknown=n_estimated, relaxed=off, chip="size"))
    return lines


def _artist_lines(
    picks: Sequence[Pick], counts: Sequence[ConstraintCount], state: SessionState, cap: int, book: Phrasebook
) -> list[ReceiptLine]:
    """The spread over artists; those who were asked for, as artist or by title, may come more often."""
    if not picks:
        return []
    asked = {
        v for c in counts if c.constraint.facet is Facet.ARTIST and c.constraint.wanted for v in c.constraint.values
    }
    titles = {mention.key for mention in state.titles}
    of_artist = Counter(_main_artist(pick) for pick in picks)
    free = Counter(
        _main_artist(pick)
        for pick in picks
        if pick.track.track_id not in titles and not asked & {artist_key(name) for name in pick.track.artists}
    )
    most = max(free.values(), default=0)
    n_artists = len(of_artist)
    spread = book("{n} artists" if n_artists != 1 else "{n} artist", n=n_artists)
    delivered = book("at most {n}, {spread}", n=most, spread=spread) if free else spread
    wish = book("at most {n} each but for those asked for" if asked else "at most {n} each", n=cap)
    return [_line(book("tracks by one artist"), wish, delivered, relaxed=most > cap)]


def _dial_lines(
    picks: Sequence[Pick], state: SessionState, heard_artists: Collection[str], book: Phrasebook
) -> list[ReceiptLine]:
    lines = []
    n = len(picks)
    bounded = any(c.facet is Facet.POPULARITY for c in state.active())
    if state.fame and not bounded:
        known = [p.track.popularity for p in picks if p.track.popularity is not None]
        level = f"{median(known):.2f}" if known else ""
        delivered = book("median popularity {level} of 1", level=level) if known else book("popularity not known")
        label, asked = ("popular", "well-known tracks") if state.fame > 0 else ("deep cuts", "less known tracks")
        unknown = n - len(known)
        if unknown and known:
            delivered = book("{said}, {n} unknown", said=delivered, n=unknown)
        lines.append(_line(book(label), book(asked), delivered, hard=False, unknown=unknown, chip="fame"))
    if state.discovery:
        heard = sum(_main_artist(pick) in heard_artists for pick in picks)
        if state.discovery > 0:
            delivered = book("{n} of {total} by artists new to you here", n=n - heard, total=n)
            lines.append(_line(book("discovery"), book("new to you"), delivered, hard=False, chip="discovery"))
        else:
            delivered = book("{n} of {total} by artists from your history here", n=heard, total=n)
            lines.append(_line(book("familiar"), book("known to you"), delivered, hard=False, chip="discovery"))
    if state.how_much_me is not None and state.how_much_me != 1:
        asked = "none of it" if not state.how_much_me else "more of it" if state.how_much_me > 1 else "less of it"
        share = sum(pick.user_share for pick in picks) / len(picks) if picks else 0.0
        lines.append(
            _line(
                book("your taste"),
                book(asked),
                book("{share} of what lifts these tracks", share=f"{share:.0%}"),
                hard=False,
                chip="me",
            )
        )
    return lines


def _arc_lines(picks: Sequence[Pick], state: SessionState, book: Phrasebook) -> list[ReceiptLine]:
    """The energy of the slate's thirds, where an arc was asked for; a third of which nothing is known says so."""
    if state.arc is None or not picks:
        return []
    ends = [round(len(picks) * part / 3) for part in range(4)]
    known = [[p.track.energy for p in picks[a:b] if p.track.energy is not None] for a, b in pairwise(ends)]
    levels = ", ".join(f"{fmean(third):.2f}" if third else book("unknown") for third in known)
    unknown = sum(pick.track.energy is None for pick in picks)
    first, middle, last = (fmean(third) if third else None for third in known)
    rises = first is not None and middle is not None and first <= middle
    falls = middle is not None and last is not None and middle >= last
    climbs = middle is not None and last is not None and middle <= last
    drops = first is not None and middle is not None and first >= middle
    goes = {Arc.RISING: rises and climbs, Arc.FALLING: drops and falls, Arc.PEAK: rises and falls}[state.arc]
    delivered = book("energy {levels} of 1 by thirds", levels=levels)
    if unknown:
        delivered = book("{said}, {n} unknown", said=delivered, n=unknown)
    asked = arc_label(state.arc, book)
    return [_line(book("order"), asked, delivered, hard=False, unknown=unknown, relaxed=not goes, chip="arc")]


def _title_lines(
    picks: Sequence[Pick], counts: Sequence[ConstraintCount], state: SessionState, book: Phrasebook
) -> list[ReceiptLine]:
    """Tracks asked for by title: in the slate or not."""
    counted = {v for c in counts if c.constraint.facet is Facet.TRACK for v in c.constraint.values}
    shown = {pick.track.track_id for pick in picks}
    return [
        _line(
            book("the track {words}", words=title.name),
            book("in the slate"),
            book("yes" if here else "no"),
            relaxed=not here,
        )
        for title in state.titles
        if title.key not in counted
        for here in (title.key in shown,)
    ]


def _clean_line(picks: Sequence[Pick], book: Phrasebook) -> ReceiptLine:
    """What is known to be explicit is not in the slate; what nobody says anything of may be, and is counted."""
    known = [explicit(pick.track) for pick in picks]
    n_clean, unknown = known.count(False), known.count(None)
    delivered = book("{n} of {total}", n=n_clean, total=len(picks))
    if unknown:
        delivered = book("{said}, {n} unknown", said=delivered, n=unknown)
    line = _line(book("clean"), book("nothing explicit"), delivered, unknown=unknown, relaxed=True in known)
    return line.model_copy(update={"n_met": n_clean, "n_total": len(picks)})


def _main_artist(pick: Pick) -> str:
    return artist_key(pick.track.artists[0]) if pick.track.artists else ""
