"""The report of a monitoring visit, as a PDF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from entact.report.typeset import as_pdf


class Reported(Protocol):
    """What is printed of a report (see `conduct.monitoring.page.Report`)."""

    @property
    def entry(self) -> str:
        """The id of its entry."""

    @property
    def by(self) -> str:
        """Who signed it."""

    @property
    def at(self) -> str:
        """When."""

    @property
    def period(self) -> str:
        """Of what time it is."""

    @property
    def text(self) -> str:
        """What was seen."""

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """What was counted."""

    @property
    def deviations(self) -> tuple[tuple[str, str], ...]:
        """Whose deviations, of what category."""

    @property
    def actions(self) -> tuple[Any, ...]:
        """What is to be done."""


def draw_report(
    report: Reported, title: str, site: str, environment: str, speaks: Mapping[str, Any]
) -> bytes:
    """The report as a PDF; `speaks` are the words of the sheet in a language."""
    values = {
        "title": title,
        "site": site,
        "entry": report.entry,
        "by": report.by,
        "at": report.at,
        "period": report.period,
        "lines": report.text.split("\n"),
        "counts": [[said, str(count)] for said, count in report.counts],
        "deviations": [list(one) for one in report.deviations],
        "actions": [
            [str(one.number), one.text, one.owner, one.due, one.said or "–"] for one in report.actions
        ],
        "environment": environment,
        **speaks,
    }
    return as_pdf("monitoring", values)
