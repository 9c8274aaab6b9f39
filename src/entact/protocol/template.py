"""The study file that a new study begins with: short, commented, and without a fault."""

from __future__ import annotations

import re
from importlib.resources import files

from entact.protocol.explain import as_name
from entact.protocol.load import shipped_studies
from entact.protocol.problem import Problem, StudyError

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_PLACE = "new_study"


def new_study_file(name: str) -> str:
    """The text of a study file of this name, to be changed line by line.

    Raises:
        StudyError: when a study cannot be called so.
    """
    if not _NAME.fullmatch(name):
        message = (
            f"this is no name for a study; write {as_name(name)[:63]!r} "
            "(a small letter, then small letters, digits, - and _)"
        )
        raise StudyError([Problem(name, 0, 0, "", message)])
    if name in shipped_studies():
        message = "a study that comes with entact has this name; choose another"
        raise StudyError([Problem(name, 0, 0, "", message)])
    template = files("entact.protocol").joinpath("template.yaml").read_text(encoding="utf-8")
    return template.replace(f"study: {_PLACE}", f"study: {name}", 1)
