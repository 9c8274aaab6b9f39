"""ODM 1.3.2: the forms of a study, and each entry of them with its audit record."""

from entact.exchange.odm.record import OdmRecord

__all__ = ["OdmRecord"]
