"""What the settings are read from: the address of the server, how mail leaves, and the kept secret."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
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
        if parts.scheme == "smtp" and parts.hostname:
            tls = "tls" in parse_qs(parts.query, keep_blank_values=True)
            name, password = unquote(parts.username or ""), unquote(parts.password or "")
            return Mail(parts.hostname, parts.port or (587 if tls else 25), tls, name, password)
    raise ConductError("ENTACT_MAIL cannot be read: say smtp://name:password@host:587?tls (docs/server.md)")


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
