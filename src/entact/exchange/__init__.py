"""Formats in and out: datasets as files that other systems read."""

from entact.exchange.dataset_json import dataset_json
from entact.exchange.define import define_xml
from entact.exchange.described import Column, Described, described
from entact.exchange.odm import OdmRecord
from entact.exchange.transport import TransportError, write_transport

__all__ = [
    "Column",
    "Described",
    "OdmRecord",
    "TransportError",
    "dataset_json",
    "define_xml",
    "described",
    "write_transport",
]
