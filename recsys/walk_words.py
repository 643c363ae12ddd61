"""What is said in synthetic conversations: a grammar, the way one listener types, and an optional writer.

An utterance is a reaction to what was shown, a wish, and sometimes small talk, each drawn from templates
(`recsys/data/walk_words.toml`). Names and facets come from the facts of the turn; nothing else is named. A `Persona` is
how one listener writes for a whole conversation: capitals, manners, slips. A writer, such as a language model, may word
a turn anew; what it writes is refused where a name was lost, another was added, or it is no utterance.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Protocol

import numpy as np

from recsys.text import fold
from recsys.types import Facet
from recsys.vocabulary import load_vocabulary

#: A writer's utterance has at most so many words; 99 of 100 of people's have fewer (CPCD, training dialogues).
MAX_WORDS = 60

_ALTERNATIVES = re.compile(r"\(([^()]*)\)")
_BY_ARTIST = re.compile(r"\s*(?:by|from|-) \{artists?\}")
_BEHIND = re.compile(r"\b(?:for|with|from|songs|music|tracks)\b")
#: Draws of a wording until one fits the facts.
_MAX_DRAWS = 20
_SLOT = re.compile(r"\{(\w+)\}")
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEAR_KEYS = {a: b for row in _KEYS for a, b in zip(row, row[1:] + row[-2], strict=True)}
_SHORTENED = {"please": "pls", "you": "u", "are": "r", "thanks": "thx", "and": "n", "because": "cuz", "to": "2"}
_SHORT = re.compile(r"\b(" + "|".join(_SHORTENED) + r")\b")
_TIDY = ((re.compile(r"\s+([,.!?])"), r"\1"), (re.compile(r"([!?.])[,.]+(?=\s|$)"), r"\1"), (re.compile(r"\s+"), " "))


class Act(StrEnum):
    """What a listener does in a turn; the value is the section of the grammar."""

    GREET = "greet"
    PURPOSE = "purpose"
    BOTH = "both"  # a purpose and facets
    FACETS = "facets"
    ARTISTS = "artists"
    TRACK = "track"
    ALBUM = "album"
    LIKE_ARTIST = "like_artist"
    LIKE_TRACK = "like_track"
    MORE = "more"
    PRAISE = "praise"
    AWAY = "away"  # from artists
    AWAY_FACETS = "away_facets"  # from facets to others
    ELSE = "else"


@dataclass(frozen=True, slots=True)
class Ask:
    """The facts of a turn: what is asked, and what of the last slate is spoken of. Names are the catalogue's."""

    act: Act
    artists: tuple[str, ...] = ()
    title: str = ""
    album: str = ""
    facets: str = ""
    away: str = ""  # facets to leave
    purpose: str = ""
    liked: float | None = None  # share of the last slate; None where nothing was shown
    loved_artist: str = ""
    loved_title: str = ""
    disowned_artist: str = ""
    first: bool = False
    last: bool = False

    @property
    def named(self) -> tuple[str, ...]:
        """Every name that the utterance must hold."""
        names = (*self.artists, self.title, self.album, self.loved_artist, self.loved_title, self.disowned_artist)
        return tuple(dict.fromkeys(name for name in names if name))


class Writer(Protocol):
    """A language model that writes: `assistant.ports.TextModel`, as far as it is needed here."""

    def complete(self, messages: Sequence[tuple[str, str]]) -> str:
        """Return what the model writes after messages given as (role, text); roles are system and human."""


@dataclass(frozen=True, slots=True)
class WordSettings:
    """How people write. Rates are per utterance, or per name where the name says so."""

    lower: float = 0.45  # listeners who use no capitals
    upper: float = 0.02
    typo: float = 0.1
    name_typo: float = 0.1
    short: float = 0.04  # "pls", "u"
    run_together: float = 0.02
    reaction: float = 0.72
    chat: float = 0.2
    chat_first: float = 0.42  # in the first utterance


