"""The receipt: every wish of a session against what the slate delivers, counted and never rounded up.

One line per constraint, then one per other wish that can be counted: size, artists, dials, titles, repeats. Tracks
about which nothing is known are counted as unknown, never as met. What gave way is marked as relaxed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from statistics import median

from assistant.labels import constraint_label, plain, total_label
from assistant.reply import ReceiptLine
from assistant.session import SessionState
from recsys.recommendation import ConstraintCount, Pick, Recommendation
from recsys.text import artist_key
from recsys.types import Facet

#: Minutes count as delivered within this share of what was asked.
MINUTES_TOLERANCE = 0.05


def write_receipt(
    result: Recommendation,
    state: SessionState,
    *,
    usual_size: int,
    max_per_artist: int,
    heard_artists: Collection[str] = (),
) -> tuple[ReceiptLine, ...]:
    """Count what a slate delivers of what a session asks.

    Args:
        result: the slate and its constraint counts.
        state: what holds in the session, this turn included.
        usual_size: tracks in a slate when no size was asked for.
        max_per_artist: most tracks of an artist who was not asked for.
        heard_artists: keys of artists in the listener's own history, for the familiar ↔ discovery dial.
    """
    picks = result.picks
    names = state.names()
    lines = [_constraint_line(count, names) for count in result.counts]
    lines += _size_lines(picks, state, usual_size)
    lines += _artist_lines(picks, result.counts, state, max_per_artist)
    lines += _dial_lines(picks, state, heard_artists)
    lines += _title_lines(picks, result.counts, state)
    if state.set_aside:
        again = sum(pick.track.track_id in set(state.set_aside) for pick in picks)
        asked = "none shown before"
        lines.append(_line("others", asked, f"{again} shown before" if again else asked, relaxed=again > 0))
    return tuple(lines)


def slate_length(picks: Sequence[Pick]) -> str:
    """Write how long a slate plays: "45 min", or "≈ 45 min (6 estimated)"."""
    return total_label(sum(p.duration_s for p in picks), sum(p.duration_estimated for p in picks))


def _line(
    constraint: str, asked: str, delivered: str, *, hard: bool = True, unknown: int = 0, relaxed: bool = False
) -> ReceiptLine:
    return ReceiptLine(
        constraint=plain(constraint),
        hard=hard,
        asked=plain(asked),
        delivered=plain(delivered),
        unknown=unknown,
        relaxed=relaxed,
    )


def _constraint_line(count: ConstraintCount, names: dict[str, str]) -> ReceiptLine:
    constraint = count.constraint
    delivered = f"{count.n_met} of {count.n_total}"
    if count.n_unknown:
        delivered += f", {count.n_unknown} unknown"
    return ReceiptLine(
        constraint=constraint_label(constraint, names),
        hard=constraint.hard,
        asked="all" if constraint.hard else "preferred",
        delivered=delivered,
        n_met=count.n_met,
        n_total=count.n_total,
        unknown=count.n_unknown,
        relaxed=count.relaxed,
    )


def _size_lines(picks: Sequence[Pick], state: SessionState, usual_size: int) -> list[ReceiptLine]:
    """Tracks, minutes, or both where both were asked; minutes decide, so then the number may differ."""
    lines = []
    if state.minutes is None or state.n_tracks is not None:
        asked = state.n_tracks or usual_size
        said = str(asked) if state.n_tracks is not None else f"{asked} (the usual)"
        lines.append(_line("tracks", said, str(len(picks)), relaxed=len(picks) != asked))
    if state.minutes is not None:
        seconds = sum(pick.duration_s for pick in picks)
        off = abs(seconds / 60 - state.minutes) > MINUTES_TOLERANCE * state.minutes
        n_estimated = sum(pick.duration_estimated for pick in picks)
        lines.append(_line("minutes", f"{state.minutes:g}", slate_length(picks), unknown=n_estimated, relaxed=off))
    return lines


def _artist_lines(
    picks: Sequence[Pick], counts: Sequence[ConstraintCount], state: SessionState, cap: int
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
    spread = f"{len(of_artist)} artist{'s' if len(of_artist) != 1 else ''}"
    delivered = f"at most {most}, {spread}" if free else spread
    wish = f"at most {cap} each" + (" but for those asked for" if asked else "")
    return [_line("tracks by one artist", wish, delivered, relaxed=most > cap)]


def _dial_lines(picks: Sequence[Pick], state: SessionState, heard_artists: Collection[str]) -> list[ReceiptLine]:
    lines = []
    bounded = any(c.facet is Facet.POPULARITY for c in state.active())
    if state.fame and not bounded:
        known = [p.track.popularity for p in picks if p.track.popularity is not None]
        delivered = f"median popularity {median(known):.2f} of 1" if known else "popularity not known"
        label, asked = ("popular", "well-known tracks") if state.fame > 0 else ("deep cuts", "less known tracks")
        unknown = len(picks) - len(known)
        if unknown and known:
            delivered += f", {unknown} unknown"
        lines.append(_line(label, asked, delivered, hard=False, unknown=unknown))
    if state.discovery:
        heard = sum(_main_artist(pick) in heard_artists for pick in picks)
        if state.discovery > 0:
            delivered = f"{len(picks) - heard} of {len(picks)} by artists new to you here"
            lines.append(_line("discovery", "new to you", delivered, hard=False))
        else:
            delivered = f"{heard} of {len(picks)} by artists from your history here"
            lines.append(_line("familiar", "known to you", delivered, hard=False))
    if state.how_much_me is not None and state.how_much_me != 1:
        asked = "none of it" if not state.how_much_me else "more of it" if state.how_much_me > 1 else "less of it"
        share = sum(pick.user_share for pick in picks) / len(picks) if picks else 0.0
        lines.append(_line("your taste", asked, f"{share:.0%} of what lifts these tracks", hard=False))
    return lines


def _title_lines(picks: Sequence[Pick], counts: Sequence[ConstraintCount], state: SessionState) -> list[ReceiptLine]:
    """Tracks asked for by title: in the slate or not."""
    counted = {v for c in counts if c.constraint.facet is Facet.TRACK for v in c.constraint.values}
    shown = {pick.track.track_id for pick in picks}
    return [
        _line(f"the track {title.name}", "in the slate", "yes" if here else "no", relaxed=not here)
        for title in state.titles
        if title.key not in counted
        for here in (title.key in shown,)
    ]


def _main_artist(pick: Pick) -> str:
    return artist_key(pick.track.artists[0]) if pick.track.artists else ""
