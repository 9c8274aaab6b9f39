"""What all processes of the server remember for a while, in a table: as JSON, which runs nothing when read.

Django's own cache in a database holds pickled objects: whoever can write a row could run code.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection
from django.utils import timezone

_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


class TableCache(BaseCache):
    """A cache of Django's in the table `access_remembered`."""

    def __init__(self, table: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """What is kept under a key, while it is."""
        asked = "SELECT value FROM access_remembered WHERE cache_key = %s AND expires > %s"
        with connection.cursor() as cursor:
            cursor.execute(asked, [self._key(key, version), timezone.now()])
            row = cursor.fetchone()
        return default if row is None else json.loads(row[0])

    def set(
        self,
        key: str,
        value: Any,
        timeout: float | object | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        """Keeps a value under a key."""
        self._put(key, value, timeout, version, "TRUE")

    def add(
        self,
        key: str,
        value: Any,
        timeout: float | object | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Keeps a value where there is none; whether it did: of several who ask at once, one does."""
        return self._put(key, value, timeout, version, "access_remembered.expires <= %(now)s")

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forgets a key; whether there was one."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM access_remembered WHERE cache_key = %s", [self._key(key, version)])
            return bool(cursor.rowcount)

    def clear(self) -> None:
        """Forgets everything."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM access_remembered")

    def _key(self, key: str, version: int | None) -> str:
        return str(self.make_and_validate_key(key, version=version))

    def _put(
        self, key: str, value: Any, timeout: float | object | None, version: int | None, where: str
    ) -> bool:
        until = self.get_backend_timeout(timeout)
        expires = _FOREVER if until is None else datetime.fromtimestamp(until, tz=UTC)
        values: dict[str, object] = {"key": self._key(key, version), "value": json.dumps(value)}
        values |= {"expires": expires, "now": timezone.now()}
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM access_remembered WHERE expires <= %(now)s", values)
            cursor.execute(
                "INSERT INTO access_remembered (cache_key, value, expires)"
                " VALUES (%(key)s, %(value)s, %(expires)s) ON CONFLICT (cache_key)"
                f" DO UPDATE SET value = excluded.value, expires = excluded.expires WHERE {where}",
                values,
            )
            return bool(cursor.rowcount)
