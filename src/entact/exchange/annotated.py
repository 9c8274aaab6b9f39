"""On which pages of the annotated form something is collected: where Define-XML leads from a variable.

Source: CDISC Define-XML 2.1, section 5.3.11.3 (def:Origin, def:DocumentRef, def:PDFPageRef).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_VARIABLE = re.compile(r"\b([A-Z]{2,6})\.([A-Z0-9]{2,8})\b")
_CODE = re.compile(r"\b[A-Z]{2,6}\.(?:[A-Z]{2}TESTCD|QNAM) = ([A-Z0-9]+)")

# What every page of a dataset asks at its head, where no item of it does: when, in which unit, and why not.
_OF_A_PAGE = ("DTC", "STDTC", "ENDTC", "ORRESU", "STAT", "REASND")


@dataclass(frozen=True, slots=True)
class Collected:
    """Pages of the annotated form, as they are counted from its first.

    Attributes:
        form: its file, among the documents beside the datasets. variables: dataset and variable -> pages,
            a date on all
            pages of its dataset where no item asks for it. values: dataset and code of a test -> pages.
    """

    form: str = ""
    variables: Mapping[tuple[str, str], set[int]] = field(default_factory=dict)
    values: Mapping[tuple[str, str], set[int]] = field(default_factory=dict)


def collected_on(form: str, annotations: Iterable[Mapping[str, Any]]) -> Collected:
    """Where variables and tests stand on an annotated form.

    Args:
        form: its file. annotations: of the form as it is drawn: `said`, what stands beside an item
            (`VS.VSORRES where VS.VSTESTCD = SYSBP`), and `page`, counted from 1.
    """
    variables: dict[tuple[str, str], set[int]] = {}
    values: dict[tuple[str, str], set[int]] = {}
    pages: dict[str, set[int]] = {}
    for one in annotations:
        for said in one["said"].split(";"):
            code = _CODE.search(said)
            for dataset, variable in _VARIABLE.findall(said):
                variables.setdefault((dataset, variable), set()).add(one["page"])
                pages.setdefault(dataset, set()).add(one["page"])
                if code is not None and not dataset.startswith("SUPP"):
                    values.setdefault((dataset, code[1]), set()).add(one["page"])
    for dataset, there in pages.items():
        for name in _OF_A_PAGE:
            variables.setdefault((dataset, f"{dataset}{name}"), there)
    return Collected(form, variables, values)
