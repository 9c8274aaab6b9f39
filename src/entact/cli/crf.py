"""`entact crf`: the blank case report form of a study as PDF."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from entact.cli.diff import release_named
from entact.course.crf import blank_crf
from entact.protocol import StudyError
from entact.protocol.problem import Problem
from entact.report.crf import draw_crf


def write_crf(name: str, path: Path, language: str | None, *, once: bool) -> dict[str, Any]:
    """Writes the blank case report form of a study and says what it holds.

    Args:
        name: of the study, or of a release, as in `mapp1@1.0`. once: each page once, for all its visits.
    Raises:
        StudyError: when the study cannot be used, has no such language, or the name of the file is no PDF's.
        OSError: when the file cannot be written.
    """
    if path.suffix.lower() != ".pdf":
        message = "a case report form is written as PDF; end the name in .pdf"
        raise StudyError([Problem(str(path), 0, 0, "", message)])
    crf = blank_crf(release_named(name), language, once=once)
    path.write_bytes(draw_crf(dataclasses.asdict(crf)))
    return {
        "file": str(path),
        "release": f"{crf.study}@{crf.release}",
        "language": crf.language,
        "forms": len({page.form for page in crf.pages}),
        "pages": len(crf.pages),
    }
