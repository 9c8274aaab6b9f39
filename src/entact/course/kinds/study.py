"""What a study's own ledger is told: releases, births of ledgers, heads, holds."""

from __future__ import annotations

from typing import Literal

import msgspec

from entact.course.entry import Head
from entact.course.state.setting import Stop


class ReleaseEntered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `release` (study): canonical text of a release; its digest is in `id`."""

    id: str
    text: str


class LedgerOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `ledger_opened` (study): the birth of another ledger, so that one that vanishes is missed."""

    ledger: str


class Heads(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `heads` (study): number and hash of the last line of every ledger, at intervals."""

    heads: dict[str, Head]


class HoldChanged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `hold` (study): a hold is placed, or one (of the study file, or placed before) is lifted."""

    hold: str
    status: Literal["placed", "lifted"]
    stops: tuple[Stop, ...] = ("enrolment", "randomisation", "dosing")
