"""What happened to people: events by term and arm, shifts of grades, liver tests, vital signs, QT."""

from __future__ import annotations

from entact.analysis.safety.concentration import concentration_qtc
from entact.analysis.safety.course import dose_day_rates, time_course
from entact.analysis.safety.incidence import exposure_adjusted, incidence
from entact.analysis.safety.interest import SUICIDALITY, special_interest, suicidality_shift
from entact.analysis.safety.liver import edish
from entact.analysis.safety.qt import qt_categories, qtcf
from entact.analysis.safety.shift import shift
from entact.analysis.safety.vitals import Limits, dose_day_peaks, vital_outliers
from entact.analysis.safety.volcano import volcano

__all__ = [
    "SUICIDALITY",
    "Limits",
    "concentration_qtc",
    "dose_day_peaks",
    "dose_day_rates",
    "edish",
    "exposure_adjusted",
    "incidence",
    "qt_categories",
    "qtcf",
    "shift",
    "special_interest",
    "suicidality_shift",
    "time_course",
    "vital_outliers",
    "volcano",
]
