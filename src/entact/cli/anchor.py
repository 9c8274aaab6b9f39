"""`entact anchor`, and `entact verify --against`: what the record was, said outside the database."""

from __future__ import annotations

import base64
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

import msgspec
from rich.console import Console
from rich.text import Text

from entact import store
from entact.cli.database import open_record
from entact.course.entry import digest
from entact.protocol.quantity import parse_duration
from entact.store.anchor import Anchor, Behind, HeadsByName, Stamp, append_stamp, append_to_file, read_anchors
from entact.store.mail import anchor_message, send
from entact.store.stamp import request_stamp, stamped_at

_TURNS = 5  # in which others that anchor at the same time come first


def take(database: str, file: Path | None, mail: Sequence[str], timestamp: str | None) -> dict[str, Any]:
    """Takes one anchor and puts it where it was asked for; the file is written before anybody else is asked.

    Raises:
        StoreError: with all that could not be done; what else was asked for is done.
    """
    require_destinations(file, mail, timestamp)
    open_record(database)
    return put(file, mail, timestamp)


def put(file: Path | None, mail: Sequence[str], timestamp: str | None) -> dict[str, Any]:
    """Takes one anchor of the record in use and puts it where it was asked for.

    One place that fails keeps nobody else from theirs: each of several parties is there for the others' sake.

    Raises:
        StoreError: with every place that failed.
    """
    from entact.store.anchoring import note_anchored, take_anchor  # tables are there once one is in use

    anchor, heads = take_anchor()
    told: dict[str, Any] = {
        "anchor": msgspec.to_builtins(anchor),
        "file": None,
        "stamped_at": None,
        "mail": [],
    }
    failed: list[str] = []
    if file is not None:
        try:
            written = _append_last(file, anchor, heads)
            told["file"] = str(file)
            note_anchored(f"file {file.absolute()}")
            if timestamp is not None:
                told["stamped_at"] = _stamp(file, written, timestamp)
                note_anchored(f"time stamp {timestamp}")
        except store.StoreError as error:
            failed.append(str(error))
    sender = os.environ.get("ENTACT_MAIL_FROM", "")
    for address in mail:  # to each apart: one that is refused is nobody else's
        try:
            send(anchor_message(anchor, sender, [address]), os.environ["ENTACT_SMTP"])
            told["mail"].append(address)
            note_anchored(f"mail {address}")
        except store.StoreError as error:
            failed.append(f"{address}: {error}")
    if failed:
        raise store.StoreError("; ".join(failed))
    return told


def _stamp(file: Path, anchor: Anchor, authority: str) -> str:
    """Has the line of an anchor stamped, and keeps that beside it; returns when that was."""
    text = anchor.line.encode()
    response = request_stamp(authority, text)
    token = base64.b64encode(response).decode()
    append_stamp(file, Stamp(of=digest(text), authority=authority, token=token))
    return stamped_at(response, text).isoformat()


def _append_last(file: Path, anchor: Anchor, heads: HeadsByName) -> Anchor:
    """Appends an anchor, or a newer one where another process appended its own since this was taken."""
    from entact.store.anchoring import take_anchor

    for _ in range(_TURNS):
        try:
            return append_to_file(file, anchor, heads)
        except Behind:
            anchor, heads = take_anchor()
    return append_to_file(file, anchor, heads)


def require_destinations(file: Path | None, mail: Sequence[str], timestamp: str | None) -> None:
    """Refuses what cannot work before anything is done."""
    if timestamp is not None and file is None:
        raise store.StoreError("a time stamp is kept beside its anchor: say in which file, with --file")
    for name in ("ENTACT_SMTP", "ENTACT_MAIL_FROM") if mail else ():
        if not os.environ.get(name):
            example = "smtp+starttls://user:password@host" if name == "ENTACT_SMTP" else "record@example.org"
            raise store.StoreError(f"--mail needs {name}, as in {example}")


def keep_taking(
    database: str, file: Path | None, mail: Sequence[str], timestamp: str | None, every: str
) -> None:
    """Takes anchors at intervals until it is interrupted; what fails is said, and tried again at the next."""
    seconds = _seconds(every, "--every")
    require_destinations(file, mail, timestamp)
    open_record(database)
    while True:
        try:
            print_anchor(take(database, file, mail, timestamp))
        except store.StoreError as error:
            print(f"entact: {error}", file=sys.stderr, flush=True)
        time.sleep(seconds)


