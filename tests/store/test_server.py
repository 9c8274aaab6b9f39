"""Who reaches the server of the record, and as whom, follows from the addresses that are said here."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from entact.store import StoreError, postgres, server

YOURS = "postgresql://entact_app@db.example/trial?sslmode=require"
OWNERS = "postgresql://keeper@db.example/trial"
ALLOCATORS = "postgresql://lots@db.example/trial"
ADDRESSES = {
    "DATABASE_URL": YOURS,
    "ENTACT_OWNER_URL": OWNERS,
    "ENTACT_ALLOCATOR_URL": ALLOCATORS,
    "ENTACT_DATABASE": "another",
}


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets addresses; what is not named is not said."""

    def set_only(*names: str, **others: str) -> None:
        for name in (*ADDRESSES, "PGUSER"):
            monkeypatch.delenv(name, raising=False)
        for name, value in ({name: ADDRESSES[name] for name in names} | others).items():
            monkeypatch.setenv(name, value)

    set_only()
    return set_only


@pytest.mark.parametrize("acts", [False, True])
@pytest.mark.parametrize(
    ("said", "at_hand"),
    [
        ((), True),
        (("ENTACT_OWNER_URL",), True),
        (("DATABASE_URL",), False),
        (("DATABASE_URL", "ENTACT_ALLOCATOR_URL"), False),
        (("DATABASE_URL", "ENTACT_OWNER_URL"), True),
    ],
)
def test_the_owner_is_at_hand_where_the_address_is_and_never_for_the_allocator(
    say: Any, said: tuple[str, ...], at_hand: bool, acts: bool
) -> None:
    say(*said)
    with server.acting_as_allocator() if acts else nullcontext():
        assert server.owner_at_hand() is (at_hand and not acts)
    assert server.owner_at_hand() is at_hand


def test_each_connects_by_an_address_of_their_own_and_names_the_database_apart(say: Any) -> None:
    say("DATABASE_URL", "ENTACT_OWNER_URL", "ENTACT_ALLOCATOR_URL")
    assert server.parameters() == {"user": "entact_app", "host": "db.example", "sslmode": "require"}
    assert server.parameters(as_owner=True) == {"user": "keeper", "host": "db.example"}
    with server.acting_as_allocator():
        assert server.parameters() == {"user": "lots", "host": "db.example"}
        assert server.external_url() == ALLOCATORS
    assert server.external_url() == YOURS
    assert (server.application_role(), server.allocator_role()) == ("entact_app", "lots")


def test_an_address_that_is_not_said_is_named(say: Any) -> None:
    say("DATABASE_URL")
    with pytest.raises(StoreError, match=r"the owner is not at hand: .* ENTACT_OWNER_URL says how"):
        server.parameters(as_owner=True)
    with server.acting_as_allocator(), pytest.raises(StoreError, match="ENTACT_ALLOCATOR_URL says how"):
        server.parameters()
    say("DATABASE_URL", ENTACT_OWNER_URL="mysql://keeper@db.example/trial")
    with pytest.raises(StoreError, match=r"^ENTACT_OWNER_URL begins with 'mysql'"):
        server.parameters(as_owner=True)
    say("DATABASE_URL", ENTACT_ALLOCATOR_URL="sqlite:///trial")
    with server.acting_as_allocator(), pytest.raises(StoreError, match=r"^ENTACT_ALLOCATOR_URL begins with"):
        server.parameters()


def test_roles_and_the_usual_database_are_of_the_address_else_those_of_the_embedded_server(say: Any) -> None:
    assert (server.application_role(), server.allocator_role()) == (postgres.APPLICATION, postgres.ALLOCATOR)
    assert server.default_database() == "entact"
    say("DATABASE_URL")
    assert server.default_database() == "trial"
    assert server.allocator_role() == postgres.ALLOCATOR
    say("DATABASE_URL", "ENTACT_DATABASE")
    assert server.default_database() == "another"
    say(DATABASE_URL="postgresql://db.example", PGUSER="of_the_system")
    assert (server.application_role(), server.default_database()) == ("of_the_system", "entact")
    say("DATABASE_URL", ENTACT_ALLOCATOR_URL="postgresql://db.example/trial")
    assert server.allocator_role() == postgres.ALLOCATOR
