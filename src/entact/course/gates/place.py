"""The hard core about the place: the site is open, who acts works there, and its entries could be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from entact.course.entry.dates import in_date
from entact.course.gates.question import Question, Reason

if TYPE_CHECKING:
    from entact.course.state.setting import StaffState


def staff_reasons(staff: StaffState | None, person: str, site: str, today: date) -> Iterator[Reason]:
    """Whether a person is on a site's staff today, with certificates in date."""
    if staff is None:
        yield Reason("not_staff", f"{person} is not on the staff list of site {site}.", ("staff",))
        return
    if staff.until is not None and not in_date(staff.until, today):
        yield Reason("left_site", f"{person} worked at site {site} until {staff.until}.")
    if not staff.certificates:
        yield Reason(
            "no_certificate", f"No certificate of {person} is on file at the site.", ("certificate",)
        )
    for name, expires in staff.certificates.items():
        if not in_date(expires, today):
            yield Reason("certificate_expired", f"The certificate {name} of {person} held until {expires}.")


def site_active(question: Question) -> Iterator[Reason]:
    """The participant's own site is open, under a release that the study has."""
    site, course = question.site, question.course
    if course.site is None:
        yield Reason("site_unknown", "It is not recorded at which site the participant is.", ("screening",))
    elif course.site != site.id:
        yield Reason("other_site", f"The participant belongs to site {course.site}; this is site {site.id}.")
    question.relies_on(course.screening.entry if course.screening is not None else None)
    question.relies_on(site.activation)
    if site.status is None:
        yield Reason("site_not_active", f"Site {site.id} has not been activated.", ("activation",))
    elif site.status != "active":
        yield Reason(f"site_{site.status}", f"Site {site.id} is {site.status}.")
    elif question.release.id != site.release:
        message = f"Site {site.id} works under release {site.release}, which the study does not have."
        yield Reason("release_unknown", message)


def on_staff(question: Question) -> Iterator[Reason]:
    """Who acts works at the site, in a role that the act asks for, with certificates in date."""
    person = question.site.staff.get(question.by)
    if person is not None:
        question.relies_on(person.entry)
        if not set(question.act.roles) & set(person.roles):
            needed = " or ".join(question.act.roles)
            has = ", ".join(person.roles) or "nothing"
            yield Reason("role", f"{question.by} is {has} at this site; this needs {needed}.")
    yield from staff_reasons(person, question.by, question.site.id, question.today)


def place_read(question: Question) -> Iterator[Reason]:
    """The same of the site and the study: a hold, the end of a certificate, a kit in quarantine."""
    of = {"staff": ("person", question.by), "kit": ("number", question.kit)}
    unread = {**question.setting.study.unread, **question.site.unread}
    for entry, (kind, data) in unread.items():
        item, asked = of.get(kind, ("", None))
        if kind in ("activation", "hold") or (asked is not None and data.get(item, asked) == asked):
            message = (
                f"An entry of kind {kind}, {entry}, could not be read: it is to be corrected or withdrawn."
            )
            yield Reason("entry_unread", message, (kind,), None, (entry,))
