"""What persons do with the participants' keys: each copy, each return and each loss is signed for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from entact.course.entry import Kept
from entact.course.entry.versions import first_versions
from entact.course.signed.signature import KeyringFold, Signature, statement_of

ANSWERS = "answers_for_keys"  # what the signature means

Act = Literal["backed_up", "restored", "given_up"]


class CustodyAct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `custody` (study): a person wrote keys to a file, brought them back from one, or gave some up.

    Attributes:
        keychain: which one. keys: how many were written, came back or were made anew.
        participants: whose keys were given up as lost; of nobody else.
        file: SHA-256 of the file of keys; empty where there is none.
    """

    act: Act
    keychain: str
    keys: int
    participants: list[str] = []
    file: str = ""
    signatures: list[Signature] = []


class CustodyDone(msgspec.Struct, frozen=True):
    """An act that its signature bears out, who did it, and its entry."""

    act: CustodyAct
    by: str
    entry: Kept


def custody_acts(entries: Iterable[Kept]) -> tuple[list[CustodyDone], list[tuple[str, str]]]:
    """Which acts count, by signatures that count at their place; and (entry, what is wrong) of the others.

    Args:
        entries: of the study's ledger, in order of arrival.
    """
    done: list[CustodyDone] = []
    problems: list[tuple[str, str]] = []
    growing = KeyringFold()
    for entry in first_versions(entries):
        growing.add(entry)
        if entry.kind != "custody":
            continue
        try:
            act = msgspec.convert(entry.data, CustodyAct)
        except msgspec.ValidationError as error:
            problems.append((entry.id, str(error)))
            continue
        statement = statement_of("custody", entry.ledger, entry.environment, act)
        if len(act.signatures) != 1:
            problems.append((entry.id, "one person answers for it, with one signature"))
            continue
        [signature] = act.signatures
        ring = growing.keyring()
        problem = ring.problem(signature, statement, ANSWERS, ring.for_custody)
        if problem is not None:
            problems.append((entry.id, problem))
        else:
            done.append(CustodyDone(act, signature.person, entry))
    return done, problems
