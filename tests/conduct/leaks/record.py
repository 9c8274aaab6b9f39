"""Crawls a record as every role, asks its twin for the same, and says what differs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
from django.core import mail
from django.db import connection
from django.test import Client, override_settings
from tests.conduct.leaks.assessments import with_assessments
from tests.conduct.leaks.crawler import Crawl, Seen, log_of, work_after
from tests.conduct.leaks.seeded import Source, seeded
from tests.conduct.leaks.twin import ALLOCATION, Twin, alike, same_hashes
from tests.conduct.people import account
from tests.owner import copy_database

from entact import store
from entact.analysis import agreement
from entact.conduct import reader, verification
from entact.conduct.permissions import DUTIES, OWNER
from entact.conduct.reader import Standing
from entact.conduct.reports import arms, measured
from entact.conduct.session.files import console_files
from entact.conduct.sight import PARTICIPANT
from entact.course import read
from entact.protocol import Study
from entact.store import lists, server

SETTINGS = {
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
    "SECRET_KEY": "the same in both",
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],  # how slow one is tells no arm
}
# Pages load these when they are asked for first: what draws chance on being loaded would in one crawl alone.
LOADED = agreement, measured
PERSON, HANDING = "pat", "pat,handing"
UNBLINDED = "committee"  # sees arms before the lock
Around = Callable[[Twin], AbstractContextManager[object]]


@dataclass
class Crawled:
    """A record and its twin, as they were seen.

    Attributes:
        first, second: what came back. differs: what was asked for with two answers, or of one alone.
    """

    first: Seen
    second: Seen

    @cached_property
    def differs(self) -> list[str]:
        one, other = self.first, self.second
        known = same_hashes(other.hashes, one.hashes)
        seen = {
            name: alike(said.decode("latin-1"), known).encode("latin-1")
            for name, said in other.answers.items()
        }
        names = dict.fromkeys((*one.answers, *seen))
        return [name for name in names if one.answers.get(name) != seen.get(name) and not _may_differ(name)]


def _may_differ(name: str) -> bool:
    """Whether it is the one page by arm, as it is asked for by those who know arms before the lock."""
    return name.partition(" (")[0] in {f"{UNBLINDED} {method} /blinding/" for method in ("GET", "POST")}


def crawl_both(
    study: Study,
    twins: tuple[Twin, Twin],
    database: str,
    folder: Path,
    *,
    roles: tuple[str, ...],
    finely: bool = False,
    sends: bool = True,
    around: Around = lambda twin: nullcontext(),
) -> Crawled:
    """Crawls a record, and asks its twin, which is in a copy of its database, for the same in the same order.

    Args:
        roles: who crawls, in this order. finely: whether addresses are told apart by what they are about.
        sends: whether forms are sent too.
        database: an empty rehearsal, the test's own.
        around: a context in which each is crawled.
    """
    connection.close()
    own, copy = f"{database}_own", f"{database}_twin"
    copy_database(database, own)  # the test's stays empty, for the crawl of another study
    _dedicate(own, study)
    copy_database(own, copy)
    found: list[Seen] = []
    for name, twin in zip((own, copy), twins, strict=True):
        store.setup(database=name)
        with around(twin):
            walk = partial(_walk_as_each, study, finely=finely, roles=roles, sends=sends)
            if found:
                walk = partial(_ask_again, found[0])
            found.append(_crawl(study, twin, folder / name, walk))
        connection.close()
    store.setup(database=database)
    return Crawled(*found)


def _dedicate(database: str, study: Study) -> None:
    """Makes an empty rehearsal of another study one of this: to make one anew takes the time of a crawl."""
    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": database}) as owner:
        owner.execute("ALTER TABLE store_installation DISABLE TRIGGER ALL")
        owner.execute("UPDATE store_installation SET mark = gen_random_uuid(), study = %s", [study.name])
        owner.execute("ALTER TABLE store_installation ENABLE ALWAYS TRIGGER append_only")


def _crawl(study: Study, twin: Twin, folder: Path, walk: Callable[[Seen, Source], None]) -> Seen:
    from entact.conduct.access.demonstration import make_demonstration

    seen = Seen()
    reader.forget()
    verification.forget()
    mail.outbox = []
    secret = folder.with_name(f"{folder.name}_secret")
    folder.mkdir(parents=True)
    secret.mkdir()
    own_list = patch.object(arms, "PLACES", (str(secret / ALLOCATION),))
    with own_list, override_settings(**SETTINGS), seeded() as source, log_of(seen):
        twin.fill(secret)
        source.begin(0)
        make_demonstration()
        with_password()
        with_assessments(study)
        walk(seen, source)
        source.begin(0)
        work_after(seen, folder, busiest())
    seen.hashes = [*twin.roots, *(line.hash for line in store.lines(f"study:{study.name}"))]
    return seen


def _walk_as_each(
    study: Study, seen: Seen, source: Source, *, finely: bool, roles: tuple[str, ...], sends: bool
) -> None:
    for name in roles:
        also = {OWNER: [f"/people/{PERSON}/"], "investigator": _guesses(study)}.get(name, [])
        also += _event_reports() if name in DUTIES["report_safety"] else []
        if name == PERSON:
            form, *also = beside_links(study)
            Crawl(seen, source, browser(HANDING), HANDING, finely).hand_over(form)
        one = Crawl(seen, source, browser(name), name, finely, sends)
        if name != PERSON:
            signed_in = one.ask("post", f"/sign-in/as/demo-{name}/", {})
            assert (signed_in.status_code, signed_in.get("Location")) == (302, "/"), f"no {name} gets in"
        one.run(also)


def _ask_again(before: Seen, seen: Seen, source: Source) -> None:
    crawls: dict[str, Crawl] = {}
    for name, method, address, sent in before.asked:
        if name not in crawls:
            crawls[name] = Crawl(seen, source, browser(name), name)
        crawls[name].ask(method, address, sent)


def with_password() -> Any:
    """A person who signs in with more than one press: pages about passwords are theirs."""
    found = account(PERSON, ("coordinator", busiest()))
    if not found.has_usable_password():
        found.set_password("a horse of correct battery")
        found.save()
    return found


def browser(name: str) -> Any:
    """A browser that shows what a person would see of an error; nobody has signed in with it but that one."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP

    client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    if name in (PERSON, HANDING):
        if not with_password().authenticator_set.exists():
            TOTP.activate(with_password(), "JBSWY3DPEHPK3PXP")
            RecoveryCodes.activate(with_password())
        client.force_login(with_password())
    return client


