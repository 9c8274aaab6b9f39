"""Keys of offline devices: enrolled by a person, revoked by one, and what was sent with them.

A device signs what it sends with a salt of its own, so that the digest which the record keeps says nothing of
what is personal. The salt is kept as ciphertext: who has the participant's key can hold the digest against
the entry; everybody can hold the signature against the digest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from entact.course.entry import BY_PERSON, Authenticated, Entry, Kept, as_sent, canonical, digest, instant
from entact.course.entry.sealing import seal, unseal
from entact.course.entry.versions import first_versions
from entact.course.signed.signature import Signature, holds, proves, sign, statement_of

SENDS, HOLDS = "sends", "holds_device_key"  # meanings of a device's signatures
UNREADABLE = Authenticated(how="device", problem="unreadable")
_HEX = {"key": 64, "salt": 64, "value": 128}  # digits
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


class DeviceKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `device_key` (study): a device's public key, which it showed to hold; or that it is revoked."""

    device: str
    key: str
    status: Literal["active", "revoked"] = "active"
    signatures: list[Signature] = []


class DeviceProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a device sends beside an entry: its key, its salt and its signature, in hexadecimal."""

    device: str
    key: str
    salt: str
    value: str


class Enrolled(msgspec.Struct, frozen=True):
    """A device's key: since when it counts, and until when; None while it does."""

    device: str
    key: str
    since: datetime
    until: datetime | None
    entry: str


class Devices(msgspec.Struct, frozen=True):
    """Every key that was ever enrolled, by key, and which entries about keys do not count."""

    keys: dict[str, Enrolled]
    problems: tuple[tuple[str, str], ...] = ()

    def of(self, device: str) -> Enrolled | None:
        """The key of a device that counts now."""
        return next((one for one in self.keys.values() if one.device == device and one.until is None), None)

    def problem(self, device: str, key: str, at: datetime) -> str | None:
        """A code for why a key does not count as a device's at a time (see `entry.proof.PROBLEMS`)."""
        found = self.keys.get(key)
        if found is None or at < found.since:
            return "unknown_key"
        if found.device != device:
            return "other_device"
        return "revoked" if found.until is not None and found.until <= at else None


def devices(entries: Iterable[Kept]) -> Devices:
    """Which devices' keys count, as the study's ledger says, in order of arrival.

    Args:
        entries: of the study's ledger.
    """
    keys: dict[str, Enrolled] = {}
    problems: list[tuple[str, str]] = []
    for entry in first_versions(entries):
        if entry.kind != "device_key":
            continue
        try:
            payload = msgspec.convert(entry.data, DeviceKey)
        except msgspec.ValidationError as error:
            problems.append((entry.id, str(error)))
            continue
        problem = _problem_of_key(payload, entry, keys)
        if problem is not None:
            problems.append((entry.id, problem))
        elif payload.status == "active":
            at = instant(entry.received_at)
            keys[payload.key] = Enrolled(payload.device, payload.key, at, None, entry.id)
        else:
            at = instant(entry.received_at)
            keys[payload.key] = msgspec.structs.replace(keys[payload.key], until=at)
    return Devices(keys, tuple(problems))


def prove_sent(entry: Entry, device: str, seed: bytes, salt: bytes) -> DeviceProof:
    """What a device sends beside an entry.

    Args:
        entry: as it is sent, in plain. seed: the device's private key. salt: 32 random bytes, new for each.
    """
    signed = sign(
        salted(canonical(entry), salt), person=device, meaning=SENDS, at=entry.recorded_at, seed=seed
    )
    return DeviceProof(device, signed.key, salt.hex(), signed.value)


def salted(text: bytes, salt: bytes) -> str:
    """The digest that a device signs: of what it sends, behind its salt."""
    return digest(b"entact device 1\n" + salt + text)


def problem_of_proof(entry: Entry, proof: DeviceProof, known: Devices, at: datetime) -> str | None:
    """A code for what is wrong with a proof on arrival; None where it counts.

    Args:
        entry: as it was sent. at: the server's clock.
    """
    salt = _bytes(proof.salt)
    if not _is_readable(proof):
        return "unreadable"
    problem = known.problem(proof.device, proof.key, at)
    if problem is not None:
        return problem
    if entry.device != proof.device:
        return "other_device"
    signature = Signature(proof.device, proof.key, SENDS, entry.recorded_at, proof.value)
    return None if holds(signature, salted(canonical(entry), salt)) else "wrong_signature"


