"""The keys to which consoles of the dosing day seal what they send: secrets of the server's own.

They lie outside the database in the folder of the participants' keys, one file each, and are in the backup of
those keys. Consoles
seal to the newest one. Older ones still open: a tablet may come out of its drawer after weeks.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from entact.store.error import StoreError
from entact.store.participant_keys import keychain, require_keychain
from entact.store.private import private_folder, write_new

KEY_BYTES = 32
FOLDER = "consoles"  # beside the participants' keys


def console_keys() -> tuple[bytes, ...]:
    """The secret keys, the newest first; the first one is made when it is asked for.

    Raises:
        StoreError: when the record's keychain is not where keys are looked for, or a key cannot be read.
    """
    kept = kept_console_keys()
    if not kept:
        renew_console_key()
        kept = kept_console_keys()
    return tuple(kept[name] for name in sorted(kept, reverse=True))


def renew_console_key() -> str:
    """Makes a new key, to which consoles seal once they have asked the server again; returns its name.

    Raises:
        StoreError: when the record's keychain is not there, or the key cannot be written.
    """
    require_keychain()  # never beside a keychain that is elsewhere: its keys would be taken for lost
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{secrets.token_hex(4)}.key"
    keep_console_keys({name: secrets.token_bytes(KEY_BYTES)})
    return name


def kept_console_keys() -> Mapping[str, bytes]:
    """Every key of the record in use by the name of its file; names sort by when the keys were made.

    Raises:
        StoreError: when one cannot be read.
    """
    return console_keys_in(keychain().folder)


def console_keys_in(folder: Path) -> dict[str, bytes]:
    """The same of a keychain's folder."""
    return {path.name: _read(path) for path in sorted((folder / FOLDER).glob("*.key"))}


def keep_console_keys(keys: Mapping[str, bytes]) -> None:
    """Keeps keys, on the disk when this returns; one that is there already is left as it is."""
    folder = keychain().folder / FOLDER
    known = kept_console_keys()
    if not keys.keys() <= known.keys():
        private_folder(folder)
    for name, key in keys.items():
        if name not in known:
            write_new(folder / name, key.hex().encode() + b"\n", "a key of consoles")


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} holds no key of consoles ({error}): restore the keys") from error
    if len(key) != KEY_BYTES:
        raise StoreError(
            f"{path} holds {len(key)} bytes; a key of consoles has {KEY_BYTES}: restore the keys"
        )
    return key
