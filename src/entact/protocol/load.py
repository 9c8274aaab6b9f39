"""From a study file to a study, or every reason why not with file, line and column."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from entact.protocol.advice import advise
from entact.protocol.amendment import amendment_faults
from entact.protocol.bias_check import advise_bias
from entact.protocol.breadth import check_breadth
from entact.protocol.check import check
from entact.protocol.explain import validate
from entact.protocol.extent import extents_of
from entact.protocol.instrument import InstrumentError, read_instrument
from entact.protocol.made_values import advise_ranges
from entact.protocol.order import order_of
from entact.protocol.pad import advise_pad
from entact.protocol.partial import follows, read_partly, text_at
from entact.protocol.problem import Fault, Problem, StudyError, nearest, unknown
from entact.protocol.problem import Path as Place
from entact.protocol.reach import advise_doses
from entact.protocol.release import Release, Study, canonical
from entact.protocol.source import LARGEST, Source, field_of, read_as_far, read_source
from entact.protocol.study import StudyFile
from entact.protocol.tabulated_check import advise_tabulated
from entact.protocol.unit_advice import advise_units

FILE = "study.yaml"
AMENDMENTS = "amendments"  # folder beside it, with a whole study file for each later release


def load_study(name_or_path: str | os.PathLike[str]) -> Study:
    """The study in a study file, with its amendments where a folder is given that has some.

    Args:
        name_or_path: a study that ships with entact (`mapp1`), or the path of a study file or of its folder.
    Raises:
        StudyError: with every problem found, each with file, line and column, field, and what would be right.
    """
    name = os.fspath(name_or_path)
    raw, shown = _read(name)
    study = _study(raw, shown)
    amendments = _amendments(name)
    study = _amended(study, tuple(amendments.items())) if amendments else study
    return replace(study, folder=_folder(name))


def located(name_or_path: str | os.PathLike[str], faults: Iterable[Fault]) -> list[Problem]:
    """Defects of the newest release of a study by their places in its file."""
    name = os.fspath(name_or_path)
    raw, shown = _read(name)
    newest, text = [*{shown: raw, **_amendments(name)}.items()][-1]
    source = read_source(text, newest)
    return [source.locate(fault) for fault in faults]


def warnings(name_or_path: str | os.PathLike[str]) -> list[Problem]:
    """What a study file that can be used hardly means, and the same of its amendments.

    Args:
        name_or_path: as for `load_study`.
    Raises:
        StudyError: when the study cannot be used.
    """
    name = os.fspath(name_or_path)
    load_study(name)
    raw, shown = _read(name)
    return [
        problem for shown, raw in {shown: raw, **_amendments(name)}.items() for problem in _advice(raw, shown)
    ]


def source_of(name_or_path: str | os.PathLike[str]) -> Source:
    """The file of a study's newest release, with the place of everything in it.

    Args:
        name_or_path: as for `load_study`.
    Raises:
        StudyError: when the study cannot be used.
    """
    name = os.fspath(name_or_path)
    newest = load_study(name).newest
    raw, shown = _read(name)
    for file, text in {shown: raw, **_amendments(name)}.items():
        if _study(text, file).newest.id == newest.id:
            return _source(text, file)
    return _source(raw, shown)


@lru_cache(maxsize=8)
def _source(raw: bytes, shown: str) -> Source:
    return read_source(raw, shown)


def _advice(raw: bytes, shown: str) -> list[Problem]:
    source = read_source(raw, shown)
    return [source.locate(fault) for fault in advice_of(_study(raw, shown).newest)]


def advice_of(release: Release) -> list[Fault]:
    """Everything that a release hardly means, by its place in the data."""
    known = extents_of(release.file, release.forms, release.visits)
    return [
        *advise(release.file),
        *advise_bias(release.file, release.visits),
        *advise_doses(release.rules, known),
        *check_breadth(release.alerts, known, release.forms),
        *advise_ranges(release.forms),
        *advise_units(release),
        *advise_tabulated(release.file, release.forms, release.visits),
        *advise_pad(release.file, release.rules, release.forms, release.visits),
    ]


def amend(study: Study, files: Mapping[str, bytes]) -> Study:
    """The study with its amendments: whole study files, each of which says which release it amends.

    Args:
        study: with the release that the first of them amends. files: their bytes, by the name of the file.
    Raises:
        StudyError: when one amends no release that is there, two amend the same one, or an amendment does not
            say of every change to whom it applies, or leaves some of them with a study that makes no sense.
    """
    waiting = {}
    for shown, raw in files.items():
        source, release = read_source(raw, shown), _study(raw, shown).newest
        if release.file.amendment is None:
            _raise(source, amendment_faults(study.newest.data, release.data))
        waiting[shown] = source, release
    while waiting:
        label = study.newest.file.release
        found = [shown for shown in waiting if waiting[shown][0].data["amendment"]["of"] == label]
        if len(found) != 1:
            source, _ = waiting[found[1] if found else next(iter(waiting))]
            wrong = (
                f"{found[0]} amends it too; each amends the one before"
                if found
                else "no release is called so"
            )
            message = f"{wrong}: the newest release so far is {label!r}"
            _raise(source, [Fault(("amendment", "of"), message)])
        source, release = waiting.pop(found[0])
        _raise(source, amendment_faults(study.newest.data, release.data))
        study = study.amended(release)
        _raise(source, _mixed(study))
    return study


def _mixed(study: Study) -> list[Fault]:
    """What makes no sense for participants to whom only a part of the newest release applies."""
    before, newest = study.releases[-2:]
    for consented in (before, newest):
        release = study.for_participant(before.id, consented.id, newest.id)
        if release in study.releases:
            continue
        faults = check(release.file, release.data)
        if faults:
            who = "have consented to it again" if consented is newest else "have not consented to it yet"
            said = "; ".join(f"{field_of(release.data, fault.path)}: {fault.message}" for fault in faults)
            message = f"for those who took part before and {who}, what applies makes no sense: {said}"
            return [Fault(("amendment", "changes"), message)]
    return []


def _amendments(name: str) -> dict[str, bytes]:
    """The amendments that lie beside a study's file, when its folder is named."""
    named = name in shipped_studies() or Path(name).is_dir()
    amendments = _folder(name) / AMENDMENTS
    if not named or not amendments.is_dir():
        return {}
    found = sorted(entry.name for entry in amendments.iterdir() if entry.name.endswith(".yaml"))
    return {f"{name}/{AMENDMENTS}/{entry}": (amendments / entry).read_bytes() for entry in found}


