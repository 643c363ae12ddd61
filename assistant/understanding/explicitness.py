"""Whether a message wants nothing explicit, or allows it again."""

from __future__ import annotations

import re

from recsys.text import fold

#: What is explicit, in the six languages, folded.
_SWEARING = (
    r"explicit\w*|swear(?: ?words?|ing|s)?|profan\w+|curs(?:e words?|ing)|cuss(?: ?words?|ing)|f bombs?|vulgar\w*"
    r"|(?:foul|bad|strong|offensive) (?:language|words)|dirty(?= (?:words?|lyrics|language|songs|ones|stuff)\b|$)"
    r"|obscen\w+|nsfw"
    r"|palabrotas|groserias|malas palabras|lenguaje (?:explicito|ofensivo)|gros mots|grossieretes|vulgarites"
    r"|schimpfworte?r?n?|kraftausdrucken?|anstossige[sn]?|vulgare[sn]?"
    r"|palavr(?:ao|oes)|palavras feias|parolacce|volgar\w+|volgarita"
)
_NOT = (
    r"no|not|nothing|none|without|w o|non|never|avoid|skip|zero|minus|ban|exclude|hide|drop|remove|arent|aren t|isnt"
    r"|isn t|dont|don t|(?:take|leave|cut|filter|keep) out|free of|hold|sin|nada|sans|pas|rien|aucune?s?|ohne|keine?n?"
    r"|nichts?|sem|nenhum\w*|senza|niente|nessuna?"
)
_BETWEEN = (
    r"(?: (?:the|any|all|too|very|super|with|of|that|thats|is|are|have|has|want|play|me|give|include|anything|songs?"
    r"|tracks?|music|lyrics|stuff|con|de|des|que|mit|mais|com|di|d|la|les|die|das|musica|canciones|chansons|lieder"
    r"|musik|canzoni|contenido|contenu|testi|letras|paroles|texte)){0,4}"
)
#: What may be explicit, or not.
_WHAT = r"(?:songs?|tracks?|music|lyrics|ones|stuff|content|version|versions|words|language)"
_REFUSED = re.compile(
    rf"\b(?:{_NOT}){_BETWEEN} (?:{_SWEARING})(?: {_WHAT})?\b"
    r"|\b(?:swear(?:ing)?|profanity|curse|cuss|explicit)(?: word)? free\b"
    r"|\b(?<!no )(?<!not )(?:only )?(?:the )?(?:clean|censored) (?:versions?|edits?|lyrics|language)\b"
    r"|\bradio edits? only\b"
    r"|\b(?:keep|make|leave) (?:it|this|them|things|everything) (?:all )?clean\b"
    r"|\b(?:only|all|strictly) clean (?:songs|tracks|music|ones|stuff|rap|hip hop)\b|\bclean (?:songs |tracks )?only\b"
    r"|\bsfw\b"
)
#: For whom it must be clean, which also says what is looked for.
_FOR = re.compile(
    r"\b(?<!not )(?:(?:family|kid|kids|child|children|school|work|office) (?:friendly|safe)"
    r"|safe for (?:work|school|kids|children|the (?:office|kids|children|class|classroom|family))"
    r"|apt[ao]s? para ninos|jugendfrei\w*|kindgerecht\w*|adatt[aeio] ai bambini)\b"
)
_ALLOWED = re.compile(
    rf"\b(?:{_SWEARING})(?: {_WHAT})? (?:is|are|was|s)(?: \w+)?"
    r" (?:ok|okay|fine|good|allowed|alright|all right|welcome)\b"
    rf"|\b(?:{_SWEARING})(?: {_WHAT})? (?:ok|okay|allowed|welcome|too|as well|also)$"
    rf"|\b(?:allow|include|unhide|bring back|also|do not mind|don t mind|dont mind)"
    rf"(?: the| with| some| any)? (?:{_SWEARING})\b"
    r"|\b(?:does not|doesn t|doesnt|need not|no need to) (?:have|need)?(?: to)? ?be clean\b|\buncensored\b"
)


def wants_clean(text: str) -> bool | None:
    """Tell whether a message wants nothing explicit (True), allows it (False), or says nothing of it (None)."""
    said = fold(text)
    if _ALLOWED.search(said):
        return False
    return True if _REFUSED.search(said) or _FOR.search(said) else None


def without_explicitness(words: str) -> str:
    """Words to search with, without what says that nothing explicit is wanted; tracks are not found by that."""
    said = fold(words)
    rest = _ALLOWED.sub(" ", _REFUSED.sub(" ", said))
    return words if rest == said else " ".join(rest.split())
