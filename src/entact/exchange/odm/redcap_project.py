"""Records in a REDCap project's XML: what REDCap adds itself goes, and events are called as in its CSV."""

from __future__ import annotations

from typing import Final

from lxml import etree

from entact.exchange.odm.space import tag
from entact.exchange.records.boxes import OWN
from entact.exchange.records.mapping import RecordMapping

REDCAP: Final = "{https://projectredcap.org}"


def is_of_redcap(root: etree._Element) -> bool:
    """Whether a file of ODM is the XML of a REDCap project."""
    return REDCAP[1:-1] in root.nsmap.values()


def as_in_csv(root: etree._Element, mapping: RecordMapping) -> None:
    """Takes out of the tree what no column of a study is, and names each event as a mapping of the CSV does.

    The record's id is that of the subject, and whether a form is complete is a state of REDCap's. A project
    without events has one all the same, which a mapping calls by the empty name.
    """
    for subject in root.iter(tag("SubjectData")):
        record_id = str(subject.get(f"{REDCAP}RecordIdField") or "")
        _in_an_event(subject)
        for event in subject.iterfind(tag("StudyEventData")):
            _name_event(event, mapping)
            for form in event.iterfind(tag("FormData")):
                state = f"{str(form.get('FormOID')).removeprefix('Form.')}_complete"
                for item in list(form.iter(tag("ItemData"))):
                    parent, oid = item.getparent(), item.get("ItemOID")
                    if parent is not None and oid in {record_id, state, *OWN} - mapping.items.keys():
                        parent.remove(item)


def _in_an_event(subject: etree._Element) -> None:
    """Gives forms that lie in no event, as those of a project without events do, one without a name."""
    forms = subject.findall(tag("FormData"))
    if forms:
        event = etree.SubElement(subject, tag("StudyEventData"), StudyEventOID="")
        event.sourceline = forms[0].sourceline
        event.extend(forms)


def _name_event(event: etree._Element, mapping: RecordMapping) -> None:
    oid, unique = str(event.get("StudyEventOID") or ""), str(event.get(f"{REDCAP}UniqueEventName") or "")
    if not unique or oid in mapping.visits:
        return
    plain = "" if "" in mapping.visits and unique not in mapping.visits else unique
    event.set("StudyEventOID", plain)
