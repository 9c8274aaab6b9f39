"""Records of another system on their way in: rows, where they go, and what becomes of them."""

from entact.exchange.records.mapping import RecordMapping, read_mapping
from entact.exchange.records.plan import plan
from entact.exchange.records.row import Cell, RecordsError, Row, Version
from entact.exchange.records.told import Planned, Taking, Told, digest_of, told_by_record

__all__ = [
    "Cell",
    "Planned",
    "RecordMapping",
    "RecordsError",
    "Row",
    "Taking",
    "Told",
    "Version",
    "digest_of",
    "plan",
    "read_mapping",
    "told_by_record",
]
