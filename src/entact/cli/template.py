"""`entact new`: a folder with the study file that a new study begins with."""

from __future__ import annotations

from pathlib import Path

from entact.protocol.load import FILE
from entact.protocol.problem import Problem, StudyError
from entact.protocol.template import new_study_file


def make_study(name: str, parent: Path) -> Path:
    """Writes a new study file into a new folder of its name, and says where.

    Raises:
        StudyError: when a study cannot be called so, or the folder is there already.
    """
    text = new_study_file(name)
    folder = parent / name
    try:
        folder.mkdir()
    except FileExistsError:
        message = "there is a folder or file of this name already, and nothing is overwritten; choose another"
        raise StudyError([Problem(str(folder), 0, 0, "", message)]) from None
    path = folder / FILE
    path.write_text(text, encoding="utf-8")
    return path
