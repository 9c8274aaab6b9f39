"""The short codelists of the record itself, each code with what people call it.

Codes that a study file names are called as it calls them; those that a kind of entry declares are
translated as words (`codes.code_words`). Here stand those that no declaration holds, and the ones of which
a word alone would say something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from django.utils.translation import gettext, gettext_noop

from entact.conduct.language.codes import code_words
from entact.course.kinds import KINDS

# Grounds of seriousness. Source: ICH E2A, II.B; names as `course.kinds.reporting` reads them.
_GROUNDS: Final = {
    "death": gettext_noop("death"),
    "life_threatening": gettext_noop("life-threatening"),
    "hospitalisation": gettext_noop("admission to hospital, or a longer stay"),
    "disability": gettext_noop("lasting disability"),
    "congenital_anomaly": gettext_noop("congenital anomaly"),
    "medically_important": gettext_noop("medically important otherwise"),
}
_DEVIATIONS: Final = {
    "late_visit": gettext_noop("visit outside its window"),
    "missed_visit": gettext_noop("visit missed"),
    "missed_procedure": gettext_noop("procedure missed"),
    "eligibility": gettext_noop("eligibility"),
    "consent": gettext_noop("consent"),
    "dosing": gettext_noop("dosing"),
    "medication": gettext_noop("medicine not allowed"),
    "blinding": gettext_noop("blinding"),
    "other": gettext_noop("other"),
}
# What is done about an alert, in the words and codes of the console (`session/console/acts.js`).
_ACTIONS: Final = {
    "spoken_with": gettext_noop("spoken with the participant"),
    "safety_plan": gettext_noop("safety plan gone through"),
    "repeated_reading": gettext_noop("reading repeated"),
    "observed": gettext_noop("watched closely"),
    "calmed": gettext_noop("rest, and reassurance"),
    "medication_given": gettext_noop("medication given"),
    "physician_called": gettext_noop("physician called"),
    "referred": gettext_noop("referred for urgent care"),
    "emergency_called": gettext_noop("emergency service called"),
    "false_alarm": gettext_noop("looked into: no danger"),
}
_CAUSES: Final = {
    "withdrew": gettext_noop("does not want to go on"),
    "adverse_event": gettext_noop("adverse event"),
    "lost_to_follow_up": gettext_noop("lost to follow-up"),
    "moved_away": gettext_noop("moved away"),
    "no_benefit": gettext_noop("no benefit"),
    "not_compliant": gettext_noop("does not keep to the protocol"),
    "physician_decision": gettext_noop("decided by the physician"),
    "other": gettext_noop("other"),
}
# In the words of the console (`session/console/acts.js`): of an assessment "taken" means another thing.
_OUTCOMES: Final = {
    "taken": gettext_noop("taken, all of it"),
    "partly_taken": gettext_noop("partly taken"),
    "refused": gettext_noop("declined"),
    "withheld": gettext_noop("withheld"),
    "vomited": gettext_noop("taken, and vomited"),
}
CLEAR_WORDS: Final[Mapping[str, str]] = {
    "not_clear": gettext_noop("it is not clear"),
    "before_dose": gettext_noop("before anything was taken"),
    "first_hour": gettext_noop("in the first hour after it"),
    "second_hour": gettext_noop("in the second hour after it"),
    "later_that_day": gettext_noop("later on that day"),
    "next_days": gettext_noop("in the days after it"),
    "at_this_visit": gettext_noop("only now, at this visit"),
}
"""When it became clear to somebody what was given."""
_NOTES: Final = {
    "arrival": gettext_noop("looked at on arrival"),
    "rescue_medication": gettext_noop("rescue medication"),
    "emergency_treated": gettext_noop("emergency treated"),
    "music": gettext_noop("music"),
    "touch": gettext_noop("touch"),
    "break": gettext_noop("break"),
    "recording": gettext_noop("recording"),
    "call": gettext_noop("call"),
    "hand_over": gettext_noop("handed over for the night"),
    "night_check": gettext_noop("looked in at night"),
    "observation": gettext_noop("observation"),
}

_CODELISTS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("adverse_event", "seriousness"): _GROUNDS,
    ("alert_answered", "action"): _ACTIONS,
    ("deviation", "category"): _DEVIATIONS,
    ("discontinuation", "cause"): _CAUSES,
    ("dose", "outcome"): _OUTCOMES,
    ("guess", "clear"): CLEAR_WORDS,
    ("presence", "state"): {"in": gettext_noop("came in"), "out": gettext_noop("went out")},
    ("rating_taken", "status"): {"taken": gettext_noop("taken on"), "let_go": gettext_noop("given back")},
    ("session_note", "what"): _NOTES,
    ("unfreeze", "said"): {"asked": gettext_noop("asked for"), "taken_back": gettext_noop("taken back")},
}


def codelist(kind: str, item: str) -> dict[str, str]:
    """The codes of an item of a kind that are offered, each as it is called in the language of the page."""
    return {code: gettext(title) for code, title in _CODELISTS.get((kind, item), {}).items()}


def called_code(kind: str, item: str, answer: Any) -> str:
    """What people call an answer that is a code of the record; empty of what is none.

    Args:
        answer: one code, or a list of them.
    """
    if isinstance(answer, list | tuple):
        return ", ".join(called_code(kind, item, one) or str(one) for one in answer)
    if not isinstance(answer, str) or not answer:
        return ""
    titles = _CODELISTS.get((kind, item), {})
    if answer in titles:
        return gettext(titles[answer])
    # A list that a study or another system has longer than ours: its codes are known by how they are written.
    is_code = item in _declared(kind) or ((kind, item) in _CODELISTS and answer.isidentifier())
    return code_words(answer) if is_code else ""


@lru_cache(maxsize=128)
def _declared(kind: str) -> frozenset[str]:
    """The items of a kind of which its payload declares the codes."""
    if kind not in KINDS:
        return frozenset()
    payload = KINDS[kind].payload
    hints, fields = get_type_hints(payload), payload.__struct_fields__
    named = zip(fields, payload.__struct_encode_fields__, strict=True)
    return frozenset(name for field, name in named if _is_code(hints[field]))


def _is_code(hint: Any) -> bool:
    return get_origin(hint) is Literal or any(map(_is_code, get_args(hint)))
