"""The words by which people refuse, soften and insist: patterns over a message in which matches stand as one sign.

`CUE` finds them by kind; `AFTERWARDS` and `FINE` what is said behind a match ("X is out", "but X is fine").
"""

from __future__ import annotations

import re

from assistant.understanding.tables import words

#: Stands for a match.
MATCH = "§"

_NOT = r"(?:not|isn t|isnt|aren t|arent|is not|are not|wasn t|wasnt|weren t|werent)"
_DONT = r"(?:do not|don t|dont|does not|doesn t|doesnt|did not|didn t|didnt|do nt)"
_PSEUDO = (
    rf"not(?: \w+)? {MATCH} enough"
    r"|(?:wouldn t|would not|won t|will not|can t|cannot|never) say no(?: to)?|nothing (?:beats|compares|tops)"
    rf"|no (?:\w+|{MATCH}) without|non stop|(?:is|was|are) there no|(?:is|are|was) (?:not|never) enough"
    r"|not (?:about|done|completely|entirely|fully|totally|quite|all the way|meant|supposed)|nothing more"
    r"|(?:aren t|arent|isn t|isnt) (?:meant|supposed)|wrong to (?:skip|exclude|leave out|avoid|drop)"
    r"|not (?:all|just|only|simply|merely|limited to|sure|bad|picky|fussy|yet|a problem|long ago|exactly "
    r"sure|enough|quite sure|to mention|seeing|hearing|finding|getting|asking|looking|trying)"
    r"|nothing wrong with|why not|why (?:don t|dont|not) (?:you|we)"
    r"|(?:can t|cant|cannot|can not|couldn t|never) (?:get enough|go wrong|live without|wait|beat|resist|help|stop"
    r"|sleep|decide|choose|think|find|hear"
    r"|get over|have too much|go a day without)"
    r"|no (?:problems?|worries|matter|idea|preferences?|rush|doubt|limits?|thanks?|thank you|particular|restrictions?"
    r"|wonder|way|one|cap|longer than"
    r"|longer|less than|fewer than|more than|later than|earlier than|older than|newer than|just|i m|i|im|it|that|this"
    r"|they|you|we|let s|lets|please|those|these|in particular)"
    r"|not (?:more|less|fewer|longer|older|later|newer|earlier) than"
    r"|(?:less|fewer) than|without (?:me|you|u|him|her|us|a doubt|doubt|further ado|stopping|a break|breaks"
    r"|interruption|fail|thinking|end)"
    rf"|{_DONT} (?:fear|cry|know|care|worry|see|hear|find|forget|hesitate|matter|have a (?:preference"
    rf"|favou?rite)|remember|understand|have time|stop|leave out"
    r"|exclude|skip|miss|be afraid)"
    r"|(?:you|playlist) (?:didn t|did not|haven t|havent|hasn t|don t|doesn t|does not) (?:include|add|play|put"
    r"|give|have|contain)"
    r"|(?:complete|same|finished) without|if not|or not|never mind|nevermind|never ending|not far from|not unlike"
    r"|not without"
    rf"|(?:^|(?<=[.,] )|(?<=but )|(?<=and )|(?<=because )|(?<=so )|(?<=ok )|(?<=okay ))(?:theses?|those|they|this|it"
    rf"|that|some of (?:theses?|those|them|the songs))"
    rf" (?:songs |ones |tracks )?(?:s )?{_NOT}"
)
_NEUTRAL = rf"not necessarily|whether or not|{_DONT} (?:have|need) to be|no need (?:for it )?to be"
_ONLY = (
    r"nothing (?:but|except|other than)|only|strictly|exclusively|solely|purely|must (?:be|have|include|feature"
    r"|contain)|(?:has|have|needs?) to (?:be|have|include)"
    r"|has got to be|absolutely has to be"
)
_SOFT = (
    r"maybe|perhaps|possibly|preferably|ideally|if possible|mostly|mainly|primarily|largely|prefer|preferring|a "
    r"(?:bit|touch|hint|little bit|dash|sprinkle) of"
    r"|hints? of|touches of|leaning(?: towards?)?|kinda|kind of|sort of|somewhat|slightly|a little|a bit"
    rf"|{_DONT} mind|wouldn t mind|open to|some elements of|elements of|influences? of"
)
_EXCEPT = r"except(?: for)?|other than|apart from|aside from|(?:apart|aside)(?= §)|besides|bar|unless it s|unless it is"
_LESS = (
    r"less of (?:the|that|this)|less|fewer|lighter on|ease up on|easy on the|go easy on|cut down on|too (?:much"
    r"|many)|(?:(?:way|far|much|a bit|a little|still) )?too(?= §)"
)
_NEG = (
    r"(?:anything|everything|all|anyone|any genre|whatever) (?:but|except(?: for)?|besides|other than|apart from"
    r"|that isn t|that is not|that s not|thats not)"
    rf"|no more|no|non|{_NOT}|{_DONT}|without|w o|sans|nothing|none of|neither|nor|never|won t|wouldn t (?:want|like)"
    rf"|(?:can t|cant|cannot|can not) (?:stand|bear|take"
    r"|handle|listen to|deal with|tolerate)|shouldn t (?:be|have)|avoid(?:ing)?|skip(?:ping)?|exclud(?:e|es|ing)"
    r"|omit(?:ting)?|minus|leave out|leaving out"
    r"|hold the|cut (?:out )?the|get rid of|remove|ditch|drop the|ban|hate[sd]?|dislike[sd]?|despise|detest|loathe"
    r"|(?:sick|tired|fed up|bored) (?:of|with)|had enough(?: of)?"
    r"|(?:^|(?<=[.,] ))enough(?: of| with)?(?: the)?|stay away from|move away from|moving away from|steer clear of"
    r"|keep away from|away from|outside of|outside|instead of|rather than|as opposed to|unlike"
    r"|free of|devoid of|lacking|absent of|0(?= §)|lost interest in|lay off(?: the)?|stop playing|no need for|zero|nix"
    r"|out of the question|spare me|w out|save for|lose the|take out|allergic to|none of (?:that|those|the)"
    rf"|(?:can t|cant|cannot|can not) do"
)
CUE = re.compile(
    rf"(?<!\S)(?:(?P<neutral>{_NEUTRAL})|(?P<pseudo>{_PSEUDO})|(?P<mind>{_DONT} mind)|(?P<only>{_ONLY})"
    rf"|(?P<lift>{_EXCEPT})|(?P<neg>{_NEG})"
    rf"|(?P<less>{_LESS})"
    rf"|(?P<soft>{_SOFT})"
    r"|(?P<more>(?:a (?:bit|little) |some |lots |much |even )?more(?: of)?))(?!\S)"
)
AFTERWARDS = re.compile(
    rf"{MATCH}(?: (?:songs?|music|stuff|tracks?|is|are|s|really|just|so much|a|that))* (?:(?:sucks?|is out|are out"
    rf"|is a no|is boring|bores me|is overrated|is terrible"
    rf"|free)|(?:{_NOT}|{_DONT})(?: (?:really|quite|seem to|feel like a))* (?:my|for me|fit|belong|work|a good fit"
    rf"|go well|go with|match|a fit))(?!\S)"
    rf"|{MATCH}(?: (?:songs?|music|stuff))?(?: [.,])?(?: (?:god|hell|oh))? (?:no|no thanks|no thank you|nope|nah"
    r"|hard pass|not so much|not for me|off)(?= [.,]|$)"
    rf"|{MATCH}(?: (?:songs?|music|stuff))? (?:is|are) (?:banned|forbidden|off limits|a no go|not allowed)(?!\S)"
    rf"|(?:leave|keep) (?:the )?{MATCH} out(?!\S)|{MATCH} gives? me a headache"
)
FINE = re.compile(
    rf"{MATCH}(?:(?: ,)?(?: and| or)? {MATCH})*"
    r"(?: (?:songs?|music|stuff|tracks?|is|are|s|would be|also|totally|still|perfectly|however))+ (?:fine|ok"
    rf"|okay|allowed|good|great|welcome|cool|acceptable"
    r"|alright|all right|permitted)(?!\S)"
)
CONTRAST = words("but however though although instead yet just rather more give make let play want need with so add")
#: Behind a negation these begin a sentence of their own: "no, im in love".
SPEAKING = words("im ive id ill youre theyre shes hes its thats")
TONE = words(
    "too very so overly super really particularly extremely especially that excessively terribly insanely crazy"
)
LIST_WORDS = words(
    "any the a an too very much of songs song music tracks stuff artists bands anything things from "
    "by overly so really even also all "
    "that s kind type type of either sounding"
)
#: Words that may stand before what is refused though no finder knows it, and behind it.
BEFORE_UNKNOWN = (
    LIST_WORDS
    | TONE
    | words(
        "some more another this those these those my your his her want need play include add put give me like have do "
        "hear use include with from in all just ever big huge fan into"
    )
)
GENERIC = words(
    "song songs music track tracks tune tunes stuff artists bands anything things version versions please pls plz ever "
    "parts part kind type sort recordings recording albums album takes ones one list playlist"
)
#: Ordinary words that describe music where they are refused.
DESCRIBING = words(
    "live remix remixes remaster remasters remastered cover covers explicit clean swearing swear profanity cursing "
    "curse lyrics lyric vocals vocal voices singing singers talking speech screaming screams shouting growling growls "
    "rapping loud quiet noisy heavy cheesy corny boring sad happy angry aggressive whiny slow fast strings drums horns "
    "singer singers mournful depressing dark harsh weird creepy generic overplayed mainstream ballads anthems"
)
#: Behind refused words these begin what is not refused.
PLACED = [[word] for word in ("in", "on", "for", "by", "from", "during")]
MAX_UNKNOWN = 3
