"""SDTM (implementation guide 3.4) from the ledgers: rows by pure functions, each with its entries."""

from entact.datasets.sdtm.build import NATURAL_KEYS, Table, Tabulation, Tabulator, rows_of, tabulate
from entact.datasets.sdtm.guide import GUIDE, TERMINOLOGY, Variable
from entact.datasets.sdtm.membership import Stranger, strangers, wrong_terms

__all__ = [
    "GUIDE",
    "NATURAL_KEYS",
    "TERMINOLOGY",
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
