"""Signatures of persons (Ed25519), and which keys the study's ledger knows as whose.

A signature names the person, the time and what it means, and covers the digest of one statement: it holds for
nothing else. Keys are read in order of arrival, not of claimed time: nobody can date a key back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import msgspec
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey as PrivateKey
from nacl.signing import VerifyKey

from entact.course.entry import Authenticated, Entry, Kept, canonical, digest
from entact.course.entry.versions import first_versions, version_digest

Power = Literal["erase", "cut", "unlock", "custody", "allocation"]

FOUNDERS = 3  # so many first keys found a study's keyring; one voucher is enough for them
BY_TWO = frozenset({"erase", "unlock", "custody"})  # powers for which two persons vouch after that

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SEPARATORS = re.compile(r"[_.-]")
_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s"})

HOLDS, VOUCHES, REVOKES = "holds_key", "vouches", "revokes_key"  # meanings of signatures about keys
ENTERS = "enters"  # of a signature under an entry: whose it is


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person's signature: who, with which key (hexadecimal), what it means, when, and its value."""

    person: str
    key: str
    meaning: str
    at: str
    value: str


class SigningKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `signing_key` (study): a person's public key and what it may sign; or that it no longer counts.

    `signatures` are the key's own and, when somebody else holds a key already, one of theirs. A revocation is
    signed by the person, or by another one who holds all the powers that it takes.
    """

    person: str
    role: str
    key: str
    powers: list[Power]
    status: Literal["active", "revoked"] = "active"
    signatures: list[Signature] = []


class Holder(msgspec.Struct, frozen=True):
    """A person whose signature counts: role, public key, powers, and the entry that says so.

    `vouchers` are those who vouched for them; `makers` these, and theirs, but none of a founder.
    """

    person: str
    role: str
    key: str
    powers: tuple[str, ...]
    entry: str
    makers: frozenset[str] = frozenset()
    vouchers: tuple[str, ...] = ()
    is_founder: bool = False


class Keyring(msgspec.Struct, frozen=True):
    """Whose signatures count at one place of the study's ledger, and which entries about keys do not."""

    holders: dict[str, Holder]
    problems: tuple[tuple[str, str], ...] = ()

    @property
    def for_custody(self) -> Power:
        """The power that keeping keys needs: `erase`, where nobody is left who could grant `custody`."""
        return "custody" if any("custody" in one.powers for one in self.holders.values()) else "erase"

    def problem(self, signature: Signature, statement: str, meaning: str, power: Power | None) -> str | None:
        """What is wrong with a signature under a statement; None when it counts.

        Args:
            statement: its digest. meaning: what it has to mean. power: what the person needs.
        """
        holder = self.holders.get(signature.person)
        if holder is None:
            return f"{signature.person} has no signing key in the study's ledger"
        if holder.key != signature.key:
            return f"it was not made with the key that the study's ledger knows as {signature.person}'s"
        if signature.meaning != meaning:
            return f"{signature.person}'s signature means {signature.meaning!r}, not {meaning!r}"
        if power is not None and power not in holder.powers:
            return f"{signature.person} may not sign this: the key lacks the power {power!r}"
        if not holds(signature, statement):
            return f"{signature.person}'s signature does not cover this text: one of the two was altered"
        return None


def statement_of(kind: str, ledger: str, environment: str, payload: msgspec.Struct) -> str:
    """Digest of what is signed: a payload without its signatures, in the study and environment it is for."""
    fields = msgspec.to_builtins(payload)
    fields.pop("signatures", None)
    return digest(canonical({"kind": kind, "ledger": ledger, "environment": environment, "data": fields}))


def public_key(seed: bytes) -> str:
    """The public key of a private one of 32 bytes, in hexadecimal."""
    return bytes(PrivateKey(seed).verify_key).hex()


