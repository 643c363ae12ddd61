"""Does Segue know what lyrics are about, in which language they are, and does it find songs about something?

Data. `evals/data/lyrics.jsonl`: short original lyrics (some forty words each) with what they are about, half in the set
*choosing*, on which the threshold of themes was chosen, half in the set *reporting*, on which everything here is
measured. They were written by hand for this, so they say how well made-up verses are read, and not real songs.

*Themes*, per lyric of the set reporting, as the product annotates it:

    recall     1 if the theme that it is about is found, else 0
    precision  of each theme found: 1 if it is one that the lyric has, else 0
    found      themes found

    subsets: plain lyrics name their theme, oblique ones do not

*Language*, per text: 1 if the annotation is the language, or if there is none for a text of two languages or of nothing
but syllables.

*Requests*. A catalogue of the tracks of the set reporting, with made-up artists and nothing else but title and lyrics,
is indexed by the product and asked for "songs about X". `recall@10` and `ndcg@10` are of the tracks about X.

    themes      X is a theme of the vocabulary; relevant are the lyrics that have it
    own words   X is said in words that the vocabulary has not; relevant is the one lyric it was written for

    segue           the product
    without lyrics  the product on the same catalogue without its lyrics: text search over titles
    chance          ten tracks drawn from the catalogue: recall@10 is 10 / tracks

`A - B` is the paired difference. Under `selection`: for each number of points that a word counts, the threshold with
the best F1 on the set choosing.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from assistant.app import Assistant
from evals.metrics import ndcg, recall, summarise
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings
from recsys.encoders.text import TextEncoder, open_text_encoder
from recsys.lyrics import themes as shipped
from recsys.lyrics.chunks import chunks
from recsys.lyrics.cleaning import sung_words
from recsys.lyrics.language import language_of
from recsys.lyrics.themes import ThemeFinder, load_themes
from recsys.types import Progress

K = 10
_ARTISTS = 40
_WORDS_COUNTS = (0.0, 0.15, 0.3, 0.45, 0.6)


@dataclass(frozen=True, slots=True)
class Lyric:
    """A made lyric and what is true of it."""

    set: str
    way: str  # plain, oblique, other (of another language), mixed or short
    title: str
    about: tuple[str, ...]  # the first is what it is about
    language: str | None
    text: str
    asks: str = ""


def read_lyrics() -> list[Lyric]:
    """Return the made lyrics in their order."""
    lines = resources.files("evals").joinpath("data/lyrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [Lyric(**{**one, "about": tuple(one["about"])}) for one in map(json.loads, lines)]


def evaluate(seeds: Sequence[int], kept: Path | None = None, progress: Progress | None = None) -> Report:
    """Measure themes, language and requests.

    Args:
        seeds: of one training of the product each; themes and language have no chance in them.
        kept: where encoded texts are kept from one run to the next, if anywhere.
        progress: told about every stage.
    """
    lyrics = read_lyrics()
    reporting = [one for one in lyrics if one.set == "reporting"]
    with scratch_home(kept) as home:
        settings = scratch_settings(home)
        encoder = open_text_encoder(settings.text_encoder, home / "cache" / "encoder", settings.threads, progress)
        stated = {"lyrics": len(lyrics), "reporting": len(reporting), "k": K} | product_settings(settings)
        report = Report("segue eval lyrics", stated, seeds)
        report.selection["themes"] = choose([one for one in lyrics if one.set == "choosing" and one.about], encoder)
        add_themes(report, [one for one in reporting if one.about], encoder)
        add_languages(report, reporting)
        asked: dict[str, list[list[int]]] = {"segue": [], "without lyrics": []}
        for seed in seeds:
            for system, rankings in asked.items():
                folder = home / f"{system}-{seed}"
                rankings += _rank(folder, reporting, seed, progress, with_lyrics=system == "segue")
    add_requests(report, reporting, asked)
    return report


def choose(choosing: Sequence[Lyric], encoder: TextEncoder) -> list[dict[str, float]]:
    """Say which threshold has the best F1 for each worth of a word, best first, on lyrics kept for choosing."""
    finder, names = ThemeFinder(encoder), [theme.name for theme in load_themes()]
    read = [sung_words(one.text) for one in choosing]
    parts = [(words, encoder.encode(chunks(words, encoder))) for words in read]
    meant, counted = (np.array([finder.scores(words, near, count) for words, near in parts]) for count in (0.0, 1.0))
    right = np.array([[name in one.about for name in names] for one in choosing])
    first = np.array([names.index(one.about[0]) for one in choosing])
    told = []
    for count in _WORDS_COUNTS:
        scores = meant + count * (counted - meant)
        for threshold in np.arange(1.5, 4.5, 0.1).round(2):
            ranks = np.argsort(np.argsort(-scores, axis=1), axis=1)
            found = (scores >= threshold) & (ranks < shipped.MOST_THEMES)
            precision = float((found & right).sum() / max(found.sum(), 1))
            hit = float(found[np.arange(len(first)), first].mean())
            f1 = 2 * precision * hit / max(precision + hit, 1e-9)
            told.append({"word": count, "found": threshold, "f1": f1, "precision": precision, "recall": hit})
    best = {count: max((t for t in told if t["word"] == count), key=lambda t: t["f1"]) for count in _WORDS_COUNTS}
    return sorted(best.values(), key=lambda t: -t["f1"])


def add_themes(report: Report, reporting: Sequence[Lyric], encoder: TextEncoder) -> None:
    """Add what themes are found in lyrics."""
    finder = ThemeFinder(encoder)
    hits: dict[str, list[float]] = {}
    right: dict[str, list[float]] = {}
    counts: dict[str, list[float]] = {}
    for one in reporting:
        words = sung_words(one.text)
        found = [theme.name for theme in finder.find(words, encoder.encode(chunks(words, encoder)))]
        for subset in ("all", one.way):
            hits.setdefault(subset, []).append(float(one.about[0] in found))
            right.setdefault(subset, []).extend(float(name in one.about) for name in found)
            counts.setdefault(subset, []).append(float(len(found)))
        if one.about[0] not in found:
            report.cases.append({"title": one.title, "about": list(one.about), "found": found})
    for subset in sorted(hits, key=lambda subset: subset != "all"):
        report.add("themes", subset, "recall", summarise(hits[subset]))
        report.add("themes", subset, "precision", summarise(right[subset] or [0.0]))
        report.add("themes", subset, "found", summarise(counts[subset]))


def add_languages(report: Report, reporting: Sequence[Lyric]) -> None:
    """Add how often the language is told, and nothing where there is nothing to tell."""
    told: dict[str, list[float]] = {}
    for one in reporting:
        heard = language_of(sung_words(one.text))
        right = float((heard.language if heard else None) == one.language)
        for subset in ("all", one.language or one.way):
            told.setdefault(subset, []).append(right)
    for subset in sorted(told, key=lambda subset: (subset != "all", subset)):
        report.add("language", subset, "accuracy", summarise(told[subset]))


def requests_of(reporting: Sequence[Lyric]) -> list[tuple[str, str, tuple[int, ...]]]:
    """Return (subset, request, numbers of the lyrics that answer it)."""
    asked = []
    for theme in load_themes():
        relevant = tuple(number for number, one in enumerate(reporting) if theme.name in one.about)
        if relevant:
            asked.append(("themes", f"songs about {theme.name}", relevant))
    asked += [("own words", f"songs about {one.asks}", (n,)) for n, one in enumerate(reporting) if one.asks]
    return asked


def add_requests(report: Report, reporting: Sequence[Lyric], asked: dict[str, list[list[int]]]) -> None:
    """Add how well requests find what they are about, by system, and chance.

    Args:
        report: where to.
        reporting: the lyrics of the catalogue.
        asked: by system the rankings of all requests, seed after seed.
    """
    requests = requests_of(reporting)
    measured: dict[str, dict[str, list[float]]] = {}
    for system, rankings in asked.items():
        answers = [(ranking, requests[n % len(requests)][2]) for n, ranking in enumerate(rankings)]
        measured[system] = {"recall@10": [recall(*one, K) for one in answers]}
        measured[system]["ndcg@10"] = [ndcg(*one, K) for one in answers]
    for metric in ("recall@10", "ndcg@10"):
        pairs = zip(measured["segue"][metric], measured["without lyrics"][metric], strict=True)
        measured.setdefault("segue - without lyrics", {})[metric] = [a - b for a, b in pairs]
    measured["chance"] = {"recall@10": [K / len(reporting)] * len(asked["segue"])}
    for system, metrics in measured.items():
        for metric, values in metrics.items():
            for subset in ("all", "themes", "own words"):
                chosen = [n for n in range(len(values)) if subset in ("all", requests[n % len(requests)][0])]
                of = [n % len(requests) for n in chosen]
                report.add(system, subset, metric, summarise([values[n] for n in chosen], groups=of))


def write_catalogue(path: Path, reporting: Sequence[Lyric], *, with_lyrics: bool) -> None:
    """Write the lyrics as a table: number, title, a made-up artist, and the words if they are to be there."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "title", "artist", *(["lyrics"] if with_lyrics else [])])
        for number, one in enumerate(reporting):
            row = [str(number), one.title or f"Untitled {number}", f"Singer {number % _ARTISTS}"]
            table.writerow([*row, *([one.text] if with_lyrics else [])])


def _rank(
    home: Path, reporting: Sequence[Lyric], seed: int, progress: Progress | None, *, with_lyrics: bool
) -> list[list[int]]:
    """Index the lyrics as a catalogue, and rank it for every request: numbers of lyrics, best first."""
    home.mkdir()
    (home / "cache").symlink_to(home.parent / "cache", target_is_directory=True)
    write_catalogue(home / "lyrics.csv", reporting, with_lyrics=with_lyrics)
    with Assistant(scratch_settings(home, seed=seed)) as assistant:
        assistant.index(home / "lyrics.csv", progress=progress)
        rankings = []
        for _, request, _ in requests_of(reporting):
            ranked = assistant.rank("nobody", request, K, strict=False)
            rankings.append([int(track_id) for track_id in ranked.track_ids])
        return rankings
