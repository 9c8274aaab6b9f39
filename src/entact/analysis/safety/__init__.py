"""What happened to people: events by term and arm, shifts of grades, liver tests, QT."""

from __future__ import annotations

from entact.analysis.safety.incidence import exposure_adjusted, incidence
from entact.analysis.safety.liver import edish
from entact.analysis.safety.qt import qt_categories, qtcf
from entact.analysis.safety.shift import shift

__all__ = ["edish", "exposure_adjusted", "incidence", "qt_categories", "qtcf", "shift"]
