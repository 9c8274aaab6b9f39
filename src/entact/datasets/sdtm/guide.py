"""The implementation guide and the terminology that rows keep to, as data: names, labels, order, codelists.

Sources stand in the two files: CDISC SDTM Implementation Guide 3.4; CDISC SDTM Controlled Terminology
2025-03-28. Of long codelists the file holds the terms that entact uses; no dictionary that needs a licence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

GUIDE, TERMINOLOGY = "SDTMIG 3.4", "2025-03-28"
SUPPLEMENTAL: Final = "SUPPQUAL"


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a domain: its name of at most 8 characters, label of at most 40, type and codelists.

    Attributes:
        core: `Req`, `Exp` or `Perm`. codelists: codes of the NCI thesaurus; none where any text may stand.
    """

    name: str
    label: str
    numeric: bool
    core: str
    role: str
    codelists: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Domain:
    """One domain of the guide, its variables in the guide's order."""

    name: str
    label: str
    observation_class: str
    structure: str
    variables: Mapping[str, Variable]


@dataclass(frozen=True, slots=True)
class Codelist:
    """One codelist, term -> code. `whole`: whether every term is here; `extensible`: others are allowed."""

    code: str
    name: str
    submission: str
    extensible: bool
    whole: bool
    terms: Mapping[str, str]


@cache
def domain(name: str) -> Domain:
    """A domain of the guide; `SUPPAE` is the one for supplemental qualifiers, of AE.

    Raises:
        KeyError: for a domain that entact does not write.
    """
    if name.startswith("SUPP"):
        found = _guide()["domains"][SUPPLEMENTAL]
        label = f"Supplemental Qualifiers for {name.removeprefix('SUPP')}"
    else:
        found = _guide()["domains"][name]
        label = found["label"]
    variables = {
        one[0]: Variable(one[0], one[1], one[2] == "Num", one[3], one[4], tuple(one[5]))
        for one in found["variables"]
    }
    return Domain(name, label, found["class"], found["structure"], variables)


@cache
def codelist(code: str) -> Codelist | None:
    """A codelist by its code; None where entact holds no term of it."""
    found = _terminology()["codelists"].get(code)
    if found is None:
        return None
    return Codelist(
        code, found["name"], found["submission"], found["extensible"], found["whole"], found["terms"]
    )


@cache
def codelists() -> Mapping[str, Codelist]:
    """Every codelist that entact holds, by its submission value (`PCL01TC`)."""
    every = (codelist(code) for code in _terminology()["codelists"])
    return {one.submission: one for one in every if one is not None}


@cache
def decoded(codes: str, names: str) -> Mapping[str, str]:
    """Term -> the term of another codelist that means the same: test codes and their names.

    Args:
        codes, names: submission values, as `VSTESTCD` and `VSTEST`.
    """
    if codes not in codelists():
        return {}
    by_concept = {concept: name for name, concept in codelists()[names].terms.items()}
    return {
        term: by_concept[concept]
        for term, concept in codelists()[codes].terms.items()
        if concept in by_concept
    }


@cache
def _guide() -> Any:
    return json.loads(files("entact.datasets.sdtm").joinpath("guide.json").read_bytes())


@cache
def _terminology() -> Any:
    return json.loads(files("entact.datasets.sdtm").joinpath("terminology.json").read_bytes())
