"""The users of the page: their passwords as scrypt hashes, one line `name:salt:hash` each, in a file of its owner's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import os
import re
import secrets
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from connectors.playlists.base import write_whole
from connectors.web_errors import UserNameError, UsersFileError

if TYPE_CHECKING:
    from assistant.settings import Settings

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_MIN_PASSWORD = 8
#: Cost of a hash: 16 MB and some 50 ms (RFC 7914 gives the meaning of n, r and p).
_N, _R, _P = 2**14, 8, 1
_Stamp = tuple[int, int, int]


class Users:
    """Those who may log in; the file is read again whenever it changes. Shared by threads."""

    def __init__(self, settings: Settings) -> None:
        """Read the users.

        Raises:
            UsersFileError: the file that is set is missing, or a line is malformed.
        """
        self._settings, self._lock = settings, Lock()
        self._stamp, self._known = self._now(), read_users(settings)

    def __len__(self) -> int:
        return len(self._known)

    def check(self, name: str, password: str) -> bool:
        """Tell whether a password is the user's; it takes as long for users that there are not."""
        self.refresh()
        known = self._known.get(name.strip().lower(), _NOBODY)
        salt, _, digest = known.partition(":")
        same = hmac.compare_digest(_hash(password, base64.b64decode(salt)), base64.b64decode(digest))
        return same and known is not _NOBODY

    def refresh(self) -> frozenset[str]:
        """Read the file again where it changed; return who is gone or has another password since the last time."""
        with self._lock:
            stamp = self._now()
            if stamp == self._stamp:
                return frozenset()
            self._stamp, before = stamp, self._known
            try:
                self._known = read_users(self._settings)
            except (UsersFileError, OSError) as error:
                if stamp is None:
                    self._known = {}
                _LOG.error("the file of users cannot be read: %s", type(error).__name__)
            return frozenset(name for name, known in before.items() if self._known.get(name) != known)

    def _now(self) -> _Stamp | None:
        try:
            found = users_file(self._settings).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def is_name(name: str) -> bool:
    """Tell whether a user can be called so: in small letters, as names are kept."""
    return _NAME.fullmatch(name) is not None


def users_file(settings: Settings) -> Path:
    """Return where users are kept: as set, else in the data folder."""
    return settings.web_users or settings.home / "web-users"


def read_users(settings: Settings) -> dict[str, str]:
    """Read the users: name → salt and hash. Nobody where the data folder has no such file.

    Raises:
        UsersFileError: the file that is set is missing, or a line is malformed.
    """
    path = users_file(settings)
    if not path.is_file():
        if settings.web_users is not None:
            raise UsersFileError(path, "there is no such file")
        return {}
    users = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        name, _, known = line.strip().partition(":")
        if not name:
            continue
        if not is_name(name) or not re.fullmatch(r"[A-Za-z0-9+/=]{24}:[A-Za-z0-9+/=]{44}", known):
            raise UsersFileError(path, f"line {number} is not name:salt:hash")
        users[name] = known
    return users


def add_user(settings: Settings, name: str, password: str) -> Path:
    """Add a user, or give one another password; returns the file.

    Raises:
        UserNameError: the name or the password cannot be used.
        UsersFileError: the file holds something else.
    """
    called = name.strip().lower()
    if not is_name(called):
        raise UserNameError(name, "a name has at most 64 letters, digits and . _ @ -, and begins with one of the first")
    if len(password) < _MIN_PASSWORD:
        raise UserNameError(name, f"a password has at least {_MIN_PASSWORD} characters")
    path = users_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    users = read_users(settings) if path.is_file() else {}
    users[called] = _known(password)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    return _write(path, users)


def remove_user(settings: Settings, name: str) -> Path:
    """Let a user log in no longer; returns the file. What is kept of their taste stays.

    Raises:
        UserNameError: there is no such user.
        UsersFileError: the file holds something else.
    """
    users = read_users(settings)
    if users.pop(name.strip().lower(), None) is None:
        raise UserNameError(name, f"one of {', '.join(users) or 'nobody, for there are no users'}", "remove")
    return _write(users_file(settings), users)


def _write(path: Path, users: dict[str, str]) -> Path:
    write_whole(path, "".join(f"{user}:{known}\n" for user, known in users.items()))
    return path


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=_N, r=_R, p=_P, dklen=32)


def _known(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"{base64.b64encode(salt).decode()}:{base64.b64encode(_hash(password, salt)).decode()}"


_NOBODY = f"{base64.b64encode(bytes(16)).decode()}:{base64.b64encode(bytes(32)).decode()}"
