"""What MusiCNN's tags say in the words of the vocabulary: instruments, voices, genres, moods and activities.

MusiCNN gives each tag of MagnaTagATune (MTT) and of the Million Song Dataset (MSD) a score, 0–1. How high a score must
be to be believed differs from tag to tag: listeners of MTT named the flute wherever there was one, those of MSD seldom
said that a track is sad. The thresholds of instruments and voices are those at which `segue eval hearing` finds few
wrong ones on solos and songs synthesised with the soundfont FluidR3, which is not the one that it reports on; those of
genres, moods and activities follow how often each tag is given. At its threshold a tag's confidence is a half.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from recsys.audio.base import Heard
from recsys.types import Facet
from recsys.vocabulary import load_vocabulary

SOURCE = "heard:musicnn"
#: How sure the highest score of all makes: nothing that is only heard is certain.
_SUREST = 0.9

#: Tag → word and threshold.
_INSTRUMENTS = MappingProxyType(
    {
        "piano": ("piano", 0.30),
        "guitar": ("guitar", 0.36),
        "violin": ("violin", 0.45),
        "cello": ("cello", 0.60),
        "strings": ("strings", 0.35),
        "harp": ("harp", 0.24),
        "harpsichord": ("harpsichord", 0.24),
        "flute": ("flute", 0.60),
        "sitar": ("sitar", 0.40),
        "synth": ("synthesizer", 0.30),
        "drums": ("drums", 0.35),
        "choir": ("choir", 0.30),
        "choral": ("choir", 0.30),
    }
)
#: A bowed string is taken for its bigger or smaller sister too: of these only the one with the higher score counts.
_SISTERS = ("violin", "cello")
_GENRE_TAGS = (
    "rock; pop; alternative; indie; electronic; dance; alternative rock; jazz; metal; chillout; classic rock; soul; "
    "indie rock; electronica; folk; punk; oldies; blues; hard rock; ambient; hip-hop; country; funk; electro; "
    "heavy metal; progressive rock; rnb; indie pop; house; classical; techno; opera; new age; choral"
)
_LEAST_GENRE = 0.28
#: Tag → word and threshold.
_MOODS = MappingProxyType(
    {
        "mellow": ("mellow", 0.22),
        "soft": ("mellow", 0.22),
        "quiet": ("mellow", 0.25),
        "chill": ("calm", 0.22),
        "sad": ("sad", 0.18),
        "happy": ("happy", 0.18),
        "sexy": ("sensual", 0.18),
    }
)
_ACTIVITIES = MappingProxyType({"party": ("party", 0.22)})

_VOICES = "vocal; vocals; singing; male vocal; female vocal; male voice; female voice; male; female; man; woman; opera"
_WOMEN = "female; woman; female vocal; female voice; female vocalist; female vocalists"
_MEN = "male; man; male vocal; male voice; male vocalists"
_NO_VOICES = "no vocals; no vocal; no voice; instrumental"
#: From this score of any of its tags there is a voice, and up to this one there is none.
_VOICE_FROM, _NO_VOICE_TO = 0.16, 0.08
#: "Instrumental" is only said where something says so: the highest of the tags that deny a voice.
_DENIED_FROM = 0.04
#: Share of women's tags in women's and men's from which a voice is a woman's, and up to which a man's.
_WOMAN_FROM, _MAN_TO = 0.55, 0.40
#: At this score of a voice a track is not instrumental at all.
_SUNG_THROUGH = 0.30


def hear_tags(tags: Mapping[str, float]) -> list[Heard]:
    """Return what tags say, each field once; its confidence is that of its least sure word."""
    found = [
        *_listed("instruments", _instruments(tags)),
        *_listed("genres", _genres(tags)),
        *_listed("moods", _words(tags, _MOODS)),
        *_listed("activities", _words(tags, _ACTIVITIES)),
    ]
    return [*found, *_voice(tags)]


def _instruments(tags: Mapping[str, float]) -> dict[str, float]:
    lesser = min(_SISTERS, key=lambda name: tags.get(name, 0.0))
    return _words({name: score for name, score in tags.items() if name != lesser}, _INSTRUMENTS)


def _genres(tags: Mapping[str, float]) -> dict[str, float]:
    vocabulary, table = load_vocabulary(), dict[str, tuple[str, float]]()
    for tag in _GENRE_TAGS.split("; "):
        if (word := vocabulary.canonical(Facet.GENRE, tag)) is not None:
            table[tag] = (word, _LEAST_GENRE)
    return _words(tags, table)


def _words(tags: Mapping[str, float], table: Mapping[str, tuple[str, float]]) -> dict[str, float]:
    """Word → confidence, the surest first."""
    found: dict[str, float] = {}
    for tag, (word, threshold) in table.items():
        if (score := tags.get(tag, 0.0)) >= threshold:
            found[word] = max(found.get(word, 0.0), _confidence(score, threshold))
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _listed(field: str, words: Mapping[str, float]) -> Iterable[Heard]:
    if words:
        yield Heard(field, tuple(words), min(words.values()), SOURCE)


def _voice(tags: Mapping[str, float]) -> Sequence[Heard]:
    if not _known(tags, _VOICES):
        return ()
    voice, denied = _highest(tags, _VOICES), _highest(tags, _NO_VOICES)
    instrumentalness = round(max(0.0, 1.0 - voice / _SUNG_THROUGH), 3)
    if voice >= _VOICE_FROM:
        sure = _confidence(voice, _VOICE_FROM)
        found = [Heard("instrumentalness", instrumentalness, sure, SOURCE)]
        women, men = _highest(tags, _WOMEN), _highest(tags, _MEN)
        share = women / max(women + men, 1e-9)
        if share >= _WOMAN_FROM:
            found.append(Heard("vocal", "female", _confidence(share, _WOMAN_FROM), SOURCE))
        elif share <= _MAN_TO:
            found.append(Heard("vocal", "male", _confidence(1 - share, 1 - _MAN_TO), SOURCE))
        return found
    if voice <= _NO_VOICE_TO and denied >= max(_DENIED_FROM, voice):
        sure = _confidence(1 - voice / _NO_VOICE_TO, 0.0)
        return [
            Heard("vocal", "none", sure, SOURCE),
            Heard("instrumentalness", instrumentalness, sure, SOURCE),
        ]
    return ()


def _known(tags: Mapping[str, float], names: str) -> bool:
    return any(name in tags for name in names.split("; "))


def _highest(tags: Mapping[str, float], names: str) -> float:
    return max((tags.get(name, 0.0) for name in names.split("; ")), default=0.0)


def _confidence(score: float, threshold: float) -> float:
    """A half at the threshold, `_SUREST` at 1."""
    return round(0.5 + (_SUREST - 0.5) * min(max((score - threshold) / (1 - threshold), 0.0), 1.0), 3)
