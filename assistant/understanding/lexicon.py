"""What understanding adds to the music vocabulary: dials, tempo and energy in words, and a few corrections.

All phrases are folded.
"""

from __future__ import annotations

from assistant.understanding.matches import Bounds, Dial, Payload, Word
from recsys.appeal.serving import GOOD, HIGH, POOR
from recsys.types import Facet

#: BPM that words stand for. A rule of thumb of DJs: dance music from 120, ballads up to 100.
FAST_FROM_BPM, SLOW_TO_BPM, UPBEAT_FROM_BPM = 120.0, 100.0, 105.0
#: Energy (0–1) that words stand for, on the scale of the starter: 1–5 as .1–.9.
ENERGETIC_FROM, QUIET_TO = 0.7, 0.45

_FAST = Bounds(Facet.TEMPO, low=FAST_FROM_BPM)
_SLOW = Bounds(Facet.TEMPO, high=SLOW_TO_BPM)
_ENERGETIC = Bounds(Facet.ENERGY, low=ENERGETIC_FROM)
_QUIET = Bounds(Facet.ENERGY, high=QUIET_TO)
_SPARSE_VOCALS = Word(Facet.VOCALS, "none", hard=False)

_PHRASES: tuple[tuple[tuple[Payload, ...], str], ...] = (
    (
        (_FAST,),
        "fast; faster; fast paced; fast pace; faster paced; fast tempo; uptempo; up tempo; more uptempo; high tempo; "
        "high bpm; "
        "speedy; rapid; faster beat; fast beat; quicker; speed it up; speed up; pick up the pace",
    ),
    (
        (_SLOW,),
        "slow; slower; slow paced; slower paced; slow tempo; low tempo; slow beat; slower beat; slow it down; slow "
        "down; "
        "slow burners; slow dance; slow dances; ballads; ballad; power ballads",
    ),
    (
        (Bounds(Facet.TEMPO, 95.0, 125.0),),
        "mid tempo; midtempo; medium tempo; moderate tempo; medium paced; mid paced",
    ),
    ((Word(Facet.MOOD, "happy"), Bounds(Facet.TEMPO, low=UPBEAT_FROM_BPM)), "upbeat; up beat; more upbeat; upbeats"),
    (
        (_ENERGETIC,),
        "high energy; higher energy; more energy; full of energy; lots of energy; loads of energy; a lot of energy; "
        "loud; "
        "louder; energy boost; more energetic; turn it up; more intense; harder",
    ),
    (
        (_QUIET,),
        "low energy; lower energy; less energy; low key; lowkey; quieter; less intense; less energetic; less "
        "aggressive; "
        "less heavy; toned down; tone it down; turn it down; less loud; take it down a notch; a notch down",
    ),
    ((Bounds(Facet.ENERGY, 0.4, 0.7),), "medium energy; moderate energy; mid energy"),
    ((Word(Facet.GENRE, "r&b"), _SLOW), "slow jams; slow jam"),
    (
        (_SPARSE_VOCALS,),
        "minimal vocals; minimal lyrics; few lyrics; few vocals; little singing; sparse vocals; not many lyrics; not "
        "a lot of lyrics; "
        "not too many lyrics; not much singing; not many vocals; not a lot of vocals; not a lot of singing; without "
        "a lot of lyrics; "
        "without too many lyrics; without many lyrics; without much singing; without a lot of singing; without too "
        "much singing; "
        "mostly instrumental; mainly instrumental; largely instrumental",
    ),
    (
        (Word(Facet.VOCALS, "none", wanted=False),),
        "with vocals; with lyrics; with singing; with words; with a singer; with singers; not instrumental; not "
        "instrumentals; "
        "non instrumental",
    ),
    # Words of two facets of the vocabulary, or of another one than it says.
    ((Word(Facet.MOOD, "calm"),), "relaxing"),
    ((Word(Facet.ACTIVITY, "driving"),), "driving"),
    ((Word(Facet.GENRE, "arabic"),), "arabic"),
    ((Word(Facet.GENRE, "turkish"),), "turkish"),
    ((Word(Facet.ACTIVITY, "relaxing"),), "chill out"),
    ((Word(Facet.ACTIVITY, "kids"),), "kids"),
    ((Word(Facet.LANGUAGE, "arabic"),), "in arabic; sung in arabic"),
    ((Word(Facet.LANGUAGE, "turkish"),), "in turkish; sung in turkish"),
    ((Word(Facet.LANGUAGE, "irish"),), "in irish; sung in irish"),
    ((Word(Facet.COUNTRY, "ireland"),), "irish"),
    ((Word(Facet.INSTRUMENT, "brass"),), "french horn; french horns"),
    (
        (Word(Facet.VERSION, "live"),),
        "live version; live versions; live recording; live recordings; live track; live tracks; live song; live songs; "
        "live performance; live performances; live album; live albums; live concert; live concerts; live cuts;"
        " recorded "
        "live",
    ),
    ((Word(Facet.VERSION, "remix"),), "remix; remixes; remixed; remixed versions; mashups; mash ups"),
    ((Word(Facet.VERSION, "remaster"),), "remaster; remasters; remastered; remastered versions; remastered version"),
    ((Word(Facet.VERSION, "acoustic"),), "acoustic version; acoustic versions; unplugged; unplugged versions"),
    ((Word(Facet.VERSION, "cover"),), "covers; cover version; cover versions; cover songs; cover song; covered songs"),
    ((Word(Facet.VERSION, "demo"),), "demos; demo version; demo versions; demo tapes; demo recordings"),
    ((Word(Facet.VERSION, "karaoke"),), "karaoke version; karaoke versions; karaoke tracks"),
    ((Word(Facet.INSTRUMENT, "clarinet"),), "english horn"),
    (
        (Word(Facet.AI, "yes", hard=True),),
        "ai music; ai generated; ai generated music; ai generated songs; ai generated tracks; ai songs; ai tracks; ai "
        "made; ai made music; made by ai; made by an ai; made with ai; generated by ai; created by ai; written by ai; "
        "by ai; ai artists; ai stuff; ai slop; ai content; artificial intelligence; machine generated; machine made; "
        "made by a machine; made by machines; made by computers; made by a computer; generative ai; suno; udio",
    ),
    (
        (Word(Facet.AI, "yes", wanted=False),),
        "no ai; without ai; not ai; non ai; zero ai; ai free; free of ai; human made; human made music; made by "
        "humans; made by human beings; made by people; made by real people; by real people; human musicians; human "
        "artists; human beings; real musicians; performed by humans",
    ),
    (
        (Word(Facet.RECORDING, POOR),),
        "badly recorded; poorly recorded; bad recording; bad recordings; poor recording; poor recordings; terrible "
        "recordings; bad sound; poor sound; bad sound quality; poor sound quality; low sound quality; terrible sound "
        "quality; bad audio; bad audio quality; poor audio quality; low audio quality; low quality recordings; low "
        "quality recording; lo fi recordings; lo fi recording; lofi recordings; lofi recording; amateur recordings; "
        "muffled recordings; noisy recordings; bootleg; bootlegs; bootleg recordings; badly produced; poorly produced; "
        "bad production",
    ),
    (
        (Word(Facet.RECORDING, GOOD),),
        "well recorded; better recorded; recorded well; properly recorded; good recording; good recordings; great "
        "recordings; good sound quality; great sound quality; better sound quality; high sound quality; good audio "
        "quality; high audio quality; high quality recordings; good sounding; well produced; better produced; good "
        "production; great production; audiophile; hi fi; hifi",
    ),
)
_FAME: tuple[tuple[float, str], ...] = (
    (
        0.7,
        "popular; more popular; chart; charts; charting; viral; trending; hit songs; hit tracks; hit singles; "
        "iconic; crowd pleasers; "
        "crowd pleaser; radio friendly; well known; best known; better known; mainstream; more mainstream; everyone "
        "knows; "
        "everybody knows; we all know; people know",
    ),
    (
        0.85,
        "hits; hit; most popular; famous; more famous; most famous; greatest hits; biggest hits; big hits; bigger "
        "hits; top hits; "
        "smash hits; chart toppers; chart topping; number ones; number one hits; billboard; best selling",
    ),
    (
        -0.5,
        "less famous; less popular; less mainstream; less obvious; less known; less well known; not the usual; not "
        "the obvious; "
        "up and coming; lesser hits; less overplayed; not mainstream; not that popular; not very popular; not so "
        "popular; "
        "not well known; not so well known; not very well known; not that well known; not so famous; not that "
        "famous; non mainstream",
    ),
    (
        -0.8,
        "deep cut; deep cuts; deeper cuts; obscure; more obscure; "
        "lesser known; little known; unknown; rare; rarities; b sides; underground; off the beaten path; "
        "off the beaten track; under the radar; niche; crate digging; forgotten; nobody knows; no one knows; "
        "album tracks; undiscovered; unheard of; unheard",
    ),
)
#: Little known, and good all the same: the dial, and what is predicted of quality.
_GEMS = (
    "hidden gem; hidden gems; undiscovered gems; forgotten gems; lost gems; hidden treasure; hidden treasures; buried "
    "treasure; buried treasures; underrated; under rated; overlooked; underappreciated; under appreciated; unsung; "
    "unsung gems; criminally underrated; most underrated; more underrated"
)
#: "Unknown but good" is a gem, too.
_LITTLE_KNOWN = "unheard of; unheard; unknown; obscure; little known; lesser known; rare; underground; undiscovered"
_FINE = "good; great; excellent; brilliant; amazing; beautiful; very good; really good; high quality"
_KNOWN_THINGS = "songs; music; stuff; tracks; artists; bands; things; anything; something"
_DISCOVERY: tuple[tuple[float, str], ...] = (
    (
        0.8,
        "new to me; new to us; haven t heard; havent heard; never heard; have not heard; "
        "don t know yet; dont know yet; discover; discovering; discovery; discoveries; new discoveries; expand my "
        "horizons; "
        "broaden my horizons; expand my taste; outside my comfort zone; unfamiliar; "
        "adventurous; "
        "introduce me; new artists; new bands; new artist; new band; not my usual; outside my usual; different from "
        "my usual; "
        "something different; explore; exploring; unexpected; nothing i know; branch out",
    ),
    (
        -0.8,
        "i already know; know and love; my faves; all my favourites; all my favorites; my old favourites; my old "
        "favorites; familiar; "
        "more familiar; my usual; the usual; i always listen to; i usually listen to; what i know; what i like; "
        "tried and true; "
        "play it safe; my comfort zone; my all time favorites; my all time favourites; my own music; my library",
    ),
)
#: How much of the listener's own taste is asked for; 1 is the usual.
_ME: tuple[tuple[float, str], ...] = (
    (0.5, "less me; less of me; less like me; less of my taste; less my taste; less about me; less personal"),
    (
        2.0,
        "more me; more of me; more like me; more of my taste; more my taste; more to my taste; closer to my taste; "
        "more about me; more personal; more personalised; more personalized; my kind of music; my kind of thing; my "
        "sort of music; based on my taste; for my taste; stick to my taste",
    ),
    (
        3.0,
        "just my taste; only my taste; my taste only; nothing but my taste; purely my taste; as much "
        "me as possible; as much of me as possible",
    ),
    (
        0.0,
        "ignore my taste; ignoring my taste; forget my taste; without my taste; regardless of my taste; never mind my "
        "taste; leave me out of it; leave my taste out; leave my taste out of it; don t personalise; "
        "don t personalize; not personalised; not personalized; unpersonalised; unpersonalized",
    ),
)
#: Phrases that turn two dials: a surprise is less of what one knows and less of oneself.
_TWO_DIALS: tuple[tuple[tuple[Payload, ...], str], ...] = (
    ((Dial("discovery", 0.8), Dial("how_much_me", 0.5)), "surprise me; surprise us; out of my comfort zone"),
    ((Dial("discovery", -0.8), Dial("how_much_me", 2.0)), "stick to what i like; stay with what i like"),
)
#: Phrases of the vocabulary that mean something else, or nothing, when they stand alone.
DROPPED = frozenset(("none", "mixed"))


