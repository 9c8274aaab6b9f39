"""The web and the list's holder under two accounts of the operating system, on a server of its own.

Takes some seconds: nothing but a server that asks who connects (`peer`) shows what an account is held to.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from django.db import connection
from tests.store.test_external import VERSIONS, External, programs, serving

from entact import store
from entact.store import standby
from entact.store.soundness import look

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="two accounts of the operating system are tried by root alone"
)

WEB, HOLDER = "mail", "daemon"  # two accounts that every machine has, and nobody signs in as
ROLES = "entact_owner", "entact_application", "entact_allocator"


class Accounts(NamedTuple):
    """A server that lets each account be one role, with a record in which somebody asks for a row."""

    server: External

    def tries(self, account: str, role: str, statement: str) -> str:
        """What an account gets that says it is a role; what PostgreSQL says against it."""
        found = pwd.getpwnam(account)
        asked = ["-At", "-h", self.server.folder, "-U", role, "-d", "record", "-c", statement]
        done = subprocess.run(
            [self.server.programs / "psql", *asked],
            user=found.pw_uid, group=found.pw_gid, extra_groups=[], cwd="/", env={"LC_ALL": "C"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return (done.stdout + done.stderr).strip()


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Accounts]:
    connection.close()
    version = next(one for one in reversed(VERSIONS) if programs(one) is not None)
    with serving(version) as running:
        with psycopg.connect(running.url("root_of_it", "postgres"), autocommit=True) as superuser:
            superuser.execute("CREATE ROLE entact_allocator LOGIN")
            data = running.folder / "data"
            people = {"root": ROLES, WEB: ROLES[1:2], HOLDER: ROLES[2:]}
            lines = [f"entact {who} {role}\n" for who, of in people.items() for role in of]
            (data / "pg_ident.conf").write_text("".join(lines))
            (data / "pg_hba.conf").write_text("local all all peer map=entact\n")
            superuser.execute("SELECT pg_reload_conf()")
        monkeypatch.setenv("DATABASE_URL", running.url("entact_application", "record"))
        monkeypatch.setenv("ENTACT_OWNER_URL", running.url("entact_owner", "postgres"))
        monkeypatch.setenv("ENTACT_DATA", str(tmp_path))
        store.create_database("record", "rehearsal", "mini", replace=True)
        standby.ask("e1", "participant:a", b"k" * 32, datetime.now(UTC))
        yield Accounts(running)
        connection.close()


@pytest.mark.requirement("R10")
@pytest.mark.requirement("R11")
def test_neither_account_is_the_other_nor_the_owner_and_the_holders_alone_answers(accounts: Accounts) -> None:
    """R10, R11: an account is one role, whatever it says; what the web can write is no answer."""
    answer = "UPDATE store_asked_row SET answer = 'x' WHERE entry = 'e1'"
    who = "SELECT current_user"
    own = {WEB: "entact_application", HOLDER: "entact_allocator"}
    for account in own:
        for role in (*ROLES, "root_of_it"):
            said = accounts.tries(account, role, who)
            if role == own[account]:
                assert said == role
            else:
                assert "Peer authentication failed" in said, (account, role, said)
    assert "permission denied for table store_asked_row" in accounts.tries(WEB, own[WEB], answer)
    assert accounts.tries(HOLDER, own[HOLDER], answer) == "UPDATE 1"
    for role in ("entact_allocator", "entact_owner"):
        assert "permission denied to set role" in accounts.tries(WEB, own[WEB], f"SET ROLE {role}")
    assert "permission denied" in accounts.tries(HOLDER, own[HOLDER], "SELECT * FROM store_identity")
    assert not [one for one in look().faults if "allocator" in one or "application" in one]


def test_who_has_no_address_of_the_allocator_does_not_stand_by(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from entact.store.database import as_allocator

    with as_allocator(), pytest.raises(store.StoreError, match="ENTACT_ALLOCATOR_URL says how the process"):
        store.setup(database="record")
    url: Any = accounts.server.url("entact_allocator", "record")
    monkeypatch.setenv("ENTACT_ALLOCATOR_URL", url)
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("ENTACT_OWNER_URL")  # the holder's account knows no other address
    with as_allocator():
        store.setup(database="record")
        assert standby.stand_by()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("entact_allocator",)
