"""What a playlist is like, counted and in words: repeats, artists, eras, what stands out, length, energy, genres."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median

import numpy as np

from assistant.curate_reports import Decade, Duplicate, EraGap, OutOfPlace, PlaylistAnalysis, Share
from assistant.labels import listing, plain, spelled, total_label
from recsys.catalogue import Catalogue
from recsys.curation import MIN_TRACKS, STANDS_OUT, distances, repeats, standing_out
from recsys.explicitness import explicit
from recsys.types import FloatArray, Track

#: A word is usual in a playlist from this share of the tracks that state it.
_USUAL = 0.25
#: An energy this far from the middle of the others is worth saying.
_FAR_ENERGY = 0.25
#: And a year outside theirs by so many.
_FAR_YEARS = 8
#: Energy that goes up or down by less from third to third stays about the same.
_STEP = 0.05
#: Of artists, genres, repeats and tracks out of place, sentences name so many.
_NAMED = 3
_TIMES = {2: "twice", 3: "three times"}


def analyse(
    catalogue: Catalogue, vectors: FloatArray, rows: Sequence[int], unknown: Sequence[str] = ()
) -> PlaylistAnalysis:
    """Look at a playlist.

    Args:
        catalogue: the tracks.
        vectors: theirs in the joint space (N, d), unit rows or zero.
        rows: the playlist in its order; a row may come again.
        unknown: ids of the playlist that the catalogue does not have.
    """
    tracks = [catalogue.track(row) for row in rows]
    if not tracks:
        return PlaylistAnalysis(n_tracks=0, unknown=tuple(unknown), sentences=("There are no tracks to look at.",))
    seconds = float(catalogue.durations_s[list(rows)].sum())
    n_estimated = sum(track.duration_s is None for track in tracks)
    years = [track.year for track in tracks if track.year is not None]
    decades = tuple(Decade(decade=d, n=n) for d, n in sorted(Counter(year // 10 * 10 for year in years).items()))
    genres = Counter(genre for track in tracks for genre in track.genres)
    n_of_genre = sum(bool(track.genres) for track in tracks)
    artists = Counter(track.artists[0] if track.artists else "" for track in tracks)
    said = [explicit(track) for track in tracks]
    energy = tuple(track.energy for track in tracks)
    found = PlaylistAnalysis(
        n_tracks=len(tracks),
        unknown=tuple(unknown),
        total=total_label(seconds, n_estimated),
        seconds=seconds,
        n_estimated=n_estimated,
        duplicates=_duplicates(catalogue, rows, tracks),
        artists=tuple(_shares({plain(name): n for name, n in artists.items()}, len(tracks))),
        genres=tuple(_shares({spelled(genre): n for genre, n in genres.items()}, n_of_genre)),
        n_unknown_genre=len(tracks) - n_of_genre,
        decades=decades,
        gaps=_gaps([one.decade for one in decades]),
        n_unknown_year=len(tracks) - len(years),
        out_of_place=_out_of_place(catalogue, vectors, rows, tracks),
        energy=energy,
        energy_said=energy_words(energy),
        n_explicit=sum(one is True for one in said),
        n_unknown_explicit=sum(one is None for one in said),
    )
    return found.model_copy(update={"sentences": _sentences(found)})


def energy_words(energy: Sequence[float | None]) -> str:
    """Say how the energy goes from third to third; "" where nothing of it is known."""
    ends = [round(len(energy) * part / 3) for part in range(4)]
    thirds = [[e for e in energy[a:b] if e is not None] for a, b in pairwise(ends)]
    levels = [fmean(third) for third in thirds if third]
    if not levels:
        return ""
    if len(levels) < 3:
        return f"is about {fmean(levels):.2f} of 1"
    first, middle, last = levels
    up, down = middle - first > _STEP, first - middle > _STEP
    then_up, then_down = last - middle > _STEP, middle - last > _STEP
    words = "stays about the same"
    if up and then_down:
        words = "peaks in the middle"
    elif down and then_up:
        words = "is lowest in the middle"
    elif last - first > _STEP:
        words = "rises"
    elif first - last > _STEP:
        words = "falls"
    return f"{words}: {first:.2f}, {middle:.2f}, {last:.2f} of 1 by thirds"


def _duplicates(catalogue: Catalogue, rows: Sequence[int], tracks: Sequence[Track]) -> tuple[Duplicate, ...]:
    found = []
    for same, places in repeats(catalogue, rows):
        first, numbers = tracks[places[0]], [str(place + 1) for place in places]
        name = f"“{plain(first.title, 60)}” by {plain(first.artist, 60)}"
        if same:
            times = _TIMES.get(len(places), f"{len(places)} times")
            said = f"{name} is there {times} (tracks {listing(numbers)})"
        else:
            titles = [f"“{plain(tracks[place].title, 60)}”" for place in places]
            said = f"{listing(titles)} by {plain(first.artist, 60)} are one work (tracks {listing(numbers)})"
        found.append(
            Duplicate(
                kind="same" if same else "versions",
                positions=tuple(place + 1 for place in places),
                track_ids=tuple(tracks[place].track_id for place in places),
                said=said,
            )
        )
    return tuple(found)


def _shares(counts: dict[str, int], n: int) -> list[Share]:
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [Share(name=name, n=count, share=count / max(n, 1)) for name, count in ordered]


def _gaps(decades: Sequence[int]) -> tuple[EraGap, ...]:
    gaps = []
    for before, after in pairwise(decades):
        if after - before > 10:
            first, last = before + 10, after - 10
            said = f"nothing from the {first}s" if first == last else f"nothing from the {first}s to the {last}s"
            gaps.append(EraGap(first=first, last=last + 9, said=said))
    return tuple(gaps)


# --- out of place ---


def _out_of_place(
    catalogue: Catalogue, vectors: FloatArray, rows: Sequence[int], tracks: Sequence[Track]
) -> tuple[OutOfPlace, ...]:
    z = standing_out(distances(catalogue, vectors, rows))
    far = sorted((place for place in range(len(rows)) if z[place] >= STANDS_OUT), key=lambda place: -z[place])
    return tuple(
        OutOfPlace(
            position=place + 1,
            track_id=tracks[place].track_id,
            title=plain(tracks[place].title),
            artist=plain(tracks[place].artist),
            z=round(float(z[place]), 1),
            reason=_reason(tracks[place], [t for n, t in enumerate(tracks) if n != place and z[n] < STANDS_OUT]),
        )
        for place in far
    )


def _reason(track: Track, rest: Sequence[Track]) -> str:
    """Say what sets a track apart from the others, as far as the data states it."""
    facts = [_genre_fact(track, rest), _energy_fact(track, rest), _year_fact(track, rest)]
    facts += [
        _word_fact(
            "in {}", track.language and track.language.title(), [t.language and t.language.title() for t in rest]
        ),
        _word_fact("{}", track.vocal == "none" and "instrumental", [t.vocal and _voice(t.vocal) for t in rest]),
    ]
    known = [fact for fact in facts if fact]
    return "; ".join(known[:3]) if known else "its sound, words and company are unlike those of the rest"


def _genre_fact(track: Track, rest: Sequence[Track]) -> str:
    stated = [t.genres for t in rest if t.genres]
    usual = Counter(genre for genres in stated for genre in genres)
    if not track.genres or not stated or any(usual[genre] >= _USUAL * len(stated) for genre in track.genres):
        return ""
    own = min(track.genres[:2], key=lambda genre: usual[genre])
    others = [spelled(genre) for genre, n in usual.most_common(2) if n >= _USUAL * len(stated)]
    only = "only" if not usual[own] else f"one of {usual[own] + 1}"
    return f"the {only} {spelled(own)} among {listing(others)}" if others else f"the {only} {spelled(own)}"


def _energy_fact(track: Track, rest: Sequence[Track]) -> str:
    known = [t.energy for t in rest if t.energy is not None]
    if track.energy is None or len(known) < 3 or abs(track.energy - median(known)) < _FAR_ENERGY:
        return ""
    return f"energy {track.energy:.1f} where the rest has {median(known):.1f}"


def _year_fact(track: Track, rest: Sequence[Track]) -> str:
    known = [t.year for t in rest if t.year is not None]
    if track.year is None or len(known) < 3:
        return ""
    low, high = (int(year) for year in np.quantile(known, (0.1, 0.9)))
    if low - _FAR_YEARS <= track.year <= high + _FAR_YEARS:
        return ""
    return f"from {track.year} where the rest is mostly from {low} to {high}"


def _word_fact(template: str, own: str | bool | None, rest: Sequence[str | None]) -> str:
    known = Counter(word for word in rest if word)
    if not isinstance(own, str) or not known or known[own] >= _USUAL * known.total():
        return ""
    usual, n = known.most_common(1)[0]
    return f"{template.format(own)} where most are {template.format(usual)}" if n > known.total() / 2 else ""


def _voice(vocal: str) -> str:
    return "instrumental" if vocal == "none" else "sung"


# --- words ---


def _sentences(found: PlaylistAnalysis) -> tuple[str, ...]:
    n = found.n_tracks
    lines = [f"{_count(n, 'track')}, {found.total}."]
    if found.unknown:
        lines.append(f"{_count(len(found.unknown), 'track')} of the playlist is not in the catalogue, and left out.")
    lines += [f"{one.said}." for one in found.duplicates[:_NAMED]]
    if len(found.duplicates) > _NAMED:
        lines.append(f"{_count(len(found.duplicates) - _NAMED, 'more track')} come again.")
    top = [f"{one.name} {one.n} ({one.share:.0%})" for one in found.artists[:_NAMED] if one.n > 1]
    spread = _count(len(found.artists), "artist")
    lines.append(f"{spread}; most by {listing(top)}." if top else f"{spread}, one track each.")
    if found.genres:
        named = listing([f"{one.name} ({one.share:.0%})" for one in found.genres[:_NAMED]])
        lines.append(f"Genres: mostly {named}{_unknown(found.n_unknown_genre)}.")
    if found.decades:
        first, last = found.decades[0].decade, found.decades[-1].decade
        span = f"the {first}s" if first == last else f"the {first}s to the {last}s"
        gaps = f"; {listing([gap.said for gap in found.gaps])}" if found.gaps else ""
        lines.append(f"From {span}{gaps}{_unknown(found.n_unknown_year)}.")
    if found.energy_said:
        lines.append(f"Energy {found.energy_said}{_unknown(sum(e is None for e in found.energy))}.")
    lines += [
        f"Out of place: {one.position}. “{plain(one.title, 60)}” by {plain(one.artist, 60)}: {one.reason}."
        for one in found.out_of_place[:_NAMED]
    ]
    if not found.out_of_place and n >= MIN_TRACKS:
        lines.append("Nothing is out of place.")
    if found.n_explicit:
        lines.append(f"{_count(found.n_explicit, 'track')} known to be explicit{_unknown(found.n_unknown_explicit)}.")
    return tuple(lines)


def _unknown(n: int) -> str:
    return f"; {n} unknown" if n else ""


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
