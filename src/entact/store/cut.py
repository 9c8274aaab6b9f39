"""Data cuts of the record in use: made, unlocked by two persons, checked, and read.

A cut is read through its manifest alone: each ledger up to the head that was signed, every line verified on
the way. What arrived later is not looked at, so it cannot change what is derived.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter

import msgspec
from django.db import transaction

from entact.course.entry import GENESIS, Head, Line, canonical, instant, read
from entact.course.entry.decoding import decoded
from entact.course.entry.ledger import REWRITTEN, Break, follow
from entact.course.releases import releases_entered, study_in_force
from entact.course.signed.cut import CUTS, Cuts, Manifest, Purpose, UnlockConfirmed, cuts, meanings
from entact.protocol import Study, StudyError
from entact.store import acts, models
from entact.store.error import StoreError
from entact.store.reading import CHUNK, ledgers
from entact.store.signature import Signer, require

WITHIN = timedelta(hours=72)  # in which a second person confirms an unlock
LONGEST = timedelta(days=30)
LONGEST_REASON = 500
BATCH = 100  # ledgers read by one query

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_KINDS = ("signing_key", "cut", "unlock_requested", "unlock")


def make_cut(name: str, signer: Signer, *, lock: bool = False, reason: str = "") -> Manifest:
    """Cuts the data here and now: a signed manifest of the heads of all ledgers, entered in the study's.

    Args:
        name: of the cut, unique in the study. signer: holds a key with the power `cut`.
        lock: from now on only an unlock by two persons gives another locked manifest.
        reason: why it is locked with something still open, in words that name no participant.
    Raises:
        StoreError: when the name is taken, or the study is locked already.
    """
    if len(reason) > LONGEST_REASON:
        raise StoreError(f"a cut has a reason of at most {LONGEST_REASON} characters")
    with transaction.atomic():
        acts.one_at_a_time()
        role, known = require(signer, "cut").role, known_cuts()
        if lock and known.locked is not None:
            raise StoreError(_taken(known.locked))
        manifest = _manifest(name, "lock" if lock else "interim", known)
        manifest = msgspec.structs.replace(manifest, reason=reason.strip() or None)
        signed = msgspec.structs.replace(manifest, signatures=[signer.sign(manifest.digest, CUTS)])
        acts.enter(acts.here(), "cut", signed, by=signer.person, role=role, prove=signer.prove)
        return _counted(signed)


def request_unlock(
    name: str, reason: str, signer: Signer, *, within: timedelta = WITHIN, lock: bool = False
) -> Manifest:
    """One person asks that another manifest take the place of the locked one.

    Args:
        name: of the new manifest. reason: why, in words that name no participant.
        signer: holds a key with the power `unlock`. within: how long it can be confirmed.
        lock: pages write no forms once it is confirmed; else they do until two persons lock again.
    Raises:
        StoreError: when the study is not locked, or there is no reason.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise StoreError(f"an unlock has a reason of 1 to {LONGEST_REASON} characters")
    if not timedelta(0) < within <= LONGEST:
        raise StoreError(f"a request stands for more than nothing and at most {LONGEST.days} days")
    with transaction.atomic():
        acts.one_at_a_time()
        role, known = require(signer, "unlock").role, known_cuts()
        if known.locked is None:
            raise StoreError("the study is not locked: there is nothing to unlock, or to lock again")
        expires = (datetime.now(UTC) + within).isoformat(timespec="seconds")
        manifest = msgspec.structs.replace(
            _manifest(name, "lock" if lock else "unlock", known),
            previous=known.locked.digest,
            reason=reason.strip(),
            expires=expires,
        )
        signed = msgspec.structs.replace(
            manifest, signatures=[signer.sign(manifest.digest, meanings(manifest)[0])]
        )
        acts.enter(acts.here(), "unlock_requested", signed, by=signer.person, role=role, prove=signer.prove)
        return signed


def confirm_unlock(name: str, signer: Signer) -> Manifest:
    """A second person signs the manifest that somebody asked for; it takes the place of the locked one.

    Raises:
        StoreError: when nobody asked for it, the request expired, or the same person asked.
    """
    with transaction.atomic():
        acts.one_at_a_time()
        role, known = require(signer, "unlock").role, known_cuts()
        asked = [(entry, one) for entry, one in known.asked.items() if one.name == name]
        if not asked or name in known.manifests:
            raise StoreError(f"nobody has asked for an unlock {name!r}: `entact unlock request` does")
        entry, manifest = asked[-1]
        what = manifest.purpose
        if manifest.signatures[0].person == signer.person:
            raise StoreError(f"{signer.person} asked for the {what} {name!r}: another person confirms it")
        if instant(manifest.expires or "") < datetime.now(UTC):
            raise StoreError(f"the request for the {what} {name!r} expired at {manifest.expires}")
        signature = signer.sign(manifest.digest, meanings(manifest)[1])
        confirmation = UnlockConfirmed(name, entry, [signature])
        acts.enter(acts.here(), "unlock", confirmation, by=signer.person, role=role, prove=signer.prove)
        return _counted(manifest)


def known_cuts() -> Cuts:
    """Every cut of the study that counts, and what is wrong with the others."""
    return cuts(acts.entries(_KINDS))


def named_cut(name: str) -> Manifest:
    """The manifest of a cut.

    Raises:
        StoreError: when there is no such cut.
    """
    known = known_cuts()
    if name not in known.manifests:
        others = ", ".join(known.manifests) or "none"
        raise StoreError(f"there is no cut {name!r} of this study; there are: {others}")
    return known.manifests[name]


