"""The delegation log of a site as a page: who may do what, from when to when, certificates, signatures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from django.utils.translation import gettext

from entact.conduct.language.codes import code_words
from entact.conduct.permissions import SYSTEM_ROLES, Permissions
from entact.conduct.words import day, moment, role_words, told
from entact.course.entry.dates import in_date, read_date
from entact.course.state.setting import SiteState, StaffState

AHEAD = timedelta(days=30)  # before it ends, a certificate is said to


@dataclass(frozen=True)
class Held:
    """One certificate: when it was issued and when it ends, in words; whether it has ended, or will soon."""

    name: str
    issued: str
    expires: str
    is_over: bool
    ends_soon: bool


@dataclass(frozen=True)
class Line:
    """One line of the log: a person, a role, from when to when, and whether the signature covers it.

    `code` is the role's name in the study file.
    """

    person: str
    name: str
    role: str
    code: str
    since: str
    until: str
    is_held: bool
    is_signed: bool


@dataclass(frozen=True)
class Member:
    """Somebody who works at the site now, with certificates.

    `learned`: when they read what an adverse event is; `learns`: whether that is for their role to know.
    """

    person: str
    name: str
    roles: str
    certificates: tuple[Held, ...]
    learned: str
    learns: bool


@dataclass(frozen=True)
class Log:
    """The log: its lines, the people of today, and the last signature of an investigator.

    Attributes:
        signed: by whom and when, empty where nobody has. is_whole: whether that covers all that stands.
    """

    lines: tuple[Line, ...]
    members: tuple[Member, ...]
    signed: str
    is_whole: bool


def read_log(
    site: SiteState,
    lines: Mapping[str, str],
    names: Mapping[str, str],
    zone: tzinfo,
    today: date,
    learned: Mapping[str, str],
    learners: frozenset[str],
) -> Log:
    """What the page shows.

    Args:
        site: its ledger, folded. lines: of each entry about its people the hash of its line.
        names: of people who have an account, by identity. learned: when each read what an adverse event is.
        learners: the roles that do.
    """
    last = site.log_signed[-1] if site.log_signed else None
    signed = last.hashes if last is not None else {}
    shown = tuple(
        Line(
            one.person,
            names.get(one.person, one.person),
            role_words(one.role),
            one.role,
            moment(one.since, zone),
            _until(one.until, one.last_day, zone),
            one.until is None and (one.last_day is None or in_date(one.last_day, today)),
            all(signed.get(entry) == lines.get(entry) for entry in (one.entry, one.ended_by) if entry),
        )
        for one in site.delegated
    )
    return Log(
        lines=shown,
        members=tuple(
            Member(
                one.person,
                names.get(one.person, one.person),
                ", ".join(map(role_words, one.roles)),
                tuple(certificates_of(one, today)),
                learned.get(one.person, ""),
                not learners.isdisjoint(one.roles),
            )
            for one in _working(site, today)
        ),
        signed="" if last is None else f"{names.get(last.by, last.by)}, {moment(last.at, zone)}",
        is_whole=bool(lines) and dict(signed) == dict(lines),
    )


def certificates_of(person: StaffState, today: date) -> Iterator[Held]:
    """A person's certificates, what ends first before the others."""
    for name, expires in sorted(person.certificates.items(), key=lambda one: (one[1], one[0])):
        over = not in_date(expires, today)
        found = read_date(expires)
        soon = not over and found is not None and found.latest < today + AHEAD
        yield Held(name, _day(person.issued.get(name, "")), _day(expires), over, soon)


def templates_of(permissions: Permissions) -> list[tuple[str, str, list[str]]]:
    """Of each role of the study what the file says of it, and what it may do."""
    acts: dict[str, list[str]] = {role: [] for role in permissions.roles}
    for act, roles in permissions.table.items():
        for role in roles:
            acts[role].append(code_words(act))
    said = permissions.roles | {role: gettext(one) for role, one in SYSTEM_ROLES.items()}
    return [(role_words(role), told(said[role]), sorted(acts[role])) for role in sorted(acts)]


def _working(site: SiteState, today: date) -> Iterator[StaffState]:
    for one in sorted(site.staff.values(), key=lambda person: person.person):
        if one.roles and (one.until is None or in_date(one.until, today)):
            yield one


def _until(ended: datetime | None, last_day: str | None, zone: tzinfo) -> str:
    """When a role ended, or the last day that was planned for it where that was before."""
    if ended is None or (last_day is not None and not in_date(last_day, ended.astimezone(zone).date())):
        return _day(last_day or "")
    return moment(ended, zone)


def _day(text: str) -> str:
    try:
        return day(date.fromisoformat(text))
    except ValueError:
        return text
