"""What persons sign with their keys in the study's ledger: keys, cuts of the data, and erasures."""

from __future__ import annotations

from entact.course.kinds.kind import UNSURE, Kind, read_by_arrival
from entact.course.signed.custody import CustodyAct
from entact.course.signed.cut import Manifest, UnlockConfirmed
from entact.course.signed.device import DeviceKey
from entact.course.signed.erasure import ErasureConfirmed, ErasureDecided, ErasureRequested
from entact.course.signed.signature import SigningKey

SIGNING_KEY = Kind(
    name="signing_key",
    ledger="study",
    title="Signing key",
    ways=("command sign-key new",),
    payload=SigningKey,
    reduce=read_by_arrival,
    tells=frozenset({"schedule"}),
)
ERASURE_REQUESTED = Kind(
    name="erasure_requested",
    ledger="study",
    title="Erasure asked for",
    ways=("command erase request",),
    payload=ErasureRequested,
    reduce=read_by_arrival,
    tells=frozenset({"dosing", "adverse_events"}),
)
ERASURE_CONFIRMED = Kind(
    name="erasure",
    ledger="study",
    title="Erasure confirmed",
    ways=("command erase confirm",),
    payload=ErasureConfirmed,
    reduce=read_by_arrival,
    tells=frozenset({"dosing", "adverse_events"}),
)
ERASURE_DECIDED = Kind(
    name="erasure_decided",
    ledger="study",
    title="Key of an erasure decided",
    ways=("command erase finish",),
    payload=ErasureDecided,
    reduce=read_by_arrival,
    tells=frozenset({"dosing", "adverse_events"}),
)
CUSTODY = Kind(
    name="custody",
    ledger="study",
    title="Keys kept, brought back or given up",
    ways=("command keys give-up",),
    payload=CustodyAct,
    reduce=read_by_arrival,
    tells=frozenset({"schedule"}),
)
DEVICE_KEY = Kind(
    name="device_key",
    ledger="study",
    title="Key of a device",
    ways=("command device enrol",),
    payload=DeviceKey,
    reduce=read_by_arrival,
    tells=frozenset({"schedule"}),
)
CUT = Kind(
    name="cut",
    ledger="study",
    title="Cut of the data",
    ways=("page lock_study", "command cut make"),
    payload=Manifest,
    reduce=read_by_arrival,
    tells=frozenset({UNSURE}),  # it holds the heads of all ledgers
)
UNLOCK_REQUESTED = Kind(
    name="unlock_requested",
    ledger="study",
    title="Unlock asked for",
    ways=("page lock_study", "command unlock request"),
    payload=Manifest,
    reduce=read_by_arrival,
    tells=frozenset({UNSURE}),
)
UNLOCK = Kind(
    name="unlock",
    ledger="study",
    title="Unlock confirmed",
    ways=("page lock_study", "command unlock confirm"),
    payload=UnlockConfirmed,
    reduce=read_by_arrival,
    tells=frozenset({"schedule"}),
)
