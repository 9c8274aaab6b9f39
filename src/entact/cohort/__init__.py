"""Virtual participants and staff: a study rehearsed from the first consent to the last visit."""

from __future__ import annotations

from entact.cohort.part import ParametersError
from entact.cohort.rehearsal import rehearse
from entact.cohort.study_finding import StudyFinding
from entact.cohort.trial import Trial, shipped_scenario
from entact.course.allocation.allocation import Allocation

__all__ = ["Allocation", "ParametersError", "StudyFinding", "Trial", "rehearse", "shipped_scenario"]
