"""ICH M11: the protocol document that a study file is, as data for other systems, and back."""

from entact.exchange.m11.bundle import M11Error, m11_of, read_m11, study_in, write_m11
from entact.exchange.m11.document import UNSAID, Protocol, protocol_of

__all__ = ["UNSAID", "M11Error", "Protocol", "m11_of", "protocol_of", "read_m11", "study_in", "write_m11"]
