"""A training record whose people have signing keys, and `entact allocation` as one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Done, Run

Powers = Mapping[str, tuple[str, list[str]]]
"""Person -> role and powers of the key; the first vouches for the others."""

HOLDS = ["allocation"]


@contextmanager
def opened_with(study: str, database: str, keys: Path, people: Powers) -> Iterator[str]:
    """Opens a study as training and makes keys of people, their passphrases beside them; its database."""
    from django.db import connection
    from nacl import pwhash

    from entact.cli.custody import make_key
    from entact.cli.opening import open_study
    from entact.store import passphrase

    first = next(iter(people))
    with pytest.MonkeyPatch.context() as patch:  # stretched as little as there is: that is not tried here
        patch.setattr(passphrase, "OPSLIMIT", pwhash.argon2id.OPSLIMIT_MIN)
        patch.setattr(passphrase, "MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)
        open_study(study, "training", database, "owner", "Owner")
        for name, (role, powers) in people.items():
            key, words = keys / f"{name}.key", keys / f"{name}.words"
            words.write_text(f"the long words of {name}\n")
            vouchers = [] if name == first else [signer_of(database, keys, first)]
            make_key(database, name, role, powers, key, words, vouchers)
        yield database
    connection.close()


def signer_of(database: str, keys: Path, name: str) -> Any:
    """The open key of a person."""
    from entact.cli.custody import open_signer

    return open_signer(database, name, keys / f"{name}.key", keys / f"{name}.words")


def key_options(keys: Path, database: str, name: str) -> list[object]:
    """Where the key and the passphrase of a person lie, as options of a command."""
    words = keys / f"{name}.words"
    return ["--key", keys / f"{name}.key", "--passphrase-file", words, "--database", database]


def run_as(run: Run, database: str, keys: Path, name: str, *command: object) -> Done:
    """Runs `entact allocation` as a person."""
    return run("allocation", *command, "--by", name, *key_options(keys, database, name))
