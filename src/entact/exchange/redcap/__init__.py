"""REDCap's data dictionary, in and out; a project's XML and records, in."""

from entact.exchange.redcap.dictionary import (
    Dictionary,
    Field,
    RedcapError,
    read_dictionary,
    write_dictionary,
)
from entact.exchange.redcap.export import Dictated, dictionary_of
from entact.exchange.redcap.forms import Imported, Note, forms_of, yaml_of
from entact.exchange.redcap.merge import Merged, merge_forms
from entact.exchange.redcap.project import is_project, read_project
from entact.exchange.redcap.records import read_records

__all__ = [
    "Dictated",
    "Dictionary",
    "Field",
    "Imported",
    "Merged",
    "Note",
    "RedcapError",
    "dictionary_of",
    "forms_of",
    "is_project",
    "merge_forms",
    "read_dictionary",
    "read_project",
    "read_records",
    "write_dictionary",
    "yaml_of",
]
