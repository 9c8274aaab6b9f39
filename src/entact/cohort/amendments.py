"""Amendments in a rehearsal: when they are entered, when each site approves them, who consents again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from entact.cohort.admission import Notice
from entact.cohort.attendance import Attendance
from entact.cohort.setting_ledgers import Approval
from entact.course import uuid7
from entact.course.kinds.study import release_data
from entact.protocol import Study

REVIEW = timedelta(days=14)  # until the first sites' ethics boards have approved a release
STAGGER = timedelta(days=7)  # from one board to the next
BOARDS = 4


def plan_approvals(
    study: Study, sites: Sequence[str], first: datetime, days: int, seed: int
) -> tuple[list[Notice], dict[str, list[Approval]]]:
    """When later releases are entered in the study's ledger, and when each site approves which.

    They come at even distances while participants are taken in, so that each finds people at every stage.

    Args:
        first: day of the first candidate. days: of taking people in.
    Returns:
        Notices for the study's ledger, and the approvals by site, in order of time.
    """
    notices: list[Notice] = []
    approvals: dict[str, list[Approval]] = {site: [] for site in sites}
    for number, release in enumerate(study.releases[1:], start=1):
        at = first + timedelta(days=round(days * number / len(study.releases)))
        notices.append(Notice(at, "release", release_data(release), "sponsor", "sponsor"))
        for place, site in enumerate(sites):
            approved = at + REVIEW + STAGGER * (place % BOARDS)
            bits = int.from_bytes(sha256(f"approval {seed} {site} {number}".encode()).digest()[:10], "big")
            approvals[site].append(Approval(approved, release.id, uuid7(approved, bits)))
    return notices, approvals


def approved_study(study: Study, approvals: Mapping[str, Sequence[Approval]], opening: datetime) -> Study:
    """The study with what its sites will have approved; the first release as soon as they open."""
    for site, later in approvals.items() if len(study.releases) > 1 else ():
        known = [(opening, study.releases[0].id), *((one.at, one.release) for one in later)]
        study = study.approved(site, known)
    return study


def consent_again(staff: Attendance) -> None:
    """Asks for consent to the release in force at the site, where the participant's is to an earlier one."""
    study, consent = staff.scribe.study, staff.scribe.course.consent
    if len(study.releases) == 1 or consent is None or not consent.given:
        return
    current = study.in_force_at(staff.candidate.site, staff.now)
    if study.number(current.id) > study.number(consent.release):
        staff.pass_time(10)
        scopes = {scope: consent.scopes.get(scope, True) for scope in current.file.consent}
        data = {"version": current.file.release, "scopes": scopes}
        staff.write("consent", data, "investigator", release=current.id)
