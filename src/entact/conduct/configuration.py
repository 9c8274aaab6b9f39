"""What the settings are read from: the address of the server, how mail leaves, and the kept secret."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from entact.conduct.error import ConductError
from entact.store import StoreError, private, server


@dataclass(frozen=True)
class Address:
    """Where people reach the server: `host` without the port, `origin` as browsers say it."""

    host: str
    origin: str


@dataclass(frozen=True)
class Mail:
    """The server by which mail leaves."""

    host: str
    port: int
    tls: bool
    name: str
    password: str
    wrapped: bool = False  # in TLS from the first byte (`smtps`), not by STARTTLS


@dataclass(frozen=True)
class SignOn:
    """The OpenID Connect provider by which a hospital's people sign on.

    Attributes:
        issuer: its address, as it calls itself. client, secret: what this server is registered as.
        title: stands on the sign-in page. claim: what of the ID token names a person.
        second_factor: values of `amr` or `acr` that say that a second factor was shown there.
    """

    issuer: str
    client: str
    secret: str
    title: str
    claim: str = "sub"
    second_factor: frozenset[str] = frozenset()

    @property
    def source(self) -> str:
        """Whose word it is: with another provider, or by another claim, nobody is known."""
        return f"{self.claim}@{self.issuer}"

    @property
    def providers(self) -> dict[str, Any]:
        """The same as django-allauth reads it."""
        app = {
            "provider_id": self.source,
            "name": self.title[:40],
            "client_id": self.client,
            "secret": self.secret,
            "settings": {"server_url": self.issuer.rstrip("/")},
        }
        return {"sign_on": {"APPS": [app]}}


def read_sign_on(said: Mapping[str, str]) -> SignOn | None:
    """How a hospital's people sign on; None where they do not.

    Args:
        said: the environment.
    Raises:
        ConductError: when something is missing, or passwords would go over the network in plain.
    """
    issuer = said.get("ENTACT_SIGN_ON", "")
    if not issuer:
        return None
    parts = urlsplit(issuer)
    is_here = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
    if not parts.hostname or parts.query or parts.fragment or not (parts.scheme == "https" or is_here):
        raise ConductError(
            f"ENTACT_SIGN_ON is {issuer!r}: say where the OpenID Connect provider is, by https, as in "
            "https://login.hospital.example/realms/staff (docs/sign-on.md)"
        )
    missing = [name for name in ("ENTACT_SIGN_ON_CLIENT", "ENTACT_SIGN_ON_SECRET") if not said.get(name)]
    if missing:
        raise ConductError(f"ENTACT_SIGN_ON is said without {' and '.join(missing)} (docs/sign-on.md)")
    found = SignOn(
        issuer,
        said["ENTACT_SIGN_ON_CLIENT"],
        said["ENTACT_SIGN_ON_SECRET"],
        said.get("ENTACT_SIGN_ON_TITLE") or parts.hostname,
        said.get("ENTACT_SIGN_ON_CLAIM") or "sub",
        frozenset(said.get("ENTACT_SIGN_ON_SECOND_FACTOR", "").replace(",", " ").split()),
    )
    if len(found.source) > 200:
        raise ConductError("ENTACT_SIGN_ON and ENTACT_SIGN_ON_CLAIM together may have 200 characters at most")
    return found


def read_address(text: str) -> Address | None:
    """An address of the server; None where none is said.

    Raises:
        ConductError: when it is none, or passwords would go over the network in plain.
    """
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme != "https" or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ConductError(
            f"ENTACT_ADDRESS is {text!r}: say https:// and a name, as in https://study.example.org; a proxy "
            "with a certificate stands before the server (docs/server.md)"
        )
    return Address(parts.hostname, f"https://{parts.netloc}")


def read_mail(text: str) -> Mail | None:
    """How mail leaves; None where it does not.

    Raises:
        ConductError: when it cannot be read.
    """
    if not text:
        return None
    parts = urlsplit(text)
    with suppress(ValueError):
        if parts.scheme in ("smtp", "smtps") and parts.hostname:
            wrapped = parts.scheme == "smtps"
            tls = not wrapped and "tls" in parse_qs(parts.query, keep_blank_values=True)
            name, password = unquote(parts.username or ""), unquote(parts.password or "")
            port = parts.port or (465 if wrapped else 587 if tls else 25)
            return Mail(parts.hostname, port, tls, name, password, wrapped)
    raise ConductError(
        "ENTACT_MAIL cannot be read: say smtp://name:password@host:587?tls, or smtps://… (docs/server.md)"
    )


def read_video(text: str) -> str:
    """Where raters and participants meet, with `{room}` in the place of a random word; empty for nowhere.

    Raises:
        ConductError: when it is no such address.
    """
    parts = urlsplit(text)
    if text and not (parts.scheme == "https" and parts.hostname and text.count("{room}") == 1):
        raise ConductError(
            "ENTACT_VIDEO cannot be read: say https://meet.example.org/{room} (docs/rating.md)"
        )
    return text


def secret_file() -> Path:
    """Where the secret lies that all processes of the server share."""
    return server.data_folder() / "secrets" / "server.key"


def kept_secret() -> str:
    """The secret in the data folder; before a server was ever started, one of this process alone."""
    try:
        return secret_file().read_text().strip() or secrets.token_urlsafe(48)
    except OSError:
        return secrets.token_urlsafe(48)


def make_secret() -> str:
    """The secret in the data folder, made where there is none; of several processes at once, one makes it.

    Raises:
        StoreError: when it can be neither made nor read.
    """
    file = secret_file()
    if not file.exists():
        private.private_folder(file.parent)
        with suppress(StoreError):  # another process was first
            private.write_new(file, secrets.token_urlsafe(48).encode(), "the server's secret")
    private.private_file(file)
    try:
        return file.read_text().strip()
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror}") from error
