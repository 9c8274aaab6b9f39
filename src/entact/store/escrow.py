"""Keys of participants and of consoles as a file under a passphrase, kept apart from backups of the record.

Who restores keys says what was erased since: the register as it is now. Without it an old file of keys would
bring back what a participant was promised is gone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from entact.course.entry import digest
from entact.course.signed.custody import CustodyAct
from entact.store import acts, models
from entact.store.console_keys import keep_console_keys, kept_console_keys
from entact.store.custody import enter_custody, whole_keychain
from entact.store.erasure import Doubted, erased, judge, register, replay
from entact.store.erasure_register import add_to_register
from entact.store.error import StoreError
from entact.store.participant_keys import bring_back_keychain, keychain
from entact.store.passphrase import SEALED, open_bytes, seal_bytes
from entact.store.private import write_new
from entact.store.signature import Signer, require_custody

FORMAT, OLDER = "keys 2", "keys 1"
ABOUT = ("entact", "mark", "keychain", "made_at")  # said in the open, and again under the passphrase


class Kept(NamedTuple):
    """How many keys a file holds, and how many erasures were known when it was written."""

    keys: int
    erased: int


class Restored(NamedTuple):
    """How many keys came back, and how many were left out: of participants who were erased, and of those of
    whom a line of the register says so that is not believed.
    """

    keys: int
    erased: int
    doubted: tuple[Doubted, ...] = ()


def write_keys(path: Path, passphrase: str, signer: Signer) -> Kept:
    """Writes every key of the record in use to a new file that only the passphrase opens.

    Args:
        signer: holds a key with the power `custody`, and answers for the file in the study's ledger.
    Raises:
        StoreError: when the file exists, the passphrase is too short, keys are missing, or the signer may not
            answer for it.
    """
    require_custody(signer)
    chain = whole_keychain()
    keys, known = chain.all(), erased()
    outside = {"entact": FORMAT, "mark": _mark(), "keychain": str(chain.identity), "made_at": acts.now()}
    content = {"keys": _hex(keys), "consoles": _hex(kept_console_keys()), "erased": sorted(known), **outside}
    text = json.dumps({**outside, **seal_bytes(json.dumps(content).encode(), passphrase)}, indent=1)
    written = f"{text}\n".encode()
    with transaction.atomic():
        acts.one_at_a_time()
        about = CustodyAct("backed_up", str(chain.identity), len(keys), [], digest(written))
        enter_custody(about, signer)
        write_new(path, written, "a file of keys")
    return Kept(len(keys), len(known))


def restore_keys(path: Path, passphrase: str, current_register: Path | None, signer: Signer) -> Restored:
    """Brings back the keys of a file, but those of participants who were erased since.

    No key that is here is destroyed by this. Of a register counts what the study's keyring bears out; the
    keys of those whom another line names stay in the file, until somebody has looked into it.

    Args:
        current_register: a copy of the register as it is now; None says that nobody was erased but whom this
            record, its register or the file itself know of.
        signer: holds a key with the power `custody`, and answers for it in the study's ledger.
    Raises:
        StoreError: when the file, its passphrase or the register is not right, or the keys are another
            installation's; then nothing comes back.
    """
    require_custody(signer)
    content = _open(path, passphrase)
    chain = keychain()
    if chain.identity is not None and content.identity not in (None, chain.identity):
        raise StoreError(f"{path} holds another keychain than the one in {chain.folder}")
    doubted: tuple[Doubted, ...] = ()
    if current_register is not None:
        if not current_register.exists():
            raise StoreError(f"there is no register of erasures in {current_register}")
        judged = judge(current_register)
        doubted = judged.doubted
        for act in judged.believed.values():
            add_to_register(register(), act)
    replay()  # what only the record knows of erasures gets into the register
    gone = {*erased(), *content.erased, *(one.participant for one in doubted)}
    before = len(keychain().all())
    bring_back_keychain(content.identity)
    keychain().add({name: key for name, key in content.keys.items() if name not in gone})
    keep_console_keys(content.consoles)
    back = len(keychain().all()) - before
    with transaction.atomic():
        acts.one_at_a_time()
        about = CustodyAct("restored", str(keychain().identity), back, [], content.digest)
        enter_custody(about, signer)
    return Restored(back, len(content.keys.keys() & gone), doubted)


class _Content(NamedTuple):
    """What a file of keys holds; `identity` says of which keychain, None in files of the older format."""

    keys: dict[str, bytes]
    consoles: dict[str, bytes]
    erased: list[str]
    identity: UUID | None
    digest: str


def _open(path: Path, passphrase: str) -> _Content:
    """All that a file says, checked: nothing of it is used before."""
    outside = _read(path)
    if outside["mark"] != _mark():
        raise StoreError(f"{path} holds the keys of another installation than this record's")
    altered = StoreError(f"{path} was altered: what it says in the open is not what it holds")
    try:
        content: dict[str, Any] = json.loads(open_bytes(outside, passphrase, str(path)))
        is_older = outside["entact"] == OLDER and "entact" not in content
        if not is_older and any(content[name] != outside[name] for name in ABOUT):
            raise altered
        keys, consoles = _bytes(content["keys"]), _bytes(content.get("consoles", {}))
        identity = None if is_older else UUID(content["keychain"])
        return _Content(
            keys, consoles, [str(name) for name in content["erased"]], identity, digest(path.read_bytes())
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise altered from error


def _hex(keys: Mapping[str, bytes]) -> dict[str, str]:
    return {name: key.hex() for name, key in keys.items()}


def _bytes(keys: Mapping[str, str]) -> dict[str, bytes]:
    return {str(name): bytes.fromhex(key) for name, key in keys.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        outside = json.loads(path.read_text())
        known = set(outside) == {*ABOUT, *SEALED} if outside["entact"] == FORMAT else True
        if outside["entact"] in (FORMAT, OLDER) and known and isinstance(outside["mark"], str):
            return dict(outside)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    raise StoreError(f"{path} is no file of keys: `entact keys backup` writes one")


def _mark() -> str:
    installation = models.Installation.objects.only("mark").first()
    if installation is None:
        raise StoreError("this database holds no study yet")
    return str(installation.mark)
