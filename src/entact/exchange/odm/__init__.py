"""ODM 1.3.2: the forms of a study, and each entry of them with its audit record; and forms of others."""

from entact.exchange.odm.forms import OdmError, OdmForms, read_odm
from entact.exchange.odm.record import OdmRecord

__all__ = ["OdmError", "OdmForms", "OdmRecord", "read_odm"]
