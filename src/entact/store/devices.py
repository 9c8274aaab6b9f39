"""Offline devices: persons enrol and revoke their keys, and what they send is checked on arrival."""

from __future__ import annotations

import msgspec
from django.db import transaction

from entact.course.entry import Authenticated, Entry, instant, read
from entact.course.signed.device import (
    HOLDS,
    DeviceKey,
    DeviceProof,
    Devices,
    Enrolled,
    by_device,
    devices,
    problem_of_proof,
)
from entact.course.signed.signature import sign, statement_of
from entact.store import acts
from entact.store.appending import append
from entact.store.error import StoreError
from entact.store.signature import Signer, require_holder


def known_devices() -> Devices:
    """Whose keys count, as the study's ledger says now."""
    return devices(acts.entries(("device_key",)))


def show_key(device: str, seed: bytes) -> DeviceKey:
    """What a device sends to be enrolled: its public key, and that it holds the private one.

    Args:
        seed: the private key, 32 bytes, which stays on the device.
    """
    place = acts.here()
    payload = DeviceKey(device, Signer(device, seed).public)
    statement = statement_of("device_key", place.ledger, place.environment, payload)
    signature = sign(statement, person=device, meaning=HOLDS, at=acts.now(), seed=seed)
    return msgspec.structs.replace(payload, signatures=[signature])


def enrol_device(shown: DeviceKey, *, by: str, role: str, authenticated: Authenticated | Signer) -> Enrolled:
    """Enters a device's key: what it sends counts as its own from here on.

    Args:
        shown: as the device sent it (`show_key`). by, role: who enrols it.
        authenticated: that person's session, or their key.
    Raises:
        StoreError: when the key would not count, with the reason; then nothing is entered.
    """
    _enter(msgspec.structs.replace(shown, status="active"), by, role, authenticated)
    return known_devices().keys[shown.key]


def revoke_device(device: str, *, by: str, role: str, authenticated: Authenticated | Signer) -> None:
    """Enters that a device's key counts no more: what arrives with it from here on is found.

    Raises:
        StoreError: when the device has none, or nobody showed who revokes it.
    """
    found = known_devices().of(device)
    if found is None:
        raise StoreError(f"{device} has no key in the study's ledger")
    _enter(DeviceKey(device, found.key, "revoked"), by, role, authenticated)


def authenticate(entry: Entry, proof: DeviceProof, received_at: str, key: bytes | None) -> Authenticated:
    """Who sent an entry, as far as a device's proof shows it; what is wrong with the proof is a finding.

    Args:
        entry: as sent, in plain. received_at: the server's clock. key: the participant's.
    """
    problem = problem_of_proof(entry, proof, known_devices(), instant(received_at))
    return by_device(entry, proof, problem, key)


def _enter(payload: DeviceKey, by: str, role: str, authenticated: Authenticated | Signer) -> None:
    with transaction.atomic():
        acts.one_at_a_time()
        if isinstance(authenticated, Signer):
            require_holder(authenticated)
        place = acts.here()
        entry = acts.entry_of(place, "device_key", msgspec.to_builtins(payload), by=by, role=role)
        proved = authenticated.prove(entry) if isinstance(authenticated, Signer) else authenticated
        written = read(append(entry, received_at=acts.now(), authenticated=proved).line.text).id
        problem = dict(known_devices().problems).get(written)
        if problem is not None:
            raise StoreError(problem)