def sign(statement: str, *, person: str, meaning: str, at: str, seed: bytes) -> Signature:
    """A person's signature under a statement.

    Args:
        statement: its digest. at: when, RFC 3339. seed: the private key, 32 bytes.
    Source: RFC 8032 (Ed25519); 21 CFR 11.50 for what a signature names.
    """
    key = public_key(seed)
    value = PrivateKey(seed).sign(_signed(statement, person, key, meaning, at)).signature
    return Signature(person, key, meaning, at, value.hex())


def holds(signature: Signature, statement: str) -> bool:
    """Whether a signature was made with its key under this very statement."""
    text = _signed(statement, signature.person, signature.key, signature.meaning, signature.at)
    try:
        VerifyKey(bytes.fromhex(signature.key)).verify(text, bytes.fromhex(signature.value))
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True


def prove(entry: Entry, seed: bytes) -> Authenticated:
    """That a person enters an entry, shown with the private key.

    Args:
        entry: by that person. seed: the private key, 32 bytes.
    """
    signature = sign(version_digest(entry), person=entry.by, meaning=ENTERS, at=entry.recorded_at, seed=seed)
    return Authenticated(how="person_key", who=entry.by, key=signature.key, proof=signature.value)


def proves(authenticated: Authenticated, entry: Entry) -> bool:
    """Whether the key in it signed this very entry, as by the person whom it names."""
    at, key, value = entry.recorded_at, authenticated.key or "", authenticated.proof or ""
    signature = Signature(authenticated.who, key, ENTERS, at, value)
    return authenticated.who == entry.by and holds(signature, version_digest(entry))


def keyring(entries: Iterable[Kept], *, before: int | None = None) -> Keyring:
    """Whose signatures count, as the study's ledger says.

    The first key is taken at its word; while anybody holds a key, each further one is vouched for by them.

    Args:
        entries: of the study's ledger, in order of arrival. before: the number at which to stop.
    """
    ring = KeyringFold()
    for entry in first_versions(entries):
        if before is not None and entry.seq >= before:
            break
        ring.add(entry)
    return ring.keyring()


class KeyringFold:
    """A keyring that grows with the study's ledger, entry by entry in order of arrival."""

    def __init__(self) -> None:
        self._holders: dict[str, Holder] = {}
        self._problems: list[tuple[str, str]] = []
        self._ever: dict[str, str] = {}

    @property
    def ever(self) -> dict[str, str]:
        """Whose each key was that ever counted, revoked ones too."""
        return dict(self._ever)

    def keyring(self) -> Keyring:
        """Whose signatures count after the entries that were added."""
        return Keyring(dict(self._holders), tuple(self._problems))

    def add(self, entry: Kept) -> None:
        """Goes on by one entry; those of other kinds change nothing."""
        if entry.kind != "signing_key":
            return
        try:
            payload = msgspec.convert(entry.data, SigningKey)
        except msgspec.ValidationError as error:
            self._problems.append((entry.id, str(error)))
            return
        problem = _problem_of_key(payload, entry, self._holders, self._ever)
        if problem is not None:
            self._problems.append((entry.id, problem))
        elif payload.status == "revoked":
            del self._holders[payload.person]
        else:
            vouchers = _vouchers(payload, entry, self._holders)
            self._ever[payload.key] = payload.person
            founds = len(self._ever) <= FOUNDERS
            named = frozenset(one.person for one in vouchers)
            self._holders[payload.person] = Holder(
                payload.person,
                payload.role,
                payload.key,
                tuple(payload.powers),
                entry.id,
                frozenset() if founds else named.union(*(one.makers for one in vouchers)),
                tuple(one.person for one in vouchers),
                founds,
            )


def _signed(statement: str, person: str, key: str, meaning: str, at: str) -> bytes:
    fields = {"statement": statement, "person": person, "key": key, "meaning": meaning, "at": at}
    return b"entact signature 1\n" + canonical(fields)