class Destinations(NamedTuple):
    """Where anchors are put by themselves, and once in how many seconds."""

    file: Path | None
    mail: tuple[str, ...]
    timestamp: str | None
    every: float


def destinations_of_environment() -> Destinations | None:
    """What ENTACT_ANCHOR_FILE, _MAIL (commas between), _STAMP and _EVERY (1 h) say; None: nothing.

    Raises:
        StoreError: when that cannot work.
    """
    said = {name: os.environ.get(f"ENTACT_ANCHOR_{name}", "").strip() for name in ("FILE", "MAIL", "STAMP")}
    if not any(said.values()):
        return None
    mail = tuple(address.strip() for address in said["MAIL"].split(",") if address.strip())
    file = Path(said["FILE"]) if said["FILE"] else None
    require_destinations(file, mail, said["STAMP"] or None)
    every = _seconds(os.environ.get("ENTACT_ANCHOR_EVERY") or "1 h", "ENTACT_ANCHOR_EVERY")
    return Destinations(file, mail, said["STAMP"] or None, every)


def keep_anchoring(destinations: Destinations, stop: Event) -> Thread:
    """Takes anchors of the record in use in a thread of its own, until `stop` is set; what fails is said."""
    thread = Thread(target=_anchor_until, args=(destinations, stop), name="anchors", daemon=True)
    thread.start()
    return thread


def _anchor_until(destinations: Destinations, stop: Event) -> None:
    from django.db import DatabaseError, connection

    while not stop.is_set():
        try:
            put(destinations.file, destinations.mail, destinations.timestamp)
        except (store.StoreError, DatabaseError) as error:
            print(f"entact: an anchor did not get everywhere: {error}", file=sys.stderr, flush=True)
        finally:
            connection.close()
        stop.wait(destinations.every)


def _seconds(text: str, name: str) -> float:
    try:
        seconds = parse_duration(text).total_seconds()
    except ValueError as error:
        raise store.StoreError(f"{name}: {error}") from error
    if seconds < 1:
        raise store.StoreError(f"{name} {text}: at least a second")
    return seconds


def print_anchor(told: dict[str, Any]) -> None:
    """The anchor in words: few enough to be copied by hand."""
    anchor = told["anchor"]
    console = Console(highlight=False)
    console.print(
        Text(f"{anchor['study']} · {anchor['environment']} · {anchor['at']}", "bold"), soft_wrap=True
    )
    console.print(f"{anchor['entries']} entries in {anchor['ledgers']} ledgers")
    console.print(
        Text(f"study:{anchor['study']} ends with entry {anchor['seq']}, {anchor['hash']}"), soft_wrap=True
    )
    if told["file"]:
        stamped = f", stamped at {told['stamped_at']}" if told["stamped_at"] else ""
        console.print(Text(f"appended to {told['file']}{stamped}"), soft_wrap=True)
    if told["mail"]:
        console.print(Text(f"sent to {', '.join(told['mail'])}"), soft_wrap=True)


def read_against(files: Sequence[Path], roots: Path | None) -> tuple[list[Anchor], list[Any], list[str]]:
    """The anchors in files, the heads that they recorded, and what their time stamps say in words.

    Raises:
        StoreError: when a file holds no anchor or was changed, or a stamp does not hold.
    """
    anchors: list[Anchor] = []
    anchored, said = [], []
    for path in files:
        found = read_anchors(path)
        anchors += found.anchors
        anchored += found.anchored()
        lines = {digest(anchor.line.encode()): anchor for anchor in found.anchors}
        for stamp in found.stamps:
            anchor = lines.get(stamp.of)
            if anchor is None:
                raise store.StoreError(f"{path} has a time stamp of a line that is not there")
            at = stamped_at(
                stamp.response, anchor.line.encode(), roots, place=f"{path}: the stamp of {anchor.at}"
            )
            signed = "signed by a certificate given" if roots else "its signature was not checked"
            said.append(
                f"the anchor of {anchor.at} was stamped at {at.isoformat()} by {stamp.authority}; {signed}"
            )
    return anchors, anchored, said
