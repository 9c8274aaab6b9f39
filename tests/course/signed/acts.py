"""Signed acts in a study's ledger, each with one change: what counts then, and what is said of the rest.

The answers are kept beside those of courses; `python -m tests.course.signed.acts` writes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from entact.course.entry import Authenticated, Entry, Head, Kept, arrived
from entact.course.entry.entry import GENESIS
from entact.course.signed.custody import ANSWERS, CustodyAct, custody_acts
from entact.course.signed.cut import ASKS, CONFIRMS, CUTS, Manifest, UnlockConfirmed, cuts
from entact.course.signed.device import HOLDS as HOLDS_DEVICE
from entact.course.signed.device import DeviceKey, devices
from entact.course.signed.erasure import ASKS as ASKS_TO_ERASE
from entact.course.signed.erasure import CONFIRMS as CONFIRMS_TO_ERASE
from entact.course.signed.erasure import DECIDES, ErasureConfirmed, ErasureDecided, ErasureRequested, erasures
from entact.course.signed.signature import SigningKey, keyring, public_key, sign, statement_of

GOLDEN = Path(__file__).parents[2] / "golden" / "courses" / "signed_acts.json"
BEGIN = datetime(2026, 3, 2, 10, tzinfo=UTC)
STUDY, ANNA = "study:mini", "participant:" + "0a" * 16
PEOPLE = ("ada", "bea", "cleo", "dora", "eve")
OTHERS = ("ada", "dora", "eve", "nobody")
SEEDS = {name: name.encode().ljust(32, b".") for name in (*PEOPLE, "tablet-1", "nobody")}
TIMED = ("erasure", "unlock", "device_key")
EVERY = ["erase", "cut", "unlock", "custody", "allocation"]


@dataclass(frozen=True)
class Act:
    """One entry before it is signed: what it says, who signs it as what, and when it arrives.

    `of` is what is signed where that is another act's statement; `forged` is changed after it was signed.
    """

    id: str
    kind: str
    says: msgspec.Struct
    signers: tuple[tuple[str, str], ...]
    minute: float
    of: str | None = None
    forged: dict[str, Any] | None = None
    how: str | None = "session"
    by: str = "ada"


def _key(person: str, powers: list[str], *vouchers: str, minute: float, **more: Any) -> Act:
    says = SigningKey(person, "investigator", public_key(SEEDS[person]), powers, **more)  # type: ignore[arg-type]
    signers = ((person, "holds_key"), *((voucher, "vouches") for voucher in vouchers))
    return Act(f"key of {person}", "signing_key", says, signers, minute)


def _at(minute: float) -> str:
    return (BEGIN + timedelta(minutes=minute)).isoformat()


def story() -> list[Act]:
    """Five keys, one of them revoked; an erasure, returned; a lock and its unlock; keys written; a tablet."""
    about: dict[str, Any] = {"ledger": STUDY, "environment": "rehearsal", "release": "mini@sha256:0"}
    heads = {STUDY: Head(3, "ab" * 32)}
    lock = Manifest(name="lock 1", purpose="lock", at=_at(30), heads=heads, **about)
    asked = {"at": _at(31), "reason": "an error was found", "expires": _at(32)}
    unlock = Manifest(
        name="unlock 1",
        purpose="unlock",
        heads=heads,
        previous=lock.digest,
        **about | asked,  # type: ignore[arg-type]
    )
    revoked = SigningKey("eve", "investigator", public_key(SEEDS["eve"]), ["cut"], "revoked")
    tablet = DeviceKey("tablet-1", public_key(SEEDS["tablet-1"]))
    return [
        _key("ada", EVERY, minute=1),
        _key("bea", ["erase", "unlock", "custody"], "ada", minute=2),
        _key("cleo", ["erase", "cut", "unlock"], "ada", minute=3),
        _key("dora", ["erase"], "bea", "cleo", minute=4),
        _key("eve", ["cut"], "cleo", minute=5),
        Act("eve revoked", "signing_key", revoked, (("cleo", "revokes_key"),), 6),
        Act(
            "request",
            "erasure_requested",
            ErasureRequested(ANNA, "asked", _at(12)),
            (("ada", ASKS_TO_ERASE),),
            11,
        ),
        Act(
            "confirmation",
            "erasure",
            ErasureConfirmed(ANNA, "request"),
            (("bea", CONFIRMS_TO_ERASE),),
            12,
            "request",
        ),
        Act(
            "decision",
            "erasure_decided",
            ErasureDecided(ANNA, "request", "returned"),
            (("dora", DECIDES),),
            13,
        ),
        Act("lock", "cut", lock, (("cleo", CUTS),), 30),
        Act("unlock asked", "unlock_requested", unlock, (("ada", ASKS),), 31),
        Act(
            "unlock",
            "unlock",
            UnlockConfirmed("unlock 1", "unlock asked"),
            (("bea", CONFIRMS),),
            32,
            "unlock asked",
        ),
        Act(
            "keys written",
            "custody",
            CustodyAct("backed_up", "chain", 4, [], "ab" * 32),
            (("bea", ANSWERS),),
            33,
        ),
        Act("tablet", "device_key", tablet, (("tablet-1", HOLDS_DEVICE),), 34),
        Act("tablet revoked", "device_key", msgspec.structs.replace(tablet, status="revoked"), (), 35),
    ]


def kept(acts: list[Act]) -> list[Kept]:
    """The entries of a ledger, signed as the acts say."""
    statements: dict[str, str] = {}
    entries = []
    for number, act in enumerate(acts, start=1):
        own = (
            act.says.digest
            if isinstance(act.says, Manifest)
            else statement_of(act.kind, STUDY, "rehearsal", act.says)
        )
        statements[act.id] = own
        statement = statements.get(act.of, own) if act.of is not None else own
        at = _at(act.minute)
        signatures = [
            sign(statement, person=who, meaning=what, at=at, seed=SEEDS[who]) for who, what in act.signers
        ]
        data = msgspec.to_builtins(msgspec.structs.replace(act.says, signatures=signatures))  # type: ignore[call-arg]
        entry = Entry(
            id=act.id, ledger=STUDY, kind=act.kind, release="mini@sha256:0", environment="rehearsal",
            occurred_at=at, recorded_at=at, by=act.by, role="investigator", data=data | (act.forged or {}),
        )  # fmt: skip
        who = Authenticated(how=act.how, who=act.by, session="s") if act.how is not None else None  # type: ignore[arg-type]
        known = arrived(entry, at, number, GENESIS, who or Authenticated(how="claimed"))
        entries.append(known if who is not None else msgspec.structs.replace(known, authenticated=None))
    return entries


def changes(acts: list[Act]) -> Iterator[tuple[str, list[Act]]]:
    """Every single change of a story, with what it is called."""
    for place, act in enumerate(acts):
        rest = acts[:place], acts[place + 1 :]

        def with_(rest: tuple[list[Act], list[Act]] = rest, act: Act = act, **fields: Any) -> list[Act]:
            return [*rest[0], replace(act, **fields), *rest[1]]

        yield f"without {act.id}", [*rest[0], *rest[1]]
        yield f"{act.id} twice", [*rest[0], act, replace(act, id=f"{act.id} again"), *rest[1]]
        yield f"{act.id} at the end", [*rest[0], *rest[1], replace(act, minute=60)]
        for seconds in (-1, 1) if act.kind in TIMED else ():
            yield f"{act.id} {seconds:+d} s", with_(minute=act.minute + seconds / 60)
        yield f"{act.id} signed by nobody", with_(signers=())
        yield f"{act.id} signed twice", with_(signers=act.signers * 2)
        for number, (person, meaning) in enumerate(act.signers):
            for other in OTHERS:
                if other != person:
                    signers = [*act.signers[:number], (other, meaning), *act.signers[number + 1 :]]
                    yield f"{act.id} signed by {other} for {person}", with_(signers=tuple(signers))
            signers = [*act.signers[:number], (person, "enters"), *act.signers[number + 1 :]]
            yield f"{act.id}: {person} means another thing", with_(signers=tuple(signers))
        for how in ("claimed", "simulated", None):
            yield f"{act.id} by nobody who was {how}", with_(how=how)
        for name, value in _others(act):
            says = msgspec.structs.replace(act.says, **{name: value})
            yield f"{act.id} {name} = {value}, signed", with_(says=says)
            yield f"{act.id} {name} = {value}, forged", with_(forged={name: value})
        yield f"{act.id} cannot be read", with_(forged={"x": 1})


def _others(act: Act) -> Iterator[tuple[str, Any]]:
    """Other things that an act may say."""
    other: dict[str, tuple[Any, ...]] = {
        "person": ("bea", "eva", "ad4", "a b"), "role": ("monitor",),
        "key": (public_key(SEEDS["nobody"]), "ab"),
        "powers": (["cut"], ["erase", "unlock"], ["allocation"], []), "participant": ("participant:0b",),
        "request": ("another",), "cause": ("other",), "expires": ("soon", _at(1), _at(59)),
        "name": ("lock 1", "other"), "purpose": ("interim", "lock", "unlock"), "previous": ("ab", None),
        "reason": (None,), "keys": (5,), "device": ("tablet-2", "a b"), "environment": ("production",),
        "ledger": ("study:other",), "file": ("",),
        "status": ("active", "revoked") if act.kind in ("signing_key", "device_key") else (),
        "decision": ("destroyed",), "act": ("given_up",),
    }  # fmt: skip
    said = msgspec.to_builtins(act.says)
    for name, values in other.items():
        for value in values:
            if name in said and said[name] != value:
                yield name, value


def told(entries: list[Kept]) -> set[str]:
    """What counts in a ledger, and what is wrong with what does not."""
    ring, gone, made, known = keyring(entries), erasures(entries), cuts(entries), devices(entries)
    acts, wrong = custody_acts(entries)
    said = {
        f"{one.person} holds {' '.join(one.powers) or 'no power'}; made by {' '.join(sorted(one.makers))}; "
        f"vouched for by {' '.join(one.vouchers)}{'; founder' if one.is_founder else ''}"
        for one in ring.holders.values()
    }
    said |= {f"keys need {ring.for_custody}"}
    said |= {f"asked to erase by {one.by}" for one in gone.asked.values()}
    said |= {f"erased {name}, confirmed by {one.confirmed_by}" for name, one in gone.done.items()}
    said |= {f"returned after {one}" for one in gone.returned}
    said |= {
        f"cut {name} signed by {' '.join(s.person for s in one.signatures)}"
        for name, one in made.manifests.items()
    }
    said |= {f"unlock asked by {one.signatures[0].person}" for one in made.asked.values()}
    said |= {f"locked by {made.locked.name}"} if made.locked else set()
    said |= {f"{one.act.act} by {one.by}" for one in acts}
    said |= {f"{one.device} from {one.since} to {one.until}" for one in known.keys.values()}
    for problems in (ring.problems, gone.problems, made.problems, tuple(wrong), known.problems):
        said |= {f"{entry}: {problem}" for entry, problem in problems}
    return said


def answers() -> dict[str, list[str]]:
    """What each change adds to what counts and what is wrong, and what it takes away."""
    acts = story()
    stands = told(kept(acts))
    found: dict[str, list[str]] = {one: ["nothing"] for one in stands}
    for title, changed in changes(acts):
        now = told(kept(changed))
        for one in now ^ stands:
            found.setdefault(f"{'+' if one in now else '-'} {one}", []).append(title)
    return dict(sorted(found.items()))


if __name__ == "__main__":
    text = json.dumps(answers(), indent=1, ensure_ascii=False)
    GOLDEN.write_text(f"{text}\n", encoding="utf-8")
