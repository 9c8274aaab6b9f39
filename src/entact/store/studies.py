"""The study as its own ledger has it: all releases that were entered there and not withdrawn."""

from __future__ import annotations

import logging
from functools import lru_cache

import msgspec

from entact.course.effective import as_they_stand, hold
from entact.course.entry import digest, read
from entact.course.setting import ReleaseEntered
from entact.protocol import Study, StudyError
from entact.store import models

RELEASING = frozenset({"release", "void"})  # kinds of entry in the study's ledger that change its releases

_log = logging.getLogger(__name__)


def study_ledger() -> str:
    """Name of the ledger of the study that the database in use is for; empty when it is for none."""
    study = models.Installation.objects.values_list("study", flat=True).first()
    return "" if study is None else f"study:{study}"


def releases_in_force() -> str:
    """A stamp for the releases of which derived rows are to be made; empty when there is none."""
    return models.Derivation.objects.values_list("releases", flat=True).get(id=1)


def study_of_record() -> tuple[str, Study | None]:
    """The stamp of the releases in force, and their study; None without a readable one."""
    return _with_study(releases_in_force())


def note_releases() -> str:
    """Stamps the releases that stand in the study's ledger as those in force; returns the stamp."""
    texts = _release_texts()
    stamp = _stamp(texts)
    models.Derivation.objects.filter(id=1).update(releases=stamp)
    return stamp


def _with_study(stamp: str) -> tuple[str, Study | None]:
    if not stamp:
        return stamp, None
    if stamp not in _studies:
        texts = _release_texts()
        stamp = _stamp(texts)
        if len(_studies) > 8:
            _studies.clear()
        _studies[stamp] = _study(texts)
    return stamp, _studies[stamp]


_studies: dict[str, Study | None] = {}


def _release_texts() -> tuple[str, ...]:
    lines = models.Line.objects.filter(ledger__name=study_ledger(), kind__in=RELEASING).order_by("seq")
    try:
        entries = [read(text) for text in lines.values_list("text", flat=True)]
        standing, _, _ = as_they_stand([hold(entry) for entry in entries], {})
        found = [msgspec.convert(one.data, ReleaseEntered) for one in standing if one.entry.kind == "release"]
    except msgspec.MsgspecError:
        _log.exception("the releases in the study's ledger cannot be read: lists are not kept up")
        return ()
    return tuple(dict.fromkeys(one.text for one in found))


def _stamp(texts: tuple[str, ...]) -> str:
    return digest("\n".join(texts).encode())[:16] if texts else ""


@lru_cache(maxsize=4)
def _study(texts: tuple[str, ...]) -> Study | None:
    if not texts:
        return None
    try:
        return Study.from_texts(text.encode() for text in texts)
    except (StudyError, ValueError):
        _log.exception("the releases in the study's ledger cannot be read: lists are not kept up")
        return None
