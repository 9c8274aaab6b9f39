"""Private keys of persons: a file each, outside the database, which only a passphrase opens."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import msgspec
from django.db import transaction

from entact.course.entry import Authenticated, Entry, read
from entact.course.signed.signature import (
    HOLDS,
    REVOKES,
    VOUCHES,
    Holder,
    Power,
    Signature,
    SigningKey,
    keyring,
    prove,
    public_key,
    sign,
    statement_of,
)
from entact.store import acts, server
from entact.store.error import StoreError
from entact.store.passphrase import open_bytes, seal_bytes
from entact.store.private import private_folder, write_new


class Signer(msgspec.Struct, frozen=True):
    """A person whose private key was opened; it is shown to nobody."""

    person: str
    seed: bytes

    def __repr__(self) -> str:
        return f"Signer({self.person!r})"

    @property
    def public(self) -> str:
        """The public key, in hexadecimal."""
        return public_key(self.seed)

    def sign(self, statement: str, meaning: str) -> Signature:
        """Signs a statement here and now."""
        return sign(statement, person=self.person, meaning=meaning, at=acts.now(), seed=self.seed)

    def prove(self, entry: Entry) -> Authenticated:
        """That this person enters an entry."""
        return prove(entry, self.seed)


def signing_folder() -> Path:
    """Where private keys of persons lie: ENTACT_SIGNING, else `signing` beside the data."""
    return Path(os.environ.get("ENTACT_SIGNING") or server.data_folder() / "signing")


def write_key_file(path: Path, person: str, passphrase: str) -> Signer:
    """Makes a person's private key and keeps it in a file, encrypted under the passphrase.

    Raises:
        StoreError: when the file exists, or the passphrase is too short to resist guessing.
    """
    seed = secrets.token_bytes(32)
    content = {
        "entact": "signing key 1",
        "person": person,
        "key": public_key(seed),
        **seal_bytes(seed, passphrase),
    }
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent == signing_folder():
        private_folder(path.parent)
    write_new(path, f"{json.dumps(content, indent=1)}\n".encode(), "a key")
    return Signer(person, seed)


def open_key_file(path: Path, passphrase: str) -> Signer:
    """The person's private key in a file.

    Raises:
        StoreError: when there is no such file, it is none of these, or the passphrase is another.
    """
    try:
        content = json.loads(path.read_text())
        person = str(content["person"])
    except FileNotFoundError as error:
        raise StoreError(f"there is no signing key in {path}: `entact sign-key new` makes one") from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"{path} is no file with a signing key") from error
    return Signer(person, open_bytes(content, passphrase, str(path)))


def require_own_passphrase(folder: Path, person: str, passphrase: str) -> None:
    """Refuses a passphrase that opens another person's key too: whoever knows it would be both.

    Args:
        folder: in which keys lie; every one that is another person's is tried.
    Raises:
        StoreError: with whose it opens.
    """
    for path in sorted(folder.glob("*.key")):
        try:
            other = open_key_file(path, passphrase)
        except StoreError:
            continue
        if other.person != person:
            raise StoreError(
                f"the passphrase of {person} opens the key of {other.person} in {path} too: two persons are "
                "two only while neither can sign as the other; take another one"
            )


def holders() -> dict[str, Holder]:
    """Whose signatures count now, by person."""
    return keyring(acts.entries()).holders


def require(signer: Signer, power: Power) -> Holder:
    """The holder of the signer's key, who may sign this.

    Raises:
        StoreError: when the study's ledger does not know the key as that person's, or it lacks the power.
    """
    holder = require_holder(signer)
    if power not in holder.powers:
        granted = ", ".join(holder.powers) or "nothing"
        raise StoreError(f"{signer.person} may not {power}: the key is for {granted}")
    return holder


def require_holder(signer: Signer) -> Holder:
    """The holder of the signer's key, whatever it is for.

    Raises:
        StoreError: when the study's ledger does not know the key as that person's.
    """
    holder = holders().get(signer.person)
    if holder is None or holder.key != signer.public:
        raise StoreError(f"the study's ledger does not know this key as {signer.person}'s")
    return holder


def require_custody(signer: Signer) -> Holder:
    """The holder of the signer's key, who may answer for participants' keys (see `Keyring.for_custody`).

    Raises:
        StoreError: when the signer may not.
    """
    return require(signer, keyring(acts.entries()).for_custody)


def enter_key(
    signer: Signer, role: str, powers: Iterable[Power], *vouchers: Signer, voucher: Signer | None = None
) -> None:
    """Enters a person's public key in the study's ledger, signed with itself and by who vouches for it.

    Args:
        role: under which the person acts. powers: what the key may sign. vouchers, voucher: other holders of
            a key who hold these powers themselves: one, or two for what erases or unlocks (see `FOUNDERS`).
    Raises:
        StoreError: when the key would not count, with the reason; then nothing is entered.
    """
    with transaction.atomic():
        acts.one_at_a_time()
        place = acts.here()
        payload = SigningKey(signer.person, role, public_key(signer.seed), sorted(set(powers)))
        statement = statement_of("signing_key", place.ledger, place.environment, payload)
        signatures = [signer.sign(statement, HOLDS)]
        for one in (*vouchers, *(() if voucher is None else (voucher,))):
            signatures.append(one.sign(statement, VOUCHES))
        _enter(place, msgspec.structs.replace(payload, signatures=signatures), signer, role)


def revoke_key(person: str, signer: Signer) -> None:
    """Enters that a person's key does not count any more; what it signed before stays signed.

    Raises:
        StoreError: when the person holds none, or the signer holds none.
    """
    with transaction.atomic():
        acts.one_at_a_time()
        place, held = acts.here(), holders()
        if person not in held:
            raise StoreError(f"{person} has no signing key in the study's ledger")
        if signer.person not in held:
            raise StoreError(f"{signer.person} has no signing key in the study's ledger")
        holder = held[person]
        payload = SigningKey(person, holder.role, holder.key, [], "revoked")
        statement = statement_of("signing_key", place.ledger, place.environment, payload)
        signed = msgspec.structs.replace(payload, signatures=[signer.sign(statement, REVOKES)])
        _enter(place, signed, signer, held[signer.person].role)


def _enter(place: acts.Here, payload: SigningKey, signer: Signer, role: str) -> None:
    """Enters a key inside the transaction, which fails when the entry would not count."""
    entry = acts.enter(place, "signing_key", payload, by=signer.person, role=role, prove=signer.prove)
    found = dict(keyring(acts.entries()).problems)
    written = read(entry.line.text).id
    if written in found:
        raise StoreError(found[written])
