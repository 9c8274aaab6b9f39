"""While the console of a tablet is locked, its sign-in opens no page until the PIN, or a new one, does.

The console makes a random key for each session that lies on a device, under the PIN there. The server is told
its digest; who locks says the digest, who opens says the key.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

_LOCKED: Final = "console_locked"  # in the session: whether it is locked
_DIGESTS: Final = "console_digests"  # in the session: of the keys that open it


def is_locked(request: HttpRequest) -> bool:
    """Whether the console has locked the sign-in of who asks."""
    return bool(request.session.get(_LOCKED))


def lock(session: SessionBase, digest: str) -> None:
    """Locks a sign-in; of what nobody signed in to there is nothing to lock.

    Args:
        digest: the SHA-256 of the key that opens it, in hexadecimal digits; once locked no other is taken.
    """
    if SESSION_KEY not in session or session.get(_LOCKED):
        return
    session[_DIGESTS] = sorted({*session.get(_DIGESTS, ()), digest})
    session[_LOCKED] = True


def unlock(session: SessionBase, key: str) -> bool:
    """Opens a sign-in by its key; whether it is open now. A key is learned while it is open, too."""
    digest = sha256(key.encode()).hexdigest()
    if SESSION_KEY not in session:
        return False
    if session.get(_LOCKED) and digest not in session.get(_DIGESTS, ()):
        return False
    session[_DIGESTS] = sorted({*session.get(_DIGESTS, ()), digest})
    session.pop(_LOCKED, None)
    return True


def listen() -> None:
    """Whoever signs in anew is locked out by nothing of before."""
    user_logged_in.connect(_signed_in, dispatch_uid="entact.unlocked")


def _signed_in(sender: Any, request: HttpRequest, **rest: Any) -> None:
    request.session.pop(_LOCKED, None)
    request.session.pop(_DIGESTS, None)
