"""Are names in requests found, and linked to what they are? Mentions of artists and works against a list of both.

Task. A request names artists and works (songs, albums, sometimes films or games). The catalogue is made of the distinct
(type, wiki_name) of the whole file and never of the words that mention them: each artist has three tracks without a
title, each work is a track, by the artist whom its page names in brackets where the file has that artist too. A system
returns the names in the text with their type, and what each is in that catalogue, or that it is none of it.

Data. The form of MusicRecoNER's `entities.csv`: a line per mention with `mention`, `type` (Artist or WoA), `query` and
`wiki_name`, a page's name that is empty where there is no page. Requests that the tagger learns from are not those that
are asked: what stands in both files is left out of its training.

Conventions. `mention_f1` is the micro-F1 over the set of (type, lower-case text) of each request, `mention_precision`
and `mention_recall` the same sums; `mention_f1_any_type` does without the type. `linked` is the share of labelled
mentions whose answer is right: the answer is the linked name that shares most words with the mention, of the same type;
a mention without one counts as "not in the catalogue", which is right where `wiki_name` is empty. `linked_known` and
`linked_unknown` are the same for mentions with and without a page. Pages whose names differ in brackets only cannot be
told apart by name; the first in alphabetical order is the only right one. Subsets: `all`, `Artist`, `WoA`. Intervals
are percentile bootstraps over requests, of `linked` over mentions that are resampled by request.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from assistant.understanding.labelled import Labelled
from assistant.understanding.learned import LearnedUnderstanding
from assistant.understanding.matches import Name
from assistant.understanding.rules import RulesUnderstanding
from assistant.understanding.tagger_training import TaggerSettings, places, train_tagger
from assistant.understanding.tagging import WordReader
from assistant.understanding.tokens import Reading, read
from evals.errors import EvaluationDataError
from evals.metrics import Summary, summarise
from evals.report import Report
from evals.understanding import micro_f1
from recsys.catalogue import Catalogue
from recsys.encoders.text import WordEncoder
from recsys.text import artist_key, fold
from recsys.types import Progress, Track

ARTIST, WORK = "Artist", "WoA"
_COLUMNS = {"mention", "type", "query", "wiki_name"}
_TRACKS_PER_ARTIST = 3
_TYPE_OF = {"artist": ARTIST, "track": WORK}
_BRACKETS = re.compile(r"^(?P<name>.+?)_\((?P<inside>[^()]*)\)$")
_BY = re.compile(r"^(?P<artist>.+) (?:song|album|EP|single|soundtrack|composition|mixtape)$")

Names = Callable[[str], Sequence[Name]]


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of a request that name an artist or a work, and its page; "" where it has none."""

    kind: str
    text: str
    page: str


@dataclass(frozen=True, eq=False)
class Linkable:
    """The catalogue of a file's pages, and which page each artist and track stands for."""

    catalogue: Catalogue
    page_of_artist: Mapping[str, str]
    page_of_track: Mapping[str, str]

    def page(self, name: Name) -> str:
        """The page of a name; "" for one that is not in the catalogue."""
        pages = self.page_of_artist if name.kind == "artist" else self.page_of_track
        return pages.get(name.keys[0], "") if name.keys else ""


