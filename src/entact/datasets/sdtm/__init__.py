"""SDTM (implementation guide 3.4) from the ledgers: rows by pure functions, each with its entries."""

from entact.datasets.sdtm.block import ENTRIES
from entact.datasets.sdtm.build import NATURAL_KEYS, OF_THE_WHOLE, Tabulation, Tabulator, rows_of, tabulate
from entact.datasets.sdtm.guide import GUIDE, TERMINOLOGY, Variable
from entact.datasets.sdtm.membership import Stranger, strangers, wrong_terms
from entact.datasets.sdtm.table import Spool, Table

__all__ = [
    "ENTRIES",
    "GUIDE",
    "NATURAL_KEYS",
    "OF_THE_WHOLE",
    "TERMINOLOGY",
    "Spool",
    "Stranger",
    "Table",
    "Tabulation",
    "Tabulator",
    "Variable",
    "rows_of",
    "strangers",
    "tabulate",
    "wrong_terms",
]
