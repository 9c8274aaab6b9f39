"""ODM 1.3.2 and 2.0: each entry of a form with its audit record, out; forms and records of others, in."""

from entact.exchange.odm.clinical import own_visits, read_clinical
from entact.exchange.odm.file import OdmError
from entact.exchange.odm.forms import OdmForms, read_odm
from entact.exchange.odm.record import OdmRecord, OdmShare
from entact.exchange.odm.version2 import as_version_2

__all__ = [
    "OdmError",
    "OdmForms",
    "OdmRecord",
    "OdmShare",
    "as_version_2",
    "own_visits",
    "read_clinical",
    "read_odm",
]
