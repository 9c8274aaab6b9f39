"""Adverse events, favourable ones too, safety calls, and death."""

from __future__ import annotations

from typing import Literal

import msgspec


class AdverseEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `adverse_event`: begins or, with `about`, continues one event. Valence is a field, never a filter.

    `term` is a code of the study's event list or `other`; `verbatim` is sealed text.
    """

    term: str | None = None
    verbatim: str | None = None
    onset: str | None = None  # RFC 3339, or a partial date
    resolved: str | None = None
    severity: Literal["mild", "moderate", "severe"] | None = None
    serious: bool | None = None
    seriousness: list[str] | None = None
    related: Literal["not", "unlikely", "possible", "probable", "definite"] | None = None
    expected: bool | None = None
    outcome: Literal["ongoing", "resolved", "resolved_with_sequelae", "fatal", "unknown"] | None = None
    valence: Literal["unfavourable", "favourable", "neutral"] | None = None
    solicited: bool | None = None
    action: str | None = None


class SafetyCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `safety_call`: a contact after a session: reached or not, how long, and whether anything was heard."""

    reached: bool
    minutes: int | None = None
    suicidality: bool | None = None
    events_heard: bool | None = None
    note: str | None = None  # sealed


class Death(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `death`: the date, perhaps partial, and the cause as sealed text."""

    date: str
    cause: str | None = None
