"""The engine that Django loads: on every new connection it asks `server` where the database is."""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base

from entact.store import server

# A role may change what its own connections begin with, and PostgreSQL lets nobody forbid it. What an append
# rests on is said anew: which tables, on the disk when it returns, and that anything can be written at all.
_AS_IT_SHOULD_BE = """
    SELECT set_config('plan_cache_mode', 'force_generic_plan', false),
        set_config('search_path', 'public', false),
        set_config('default_transaction_read_only', 'off', false),
        set_config('default_transaction_isolation', 'read committed', false),
        set_config('transform_null_equals', 'off', false),
        CASE current_setting('synchronous_commit') WHEN 'off'
            THEN set_config('synchronous_commit', 'on', false) END
"""


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to DATABASE_URL, else to the embedded server, which starts here where it does not run."""

    def ensure_connection(self) -> None:
        """Connects anew where the server went away meanwhile: also in threads that serve no request.

        Inside a transaction nothing is connected anew: what it did is gone, and whoever began it has to know.
        """
        if self.connection is not None and self.connection.closed and not self.in_atomic_block:
            self.close()
        super().ensure_connection()

    def is_usable(self) -> bool:
        """Asks the server only where something came unasked.

        A connection at rest has nothing to read until the server ends it, which every request would ask for.
        """
        if self.connection is None or self.connection.closed:
            return False
        arrived = select.poll()
        arrived.register(self.connection.pgconn.socket, select.POLLIN)
        return super().is_usable() if arrived.poll(0) else True

    def get_connection_params(self) -> dict[str, Any]:
        self.settings_dict["NAME"] = self.settings_dict["NAME"] or server.default_database()
        parameters: dict[str, Any] = super().get_connection_params()
        address = server.parameters(as_owner=server.owner_acts())
        return parameters | address | {"dbname": self.settings_dict["NAME"]}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        server.require_version(connection)
        if not server.owner_acts():
            server.require_no_superuser(connection)
        # Prepared statements are those of appends: to plan each anew would take longer than to carry it out.
        # Django's own cursors put values into statements, and prepare none.
        connection.prepare_threshold = 5
        connection.execute(_AS_IT_SHOULD_BE)
        connection.commit()
        return connection
