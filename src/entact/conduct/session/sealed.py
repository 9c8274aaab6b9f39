"""What a console sends: sealed on the device to a key that only this server opens, and by whom it is.

A box is opened with the server's secret; the grant in it, which the server gave with the briefing, says who
wrote the entry. So sending needs no sign-in: a tablet sends what it has also when its author is at home.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core import signing
from django.utils.crypto import salted_hmac

from entact.conduct.record.door import Author
from entact.course.entry import Authenticated

INFO: Final = b"entact session 1"
_SALT: Final = "entact.session.grant"


class Unopened(ValueError):
    """A box that this server cannot open, or whose grant it did not give."""


class Grant(msgspec.Struct, frozen=True):
    """Who may write about whom from a console: given to somebody signed in, and true for ever after.

    Attributes:
        session: opaque name of the session in which it was given.
    """

    identity: str
    role: str
    ledger: str
    encounter: str
    session: str

    @property
    def author(self) -> Author:
        """Who writes, as the server knows it."""
        known = Authenticated(how="session", who=self.identity, session=self.session)
        return Author(self.identity, self.role, known)

    def text(self) -> str:
        """The grant as a device keeps it: signed by this server."""
        return signing.dumps(msgspec.to_builtins(self), salt=_SALT)


class Box(msgspec.Struct, frozen=True):
    """One sealed entry: id of the entry, public key made for it alone, nonce and ciphertext in base64."""

    id: str
    key: str
    nonce: str
    sealed: str


class Opened(msgspec.Struct, frozen=True):
    """What was in a box."""

    grant: Grant
    text: bytes


def public_key() -> str:
    """The key to which consoles seal, in base64."""
    return b64encode(_secret().public_key().public_bytes_raw()).decode()


def open_box(box: Box) -> Opened:
    """What is in a box.

    Raises:
        Unopened: when it is for another server, was changed, or says no grant of this one.
    """
    try:
        shared = _secret().exchange(X25519PublicKey.from_public_bytes(b64decode(box.key)))
        key = HKDF(SHA256(), 32, None, INFO).derive(shared)
        text = AESGCM(key).decrypt(b64decode(box.nonce), b64decode(box.sealed), box.id.encode())
        said: Any = msgspec.json.decode(text)
        grant = msgspec.convert(signing.loads(said["grant"], salt=_SALT), Grant)
        return Opened(grant, str(said["entry"]).encode())
    except (ValueError, TypeError, KeyError, InvalidTag, signing.BadSignature) as error:
        raise Unopened("this server did not give out what it takes to open it") from error


def _secret() -> X25519PrivateKey:
    seed = salted_hmac("entact.session.key", "1", settings.SECRET_KEY, algorithm="sha256").digest()
    return X25519PrivateKey.from_private_bytes(seed)
