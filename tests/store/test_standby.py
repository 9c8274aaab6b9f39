"""What an emergency asks for is answered to one key, in one length."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.owner import owner_connection

from entact import store
from entact.store import StoreError, postgres, roles, server, standby
from entact.store.database import as_allocator
from entact.store.soundness import look


def opened(own: X25519PrivateKey, entry: str, sealed: bytes) -> Any:
    """What a browser reads with its key."""
    shared = own.exchange(X25519PublicKey.from_public_bytes(sealed[:32]))
    secret = HKDF(SHA256(), 32, salt=None, info=f"entact unblinding {entry}".encode()).derive(shared)
    return json.loads(AESGCM(secret).decrypt(sealed[32:44], sealed[44:], entry.encode()))


def public(own: X25519PrivateKey) -> bytes:
    return own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def test_an_answer_is_read_with_one_key_for_one_entry_and_has_one_length() -> None:
    own, other = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    told = [{"number": "7", "arm": "mdma"}, {"number": "S01-0001", "arm": "placebo_with_therapy"}]
    sealed = [standby.seal_for(public(own), "e1", json.dumps(one).encode()) for one in told]
    assert [opened(own, "e1", one) for one in sealed] == told
    assert len({len(one) for one in sealed}) == 1
    for key, entry in ((other, "e1"), (own, "e2")):
        with pytest.raises(InvalidTag):
            opened(key, entry, sealed[0])
    with pytest.raises(ValueError, match="at most 256 bytes"):
        standby.seal_for(public(own), "e1", b"x" * 257)


def test_one_process_stands_by_and_is_known_to(database: str) -> None:
    assert not standby.is_anybody_there()
    assert standby.stand_by()
    assert standby.is_anybody_there()


ANSWER = "UPDATE store_asked_row SET answer = 'x', refused = 'y' WHERE entry = 'e1'"


@pytest.mark.requirement("R11")
def test_the_allocator_alone_answers_and_does_nothing_else_that_the_owner_does(database: str) -> None:
    """R11: what asks cannot answer, and what answers reads no account, no identity and no file."""
    standby.ask("e1", "participant:a", public(X25519PrivateKey.generate()), datetime.now(UTC))
    running = postgres.start(server.embedded_folder())
    with psycopg.connect(**server.parameters() | {"dbname": database}, autocommit=True) as application:
        for statement in (ANSWER, "DELETE FROM store_asked_row", f"SET ROLE {postgres.ALLOCATOR}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(statement.encode())
    with psycopg.connect(running.allocator_url, dbname=database, autocommit=True) as allocator:
        assert roles.powers(allocator, postgres.ALLOCATOR, roles.ALLOCATOR) == ((), ())
        for statement in (
            "UPDATE store_asked_row SET ledger = 'participant:b'",
            "UPDATE store_asked_row SET key = 'other'",
            "INSERT INTO store_asked_row (entry) VALUES ('e2')",
            "DELETE FROM store_asked_row",
            "UPDATE store_line SET text = text",
            "INSERT INTO store_ledger (name, seq, hash) VALUES ('study:mine', 0, repeat('0', 64))",
            "INSERT INTO store_keychain (identity, folder, since) VALUES (gen_random_uuid(), '', now())",
            "UPDATE store_derivation SET releases = ''",
            "DELETE FROM store_staff",
            "DELETE FROM store_stock",
            "DELETE FROM store_consumer",
            "DELETE FROM store_anchored",
            "SELECT * FROM store_identity",
            "SELECT * FROM store_attachment",
            "SELECT * FROM access_account",
            "SELECT * FROM django_session",
            "SELECT pg_read_file('/etc/passwd')",
            "CREATE TABLE mine ()",
            f"SET ROLE {postgres.APPLICATION}",
            f"SET ROLE {postgres.OWNER}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                allocator.execute(statement.encode())
        assert allocator.execute(ANSWER.encode()).rowcount == 1


def test_an_allocator_that_may_do_more_is_refused_and_named(database: str) -> None:
    with owner_connection() as owner:
        owner.execute(f"GRANT SELECT ON store_identity TO {postgres.ALLOCATOR}".encode())
    assert "the allocator may do too much: SELECT on store_identity" in look().faults
    with (
        as_allocator(),
        pytest.raises(StoreError, match="the allocator may do too much: SELECT on store_ide"),
    ):
        store.setup(database=database)
    store.setup(database=database)  # where the owner is at hand it is granted anew
    assert not [one for one in look().faults if "allocator" in one]
