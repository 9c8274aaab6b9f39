"""The casebook of one participant: what was entered, how it was changed and what was signed, in one file.

It is what an investigator keeps, and what an inspector reads without entact: nothing in it needs the program.
What the role does not see is not in it, and it says so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from django.utils.translation import gettext

from entact.conduct.account import Accounts
from entact.conduct.error import ConductError
from entact.conduct.language.codes import code_words
from entact.conduct.reader import BROKEN, Folded, Reader, Standing
from entact.conduct.record.opened import Opener
from entact.conduct.stops import Timeline
from entact.conduct.timeline import tell
from entact.conduct.words import lower_words, moment, role_words, told, words
from entact.course import Entry, instant
from entact.course.entry import Kept
from entact.course.entry.entry import Authenticated
from entact.course.fold import Broken
from entact.course.found.attested import found_in_signatures
from entact.course.kinds import KINDS
from entact.course.state.progress import zone_of
from entact.store.lists import everybody

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Signed:
    """One signature: whose, when, what it means, of how many entries that are seen; what changed since.

    `name` is the person's own; `proof` what they showed again.
    """

    by: str
    name: str
    proof: str
    when: str
    meaning: str
    entries: int
    broken: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One line of the audit trail.

    Attributes:
        arrived, happened: on the site's clock; empty where it cannot be read. what: kind, form, visit, and
            whether it corrects. by: person and role; proof: how that was known. place: number and hash.
    """

    arrived: str
    happened: str
    what: str
    by: str
    proof: str
    reason: str
    place: str


@dataclass(frozen=True)
class Casebook:
    """All that a role sees of one participant, as words.

    Attributes:
        releases: (number, SHA-256) of each release of the study. head: number and hash of the last entry, for
            a role that sees every one. hidden: what this role does not see, in words; empty for nothing.
        given_out: by whom, and how that is known.
    """

    study: str
    title: str
    environment: str
    role: str
    hidden: tuple[str, ...]
    made: str
    releases: tuple[tuple[str, str], ...]
    head: str
    timeline: Timeline
    signatures: tuple[Signed, ...]
    trail: tuple[Step, ...]
    given_out: str = ""

    def values(self) -> Values:
        """As plain values, for a template."""
        found = dataclasses.asdict(self)
        del found["timeline"]["standing"]["status"]  # among the facts, for roles that may know it
        found["timeline"]["alerts"] = [one.title for one in self.timeline.alerts]
        for stop, shown in zip(found["timeline"]["stops"], self.timeline.stops, strict=True):
            stop["status_words"] = shown.status_words
            del stop["order"], stop["chart"]
        return found


def subjects(reader: Reader, keys: Sequence[str]) -> list[Standing]:
    """Whose casebooks the reader's role may have: those with these numbers, or everybody.

    Args:
        keys: subject or screening numbers, or opaque ids; none for everybody.
    Raises:
        ConductError: when nobody has a number, or the role sees nobody.
    """
    if not reader.sight.sees_schedule:
        raise ConductError(f"the role {reader.sight.role} sees no participants")
    if not keys:
        return list(map(Standing.of, everybody()))
    found = {key: reader.standing(key) for key in keys}
    unknown = [key for key, standing in found.items() if standing is None]
    if unknown:
        raise ConductError(f"no participant of this record has the number {', '.join(unknown)}")
    return [standing for standing in found.values() if standing is not None]


def casebook(reader: Reader, standing: Standing, opener: Opener, given_out: str = "") -> Casebook:
    """The casebook of one participant, for the reader's role.

    Args:
        opener: opens sealed texts for who may read them. given_out: by whom, and how that is known.
    Raises:
        ConductError: when the ledger cannot be read.
    Source: ICH E6(R3), 4.2.2 and C.3.1 (source records and audit trail); 21 CFR 312.62(b).
    """
    folded = reader.folded([standing.ledger])[standing.ledger]
    if isinstance(folded, Broken):
        raise ConductError(f"{standing.number} {BROKEN}")
    return dataclasses.replace(_Writing(reader, standing, folded, opener).casebook(), given_out=given_out)


