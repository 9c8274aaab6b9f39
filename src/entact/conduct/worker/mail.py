"""Mails that say that something waits, and never of whom: whoever reads one signs in to see what it is.

What is urgent (an open alert, a safety report whose clock runs, a session tomorrow against which something
stands) is mailed at once; everything else that waits on somebody's first page (a session within a week, a
visit that closes, a certificate that ends within 30 days) in one mail a day at most. What was said once is
not said again before it was gone or has become urgent. A worker that is killed between sending and noting
sends once more.
"""

from __future__ import annotations

import logging
from hashlib import sha256
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext, ngettext, override

from entact.conduct.access.models import Account
from entact.conduct.access.people import person_of
from entact.conduct.home import waits_for
from entact.conduct.permissions import Person
from entact.conduct.reader import reader_for
from entact.conduct.today import Task, of_participants
from entact.conduct.upkeep import reports

REMINDED, TOLD = "reminded ", "told today "  # and the person
MOST = 1000  # matters of one person that are looked at: a new one is not lost behind older ones
_log = logging.getLogger(__name__)


def remind(*, daily: bool = False) -> int:
    """Mails everybody for whom something new is urgent, or once a day for whom anything new waits.

    Returns:
        How many mails left. One that did not leave is tried again at the next time.
    """
    if settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        return 0
    sent, problem = 0, ""
    for account in Account.objects.filter(is_active=True, is_demonstration=False).exclude(email=""):
        person = person_of(account)
        if not person.all_roles:
            continue
        subject = f"{TOLD if daily else REMINDED}{account.name}"
        waiting = {_digest(one) for one in _waiting(person) if _is_urgent(one) is not daily}
        before = reports.last(subject)
        known = set() if before is None else set(before.content["of"])
        if waiting - known:
            try:
                with override(account.language or settings.LANGUAGE_CODE):
                    _send(account, len(waiting), daily)
            except (OSError, SMTPException) as error:
                _log.warning("no mail to %s: %s", account.name, error)
                problem = f"{account.name}: {error}"
                continue
            sent += 1
        if waiting != known:
            reports.say(subject, of=sorted(waiting))
    if sent or problem:
        reports.say(reports.MAIL, problem=problem)
    return sent


def _waiting(person: Person) -> list[Task]:
    reader = reader_for(person)
    return list(dict.fromkeys([*of_participants(reader, MOST), *waits_for(reader, person).tasks]))


def _is_urgent(task: Task) -> bool:
    """An alert or a clock that runs, or what could harm somebody before the next morning."""
    return task.urgent or task.rank < 2


def _digest(task: Task) -> str:
    return sha256(f"{task.key} {task.address} {task.what}".encode()).hexdigest()[:16]


def _send(account: Account, count: int, daily: bool) -> None:
    origin = settings.ADDRESS.origin if settings.ADDRESS else gettext("the server of the study")
    waits = (
        ngettext("1 matter waits for you.", "{count} matters wait for you.", count)
        if daily
        else ngettext(
            "1 matter waits for you and is urgent.", "{count} matters wait for you and are urgent.", count
        )
    ).format(count=count)
    look = gettext("Sign in to see what it is: {origin}").format(origin=origin)
    send_mail(
        gettext("Something waits for you") if daily else gettext("Something urgent waits for you"),
        f"{waits} {look}\n\n{gettext('This mail names nobody.')}\n",
        settings.DEFAULT_FROM_EMAIL,
        [account.email],
    )
