"""The variables of the analysis datasets, as ADaM names them.

Source: CDISC Analysis Data Model Implementation Guide 1.3; ADaM Structure for Occurrence Data 1.1.
"""

from __future__ import annotations

from typing import Final

from entact.datasets.sdtm.guide import Domain, Variable

GUIDE: Final = "ADaMIG 1.3"
_TEXT, _NUMBER = "Char", "Num"
_Variables = tuple[tuple[str, str, str], ...]
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
_PARAMETER: Final = (
    ("ASEQ", "Analysis Sequence Number", _NUMBER),
    ("PARAM", "Parameter", _TEXT),
    ("PARAMCD", "Parameter Code", _TEXT),
)
_VISIT: Final = (
    ("AVISIT", "Analysis Visit", _TEXT),
    ("AVISITN", "Analysis Visit (N)", _NUMBER),
)
_DAY: Final = (
    ("ADT", "Analysis Date", _NUMBER),
    ("ADY", "Analysis Relative Day", _NUMBER),
)
_WINDOW: Final = (
    ("AWRANGE", "Analysis Window Valid Relative Range", _TEXT),
    ("AWLO", "Analysis Window Beginning Timepoint", _NUMBER),
    ("AWHI", "Analysis Window Ending Timepoint", _NUMBER),
    ("AWU", "Analysis Window Unit", _TEXT),
    ("ANL02FL", "Analysis Flag 02: In the Window", _TEXT),
)
_ESTIMANDS: Final = (("ESTIMAND", "Estimands that Count the Record", _TEXT),)
_SOURCE: Final = (
    ("SRCDOM", "Source Data", _TEXT),
    ("SRCVAR", "Source Variable", _TEXT),
    ("SRCSEQ", "Source Sequence Number", _NUMBER),
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
    *_PARAMETER,
    ("PARCAT1", "Parameter Category 1", _TEXT),
    *_VISIT,
    *_DAY,
    *_WINDOW,
    ("AVAL", "Analysis Value", _NUMBER),
    ("AVALC", "Analysis Value (C)", _TEXT),
    ("BASE", "Baseline Value", _NUMBER),
    ("CHG", "Change from Baseline", _NUMBER),
    ("ABLFL", "Baseline Record Flag", _TEXT),
    ("ANL01FL", "Analysis Flag 01", _TEXT),
    ("ONTRTFL", "On Treatment Record Flag", _TEXT),
    *_ESTIMANDS,
    *_SOURCE,
)
_ADEFF: Final = (
    *_WHO,
    *_ARMS,
    *_PARAMETER,
    *_VISIT,
    *_DAY,
    ("AVAL", "Analysis Value", _NUMBER),
    ("AVALC", "Analysis Value (C)", _TEXT),
    ("BASE", "Baseline Value", _NUMBER),
    ("ANL01FL", "Analysis Flag 01: Visit of the Endpoint", _TEXT),
    ("ONTRTFL", "On Treatment Record Flag", _TEXT),
    ("ESTFL", "Counted by the Estimand of its Analysis", _TEXT),
    *_ESTIMANDS,
    ("ICEVENTS", "Intercurrent Events with their Dates", _TEXT),
    ("ICEVENT2", "Intercurrent Events, continued", _TEXT),
)
_ADTTE: Final = (
    *_WHO,
    *_ARMS,
    *_PARAMETER,
    ("STARTDT", "Time-to-Event Origin Date for Subject", _NUMBER),
    *_DAY,
    ("AVAL", "Analysis Value", _NUMBER),
    ("AVALU", "Analysis Value Unit", _TEXT),
    ("CNSR", "Censor", _NUMBER),
    ("EVNTDESC", "Event or Censoring Description", _TEXT),
    ("ESTFL", "Counted by the Estimand of its Analysis", _TEXT),
    *_ESTIMANDS,
    ("ICEVENTS", "Intercurrent Events with their Dates", _TEXT),
    ("ICEVENT2", "Intercurrent Events, continued", _TEXT),
)
_READINGS: Final = (
    *_WHO,
    *_ARMS,
    *_PARAMETER,
    ("PARCAT1", "Parameter Category 1", _TEXT),
    *_VISIT,
    *_DAY,
    ("ADTM", "Analysis Datetime", _NUMBER),
    ("ATPT", "Analysis Timepoint", _TEXT),
    ("ATPTN", "Analysis Timepoint (N)", _NUMBER),
    ("ARELTM", "Minutes since the Dose of the Session", _NUMBER),
    ("AVAL", "Analysis Value", _NUMBER),
    ("AVALC", "Analysis Value (C)", _TEXT),
    ("AVALU", "Analysis Value Unit", _TEXT),
    ("BASETYPE", "Baseline Type", _TEXT),
    ("BASE", "Baseline Value", _NUMBER),
    ("CHG", "Change from Baseline", _NUMBER),
    ("ABLFL", "Baseline Record Flag", _TEXT),
    ("ANL01FL", "Analysis Flag 01", _TEXT),
    ("ONTRTFL", "On Treatment Record Flag", _TEXT),
    *_SOURCE,
)
_ADEX: Final = (
    *_WHO,
    *_ARMS,
    *_PARAMETER,
    ("PARCAT1", "Parameter Category 1", _TEXT),
    *_VISIT,
    *_DAY,
    ("ARELTM", "Minutes since the Dose of the Session", _NUMBER),
    ("EXPART", "Part of the Dose", _TEXT),
    ("EXLEVEL", "Nominal Dose Level", _TEXT),
    ("AVAL", "Analysis Value", _NUMBER),
    ("AVALU", "Analysis Value Unit", _TEXT),
    *_SOURCE,
)
_ADBLIND: Final = (
    *_WHO,
    *_ARMS,
    *_PARAMETER,
    *_VISIT,
    *_DAY,
    ("AVALC", "Analysis Value (C)", _TEXT),
    ("CONFID", "Confidence in the Guess, Percent", _NUMBER),
    ("CRIT1", "Analysis Criterion 1", _TEXT),
    ("CRIT1FL", "Criterion 1 Evaluation Result Flag", _TEXT),
    ("ANL01FL", "Analysis Flag 01: Last of the Guesser", _TEXT),
)
_ADCM: Final = (
    *_WHO,
    *_ARMS,
    ("CMSEQ", "Sequence Number", _NUMBER),
    ("CMTRT", "Reported Name of Drug, Med, or Therapy", _TEXT),
    ("CMDECOD", "Standardized Medication Name", _TEXT),
    ("CMCAT", "Category for Medication", _TEXT),
    ("CMCLAS", "Medication Class", _TEXT),
    ("ASTDT", "Analysis Start Date", _NUMBER),
    ("ASTDY", "Analysis Start Relative Day", _NUMBER),
    ("AENDT", "Analysis End Date", _NUMBER),
    ("AENDY", "Analysis End Relative Day", _NUMBER),
    ("PREFL", "Pre-treatment Flag", _TEXT),
    ("ONTRTFL", "On Treatment Record Flag", _TEXT),
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
_REQUIRED: Final = frozenset({"STUDYID", "USUBJID", "PARAM", "PARAMCD", "AESEQ", "AETERM", "CMSEQ", "CMTRT"})


def _domain(name: str, label: str, kind: str, structure: str, said: _Variables) -> Domain:
    core = {"ICEVENT2": "Perm"} | dict.fromkeys(_REQUIRED, "Req")
    variables = {
        one: Variable(one, text, of == _NUMBER, core.get(one, "Exp"), "Analysis", ())
        for one, text, of in said
    }
    return Domain(name, label, kind, structure, variables)


_BASIC, _OCCURRENCE = "BASIC DATA STRUCTURE", "OCCURRENCE DATA STRUCTURE"
_MADE: Final[tuple[tuple[str, str, str, str, _Variables], ...]] = (
    (
        "ADSL",
        "Subject-Level Analysis Dataset",
        "SUBJECT LEVEL ANALYSIS DATASET",
        "One record per subject",
        _ADSL,
    ),
    (
        "ADAE",
        "Adverse Events Analysis Dataset",
        _OCCURRENCE,
        "One record per subject per adverse event",
        _ADAE,
    ),
    (
        "ADCM",
        "Concomitant Medications Analysis Data",
        _OCCURRENCE,
        "One record per subject per medicine",
        _ADCM,
    ),
    (
        "ADQS",
        "Questionnaires and Ratings Analysis Data",
        _BASIC,
        "One record per subject per parameter per assessment",
        _ADQS,
    ),
    (
        "ADEFF",
        "Efficacy Endpoints Analysis Dataset",
        _BASIC,
        "One record per subject per parameter per visit",
        _ADEFF,
    ),
    ("ADTTE", "Time-to-Event Analysis Dataset", _BASIC, "One record per subject per parameter", _ADTTE),
    (
        "ADVS",
        "Vital Signs Analysis Dataset",
        _BASIC,
        "One record per subject per parameter per reading",
        _READINGS,
    ),
    (
        "ADLB",
        "Laboratory Analysis Dataset",
        _BASIC,
        "One record per subject per parameter per sample",
        _READINGS,
    ),
    (
        "ADEG",
        "ECG Analysis Dataset",
        _BASIC,
        "One record per subject per parameter per recording",
        _READINGS,
    ),
    ("ADEX", "Exposure Analysis Dataset", _BASIC, "One record per subject per parameter per dose", _ADEX),
    ("ADBLIND", "Blinding Analysis Dataset", _BASIC, "One record per subject per guess", _ADBLIND),
)
DATASETS: Final = {said[0]: _domain(*said) for said in _MADE}
SEQUENCE: Final = {
    "ADAE": "AESEQ",
    "ADCM": "CMSEQ",
}  # what counts a participant's rows; else ASEQ, of ADSL none
KEYS: Final = {
    name: ("STUDYID", "USUBJID", *(() if name == "ADSL" else (SEQUENCE.get(name, "ASEQ"),)))
    for name in DATASETS
}