@dataclass(frozen=True, slots=True)
class Persona:
    """How one listener writes."""

    lower: bool
    upper: bool
    sloppy: float  # multiplies the rates of slips; 1 on average


def draw_persona(settings: WordSettings, rng: np.random.Generator) -> Persona:
    """Draw how a listener writes: some make most of the slips."""
    case = rng.random()
    lower, upper = case < settings.lower, case > 1 - settings.upper
    return Persona(lower, upper, float(rng.gamma(0.8, 1 / 0.8)))


@lru_cache(maxsize=1)
def grammar() -> dict[str, dict[str, list[str]]]:
    """The shipped templates by section and name."""
    text = resources.files("recsys").joinpath("data/walk_words.toml").read_text(encoding="utf-8")
    read: dict[str, dict[str, list[str]]] = tomllib.loads(text)
    return read


def purposes() -> list[str]:
    """What playlists are for, in words that fit behind "for"."""
    return grammar()["purposes"]["words"]


@lru_cache(maxsize=1)
def _synonyms() -> dict[tuple[Facet, str], list[str]]:
    found: dict[tuple[Facet, str], list[str]] = {}
    for facet in (Facet.GENRE, Facet.MOOD, Facet.ACTIVITY, Facet.INSTRUMENT):
        for phrase, word in load_vocabulary().phrases(facet).items():
            if phrase != word:
                found.setdefault((facet, word), []).append(phrase)
    return found


def facet_words(keys: Sequence[tuple[Facet, str]], rng: np.random.Generator) -> str:
    """Say one or several facets: "mellow 80s jazz", "spanish songs for cooking"."""
    before: list[str] = []
    after: list[str] = []
    rank = {Facet.MOOD: 0, Facet.ERA: 1, Facet.LANGUAGE: 2, Facet.GENRE: 3}
    for facet, word in sorted(keys, key=lambda key: rank.get(key[0], 4)):
        said = word
        if (other := _synonyms().get((facet, word))) and rng.random() < 0.25:
            said = other[int(rng.random() * len(other))]
        if facet is Facet.ERA:
            before.append(f"{word}s" if rng.random() < 0.3 else f"{word[2:]}s")
        elif facet is Facet.ACTIVITY:
            after.append(f"for {said}")
        elif facet is Facet.INSTRUMENT:
            after.append(f"with {said}")
        elif facet is Facet.COUNTRY:
            after.append(f"from {said}")
        else:
            before.append(said)
    noun = ("music", "songs", "tracks", "")[int(rng.random() * 4)] if before else "songs"
    return " ".join(part for part in (*before, noun, *after) if part)


def say(ask: Ask, persona: Persona, settings: WordSettings, rng: np.random.Generator) -> str:
    """Word one turn. Every name of `ask.named` is in the text, possibly misspelt."""
    words = grammar()
    opening, turn = words["opening"].get(ask.act.value), words["turn"].get(ask.act.value)
    body = _fitting((opening or turn if ask.first else turn or opening) or [], ask, rng)
    parts = [_fill(body, ask, persona, settings, rng)]
    if ask.act is Act.ARTISTS and ask.last and rng.random() < 0.3:
        parts[0] = _choose(words["reaction"]["last"], rng) + parts[0]
    for kind, name in (("artist", ask.loved_artist), ("title", ask.loved_title), ("unliked", ask.disowned_artist)):
        if name:
            said = _name(name, persona, settings, rng)
            parts.insert(
                0, _choose(words["reaction"][kind], rng).replace("{title}", "{artist}").replace("{artist}", said)
            )
    silent = ask.act in (Act.PRAISE, Act.ELSE, Act.AWAY) or len(parts) > 1
    if ask.liked is not None and not silent and rng.random() < settings.reaction:
        kind = "good" if ask.liked >= 0.6 else "mixed" if ask.liked > 0.2 else "bad"
        parts.insert(0, _choose(words["reaction"][kind], rng))
    if rng.random() < (settings.chat_first if ask.first else settings.chat):
        chat = _choose(words["chat"]["opening" if ask.first else "words"], rng)
        at = len(parts) if ask.first else int(rng.integers(len(parts) + 1))
        parts[at:at] = [chat + (".", "!", "...", " -")[int(rng.random() * 4)] if at < len(parts) else chat]
    parts = [_ended(part) if number < len(parts) - 1 else part for number, part in enumerate(parts)]
    text = " ".join(_sentence(part) if number else part for number, part in enumerate(parts))
    return _typed(_tidy(text), ask, persona, settings, rng)


