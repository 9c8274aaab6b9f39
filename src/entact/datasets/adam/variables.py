"""The variables of the analysis datasets, as ADaM names them.

Source: CDISC Analysis Data Model Implementation Guide 1.3; ADaM Structure for Occurrence Data 1.1.
"""

from __future__ import annotations

from typing import Final

from entact.datasets.sdtm.guide import Domain, Variable

GUIDE: Final = "ADaMIG 1.3"
_TEXT, _NUMBER = "Char", "Num"
_WHO: Final = (
    ("STUDYID", "Study Identifier", _TEXT),
    ("USUBJID", "Unique Subject Identifier", _TEXT),
    ("SUBJID", "Subject Identifier for the Study", _TEXT),
    ("SITEID", "Study Site Identifier", _TEXT),
)
_ARMS: Final = (
    ("TRT01P", "Planned Treatment for Period 01", _TEXT),
    ("TRT01A", "Actual Treatment for Period 01", _TEXT),
)
_ADSL: Final = (
    *_WHO,
    ("AGE", "Age", _NUMBER),
    ("AGEU", "Age Units", _TEXT),
    ("SEX", "Sex", _TEXT),
    ("COUNTRY", "Country", _TEXT),
    *_ARMS,
    ("RFICDT", "Date of Informed Consent", _NUMBER),
    ("ENRLDT", "Date of Enrollment", _NUMBER),
    ("RANDDT", "Date of Randomization", _NUMBER),
    ("TRTSDT", "Date of First Exposure to Treatment", _NUMBER),
    ("TRTEDT", "Date of Last Exposure to Treatment", _NUMBER),
    ("EOTSTT", "End of Treatment Status", _TEXT),
    ("EOTDT", "End of Treatment Date", _NUMBER),
    ("DCTREAS", "Reason for Discontinuation of Treatment", _TEXT),
    ("EOSSTT", "End of Study Status", _TEXT),
    ("EOSDT", "End of Study Date", _NUMBER),
    ("DCSREAS", "Reason for Discontinuation from Study", _TEXT),
    ("DTHFL", "Subject Death Flag", _TEXT),
    ("SCRFFL", "Screen Failure Population Flag", _TEXT),
    ("ENRLFL", "Enrolled Population Flag", _TEXT),
    ("RANDFL", "Randomized Population Flag", _TEXT),
    ("ITTFL", "Intent-To-Treat Population Flag", _TEXT),
    ("SAFFL", "Safety Population Flag", _TEXT),
    ("MITTFL", "Modified Intent-To-Treat Pop Flag", _TEXT),
    ("PPROTFL", "Per-Protocol Population Flag", _TEXT),
    ("NDOSED", "Number of Sessions with a Dose", _NUMBER),
)
_ADQS: Final = (
    *_WHO,
    *_ARMS,
    ("ASEQ", "Analysis Sequence Number", _NUMBER),
    ("PARAM", "Parameter", _TEXT),
    ("PARAMCD", "Parameter Code", _TEXT),
    ("PARCAT1", "Parameter Category 1", _TEXT),
    ("AVISIT", "Analysis Visit", _TEXT),
    ("AVISITN", "Analysis Visit (N)", _NUMBER),
    ("ADT", "Analysis Date", _NUMBER),
    ("ADY", "Analysis Relative Day", _NUMBER),
    ("AVAL", "Analysis Value", _NUMBER),
    ("AVALC", "Analysis Value (C)", _TEXT),
    ("BASE", "Baseline Value", _NUMBER),
    ("CHG", "Change from Baseline", _NUMBER),
    ("ABLFL", "Baseline Record Flag", _TEXT),
    ("ANL01FL", "Analysis Flag 01", _TEXT),
    ("ONTRTFL", "On Treatment Record Flag", _TEXT),
    ("SRCDOM", "Source Data", _TEXT),
    ("SRCVAR", "Source Variable", _TEXT),
    ("SRCSEQ", "Source Sequence Number", _NUMBER),
)
_ADAE: Final = (
    *_WHO,
    *_ARMS,
    ("AESEQ", "Sequence Number", _NUMBER),
    ("AETERM", "Reported Term for the Adverse Event", _TEXT),
    ("AEDECOD", "Dictionary-Derived Term", _TEXT),
    ("ASTDT", "Analysis Start Date", _NUMBER),
    ("ASTDY", "Analysis Start Relative Day", _NUMBER),
    ("AESEV", "Severity/Intensity", _TEXT),
    ("AESER", "Serious Event", _TEXT),
    ("AEREL", "Causality", _TEXT),
    ("AEOUT", "Outcome of Adverse Event", _TEXT),
    ("TRTEMFL", "Treatment Emergent Analysis Flag", _TEXT),
    ("AESESS", "Last Dosing Session before Onset", _TEXT),
    ("ARELTM", "Minutes since the Dose of that Session", _NUMBER),
    ("AEVALENC", "Valence of the Event", _TEXT),
    ("AESI", "Event of Special Interest", _TEXT),
)
_REQUIRED: Final = frozenset({"STUDYID", "USUBJID", "PARAM", "PARAMCD", "AESEQ", "AETERM"})


def _domain(
    name: str, label: str, kind: str, structure: str, said: tuple[tuple[str, str, str], ...]
) -> Domain:
    variables = {
        one: Variable(one, text, of == _NUMBER, "Req" if one in _REQUIRED else "Exp", "Analysis", ())
        for one, text, of in said
    }
    return Domain(name, label, kind, structure, variables)


DATASETS: Final = {
    "ADSL": _domain(
        "ADSL",
        "Subject-Level Analysis Dataset",
        "SUBJECT LEVEL ANALYSIS DATASET",
        "One record per subject",
        _ADSL,
    ),
    "ADAE": _domain(
        "ADAE",
        "Adverse Events Analysis Dataset",
        "OCCURRENCE DATA STRUCTURE",
        "One record per subject per adverse event",
        _ADAE,
    ),
    "ADQS": _domain(
        "ADQS",
        "Questionnaires and Ratings Analysis Data",
        "BASIC DATA STRUCTURE",
        "One record per subject per parameter per assessment",
        _ADQS,
    ),
}
KEYS: Final = {
    "ADSL": ("STUDYID", "USUBJID"),
    "ADAE": ("STUDYID", "USUBJID", "AESEQ"),
    "ADQS": ("STUDYID", "USUBJID", "ASEQ"),
}
