"""A frame that grows row by row; full pieces become columns, so that memory stays near the frame's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

PIECE = 20_000  # rows kept as Python objects before they become columns

Schema = Mapping[str, pl.DataType | type[pl.DataType]]


class Rows:
    """Rows of one frame.

    Args:
        schema: column -> type, in order; the rows added are tuples of the same order.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._pieces: list[pl.DataFrame] = []
        self._rows: list[tuple[Any, ...]] = []

    def extend(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Adds rows."""
        self._rows.extend(rows)
        if len(self._rows) >= PIECE:
            self._flush()

    def join(self, frame: pl.DataFrame) -> None:
        """Adds the rows of a frame of the same schema."""
        self._flush()
        if len(frame):
            self._pieces.append(frame)

    def frame(self) -> pl.DataFrame:
        """All rows added so far, in the order of adding."""
        self._flush()
        return pl.concat(self._pieces) if self._pieces else pl.DataFrame(schema=dict(self.schema))

    def _flush(self) -> None:
        if self._rows:
            columns = dict(zip(self.schema, zip(*self._rows, strict=True), strict=True))
            self._pieces.append(pl.DataFrame(columns, schema=dict(self.schema), strict=True))
            self._rows = []
