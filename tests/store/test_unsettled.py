"""A record of the version before has its rows of kits, and of what is not settled, once it is opened."""

from __future__ import annotations

import pickle

from django.core.management import call_command
from django.db import connection
from tests.course.cases import Case
from tests.owner import owner_connection
from tests.store.test_derived import expected, stamp, stored
from tests.store.test_numbers import ANNA, BERT, case, enter_until

from entact import store
from entact.course import fold
from entact.course.disclosure import Disclosure
from entact.store import models, roles, server
from entact.store.derived import rows_of

__all__ = ["case"]  # the fixture


def test_rows_that_are_sent_to_another_process_take_no_entries_along(case: Case) -> None:
    ledger = ANNA
    entries = case.of(ledger)
    disclosure = Disclosure(case.study.releases)
    for entry in entries:
        disclosure.add(entry)
    made = rows_of(fold(case.study, entries), ledger, disclosure)
    assert made.unsettled.entries
    sent = pickle.loads(pickle.dumps(made))
    assert sent == made
    assert (sent.unsettled.entries, sent.unsettled.groups) == ([], made.unsettled.groups)


def test_a_record_of_the_version_before_has_them_once_it_is_opened(case: Case, database: str) -> None:
    enter_until(case, "initial_dose", ANNA, 1)
    enter_until(case, "supplement", BERT, 2)
    with server.acting_as_owner():
        connection.close()
        call_command("migrate", "store", "0023", verbosity=0)
        connection.close()
    with owner_connection(database) as owner:
        owner.execute("UPDATE store_standing SET code = '0.1.0/13'")
    store.setup(database=database)
    assert store.stale() == []
    for ledger in (ANNA, BERT):
        assert stored(ledger) == expected(case.study, ledger, stamp())
    assert models.KitStep.objects.filter(what="taken").count() == 1
    assert sum(sum(one.unsigned) for one in models.Standing.objects.all()) > 40
    connection.ensure_connection()
    assert roles.powers(connection.connection, server.application_role()) == ((), ())