def phrases() -> dict[str, tuple[Payload, ...]]:
    """Every phrase of this lexicon with what it says."""
    table: dict[str, tuple[Payload, ...]] = {}
    for value, words in _FAME:
        table.update(dict.fromkeys(words.split("; "), (Dial("fame", value),)))
    table.update(dict.fromkeys(_GEMS.split("; "), (Dial("fame", -0.8), Word(Facet.APPEAL, HIGH, hard=False))))
    gem = (Dial("fame", -0.8), Word(Facet.APPEAL, HIGH, hard=False))
    for little_known in _LITTLE_KNOWN.split("; "):
        for fine in _FINE.split("; "):
            table.update(dict.fromkeys((f"{little_known} {but} {fine}" for but in ("but", "yet", "and")), gem))
    for value, words in _DISCOVERY:
        table.update(dict.fromkeys(words.split("; "), (Dial("discovery", value),)))
    for value, words in _ME:
        table.update(dict.fromkeys(words.split("; "), (Dial("how_much_me", value),)))
    for payloads, words in _TWO_DIALS:
        table.update(dict.fromkeys(words.split("; "), payloads))
    for noun in _KNOWN_THINGS.split("; "):
        table[f"{noun} i know"] = (Dial("discovery", -0.8),)
        table[f"{noun} i don t know"] = table[f"{noun} i dont know"] = (Dial("discovery", 0.8),)
        for verb in ("like", "love"):
            table[f"{noun} i {verb}"] = (Dial("discovery", -0.6),)
        for favourite in ("favourite", "favorite"):
            table[f"my {favourite} {noun}"] = table[f"my {favourite}s"] = (Dial("discovery", -0.8),)
    for payloads, words in _PHRASES:
        table.update(dict.fromkeys(words.split("; "), payloads))
    return table
