"""The report of one adverse event, to print and send: the event with every change, its causes, its clocks.

It names nobody: the number of the participant, and what a receiver asks for beside the event. What the role
does not see is not in it, and it says so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from entact.conduct.account import Account, Accounts
from entact.conduct.asking import Asked
from entact.conduct.language.codelists import called_code
from entact.conduct.language.codes import code_words
from entact.conduct.words import moment, role_words, told, words
from entact.course.entry.effective import Effective
from entact.course.found.attested import found_in_signatures
from entact.course.kinds.reporting import reports_due


@dataclass(frozen=True)
class EventReport:
    """What is printed of one event, as words.

    Attributes:
        facts: label and words, of the event as it stands now. told: what was entered of it, in order of time,
            with every correction. person: what stays true of the participant, as it was last entered.
        doses, medicines: what was given before, and what else is taken. reports: title, receiver, due, sent.
        signed: who signed an entry of the event, and whether it holds. hidden: what this role does not see.
    """

    study: str
    title: str
    release: str
    environment: str
    site: str
    number: str
    entry: str
    made: str
    zone: str
    role: str
    by: str
    is_serious: bool
    facts: tuple[tuple[str, str], ...]
    told: tuple[Account, ...]
    person: tuple[Account, ...]
    doses: tuple[Account, ...]
    medicines: tuple[Account, ...]
    reports: tuple[tuple[str, str, str, str], ...]
    signed: tuple[str, ...]
    hidden: tuple[str, ...]

    def values(self) -> dict[str, Any]:
        """As plain values, for a template."""
        return dataclasses.asdict(self)


def event_report(asked: Asked, event: str, role: str) -> EventReport | None:
    """The report of an event; None where there is none of this id, or it is not seen.

    Args:
        event: the entry by which it begins, or one that continues it. role: as what it is printed.
    Source: ICH E2B(R3), the least that a report needs: a patient, a suspect product, an event, a reporter.
    """
    found = next((one for one in asked.course.effective if one.id == event), None)
    if found is None or found.entry.kind != "adverse_event" or event not in asked.seen.entries:
        return None
    first = found.entry.about or event
    if first not in asked.course.adverse_events or first not in asked.seen.entries:
        return None
    return _Writing(asked, first, role).report()


class _Writing:
    def __init__(self, asked: Asked, event: str, role: str) -> None:
        self.asked, self.event, self.role = asked, event, role
        self.course, self.seen = asked.course, asked.seen
        self.accounts = Accounts(asked.folded, asked.seen, asked.zone, opener=asked.opener(role))
        self.unopened = Accounts(asked.folded, asked.seen, asked.zone)
        self.entries = [one for one in self.course.effective if one.id in self.seen.entries]

    def report(self) -> EventReport:
        asked, study = self.asked, self.asked.course.study
        release = self.course.site_release(asked.now).file
        return EventReport(
            study=study.name,
            title=told(release.title),
            release=release.release,
            environment=asked.reader.environment,
            site=self.course.site or "",
            number=asked.participant.number,
            entry=self.event,
            made=moment(asked.now, asked.zone),
            zone=str(asked.zone),
            role=role_words(self.role),
            by=asked.person.name,
            is_serious=self.course.adverse_events[self.event].is_serious,
            facts=tuple(self._facts()),
            told=self._written(self._is_of_event),
            person=tuple(map(self._without_texts, filter(self._is_lasting, self.entries))),
            doses=self._written(lambda one: one.entry.kind == "dose"),
            medicines=self._written(lambda one: one.entry.kind == "medication"),
            reports=tuple(self._reports()),
            signed=tuple(self._signed()),
            hidden=tuple(code_words(name) for name in sorted(asked.reader.sight.hidden)),
        )

    def _written(self, belongs: Any) -> tuple[Account, ...]:
        return tuple(self.accounts.write_plainly(one) for one in self.entries if belongs(one))

    def _without_texts(self, one: Effective) -> Account:
        """What stays true of the participant, without what is sealed: people write names there."""
        account = self.unopened.write_plainly(one)
        facts = tuple(fact for fact in account.facts if not fact.sealed)
        return dataclasses.replace(account, facts=facts, corrections=())

    def _is_of_event(self, one: Effective) -> bool:
        return one.entry.kind == "adverse_event" and self.event in (one.id, one.entry.about)

    def _is_lasting(self, one: Effective) -> bool:
        form = self.course.release.forms.get(str(one.data.get("form", "")))
        return one.entry.kind == "form" and form is not None and form.lasting

    def _facts(self) -> Iterator[tuple[str, str]]:
        """The event as it stands: what is not known is said, for a receiver asks for it."""
        event = self.course.adverse_events[self.event]
        terms = self.course.release.file.adverse_events.terms
        term = terms.get(event.term or "")
        said = words(event.term) if event.term else gettext("not said")
        yield gettext("Event"), told(term.title) if term is not None else said
        yield gettext("Began"), event.onset or gettext("not known")
        yield gettext("Ended"), event.resolved or gettext("not known")
        yield (
            gettext("Outcome"),
            called_code("adverse_event", "outcome", event.outcome) or gettext("not known"),
        )
        yield gettext("Serious"), _yes(event.serious)
        grounds = called_code("adverse_event", "seriousness", event.seriousness) or gettext("none said")
        yield gettext("Serious because of"), grounds
        yield (
            gettext("Severity, at its worst"),
            called_code("adverse_event", "severity", event.worst_severity) or gettext("not judged"),
        )
        yield (
            gettext("Related to the treatment"),
            called_code("adverse_event", "related", event.related) or gettext("not judged"),
        )
        yield gettext("Expected"), _yes(event.expected)
        yield gettext("What was done"), event.action or gettext("not said")

    def _reports(self) -> Iterator[tuple[str, str, str, str]]:
        known = self.course.site_release(self.asked.now).rules.reports
        for one in reports_due(self.course):
            if one.event == self.event:
                said = known[one.report].said if one.report in known else None
                sent = gettext("not sent") if one.sent_at is None else moment(one.sent_at, self.asked.zone)
                due = moment(one.due, self.asked.zone)
                title = told(said.title) if said is not None else words(one.report)
                yield title, said.to or "" if said is not None else "", due, sent

    def _signed(self) -> Iterator[str]:
        """Signatures of what was entered of the event; of each whether it holds still."""
        own = {one.id for one in self.entries if self._is_of_event(one)}
        broken = {signature for _, signature, entry, _ in found_in_signatures(self.course) if entry in own}
        for one in self.course.signatures:
            if one.entry in self.seen.entries and own & one.versions.keys():
                changed, same = gettext("changed since: it does not hold"), gettext("unchanged since")
                holds = changed if one.entry in broken else same
                when = moment(one.at, self.asked.zone)
                yield f"{one.name} ({one.by}), {when}: {code_words(one.meaning)}, {holds}"


def _yes(said: bool | None) -> str:
    return gettext("not judged") if said is None else gettext("yes") if said else gettext("no")