def _problem_of_key(
    payload: SigningKey, entry: Entry, holders: dict[str, Holder], ever: dict[str, str]
) -> str | None:
    statement = statement_of("signing_key", entry.ledger, entry.environment, payload)
    ring = Keyring(holders)
    held = holders.get(payload.person)
    if payload.status == "revoked":
        if held is None or held.key != payload.key:
            return f"{payload.person} holds no such key: there is nothing to revoke"
        return _problem_of_revocation(payload, statement, entry, held, ring)
    if held is not None:
        return f"{payload.person} holds a key already: it has to be revoked before there is another"
    if payload.key in ever:
        return f"the key was {ever[payload.key]}'s: no two persons share one, and a revoked one stays so"
    like = None if _is_earlier(entry) else _looks_like(payload.person, {*holders, *ever.values()})
    if like is not None:
        return like
    own = [one for one in payload.signatures if one.person == payload.person and one.key == payload.key]
    if not any(one.meaning == HOLDS and holds(one, statement) for one in own):
        return f"{payload.person} did not sign with it: nobody has shown to hold this key"
    if not ever:
        return None  # the first is taken at their word, once
    if not holders:
        return "every key was revoked: a keyring is founded once, and there is nobody left to vouch"
    vouchers = _vouchers(payload, entry, holders)
    if not vouchers:
        return f"nobody who holds a key vouches for {payload.person}"
    if _is_earlier(entry):
        return None
    able = [one for one in vouchers if set(payload.powers) <= set(one.powers)]
    if not able:
        lacks = sorted(set(payload.powers) - set(vouchers[0].powers))
        return f"{vouchers[0].person} grants what is not theirs to grant: the key lacks {', '.join(lacks)}"
    if len(ever) < FOUNDERS or not BY_TWO & set(payload.powers):
        return None
    if any(_independent(one, other) for one in able for other in able):
        return None
    named = ", ".join(sorted(BY_TWO & set(payload.powers)))
    return f"for {named} two persons vouch who hold that power, and of whom neither vouched for the other"


def _is_earlier(entry: Entry) -> bool:
    """Whether it is from before powers of who vouches or revokes, and names, were looked at."""
    return isinstance(entry, Kept) and entry.authenticated is None


def _problem_of_revocation(
    payload: SigningKey, statement: str, entry: Entry, held: Holder, ring: Keyring
) -> str | None:
    """A person revokes the own key; another's, who holds all that it grants: nobody takes what they lack."""
    counting = [one for one in payload.signatures if ring.problem(one, statement, REVOKES, None) is None]
    if not counting:
        return "a revocation is signed by the person or by another holder of a key"
    by = [ring.holders[one.person] for one in counting]
    if _is_earlier(entry) or any(
        one.person == held.person or set(held.powers) <= set(one.powers) for one in by
    ):
        return None
    lacks = ", ".join(sorted(set(held.powers) - set(by[0].powers)))
    return f"{by[0].person} takes what is not theirs to take: the key lacks {lacks}"


def _looks_like(person: str, others: Iterable[str]) -> str | None:
    """What is wrong with a name that is taken for another one, or could not be told from one."""
    if _NAME.fullmatch(person) is None:
        return f"{person!r} cannot be the name of a person who signs: letters, digits, dots, dashes"
    for other in sorted(others):
        if other != person and _skeleton(other) == _skeleton(person):
            return f"{person} is hardly told from {other}, who signs already: take another name"
    return None


def _skeleton(name: str) -> str:
    """A name as the eye takes it: no case, no separators, one letter for those that look alike."""
    return _SEPARATORS.sub("", name.casefold().translate(_ALIKE)).replace("rn", "m").replace("vv", "w")


def _vouchers(payload: SigningKey, entry: Entry, holders: dict[str, Holder]) -> list[Holder]:
    """Holders who vouch for a key with a signature that counts, each once."""
    statement, ring = statement_of("signing_key", entry.ledger, entry.environment, payload), Keyring(holders)
    named = [one.person for one in payload.signatures if ring.problem(one, statement, VOUCHES, None) is None]
    return [holders[person] for person in dict.fromkeys(named)]


def _independent(one: Holder, other: Holder) -> bool:
    """Whether two persons are two, and neither is of the other's making."""
    return one.person != other.person and one.person not in other.makers and other.person not in one.makers