def write_manifest(manifest: Manifest) -> bytes:
    """A manifest as the bytes of a file: canonical, the same each time."""
    return canonical(msgspec.to_builtins(manifest)) + b"\n"


def open_manifest(text: bytes) -> Manifest:
    """A manifest that came as a file, once it is known to be the one that was signed and entered.

    Raises:
        StoreError: when it was forged, truncated or altered, with what is wrong.
    """
    try:
        manifest = decoded(text, Manifest)
    except msgspec.MsgspecError as error:
        raise StoreError(f"this is no whole manifest: {error}") from error
    place, known = acts.here(), known_cuts()
    if (manifest.ledger, manifest.environment) != (place.ledger, place.environment):
        raise StoreError(
            f"the manifest is of {manifest.ledger}, {manifest.environment}; "
            f"this record is of {place.ledger}, {place.environment}"
        )
    entered = known.manifests.get(manifest.name)
    if entered is None:
        raise StoreError(f"the study's ledger holds no cut {manifest.name!r}: the manifest was never entered")
    if manifest != entered:
        raise StoreError(
            f"the manifest is not the cut {manifest.name!r} that was signed: {_difference(manifest, entered)}"
        )
    return manifest


def cut_lines(manifest: Manifest, prefix: str = "") -> Iterator[tuple[str, list[Line]]]:
    """Every ledger of a cut whose name begins with `prefix`, by name, with exactly the lines that count.

    Raises:
        StoreError: when the record no longer holds what was signed, with ledger and entry.
    """
    names = sorted(name for name in manifest.heads if name.startswith(prefix))
    for first in range(0, len(names), BATCH):
        batch = names[first : first + BATCH]
        found = models.Line.objects.filter(ledger__name__in=batch).order_by("ledger_id", "seq")
        rows = found.values_list("ledger__name", "seq", "hash", "text").iterator(CHUNK)
        chains = {}
        for name, group in groupby(rows, key=itemgetter(0)):
            head = manifest.heads[name]
            chains[name] = [Line(*row[1:]) for row in group if row[1] <= head.seq]
        for name in batch:
            lines = chains.get(name, [])
            _require_chain(manifest, name, lines)
            yield name, lines


def study_of(manifest: Manifest) -> Study:
    """The study with the releases that the cut covers, and what the sites had approved of them.

    Raises:
        StoreError: when the record no longer holds what was signed, or it holds no release.
    """
    own = [read(line.text) for _, lines in cut_lines(manifest, manifest.ledger) for line in lines]
    sites = (read(line.text) for _, lines in cut_lines(manifest, "site:") for line in lines)
    try:
        if not releases_entered(own):
            raise StoreError(f"the cut {manifest.name!r} covers no release of the study")
        return study_in_force(own, sites)
    except (msgspec.ValidationError, StudyError) as error:
        raise StoreError(
            f"a release that the cut {manifest.name!r} covers cannot be read: {error}"
        ) from error


def _manifest(name: str, purpose: Purpose, known: Cuts) -> Manifest:
    if _NAME.fullmatch(name) is None:
        raise StoreError(f"{name!r} cannot be the name of a cut: small letters, digits, dots and dashes")
    if name in known.manifests:
        raise StoreError(f"there is a cut {name!r} already")
    place = acts.here()
    return Manifest(
        name=name,
        purpose=purpose,
        ledger=place.ledger,
        environment=place.environment,
        release=place.release,
        at=acts.now(),
        heads={head.ledger: Head(head.seq, head.hash) for head in ledgers()},
    )


def _taken(locked: Manifest) -> str:
    """Why one person does not lock, and who does."""
    if locked.purpose == "unlock":
        again = "two persons lock it again: `entact unlock request --lock`"
        return f"the study was unlocked by {locked.name!r}; {again}"
    return f"the study is locked by {locked.name!r}: `entact unlock` takes its place"


def _counted(manifest: Manifest) -> Manifest:
    """The manifest as the study's ledger now has it; inside the transaction, which fails when it does not."""
    known = known_cuts()
    if manifest.name not in known.manifests:
        raise StoreError(f"the cut {manifest.name!r} would not count: {known.problems[-1][1]}")
    return known.manifests[manifest.name]


def _difference(manifest: Manifest, entered: Manifest) -> str:
    """The first thing in which a manifest differs from the one that was entered."""
    for ledger, head in entered.heads.items():
        if manifest.heads.get(ledger) != head:
            return f"it says something else of {ledger}"
    strange = sorted(manifest.heads.keys() - entered.heads.keys())
    if strange:
        return f"it adds {strange[0]}"
    for name in Manifest.__struct_fields__:
        if getattr(manifest, name) != getattr(entered, name):
            return f"its {name} was altered" if name != "signatures" else "its signatures are others"
    return "nothing"


def _require_chain(manifest: Manifest, name: str, lines: list[Line]) -> None:
    """Refuses lines that are not the chain whose head was signed."""
    head, previous = manifest.heads[name], GENESIS
    problem, seq = "", 0
    for line in lines:
        seq += 1
        found = follow(name, line, seq=seq, previous=previous)
        if isinstance(found, Break):
            seq, problem = found.seq, found.problem
            break
        previous = line.hash
    if not problem and seq < head.seq:
        problem = f"is missing: the cut has {head.seq} entries, {seq} are left"
        seq += 1
    if not problem and previous != head.hash:
        problem = REWRITTEN
    if problem:
        raise StoreError(
            f"the record no longer holds the cut {manifest.name!r}: {name}, entry {seq} {problem}"
        )
