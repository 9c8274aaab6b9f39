"""Entries and ledgers: what was said, as it was sent and kept."""

from __future__ import annotations

from entact.course.entry.entry import (
    CORRECTED_TIME,
    DEEPEST,
    GENESIS,
    Entry,
    Environment,
    Head,
    Kept,
    Line,
    Source,
    as_sent,
    canonical,
    digest,
    instant,
    keep,
    parse,
    read,
    refuse_uncanonical,
    same,
    uuid7,
)

__all__ = [
    "CORRECTED_TIME",
    "DEEPEST",
    "GENESIS",
    "Entry",
    "Environment",
    "Head",
    "Kept",
    "Line",
    "Source",
    "as_sent",
    "canonical",
    "digest",
    "instant",
    "keep",
    "parse",
    "read",
    "refuse_uncanonical",
    "same",
    "uuid7",
]
