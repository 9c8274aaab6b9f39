"""What arrives from a console: kept once each, in order; asked of the gates again, and never rejected."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from django.db import DatabaseError
from django.utils.translation import gettext

from entact import store
from entact.conduct.access.ended import Access, access_at
from entact.conduct.access.people import permissions_here
from entact.conduct.reader import begin_to_write, environment_of_database, present
from entact.conduct.session.sealed import OF_SESSION, Box, Grant, Opened, Unopened, open_box
from entact.course import Entry, Refused
from entact.course.entry import instant, parse
from entact.course.entry.entry import AFTER_ACCESS, AFTER_GRANT, SENT_AFTER_ACCESS
from entact.course.kinds import KINDS
from entact.store import StoreError
from entact.store.lists import participants_of

_log = logging.getLogger(__name__)

Status = Literal["kept", "again", "conflict", "unopened", "failed", "waiting"]


class Outcome(msgspec.Struct, frozen=True):
    """What became of one box; nothing of what it says, because whoever sends it need not be signed in.

    Attributes:
        questioned: whether the server's gate would not have allowed it: it is kept, and found.
    """

    id: str
    status: Status
    questioned: bool = False


def receive_boxes(boxes: Iterable[Box]) -> list[Outcome]:
    """Keeps what is in some boxes, in their order; after one that could not be kept the others wait."""
    outcomes: list[Outcome] = []
    known: dict[str, Access] = {}  # what one sending is held against, by site
    for box in boxes:
        if outcomes and outcomes[-1].status in ("failed", "waiting"):
            outcomes.append(Outcome(box.id, "waiting"))
            continue
        try:
            outcomes.append(_receive(box, known))
        except Unopened:
            outcomes.append(Outcome(box.id, "unopened"))
        except (StoreError, DatabaseError):
            _log.exception(gettext("what a console sent could not be kept yet"))
            outcomes.append(Outcome(box.id, "failed"))
    return outcomes


def _receive(box: Box, known: dict[str, Access]) -> Outcome:
    opened = open_box(box)
    grant, author = opened.grant, opened.grant.author
    site = grant.site or next((one.site for one in participants_of([grant.ledger])), "")
    if site not in known:
        known[site] = access_at(site)
    access = known[site]
    entry = _entry(opened, access)
    authenticated = author.authenticated
    arrived = _arrival(entry)
    problem = _lateness(grant, entry, arrived, access)
    if entry is not None and entry.role != grant.role and problem != AFTER_ACCESS:
        problem = "other_role"  # kept as it is, and found: nobody has two by a grant
    authenticated = msgspec.structs.replace(authenticated, problem=problem)
    received_at = arrived.isoformat()
    begin_to_write(grant.ledger)
    # What only its author may do is decided for nobody else: else it is a fact, and found.
    own = problem not in (AFTER_ACCESS, "other_role") and entry is not None and entry.by == grant.identity
    if entry is not None and KINDS[entry.kind].acts and own:
        done = store.act(
            entry,
            received_at=received_at,
            authenticated=authenticated,
            asked_at=entry.occurred_at,
        )
        if not isinstance(done, Refused):
            return Outcome(box.id, done.outcome)
    receipt = store.receive(
        opened.text if entry is not None else _as_it_came(opened),
        by=author.identity,
        role=author.role,
        received_at=received_at,
        about=grant.ledger,
        device=entry.device if entry is not None else None,
        authenticated=authenticated,
    )
    questioned = entry is None or (KINDS[entry.kind].acts != () and receipt.outcome == "kept")
    return Outcome(box.id, receipt.outcome, questioned)


def _entry(opened: Opened, access: Access) -> Entry | None:
    """The entry that was sent; None where it is none about this participant, without a claimed basis.

    None too for what no console sends (a consent, a freeze, an arm that is told, another visit, a correction,
    what a rater fills in): it is kept as it came, and somebody looks at it. Whoever writes such an entry is
    asked on its page whether they may.
    """
    try:
        entry = parse(opened.text)
        instant(entry.occurred_at)
    except (msgspec.DecodeError, ValueError, TypeError):
        return None
    return entry if _is_of_console(entry, opened.grant, access) else None


def _is_of_console(entry: Entry, grant: Grant, access: Access) -> bool:
    """Whether a console writes such an entry: of its session, no correction, no form that others fill in."""
    if (entry.ledger, entry.encounter) != (grant.ledger, grant.encounter):
        return False
    if entry.kind not in OF_SESSION or entry.basis is not None or entry.replaces is not None:
        return False
    return entry.kind != "form" or _fills(grant, entry.data.get("form"), access)


def _fills(grant: Grant, form: object, access: Access) -> bool:
    """Whether whoever wrote fills in a form, in any role that they ever had; an unknown one is found."""
    permissions = permissions_here()
    if not any(form in release.file.all_forms for release in permissions.study.releases):
        return True
    roles = access.roles_ever(grant.identity) | {grant.role}
    return not roles.isdisjoint(permissions.roles_entering(str(form)))


def _as_it_came(opened: Opened) -> bytes:
    """What is no entry about this participant, wrapped so that it is kept in the ledger of this one."""
    return msgspec.json.encode({"received": opened.text.decode("utf-8", "replace")})


def _lateness(grant: Grant, entry: Entry | None, arrived: datetime, access: Access) -> str | None:
    """Whether an entry was recorded, or arrived, after its author might write; a code for it.

    A device's clock may lie, so that what arrives after is said to have, whatever it says of itself; but what
    says that it was recorded before keeps what only its author can do.
    """
    recorded = min(_recorded(entry) or arrived, arrived)
    if access.ended(grant.identity, grant.role, recorded) is not None:
        return AFTER_ACCESS
    if access.ended(grant.identity, grant.role, arrived) is not None:
        return SENT_AFTER_ACCESS
    return AFTER_GRANT if grant.until and recorded > instant(grant.until) else None


def _recorded(entry: Entry | None) -> datetime | None:
    """When an entry was written down, by the device's clock and what it knows of that; None where none is."""
    try:
        at = instant(entry.recorded_at) if entry is not None else None
        return at and at - timedelta(milliseconds=(entry.clock_offset_ms if entry else None) or 0)
    except (ValueError, OverflowError):
        return None


def _arrival(entry: Entry | None) -> datetime:
    """The server's clock; a rehearsal lives in study time, which goes on with each entry."""
    environment = environment_of_database()
    now = present(environment)
    if entry is None or environment != "rehearsal":
        return now
    return max(now, instant(entry.occurred_at))