def _guesses(study: Study) -> list[str]:
    """Where the participants are asked what they believe was given: a crawl may meet none of these visits."""
    asked = [name for name, one in study.newest.visits.items() if "guess" in one.activities]
    keys = [Standing.of(one).key for one in lists.participants(limit=4)]
    return [f"/participants/{key}/{name}.1/guess/" for key in keys for name in asked[:1]]


def _event_reports() -> list[str]:
    """Reports of an event: of all entries a crawl opens one, which hardly ever is that of an event."""
    found = []
    for one in map(Standing.of, lists.participants(limit=30)):
        entries = (read(line.text) for line in store.lines(one.ledger))
        event = next((entry.id for entry in entries if entry.kind == "adverse_event"), None)
        found += [f"/participants/{one.key}/entry/{event}/report.pdf"] if event is not None else []
    return found[:3]


def beside_links(study: Study) -> list[str]:
    """What no page links to, or the first of a kind may not: a questionnaire, a console, an emergency."""
    release = study.newest
    first = next(iter(release.visits))
    session = next(name for name, one in release.visits.items() if one.kind == "dosing")
    form = [name for name, one in release.file.all_forms.items() if one.by == PARTICIPANT][-1]
    keys = [Standing.of(one).key for one in lists.participants(sites=frozenset({busiest()}), limit=4)]
    return [
        f"/participants/{keys[0]}/{first}.1/{form}/",
        *(f"/session/{key}/{session}.1/briefing/" for key in keys),
        f"/session/{keys[0]}/{session}.1/pack.pdf",
        *(f"/participants/{key}/emergency/" for key in keys),
        *(f"/participants/{key}/{session}.1/guess/" for key in keys),
        *(f"/session/{name}" for name in sorted(console_files())),
        "/reports/",
    ]


def busiest() -> str:
    """The site where most participants are."""
    return max(lists.counts(), key=lambda one: (one.participants, one.site)).site
