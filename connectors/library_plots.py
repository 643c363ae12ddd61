"""A library as plots: counted, and as a map on which tracks that sound alike lie near each other."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from connectors.plot_page import as_text, page_of

if TYPE_CHECKING:
    from assistant.library_reports import LibraryMapReport, LibraryReport

#: Colours of genres, told apart by most eyes (Okabe and Ito, 2008; then Tol, 2021), the commonest genre first.
_COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#882255", "#44aa99"),
    *("#999933", "#332288", "#aa4499", "#117733"),
)
_OTHERS = "other genres"
_GREY = "#9a9a9a"
_BAR = "#0072b2"


def draw_library_map(report: LibraryMapReport) -> str:
    """Draw a map of a library as a page of its own: a point per track, coloured by genre, named under the pointer."""
    from plotly.graph_objects import Figure, Scatter

    counted = Counter(track.genre for track in report.tracks if not track.genre.endswith("unknown"))
    shown = dict(zip((genre for genre, _ in counted.most_common(len(_COLOURS))), _COLOURS, strict=False))
    groups: dict[str, list[Any]] = {genre: [] for genre in shown}
    for track in report.tracks:
        unknown = track.genre.endswith("unknown")
        groups.setdefault(track.genre if track.genre in shown or unknown else _OTHERS, []).append(track)
    figure = Figure()
    for genre, tracks in groups.items():
        figure.add_trace(
            Scatter(
                x=[track.x for track in tracks],
                y=[track.y for track in tracks],
                text=[
                    as_text(f"{track.title} – {track.artist}") + (f"<br>{as_text(track.said)}" if track.said else "")
                    for track in tracks
                ],
                hovertemplate=f"%{{text}}<extra>{as_text(genre)}</extra>",
                mode="markers",
                marker={"size": 6, "color": shown.get(genre, _GREY), "opacity": 0.7 if genre in shown else 0.45},
                name=as_text(f"{genre} ({len(tracks):,})"),
            )
        )
    figure.update_layout(
        title={"text": _heading(report), "x": 0.02, "xanchor": "left"},
        template="plotly_white",
        hovermode="closest",
        dragmode="pan",
        legend={"itemsizing": "constant"},
        margin={"l": 20, "r": 20, "t": 84, "b": 30},
        xaxis={"showticklabels": False, "zeroline": False, "title": {"text": ""}},
        yaxis={"showticklabels": False, "zeroline": False, "title": {"text": ""}},
    )
    return page_of("The library on a map", [figure])


def _heading(report: LibraryMapReport) -> str:
    return (
        f"<b>Tracks that are alike by {as_text(report.by)} lie near each other</b><br><sup>{len(report.tracks):,} of "
        f"{report.n_catalogue:,} tracks, {report.n_placed:,} of which have a place; of each one's ten nearest, "
        f"{report.kept:.0%} are near it here too</sup>"
    )


def draw_library(report: LibraryReport) -> str:
    """Draw what was counted of a library, one plot below the other."""
    from plotly.graph_objects import Bar, Figure

    figures = []
    for title, bars in (
        ("Genres", report.genres),
        ("Years", report.years),
        ("Keys, round the circle of fifths", report.keys),
        ("Tempo in beats per minute", report.tempos),
        ("Languages", report.languages),
        ("Artists", report.top_artists),
        ("Files", report.formats),
    ):
        if any(bar.n for bar in bars):
            figure = Figure(
                Bar(x=[as_text(bar.value) for bar in bars], y=[bar.n for bar in bars], marker={"color": _BAR})
            )
            figures.append(_laid_out(figure, title))
    known = Figure()
    for name, colour in (("stated", "#0072b2"), ("heard", "#009e73"), ("inferred", "#e69f00")):
        counts = [getattr(one, f"n_{name}") for one in report.coverage]
        known.add_trace(Bar(x=[one.fact for one in report.coverage], y=counts, name=name, marker={"color": colour}))
    known.update_layout(barmode="stack", yaxis={"range": [0, max(report.n_tracks, 1)]})
    figures.append(_laid_out(known, f"Of how many of the {report.n_tracks:,} tracks a fact is known"))
    return page_of("The library in numbers", figures, height="360px")


def _laid_out(figure: Any, title: str) -> Any:
    figure.update_layout(
        title={"text": f"<b>{title}</b>", "x": 0.02, "xanchor": "left"},
        template="plotly_white",
        margin={"l": 50, "r": 20, "t": 60, "b": 60},
        xaxis={"type": "category"},
    )
    return figure