def by_device(entry: Entry, proof: DeviceProof, problem: str | None, key: bytes | None) -> Authenticated:
    """Who was authenticated by a proof, as the record keeps it.

    Args:
        key: the participant's, under which the salt is kept; None for an entry about nobody.
    """
    if problem == "unreadable":
        return UNREADABLE
    salt = proof.salt if key is None else seal(proof.salt, key, entry.id, "salt")
    value = salted(canonical(entry), _bytes(proof.salt))
    return Authenticated(
        how="device",
        who=proof.device,
        key=proof.key,
        proof=proof.value,
        salt=salt,
        digest=value,
        problem=problem,
    )


def problem_kept(kept: Kept, known: Devices, persons: dict[str, str]) -> str | None:
    """What is wrong with a proof that the record keeps as a good one; None where it holds, or there is none.

    Args:
        known: devices. persons: by public key, whose key the study's ledger ever knew it as.
    """
    by = kept.authenticated
    if by is None or by.problem is not None or by.how not in ("device", "person_key"):
        return None
    if by.how == "person_key":
        if persons.get(by.key or "") != by.who:
            return f"says that {by.who}'s key signed it, and the study's ledger knows no such key of theirs"
        return None if proves(by, as_sent(kept)) else f"says that {by.who}'s key signed it, and it did not"
    problem = known.problem(by.who, by.key or "", instant(kept.received_at))
    if problem is not None:
        return f"says that the device {by.who} signed it, whose key did not count then ({problem})"
    signature = Signature(by.who, by.key or "", SENDS, kept.recorded_at, by.proof or "")
    return (
        None if holds(signature, by.digest or "") else f"says that the device {by.who} signed it: it did not"
    )


def is_of_content(kept: Kept, opened: Entry, key: bytes | None) -> bool:
    """Whether what a device signed is what the entry says, in plain.

    Args:
        opened: the entry in plain. key: the participant's; None where nothing is sealed.
    """
    by = kept.authenticated
    if by is None or by.salt is None:
        return False
    try:
        salt = by.salt if key is None else unseal(by.salt, key, kept.id, "salt")
    except ValueError:
        return False
    return salted(canonical(opened), _bytes(salt)) == by.digest


def _problem_of_key(payload: DeviceKey, entry: Kept, keys: dict[str, Enrolled]) -> str | None:
    by = entry.authenticated
    if by is not None and by.how == "simulated" and entry.environment == "production":
        return f"nobody showed that {entry.by} decided about the key of {payload.device}"
    if by is None or by.how not in BY_PERSON or by.who != entry.by or by.problem is not None:
        return f"nobody showed that {entry.by} decided about the key of {payload.device}"
    if _DEVICE.fullmatch(payload.device) is None:
        return f"{payload.device!r} cannot be the name of a device: letters, digits, dots, colons, dashes"
    found = keys.get(payload.key)
    if payload.status == "revoked":
        if found is None or found.device != payload.device or found.until is not None:
            return f"{payload.device} has no such key: there is nothing to revoke"
        return None
    if found is not None:
        return f"the key was {found.device}'s: no two devices share one, and a revoked one stays so"
    if any(one.device == payload.device and one.until is None for one in keys.values()):
        return f"{payload.device} has a key already: it has to be revoked before there is another"
    statement = statement_of("device_key", entry.ledger, entry.environment, payload)
    shown = [one for one in payload.signatures if (one.person, one.key) == (payload.device, payload.key)]
    if not any(one.meaning == HOLDS and holds(one, statement) for one in shown):
        return f"{payload.device} did not sign with it: nothing shows that it holds this key"
    return None


def _is_readable(proof: DeviceProof) -> bool:
    lengths = all(len(_bytes(getattr(proof, name))) * 2 == digits for name, digits in _HEX.items())
    return lengths and _DEVICE.fullmatch(proof.device) is not None


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
