"""What was entered, in ODM 1.3.2: each entry of a form is a transaction with its audit record.

Nothing is merged: a correction is an update after the insert that it corrects, with who, when and why, and
what was withdrawn is a removal. Order is that of arrival.

Source: CDISC ODM 1.3.2, sections on transactional files and on AuditRecord; 21 CFR 11.10(e).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from entact.course.course import Course
from entact.course.entry import Kept, instant
from entact.course.entry.arrival import arrival
from entact.course.entry.sealing import is_sealed
from entact.course.state.encounter import UNSCHEDULED as UNSCHEDULED_VISIT
from entact.course.state.encounter import visit_of
from entact.course.state.form import VITALS
from entact.course.trail import WITHDRAWN, Step, trail
from entact.datasets.codebook import codebook
from entact.datasets.person import Person
from entact.exchange.odm.metadata import (
    ODM,
    OUTSIDE,
    UNSCHEDULED,
    add_metadata,
    add_units,
    child,
    event_oid,
    form_oid,
    group_oid,
    is_told,
    item_oid,
    unit_oid,
    units_of,
    version_oid,
)
from entact.protocol.form import CompiledForm
from entact.protocol.quantity import parse_quantity
from entact.protocol.release import Release, Study

_TYPES: Final = {"investigator": "Investigator", "sponsor": "Sponsor"}
NOWHERE: Final = "LOC.UNKNOWN"
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PERSONAL: Final = object()  # in the place of a value that is in no export


@dataclass(frozen=True)
class _Form:
    """Which form an entry fills, where: as its first version said."""

    form: str
    event: str
    event_key: str
    form_key: str


@dataclass(frozen=True)
class OdmShare:
    """Of some participants: their ClinicalData, and the people, places and units that it names."""

    data: list[bytes]
    users: dict[str, str]
    places: dict[str, str]
    units: list[str]
    transactions: int


@dataclass
class OdmRecord:
    """Takes participants one at a time, and ends in one file.

    Attributes:
        transactions: entries of forms that were written. left_out: form.item -> why it is not in the file.
    """

    study: Study
    transactions: int = 0
    left_out: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._book = codebook(self.study.newest)
        self._releases: dict[str, Release] = {one.id: one for one in self.study.releases}
        self._data: list[bytes] = []
        self._users: dict[str, str] = {}
        self._places: dict[str, str] = {}  # site -> day of the first entry there
        self._units = dict.fromkeys(units_of(self.study.releases))
        for release in self.study.releases:
            for name, form in release.forms.items():
                for item, said in form.items.items():
                    if not is_told(said):
                        self.left_out[f"{name}.{item}"] = "a list of rows has no place in ODM 1.3.2"

    def add(self, course: Course) -> None:
        """Adds what was entered on forms about one participant."""
        if not course.effective:
            return
        entries = [one for one in course.entries if isinstance(one, Kept)]
        known: dict[str, _Form] = {}
        counts: dict[tuple[str, str, str], int] = {}
        site, person = course.site, Person(self._book, course)
        subject = course.effective[0].entry.ledger.partition(":")[2]
        run: tuple[str, etree._Element, etree._Element] | None = None
        for step in trail(sorted(entries, key=arrival)):
            if step.source == step.entry.id:
                filled = _filled(step.entry, counts)
                if filled is None or not person.may_use(instant(step.entry.occurred_at)):
                    continue
                known[step.source] = filled
            place = known.get(step.source)
            release = self._releases.get(step.entry.release)
            if place is None or release is None or place.form not in release.forms:
                continue
            if run is None or run[0] != release.id:
                self._close(run)
                run = self._open(release, subject, site)
            self._step(run[2], step, place, release.forms[place.form], site)
        self._close(run)

    def share(self) -> OdmShare:
        """All that was added, to be joined to what was added before elsewhere."""
        return OdmShare(self._data, self._users, self._places, [*self._units], self.transactions)

    def join(self, other: OdmShare) -> None:
        """Adds participants that were added elsewhere, after those that are here."""
        self._data += other.data
        self._users = {**other.users, **self._users}
        for site, day in other.places.items():
            self._places[site] = min(self._places.get(site, day), day)
        self._units |= dict.fromkeys(other.units)
        self.transactions += other.transactions

    def finish(self, *, version: str, at: str, simulated: bool) -> bytes:
        """The file.

        Args:
            version: of entact. at: the cut, as ISO 8601 with offset. simulated: whether no person stands
                behind it.
        """
        name = self.study.name.upper()
        root = etree.Element(f"{{{ODM}}}ODM", nsmap={None: ODM})
        root.set(
            "Description", "SIMULATED DATA: no person stands behind them." if simulated else "Record of forms"
        )
        root.set("FileType", "Transactional")
        root.set("Granularity", "All")
        root.set("FileOID", f"ODM.{name}.{at}")
        root.set("CreationDateTime", at)
        root.set("AsOfDateTime", at)
        root.set("ODMVersion", "1.3.2")
        root.set("Originator", "entact")
        root.set("SourceSystem", "entact")
        root.set("SourceSystemVersion", version)
        study = child(root, "Study", OID=self._study_oid)
        variables = child(study, "GlobalVariables")
        file = self.study.newest.file
        child(variables, "StudyName").text = file.study
        child(variables, "StudyDescription").text = str(file.title)
        child(variables, "ProtocolName").text = file.registry or file.study
        add_units(study, self._units)
        for release in self.study.releases:
            add_metadata(study, release)
        self._add_people(root)
        for one in self._data:
            root.append(etree.fromstring(one))
        return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))

    @property
    def _study_oid(self) -> str:
        return f"ST.{self.study.name}"

    def _add_people(self, root: etree._Element) -> None:
        admin = child(root, "AdminData", StudyOID=self._study_oid)
        for user, role in sorted(self._users.items()):
            child(admin, "User", OID=f"USR.{user}", UserType=_TYPES.get(role, "Other"))
        for site, day in sorted(self._places.items()):
            place = child(admin, "Location", OID=_place(site), Name=site or "unknown", LocationType="Site")
            for release in self.study.releases:
                reference = child(place, "MetaDataVersionRef", StudyOID=self._study_oid)
                reference.set("MetaDataVersionOID", version_oid(release.id))
                reference.set("EffectiveDate", day)

    def _open(
        self, release: Release, subject: str, site: str | None
    ) -> tuple[str, etree._Element, etree._Element]:
        data = etree.Element(f"{{{ODM}}}ClinicalData", nsmap={None: ODM})
        data.set("StudyOID", self._study_oid)
        data.set("MetaDataVersionOID", version_oid(release.id))
        person = child(data, "SubjectData", SubjectKey=subject, TransactionType="Context")
        child(person, "SiteRef", LocationOID=_place(site or ""))
        return release.id, data, person

    def _close(self, run: tuple[str, etree._Element, etree._Element] | None) -> None:
        if run is not None:
            self._data.append(etree.tostring(run[1]))

    def _step(
        self, person: etree._Element, step: Step, place: _Form, form: CompiledForm, site: str | None
    ) -> None:
        entry = step.entry
        event = child(
            person, "StudyEventData", StudyEventOID=place.event, StudyEventRepeatKey=place.event_key
        )
        event.set("TransactionType", "Context")
        filled = child(event, "FormData", FormOID=form_oid(place.form), FormRepeatKey=place.form_key)
        filled.set("TransactionType", "Context")
        removed = any(one.item == WITHDRAWN for one in step.changes)
        kind = "Remove" if removed else "Insert" if step.source == entry.id else "Update"
        group = child(filled, "ItemGroupData", ItemGroupOID=group_oid(place.form), TransactionType=kind)
        self._add_audit(group, entry, site)
        child(child(group, "Annotation", SeqNum="1"), "Comment").text = when_and_where(entry)
        self.transactions += 1
        for one in step.changes:
            said = form.items.get(one.item)
            if said is None or not is_told(said) or removed:
                continue
            item = child(group, "ItemData", ItemOID=item_oid(place.form, one.item))
            item.set("TransactionType", kind if one.old is not None or kind == "Insert" else "Insert")
            self._add_value(item, PERSONAL if one.item in form.personal else one.new)

    def _add_audit(self, group: etree._Element, entry: Kept, site: str | None) -> None:
        at = entry.received_at or entry.recorded_at
        self._users.setdefault(entry.by, entry.role)
        day = self._places.get(site or "", at[:10])
        self._places[site or ""] = min(day, at[:10])
        record = child(group, "AuditRecord")
        child(record, "UserRef", UserOID=f"USR.{entry.by}")
        child(record, "LocationRef", LocationOID=_place(site or ""))
        child(record, "DateTimeStamp").text = at
        if entry.reason:
            child(record, "ReasonForChange").text = (
                "sealed" if is_sealed(entry.reason) else legal(entry.reason)
            )
        child(record, "SourceID").text = entry.id

    def _add_value(self, item: etree._Element, value: Any) -> None:
        """What was entered: its text, or that there is none, and why."""
        why = None
        if value is PERSONAL:
            why = "personal: kept at the site"
        elif isinstance(value, Mapping):
            why = f"missing: {value.get('missing', 'unknown')}"
        elif isinstance(value, str) and is_sealed(value):
            why = "sealed: kept at the site"
        elif value is None:
            why = "missing: unknown"
        if why is not None:
            item.set("IsNull", "Yes")
            annotation = child(item, "Annotation", SeqNum="1")
            child(annotation, "Comment").text = why
            return
        text, unit = _written(value)
        item.set("Value", legal(text))
        if unit:
            self._units.setdefault(unit)
            child(item, "MeasurementUnitRef", MeasurementUnitOID=unit_oid(unit))
        if legal(text) != text:
            annotation = child(item, "Annotation", SeqNum="1")
            child(annotation, "Comment").text = "characters that XML cannot hold are replaced by U+FFFD"


def when_and_where(entry: Kept) -> str:
    """When it was filled in, which is before the record had it, and where within its visit; read again."""
    said = [f"filled in: {entry.occurred_at}"]
    if entry.timepoint:
        said.append(f"timepoint: {entry.timepoint}")
    if entry.repeat != 1:
        said.append(f"repetition: {entry.repeat}")
    return "; ".join(said)


def legal(text: str) -> str:
    """A text with U+FFFD for each character that XML 1.0 cannot hold."""
    return _ILLEGAL.sub("\ufffd", text)


def _filled(entry: Kept, counts: dict[tuple[str, str, str], int]) -> _Form | None:
    """The form that an entry fills; None of an entry that fills none."""
    form = entry.data.get("form") if entry.kind == "form" else VITALS if entry.kind == "vital_signs" else None
    if not isinstance(form, str):
        return None
    visit = visit_of(entry.encounter)
    event = OUTSIDE if not visit else UNSCHEDULED if visit == UNSCHEDULED_VISIT else event_oid(visit)
    again = (entry.encounter or "").partition("#")[2] or "1"
    key = (event, again, form)
    counts[key] = counts.get(key, 0) + 1
    return _Form(form, event, again, str(counts[key]))


def _written(value: Any) -> tuple[str, str]:
    """A value as ODM writes it, and its unit as it was entered."""
    if isinstance(value, bool):
        return ("true" if value else "false"), ""
    if isinstance(value, list):
        return " ".join(map(str, value)), ""
    if isinstance(value, str):
        try:
            quantity = parse_quantity(value)
        except ValueError:
            return value, ""
        return (f"{quantity.value:f}", quantity.unit) if quantity.unit else (value, "")
    return str(value), ""


def _place(site: str) -> str:
    return f"LOC.{site}" if site else NOWHERE
