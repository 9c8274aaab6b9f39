"""Who is called by machine for an open alert: those on call, over a webhook; who has the role, by mail.

A call names nobody and says nothing of what was found: whoever is called signs in, or rings. It is made once
for each call of an alert, role and address; one that did not leave is tried again at the next round, and the
screen says so meanwhile. The webhook is an address of the user's own, behind which a text message or a voice
call is made.
"""

from __future__ import annotations

import json
import logging
import os
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from smtplib import SMTPException
from typing import Any, Final

from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext

from entact.conduct.access.models import Account
from entact.conduct.access.people import person_of
from entact.conduct.delegation import state_of
from entact.conduct.reader import Folded, reader_as
from entact.conduct.upkeep import reports
from entact.conduct.upkeep.calls import WEBHOOK, subject_of, ways_set_up
from entact.conduct.words import role_words
from entact.course import open_alerts
from entact.course.instants import ALERT
from entact.course.kinds.calls import open_call, told
from entact.store import lists

MOST: Final = 1000  # open alerts that are looked at in one round
_PATIENCE: Final = 10  # seconds that somebody else's server has
_READS: Final = "investigator"  # as whom courses are folded; what is said of them is the same for every role
_log = logging.getLogger(__name__)


def call_people(at: datetime) -> int:
    """Calls whoever an open alert calls by now and was not called yet.

    Returns:
        How many calls left.
    """
    known = ways_set_up()
    rows = lists.open_findings(at, hidden=(), rule=ALERT, limit=MOST) if known else []
    reader = reader_as(_READS)
    left = 0
    for ledger in dict.fromkeys(one.ledger for one in rows):
        folded = reader.folded([ledger])[ledger]
        if not isinstance(folded, Folded):
            continue  # its lists say so, to who can mend it
        course = folded.course
        for episode in open_alerts(course):
            call = open_call(course, episode)
            for role in told(course, episode, at):
                for how, to, send in _ways_to(role, course.site or "", at, known):
                    left += _once(ledger, call.entry, role, how, to, send)
    return left


def _ways_to(
    role: str, site: str, at: datetime, known: list[str]
) -> Iterator[tuple[str, str, Callable[[], None]]]:
    """How, to whom, and what does it, for one role of a site at a time."""
    if "webhook" in known:
        for duty in state_of(site).on_duty(role, at):
            yield "webhook", duty.number, lambda number=duty.number: _post(role, site, number, at)  # type: ignore[misc]
    if "mail" in known:
        for account in Account.objects.filter(is_active=True, is_demonstration=False).exclude(email=""):
            roles = person_of(account).roles
            if role in roles.get(site, ()) or role in roles.get("", ()):
                yield "mail", account.email, lambda address=account.email: _mail(role, address)  # type: ignore[misc]


def _once(ledger: str, entry: str, role: str, how: str, to: str, send: Callable[[], None]) -> int:
    """Makes a call that was not made yet; how many left."""
    told_of = sha256(f"{entry} {role} {how} {to}".encode()).hexdigest()[:16]
    subject = f"{subject_of(ledger)}{told_of}"
    before = reports.last(subject)
    if before is not None and not before.content["problem"]:
        return 0
    problem = ""
    try:
        send()
    except (OSError, ValueError, SMTPException) as error:
        problem = gettext("{how} could not be sent").format(how=how)
        _log.warning("an alert could not call %s by %s: %s", role, how, error)
    reports.say(subject, entry=entry, role=role, how=how, problem=problem)
    return 0 if problem else 1


def _post(role: str, site: str, number: str, at: datetime) -> None:
    said: dict[str, Any] = {
        "to": number,
        "role": role,
        "site": site,
        "back": state_of(site).on_call,
        "at": at.isoformat(timespec="seconds"),
        "say": gettext("An alert of a dosing session calls you. Ring the site, or sign in."),
    }
    request = urllib.request.Request(
        os.environ[WEBHOOK], json.dumps(said).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=_PATIENCE):
        pass


def _mail(role: str, address: str) -> None:
    origin = settings.ADDRESS.origin if settings.ADDRESS else gettext("the server of the study")
    said = gettext("It calls you as {role}. Sign in to see what it is: {origin}").format(
        role=role_words(role), origin=origin
    )
    send_mail(
        gettext("An alert of a dosing session calls you"),
        f"{said}\n\n{gettext('This mail names nobody.')}\n",
        settings.DEFAULT_FROM_EMAIL,
        [address],
    )
