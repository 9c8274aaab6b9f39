"""ODM 1.3.2: forms and each entry of them with its audit record, out; forms and records of others, in."""

from entact.exchange.odm.clinical import own_visits, read_clinical
from entact.exchange.odm.file import OdmError
from entact.exchange.odm.forms import OdmForms, read_odm
from entact.exchange.odm.record import OdmRecord

__all__ = ["OdmError", "OdmForms", "OdmRecord", "own_visits", "read_clinical", "read_odm"]
