"""File names out of what listeners and playlists are called: of any script, and never a path."""

from __future__ import annotations

import re
import unicodedata
from itertools import count
from pathlib import Path

#: What file systems of any kind refuse in a name, or read as a path (Microsoft, "Naming Files, Paths, and Namespaces").
_REFUSED = re.compile(r'[/\\:*?"<>|]+')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\.|\s*$|\s+\.)", re.IGNORECASE)
#: Format characters that turn a line round or are not seen. Those that join letters and emoji stay.
_UNSEEN = frozenset("\u061c\u200b\u200e\u200f\u2060\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
#: File systems hold 255 bytes; the rest is for a number and an extension.
_MAX_BYTES = 180


def safe_file_name(name: str, extension: str = "", *, otherwise: str = "playlist") -> str:
    """Make a file's name out of any text; it is never a path, hidden, empty, reserved or longer than 200 bytes.

    Args:
        name: what the file holds, as a person calls it.
        extension: what to end it with, such as ".m3u8".
        otherwise: the name where nothing of the text can be kept.
    """
    text = unicodedata.normalize("NFC", name.encode("utf-8", errors="ignore").decode())
    text = "".join(
        " " if c.isspace() or unicodedata.category(c) in ("Cc", "Cn", "Co") else c for c in text if c not in _UNSEEN
    )
    text = " ".join(_REFUSED.sub("-", text).split())
    text = _cut(text.strip(" .-~" + _JOINERS), _MAX_BYTES) or otherwise
    return f"{'_' if _RESERVED.match(text) else ''}{text}{extension}"


def free_file(folder: Path, name: str, extension: str) -> Path:
    """Return a file of a folder that does not exist yet, named after any text: "name.csv", "name-2.csv", …"""
    stem = safe_file_name(name)
    names = (f"{stem}{f'-{number}' if number > 1 else ''}{extension}" for number in count(1))
    return next(path for path in (folder / one for one in names) if not path.exists() and not path.is_symlink())


def _cut(text: str, n_bytes: int) -> str:
    """Shorten a text to so many bytes of UTF-8, at no place within an emoji or an accented letter."""
    if len(text.encode()) <= n_bytes:
        return text
    kept = text.encode()[:n_bytes].decode(errors="ignore")
    following = text[len(kept)]
    while kept and (following in _JOINERS or unicodedata.combining(following) or kept[-1] in _JOINERS):
        kept, following = kept[:-1], kept[-1]
    return kept.rstrip(" .-~" + _JOINERS)