def respond(ask: Ask, n_shown: int, rng: np.random.Generator) -> str:
    """Word the curator's answer to a turn."""
    words = grammar()["response"]
    if not n_shown:
        kind = "none" if ask.act is Act.PRAISE else "ask"
    else:
        kind = "give_artists" if ask.artists and ask.act is Act.ARTISTS and rng.random() < 0.7 else "give"
    artists = _listed(ask.artists, "and")
    text = _tidy(_SLOT.sub(lambda _: artists, _choose(words[kind], rng)))
    return text[:1].upper() + text[1:]


def rewrite(ask: Ask, draft: str, said: Sequence[str], others: Sequence[str], writer: Writer) -> str:
    """Let a writer word a turn, and keep the draft where what it writes does not keep to the facts.

    Args:
        ask: the facts.
        draft: the grammar's utterance.
        said: utterances of earlier turns, oldest first.
        others: names that must not be spoken: those of tracks that the listener has not asked for.
        writer: asked once; what it raises is not caught.
    """
    facts = [f"Act: {ask.act.value}."]
    facts += [f"Name, spelt so: {name}." for name in ask.named]
    facts += [f"{label}: {value}." for label, value in (("Music", ask.facets), ("For", ask.purpose)) if value]
    if ask.away:
        facts.append(f"No longer wanted: {ask.away}.")
    facts.append(f"Draft: {draft}")
    told = [("system", _INSTRUCTION), ("human", "\n".join([*(f"Said before: {one}" for one in said), *facts]))]
    lines = [line.strip() for line in writer.complete(told).strip().strip('"').splitlines() if line.strip()]
    written = lines[0] if len(lines) == 1 else ""
    return written if keeps_facts(written, ask, others) else draft


_INSTRUCTION = (
    "You play a listener who builds a playlist with a curator in a chat. Reword the draft as one short, casual message "
    "of that listener. Keep every name exactly as it is spelt, name nothing else, and keep what is asked. Answer with "
    "the message only."
)


def keeps_facts(text: str, ask: Ask, others: Sequence[str]) -> bool:
    """Tell whether an utterance is one, holds every name of the turn and none of the others."""
    if not text or len(text.split()) > MAX_WORDS:
        return False
    folded = f" {fold(text)} "
    if any(fold(name) and f" {fold(name)} " not in folded for name in ask.named):
        return False
    if any(fold(words) and f" {fold(words)} " not in folded for words in (ask.facets, ask.away)):
        return False
    allowed = f" {fold(' '.join((*ask.named, ask.facets, ask.away, ask.purpose)))} "
    strange = (f" {fold(name)} " for name in others if len(fold(name)) > 3)
    return not any(name in folded and name not in allowed for name in strange)


def misspell(name: str, rng: np.random.Generator) -> str:
    """Write a name the way people mistype it: one or two slips, or its words run together."""
    kind = rng.random()
    if " " in name and kind < 0.2:
        return name.replace(" ", "", 1)
    if len(name) > 9 and kind < 0.35:
        return _slip(_slip(name, rng), rng)
    return _slip(name, rng)


def _slip(text: str, rng: np.random.Generator) -> str:
    letters = [at for at in range(1, len(text) - 1) if text[at].isalnum() and text[at + 1].isalnum()]
    if len(text) < 4 or not letters:
        return text
    at = letters[int(rng.random() * len(letters))]
    kind = rng.random()
    if kind < 0.3:  # lost
        return text[:at] + text[at + 1 :]
    if kind < 0.55:  # swapped
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind < 0.75:  # doubled
        return text[:at] + text[at] + text[at:]
    if kind < 0.93:
        return text[:at] + _NEAR_KEYS.get(text[at].lower(), "e") + text[at + 1 :]
    return text[:at] + " " + text[at:]