def _folder(name: str) -> Path:
    """Where a study's file lies; a bare name that entact ships is always its own."""
    if name in shipped_studies():
        return Path(str(files("entact").joinpath("studies", name)))
    path = Path(name)
    return path if path.is_dir() else path.parent


def shipped_studies() -> list[str]:
    """The names of the studies that come with entact."""
    folder = files("entact").joinpath("studies")
    return sorted(entry.name for entry in folder.iterdir() if entry.joinpath(FILE).is_file())


def _read(name: str) -> tuple[bytes, str]:
    """The bytes of a study file, and what to call it in problems."""
    if name in shipped_studies():
        return files("entact").joinpath("studies", name, FILE).read_bytes(), f"{name}/{FILE}"
    path = Path(name)
    try:
        if path.is_dir():
            path = path / FILE
            if not path.exists():
                raise _unreadable(name, f"this folder has no {FILE}")
        elif not path.exists():
            if os.sep in name or path.suffix in (".yaml", ".yml"):
                beside = [str(one) for one in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
                near = nearest(name, beside)
                hint = f"did you mean {near!r}?" if near else "check the path"
                raise _unreadable(name, f"there is no such file; {hint}")
            raise _unreadable(
                name, f"{unknown('study', name, shipped_studies())} (or give the path of a study file)"
            )
        if not path.is_file():
            raise _unreadable(str(path), "this is not a file")
        with path.open("rb") as file:
            # One byte more than is allowed tells that there is more, without reading all of it.
            return file.read(LARGEST + 1), str(path)
    except StudyError:
        raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _unreadable(name, f"the file cannot be read: {reason}") from None


def _unreadable(file: str, message: str) -> StudyError:
    return StudyError([Problem(file, 0, 0, "", message)])


@lru_cache(maxsize=32)
def _amended(study: Study, amendments: tuple[tuple[str, bytes], ...]) -> Study:
    return amend(study, dict(amendments))


@lru_cache(maxsize=32)
def _study(raw: bytes, shown: str) -> Study:
    source, wrong = read_as_far(raw, shown)
    problems = [problem for _, problem in wrong]
    if not isinstance(source.data, dict):
        message = "a study file is a block of keys with values; begin it with 'study: <name>'"
        raise StudyError(problems or [Problem(shown, 1, 1, "", message)])
    if "order" in source.data:
        message = "is made from the order in which this file names things; take it out"
        _raise(source, [Fault(("order",), message, at_key=True)])
    file, faults = validate(source.data, source.written)
    if file is None or problems:
        raise StudyError(
            [*problems, *map(source.locate, _all_faults(source, [path for path, _ in wrong], faults))]
        )
    data = resolve(source.data, file)
    file, faults = validate(data, source.written)
    _raise(source, faults)
    assert file is not None
    _raise(source, check(file, data))
    # From its bytes, as a release from a ledger is, so that the two never differ.
    return Study(file.study, (Release.from_text(canonical(data)),))


def _all_faults(source: Source, wrong: list[Place], faults: list[Fault]) -> list[Fault]:
    """What is wrong with a file of which a part is wrong already: that, and what is wrong with the rest."""
    # A block that seems to be missing may be one that what is wrong has swallowed.
    swallowed = [fault for fault in faults if len(fault.path) == 1 and fault.path[0] not in source.data]
    faults = [fault for fault in faults if not any(fault.path[: len(path)] == path for path in wrong)]
    faults = [fault for fault in faults if fault not in swallowed] if wrong else faults
    causes = [*wrong, *(fault.path for fault in [*faults, *swallowed])]
    rest = read_partly(source.data, causes)
    if rest is None:
        return faults
    data = resolve(rest.data, rest.file)
    file, _ = validate(data)
    for fault in check(file, data) if file is not None else ():
        placed = rest.placed(fault)
        if not follows(placed, text_at(data, fault.path), [*causes, *rest.left_out], source.data):
            faults.append(placed)
    return faults


def resolve(data: Mapping[str, Any], file: StudyFile) -> dict[str, Any]:
    """The data of a study file with its format, the instruments that its forms use and the order of names."""
    instruments = dict(data.get("instruments", {}))
    for form in file.forms.values():
        if form.instrument is None or form.instrument in instruments:
            continue
        try:
            shipped = read_instrument(form.instrument)
        except InstrumentError:
            continue  # `check` says so, with the place
        instruments[form.instrument] = shipped.model_dump(mode="json", by_alias=True, exclude_unset=True)
    resolved = {**data, "format": file.format, "instruments": instruments}
    return {**resolved, "order": order_of(resolved)}


def _raise(source: Source, faults: list[Fault]) -> None:
    if faults:
        raise StudyError(source.locate(fault) for fault in faults)
