"""MP4 files (M4A, M4B): atoms, of which `mdat` is the sound; tags by mutagen, without its pictures."""

from __future__ import annotations

from mutagen import MutagenError
from mutagen.mp4 import AtomDataType, MP4FreeForm, MP4Info, MP4Tags
from mutagen.mp4._atom import Atom, AtomError, Atoms

from recsys.sources.folder.formats.base import BoundedFile, Contents, NotAudioError, digest_of_range
from recsys.sources.folder.formats.fields import OF_FRAME, field_of, gather

_MAX_ATOM = 1 << 20
_FREE = "----:"


def read_mp4(file: BoundedFile) -> Contents:
    """Read an MP4 file.

    Raises:
        NotAudioError: it breaks off before its directory, or has no sound.
        TooMuchError: its tags are larger than may be read.
    """
    contents = Contents("M4A")
    try:
        atoms = Atoms(file)
    except (AtomError, RecursionError) as error:
        raise NotAudioError("breaks off, or its directory is damaged") from error
    sound = [atom for atom in atoms.atoms if atom.name == b"mdat"]
    if b"moov" not in atoms:
        raise NotAudioError("breaks off before its directory, or has none")
    info = MP4Info()
    try:
        info.load(atoms, file)
    except (MutagenError, KeyError, ValueError, IndexError, AttributeError) as error:
        raise NotAudioError("has no sound in it") from error
    if not sound or not info.codec:
        raise NotAudioError("has no sound in it")
    contents.duration_s, contents.rate_hz, contents.channels = info.length or None, info.sample_rate, info.channels
    contents.add(_tags(file, atoms, contents.remarks))
    first, last = sound[0], sound[-1]
    end = last.offset + last.length
    if end > file.size:
        contents.remarks.append("breaks off before its end")
    largest = max(sound, key=lambda atom: atom.length)
    start, end = largest.offset + 8, min(largest.offset + largest.length, file.size)
    contents.digest = digest_of_range(file, f"MP4 {len(sound)} {first.length}", start, max(end, start))
    return contents


def _tags(file: BoundedFile, atoms: Atoms, remarks: list[str]) -> dict[str, list[str]]:
    try:
        listed: Atom = atoms[b"moov.udta.meta.ilst"]
    except KeyError:
        return {}
    listed.children = [one for one in listed.children if one.name != b"covr" and one.length <= _MAX_ATOM]
    try:
        tags = MP4Tags(atoms, file)
    except (MutagenError, ValueError, KeyError, IndexError, TypeError) as error:
        remarks.append(f"has tags that cannot be read ({type(error).__name__})")
        return {}
    return gather((_field(name), text) for name, value in tags.items() for text in _texts(value))


def _field(name: str) -> str | None:
    if name.startswith(_FREE):
        return field_of(name.rpartition(":")[2])
    return OF_FRAME["mp4"].get(name)


def _texts(value: object) -> list[str]:
    if isinstance(value, bool):
        return ["1"] if value else []
    if not isinstance(value, list):
        return [str(value)]
    texts = []
    for one in value:
        if isinstance(one, MP4FreeForm):
            is_text = one.dataformat in (AtomDataType.UTF8, AtomDataType.IMPLICIT)
            texts.append(bytes(one).decode("utf-8", "replace") if is_text else "")
        elif isinstance(one, tuple):
            texts.append(str(one[0]) if one and one[0] else "")
        else:
            texts.append(str(one))
    return texts
