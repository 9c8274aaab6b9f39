"""Mails that say that something waits, and never of whom: whoever reads one signs in to see what it is."""

from __future__ import annotations

from hashlib import sha256

from django.conf import settings
from django.core.mail import send_mail

from entact.conduct.access.models import Account
from entact.conduct.access.people import person_of
from entact.conduct.reader import reader_for
from entact.conduct.today import needs_today
from entact.conduct.upkeep import reports

REMINDED = "reminded "  # and the person


def remind() -> int:
    """Mails everybody for whom something new is urgent; how many mails left.

    What was said once is said again only after it was gone.
    """
    if settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        return 0
    sent = 0
    for account in Account.objects.filter(is_active=True, is_demonstration=False).exclude(email=""):
        person = person_of(account)
        if not person.all_roles:
            continue
        urgent = {
            sha256(f"{one.key} {one.what}".encode()).hexdigest()[:16]
            for one in needs_today(reader_for(person)).tasks
            if one.urgent
        }
        before = reports.last(f"{REMINDED}{account.name}")
        known = set() if before is None else set(before.content["of"])
        if urgent - known:
            _send(account, len(urgent))
            sent += 1
        if urgent != known:
            reports.say(f"{REMINDED}{account.name}", of=sorted(urgent))
    return sent


def _send(account: Account, count: int) -> None:
    origin = settings.ADDRESS.origin if settings.ADDRESS else "the server of the study"
    what = "1 matter is" if count == 1 else f"{count} matters are"
    send_mail(
        "Something urgent waits for you",
        f"{what} urgent and wait for you. Sign in to see what it is: {origin}\n\nThis mail names nobody.\n",
        settings.DEFAULT_FROM_EMAIL,
        [account.email],
    )