class _Writing:
    def __init__(self, reader: Reader, standing: Standing, folded: Folded, opener: Opener) -> None:
        self.reader, self.standing, self.folded = reader, standing, folded
        self.opener = opener
        self.course = folded.course
        self.zone: tzinfo = zone_of(folded.course, reader.at)
        self.seen = folded.seen_by(reader.sight)
        self.accounts = Accounts(folded, self.seen, self.zone, opener=opener)

    def casebook(self) -> Casebook:
        study, sight = self.reader.study, self.reader.sight
        return Casebook(
            study=study.name,
            title=told(study.newest.file.title),
            environment=self.reader.environment,
            role=role_words(sight.role),
            hidden=tuple(code_words(name) for name in sorted(sight.hidden)),
            made=moment(self.reader.at, self.zone),
            releases=tuple((one.file.release, one.digest) for one in study.releases),
            head=self._head() if sight.sees_everything else "",
            timeline=tell(self.reader, self.standing, self.folded, self.opener),
            signatures=tuple(self._signatures()),
            trail=tuple(map(self._step, self._in_order())),
        )

    def _head(self) -> str:
        seq, digest = max(version for versions in self.folded.versions.values() for version in versions)
        return f"{seq} · {digest}"

    def _signatures(self) -> Iterator[Signed]:
        changed: dict[str, list[str]] = {}
        for _, signature, entry, message in found_in_signatures(self.course):
            if entry in self.seen.entries:
                changed.setdefault(signature, []).append(message)
        proofs = {one.id: one.authenticated for one in self.course.entries if isinstance(one, Kept)}
        for one in self.course.signatures:
            known = proofs.get(one.entry)
            second = None if known is None else known.second
            if one.entry in self.seen.entries and self.seen.entries & one.versions.keys():
                yield Signed(
                    by=one.by,
                    name=one.name,
                    proof="" if second is None else code_words(second.how),
                    when=moment(one.at, self.zone),
                    meaning=code_words(one.meaning),
                    entries=len(self.seen.entries & one.versions.keys()),
                    broken=tuple(changed.get(one.entry, ())),
                )

    def _in_order(self) -> list[Entry]:
        """What is seen, in order of arrival."""
        entries = [one for one in self.course.entries if one.id in self.seen.entries]
        return sorted(entries, key=lambda one: one.seq if isinstance(one, Kept) else 0)

    def _step(self, entry: Entry) -> Step:
        kind = KINDS.get(entry.kind)
        what = [gettext(kind.title) if kind is not None else words(entry.kind)]
        form = entry.data.get("form")
        if isinstance(form, str):
            what.append(lower_words(form))
        if entry.encounter:
            what.append(lower_words(entry.encounter))
        if entry.timepoint:
            what.append(entry.timepoint)
        if entry.replaces is not None:
            corrected = self.accounts.anchor_of(entry.replaces).removeprefix("e-")
            what.append(gettext("corrects {entry}").format(entry=corrected))
        proof = entry.authenticated if isinstance(entry, Kept) else None
        return Step(
            arrived=self._time(entry.received_at) if isinstance(entry, Kept) else "",
            happened=self._time(entry.occurred_at),
            what=" · ".join(what),
            by=f"{entry.by}, {role_words(entry.role)}",
            proof="" if proof is None else _proof(proof),
            reason=self.accounts.reason_of(entry),
            place=" ".join(self.accounts.places_of(entry.id)),
        )

    def _time(self, text: str) -> str:
        try:
            return moment(instant(text), self.zone)
        except ValueError:
            return text


def _proof(proof: Authenticated) -> str:
    """How it was known who entered something, and whether something was wrong with that."""
    how = " ".join(part for part in (code_words(proof.how), proof.who) if part)
    return f"{how}, {code_words(proof.problem)}" if proof.problem else how
