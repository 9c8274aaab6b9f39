"""`entact conflict`, `entact device`: what was sent twice, and by which devices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from entact.cli.custody import ledger_of, say
from entact.cli.database import open_record
from entact.store import StoreError


def told_conflicts(database: str) -> list[dict[str, Any]]:
    """Every conflict with its versions."""
    open_record(database)
    from entact.store.conflicts import conflicts

    return [
        {**one._asdict(), "versions": [version._asdict() for version in one.versions]} for one in conflicts()
    ]


def print_conflicts(found: list[dict[str, Any]]) -> None:
    """Conflicts in words: a line for each, and one for each version."""
    for one in found:
        say(f"{one['ledger']} {one['entry']} differs in {', '.join(one['differ'])}")
        for version in one["versions"]:
            stands = "  stands" if version["stands"] else ""
            who = f"{version['by']} ({version['role']})"
            say(f"  {version['digest'][:12]}  {version['kind']}  {who}  {version['arrived']}{stands}")
    if not found:
        say("no id was used twice")


def decide(participant: str, entry: str, follow: str, reason: str, signer: Any) -> None:
    """Decides a conflict."""
    from entact.store.conflicts import decide_conflict

    decide_conflict(ledger_of(participant), entry, follow, reason, signer)
    say(f"decided: of {entry} the version {follow} is followed")


def enrol(shown: Path, signer: Any) -> None:
    """Enrols a device that showed its key."""
    from entact.course.entry.decoding import decoded
    from entact.course.signed.device import DeviceKey
    from entact.store.devices import enrol_device
    from entact.store.signature import require_holder

    try:
        payload = decoded(shown.read_bytes(), DeviceKey)
    except msgspec.DecodeError as error:
        raise StoreError(f"{shown} is not what a device shows of its key: {error}") from error
    role = require_holder(signer).role
    enrolled = enrol_device(payload, by=signer.person, role=role, authenticated=signer)
    say(f"{enrolled.device} signs with {enrolled.key} from now on")


def revoke_key_of(name: str, signer: Any) -> None:
    """Revokes a device's key."""
    from entact.store.devices import revoke_device
    from entact.store.signature import require_holder

    role = require_holder(signer).role
    revoke_device(name, by=signer.person, role=role, authenticated=signer)
    say(f"the key of {name} does not count any more")


def told_devices(database: str) -> list[dict[str, Any]]:
    """Every key of a device."""
    open_record(database)
    from entact.store.devices import known_devices

    return [msgspec.to_builtins(one) for one in known_devices().keys.values()]


def print_devices(found: list[dict[str, Any]]) -> None:
    """A line for each key."""
    for one in found:
        until = f" until {one['until']}" if one["until"] else ""
        say(f"{one['device']}  since {one['since']}{until}  {one['key']}")
    if not found:
        say("no device was enrolled")
