"""Which reports on the whole study are due, as the study's own ledger says it."""

from __future__ import annotations

from datetime import date

from entact.course.kinds.periodic import PERIODIC_REPORT, PeriodicDue, periodic_reports_due
from entact.course.setting import fold_setting
from entact.course.state.setting import StudyState
from entact.protocol import Study
from entact.store import acts

_KINDS = ("release", "enrolled", PERIODIC_REPORT.name, "void")


def periodic_reports(study: Study, until: date) -> list[PeriodicDue]:
    """Every periodic report of the newest release that is due by a day, and the next of each."""
    return periodic_reports_due(study.newest, reporting_state(study), until)


def reporting_state(study: Study) -> StudyState:
    """What the study's ledger says of places and reports; nothing is read where none is owed."""
    if not any(release.file.periodic_reports for release in study.releases):
        return StudyState()
    return fold_setting(study, acts.entries(_KINDS), ()).study
