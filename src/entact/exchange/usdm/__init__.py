"""USDM 4.0: studies as data for other systems, and theirs as a study file."""

from entact.exchange.usdm.export import usdm_of
from entact.exchange.usdm.model import UsdmError, read_usdm, write_usdm
from entact.exchange.usdm.study import study_of

__all__ = ["UsdmError", "read_usdm", "study_of", "usdm_of", "write_usdm"]
