"""What the worker said last, and whether it is still there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from entact import __version__
from entact.conduct.upkeep.models import Report
from entact.course import read
from entact.store import models
from entact.store.door import SYSTEM_LEDGER
from entact.store.studies import study_of_record

ALIVE: Final = "alive"
COPY: Final = "copy of "  # and the site
MAIL: Final = "mail"  # whether the last mails left
SILENT: Final = timedelta(minutes=4)  # after which a worker that gives a sign each minute counts as dead
OLD: Final = timedelta(hours=36)  # of a copy that is made each night


@dataclass(frozen=True)
class SiteCopy:
    """The copy of one site: when it was made and where it lies, or why there is none."""

    site: str
    at: datetime
    place: str
    problem: str

    @property
    def is_old(self) -> bool:
        """Whether a night was missed."""
        return timezone.now() - self.at > OLD


@dataclass(frozen=True)
class Upkeep:
    """How what is done by itself stands: for the owner's home.

    Attributes:
        seen: when the worker last gave a sign; None where none ever ran. silent: whether it is dead.
        copies: the latest of each site.
        validated: who signed for the newest release with this program; empty where nobody has.
        mailed: when mail was last to leave; None where none was. mail_problem: why it did not.
    """

    seen: datetime | None
    silent: bool
    copies: tuple[SiteCopy, ...]
    validated: tuple[str, ...] = ()
    mailed: datetime | None = None
    mail_problem: str = ""

    @property
    def has_mail(self) -> bool:
        """Whether mail is set up."""
        return not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")

    @property
    def copies_go(self) -> bool:
        """Whether it is said where the copies of sites go."""
        return bool(settings.SITE_COPIES)


def say(subject: str, **content: Any) -> None:
    """Keeps the latest word on something."""
    Report.objects.update_or_create(subject=subject, defaults={"at": timezone.now(), "content": content})


def last(subject: str) -> Report | None:
    """The latest word on something; None where nothing was said yet."""
    return Report.objects.filter(subject=subject).first()


def silent_since() -> datetime | None:
    """Since when a worker that once ran has given no sign; None while it does, or where none ever ran."""
    alive = last(ALIVE)
    return alive.at if alive is not None and timezone.now() - alive.at > SILENT else None


def upkeep() -> Upkeep:
    """How what is done by itself stands."""
    alive = last(ALIVE)
    rows = Report.objects.filter(subject__startswith=COPY).order_by("subject")
    copies = [
        SiteCopy(
            one.subject.removeprefix(COPY),
            one.at,
            str(one.content.get("place", "")),
            str(one.content.get("problem", "")),
        )
        for one in rows
    ]
    seen = None if alive is None else alive.at
    mail = last(MAIL)
    return Upkeep(
        seen,
        silent_since() is not None,
        tuple(copies),
        _validated_by(),
        None if mail is None else mail.at,
        "" if mail is None else str(mail.content.get("problem", "")),
    )


def _validated_by() -> tuple[str, ...]:
    """Who signed the validation pack of the newest release with this version, by the system's ledger."""
    _, study = study_of_record()
    lines = models.Line.objects.filter(ledger__name=SYSTEM_LEDGER, kind="validated").order_by("-seq")
    for text in lines.values_list("text", flat=True) if study is not None else ():
        said = read(text).data
        if study is not None and (said["release"], said["entact"]) == (study.newest.id, __version__):
            return tuple(said["signed_by"])
    return ()
