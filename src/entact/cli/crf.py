"""`entact crf`: the blank case report form of a study as PDF."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from entact.cli.diff import release_named
from entact.course.crf import Crf, blank_crf
from entact.datasets.sdtm.annotations import annotations_of
from entact.exchange.annotated import Collected, collected_on
from entact.protocol import Release, StudyError
from entact.protocol.problem import Problem
from entact.report.crf import annotations_in_crf, draw_crf


def write_crf(
    name: str, path: Path, language: str | None, *, once: bool, annotated: bool = False
) -> dict[str, Any]:
    """Writes the blank case report form of a study and says what it holds.

    Args:
        name: of the study, or of a release, as in `mapp1@1.0`. once: each page once, for all its visits.
        annotated: with the dataset and variable of each item; each page is there once then.
    Raises:
        StudyError: when the study cannot be used, has no such language, or the name of the file is no PDF's.
        OSError: when the file cannot be written.
    """
    if path.suffix.lower() != ".pdf":
        message = "a case report form is written as PDF; end the name in .pdf"
        raise StudyError([Problem(str(path), 0, 0, "", message)])
    release = release_named(name)
    crf = blank_crf(release, language, once=once or annotated)
    path.write_bytes(annotated_crf(release, crf) if annotated else draw_crf(dataclasses.asdict(crf)))
    return {
        "file": str(path),
        "release": f"{crf.study}@{crf.release}",
        "language": crf.language,
        "forms": len({page.form for page in crf.pages}),
        "pages": len(crf.pages),
    }


def annotated_crf(release: Release, crf: Crf | None = None) -> bytes:
    """The case report form with the dataset and variable of each item, as PDF.

    Args:
        crf: of the release; in its main language where none is given.
    """
    return draw_crf(with_annotations(release, crf))


def collected_in(name: str, release: Release) -> Collected:
    """What stands on which page of the annotated form of a release, whose file has this name."""
    return collected_on(name, annotations_in_crf(with_annotations(release)))


def with_annotations(release: Release, crf: Crf | None = None) -> dict[str, Any]:
    """A form as plain data, with what becomes of each item; in the main language where none is given."""
    crf = crf or blank_crf(release, once=True)
    pages = {page.form: tuple(item.name for item in page.items) for page in crf.pages}
    found = annotations_of(release, pages)
    return dataclasses.asdict(crf) | {
        "annotations": {name: dataclasses.asdict(one) for name, one in found.items()}
    }