def _name(name: str, persona: Persona, settings: WordSettings, rng: np.random.Generator) -> str:
    said = name
    if said.lower().startswith("the ") and rng.random() < 0.3:
        said = said[4:]
    if "&" in said and rng.random() < 0.6:
        said = said.replace("&", "and")
    if not said.isascii() and rng.random() < 0.7:
        said = fold(said) or said
    return misspell(said, rng) if rng.random() < settings.name_typo * persona.sloppy else said


def _fitting(templates: Sequence[str], ask: Ask, rng: np.random.Generator) -> str:
    """Draw a wording, again until it names an artist if and only if the facts do."""
    for _ in range(_MAX_DRAWS):
        text = _choose(templates, rng)
        if ("{artist" in text) == bool(ask.artists):
            return text
    return _BY_ARTIST.sub("", text) if not ask.artists else f"{text} by {{artist}}"


def _fill(text: str, ask: Ask, persona: Persona, settings: WordSettings, rng: np.random.Generator) -> str:
    if _BEHIND.search(ask.facets):  # "a playlist of jazz with piano", for "a jazz with piano playlist" is not said
        text = text.replace("{facets} playlist", "playlist of {facets}")
    joint = "and" if rng.random() < 0.8 else "or"
    names = [_name(name, persona, settings, rng) for name in ask.artists]
    slots = {
        "artists": _listed(names, joint),
        "artist": names[0] if names else "",
        "title": _name(ask.title, persona, settings, rng),
        "album": _name(ask.album, persona, settings, rng),
        "facets": ask.facets,
        "away": ask.away,
        "purpose": ask.purpose,
    }
    return _SLOT.sub(lambda match: slots[match[1]], text)


def _listed(names: Sequence[str], joint: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {joint} {names[-1]}" if names else ""


def _choose(templates: Sequence[str], rng: np.random.Generator) -> str:
    """Draw a template and its alternatives, innermost first."""
    text = templates[int(rng.random() * len(templates))]

    def one(match: re.Match[str]) -> str:
        alternatives = match[1].split("|")
        return alternatives[int(rng.random() * len(alternatives))]

    while _ALTERNATIVES.search(text):
        text = _ALTERNATIVES.sub(one, text)
    return text


def _tidy(text: str) -> str:
    for pattern, by in _TIDY:
        text = pattern.sub(by, text)
    return text.strip()


def _ended(text: str) -> str:
    """A part of an utterance with a sign behind it."""
    return text if not text or text[-1] in ".!?,-:" or text.endswith(" but") else f"{text}."


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _typed(text: str, ask: Ask, persona: Persona, settings: WordSettings, rng: np.random.Generator) -> str:
    """Write an utterance down as the listener types. Slips of whole utterances spare the names, which had theirs."""
    names = {token for name in ask.named for token in fold(name).split()}
    tokens = text.split(" ")
    free = [at for at, token in enumerate(tokens) if len(token) > 3 and not names.intersection(fold(token).split())]
    if free and rng.random() < settings.typo * persona.sloppy:
        at = free[int(rng.random() * len(free))]
        tokens[at] = _slip(tokens[at], rng)
    if len(free) > 1 and rng.random() < settings.run_together * persona.sloppy:
        at = free[int(rng.random() * (len(free) - 1))]
        tokens[at : at + 2] = ["".join(tokens[at : at + 2])]
    text = " ".join(tokens)
    if not ask.named and rng.random() < settings.short * persona.sloppy:
        text = _SHORT.sub(lambda match: _SHORTENED[match[1]], text)
    if persona.lower:
        return text.lower()
    return text.upper() if persona.upper else text[:1].upper() + text[1:]