def read_mentions(path: Path) -> dict[str, list[Mention]]:
    """Read mentions by request.

    Raises:
        EvaluationDataError: the file is missing or of another form.
    """
    if not path.is_file():
        raise EvaluationDataError(f"there is no file {path}; give --entities the form of MusicRecoNER's entities.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if _COLUMNS - set(rows.fieldnames or ()):
            raise EvaluationDataError(f"{path} lacks some of the columns {', '.join(sorted(_COLUMNS))}")
        found: dict[str, list[Mention]] = {}
        for row in rows:
            if row["type"] not in (ARTIST, WORK):
                raise EvaluationDataError(
                    f"{path}, line {rows.line_num}: type {row['type']!r} is not {ARTIST} or {WORK}"
                )
            mention = Mention(row["type"], row["mention"].lower().strip(), row["wiki_name"] or "")
            found.setdefault(row["query"], []).append(mention)
    if not found:
        raise EvaluationDataError(f"{path} holds no mentions")
    return found


def make_linkable(pages: Iterable[tuple[str, str]]) -> Linkable:
    """Make a catalogue of distinct (type, page), as the module's docstring says."""
    distinct = sorted({(kind, page) for kind, page in pages if page})
    artists: dict[str, tuple[str, str]] = {}
    for kind, page in distinct:
        if kind == ARTIST:
            artists.setdefault(artist_key(_name(page)), (page, _name(page)))
    tracks = [
        Track(f"{key} {number}", "", (name,))
        for key, (_, name) in artists.items()
        for number in range(_TRACKS_PER_ARTIST)
    ]
    page_of_track = {}
    for kind, page in distinct:
        if kind == WORK:
            maker = artists.get(artist_key(_maker(page)))
            page_of_track[f"work {page}"] = page
            tracks.append(Track(f"work {page}", _name(page), () if maker is None else (maker[1],)))
    return Linkable(Catalogue.from_tracks(tracks), {key: page for key, (page, _) in artists.items()}, page_of_track)


def evaluate_mentions(
    requests: Mapping[str, Sequence[Mention]],
    train: Sequence[Labelled] | None,
    seed: int,
    *,
    encoder: WordEncoder,
    report: Report,
    settings: TaggerSettings | None = None,
    progress: Progress | None = None,
) -> None:
    """Ask the rules, and with requests to learn from the product, for the names in requests, and fill the report."""
    linkable = make_linkable((one.kind, one.page) for told in requests.values() for one in told)
    rules = RulesUnderstanding(linkable.catalogue)
    systems: dict[str, Names] = {"rules": lambda text: rules.names(read(text))}
    if train is not None:
        reader, asked = WordReader(encoder), {fold(text) for text in requests}
        fitted = [one for one in train if fold(one.text) not in asked]
        tagger = train_tagger(fitted, reader, settings or TaggerSettings(), seed=seed, progress=progress)
        systems = {"segue": LearnedUnderstanding(rules, tagger, reader).names, **systems}
    for system, names in systems.items():
        found = [(list(told), read(text), names(text)) for text, told in requests.items()]
        for subset in ("all", ARTIST, WORK):
            _fill(report, system, subset, found, linkable)


def _fill(
    report: Report,
    system: str,
    subset: str,
    asked: Sequence[tuple[Sequence[Mention], Reading, Sequence[Name]]],
    linkable: Linkable,
) -> None:
    """Put the figures of one type into the report; requests without a mention of it count what is found there."""

    def counted(kind: str) -> bool:
        return subset in ("all", kind)

    typed, bare = [], []
    right: list[tuple[bool, bool, int]] = []  # whether it has a page, whether the answer is right, the request
    for number, (told, reading, names) in enumerate(asked):
        gold = {(one.kind, one.text) for one in told if counted(one.kind)}
        found = {
            (kind, reading.raw(one.start, one.end).lower()) for one in names if counted(kind := _TYPE_OF[one.kind])
        }
        typed.append((len(gold & found), len(found), len(gold)))
        texts, others = {text for _, text in gold}, {text for _, text in found}
        bare.append((len(texts & others), len(others), len(texts)))
        right += [
            (bool(one.page), _answer(one, reading, names, linkable) == one.page, number)
            for one in told
            if counted(one.kind)
        ]
    report.add(system, subset, "mention_f1", micro_f1(typed))
    report.add(system, subset, "mention_f1_any_type", micro_f1(bare))
    for metric, column in (("mention_precision", 1), ("mention_recall", 2)):
        share = sum(one[0] for one in typed) / max(sum(one[column] for one in typed), 1)
        report.add(system, subset, metric, Summary(share, share, share, 0.0, len(typed)))
    for metric, of in (("linked", (True, False)), ("linked_known", (True,)), ("linked_unknown", (False,))):
        chosen = [one for one in right if one[0] in of]
        if chosen:
            values, groups = [float(good) for _, good, _ in chosen], [number for *_, number in chosen]
            report.add(system, subset, metric, summarise(values, groups=groups))


def _answer(mention: Mention, reading: Reading, names: Sequence[Name], linkable: Linkable) -> str:
    """The page that a system takes a labelled mention for; "" for none."""
    best, most = "", 0
    for start, end in places(reading, mention.text):
        for one in names:
            shared = min(end, one.end) - max(start, one.start)
            if shared > most and _TYPE_OF[one.kind] == mention.kind:
                best, most = linkable.page(one), shared
    return best


def _name(page: str) -> str:
    """What a page is about, without what tells it from others of that name: "Currents_(Tame_Impala_album)"."""
    bare = _BRACKETS.match(unquote(page))
    return (bare["name"] if bare else unquote(page)).replace("_", " ")


def _maker(page: str) -> str:
    """Whom a work's page names as its artist; "" where it names nobody."""
    bare = _BRACKETS.match(unquote(page))
    by = _BY.match(bare["inside"].replace("_", " ")) if bare else None
    return by["artist"] if by else ""
