"""Reads trials from their files: every fault of every file, with line, column and field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from entact.protocol.explain import faults_of
from entact.protocol.problem import Fault, Problem, StudyError, unknown
from entact.protocol.source import Source, read_source
from entact.synthesis.trial import BIAS, CONDITIONS, DOMAINS, Trial

SUFFIX = ".yaml"


def shipped_trials() -> list[Trial]:
    """The trials that come with entact, by name."""
    return read_trials(_shipped())


def load_trials(folder: Path | None = None) -> list[Trial]:
    """The shipped trials and, beside them, those in a folder: one file each.

    Args:
        folder: with `.yaml` files; a trial of the name of a shipped one stands in its place.
    Raises:
        StudyError: with every fault of every file.
    """
    found = _shipped()
    if folder is not None:
        if not folder.is_dir():
            raise StudyError([Problem(str(folder), 0, 0, "", "there is no such folder")])
        own = sorted(path for path in folder.iterdir() if path.suffix in (SUFFIX, ".yml"))
        if not own:
            message = f"there is no trial in it; a trial is a file that ends in {SUFFIX}"
            raise StudyError([Problem(str(folder), 0, 0, "", message)])
        names = {path.name for path in own}
        found = {name: raw for name, raw in found.items() if name not in names}
        found |= {str(path): path.read_bytes() for path in own}
    return read_trials(found)


def read_trials(raw: Mapping[str, bytes]) -> list[Trial]:
    """The trials in some files, by name.

    Args:
        raw: name of a file -> its bytes.
    Raises:
        StudyError: with every fault of every file, and of what they say of each other.
    """
    read: list[tuple[Trial, Source]] = []
    problems: list[Problem] = []
    for name, text in raw.items():
        try:
            source = read_source(text, name)
        except StudyError as error:
            problems.extend(error.problems)
            continue
        trial, faults = _validate(source)
        problems.extend(source.locate(fault) for fault in faults)
        if trial is not None:
            read.append((trial, source))
    problems.extend(_between(read, whole=len(read) == len(raw)))
    if problems:
        raise StudyError(problems)
    return sorted((trial for trial, _ in read), key=lambda trial: (trial.year, trial.trial))


def _shipped() -> dict[str, bytes]:
    folder = files("entact.synthesis").joinpath("trials")
    return {
        one.name: one.read_bytes()
        for one in sorted(folder.iterdir(), key=lambda one: one.name)
        if one.name.endswith(SUFFIX)
    }


def _validate(source: Source) -> tuple[Trial | None, list[Fault]]:
    if not isinstance(source.data, dict):
        return None, [Fault((), "this is no trial; begin it with 'trial: <name>'")]
    try:
        trial = Trial.model_validate(source.data)
    except ValidationError as error:
        return None, faults_of(error, source.data, Trial, (), source.written)
    return trial, list(_misfits(trial, Path(source.file).stem))


def _misfits(trial: Trial, stem: str) -> Iterator[Fault]:
    """What one file says that does not go together."""
    if trial.trial != stem:
        yield Fault(("trial",), f"the file is called {stem!r}: write 'trial: {stem}', or rename the file")
    if trial.condition not in CONDITIONS:
        yield Fault(("condition",), unknown("condition", trial.condition, CONDITIONS))
    for name in trial.participants:
        if name not in trial.arms:
            yield Fault(("participants", name), unknown("arm", name, trial.arms), at_key=True)
    for place, result in enumerate(trial.results):
        at: tuple[str | int, ...] = ("results", place)
        if result.domain not in DOMAINS:
            yield Fault((*at, "domain"), unknown("domain", result.domain, DOMAINS))
        if result.report not in trial.reports:
            yield Fault((*at, "report"), unknown("report", result.report, trial.reports))
        inner = (*at, "effect", "n") if result.effect is not None else (*at, result.kind)
        for name, arm in result.arms.items():
            if name not in trial.arms:
                yield Fault((*inner, name), unknown("arm", name, trial.arms), at_key=True)
            elif name in trial.participants and _number(arm) > trial.participants[name]:
                most = trial.participants[name]
                yield Fault((*inner, name), f"{_number(arm)} people in a result of an arm of {most}")
        roles = {trial.arms[name].role for name in result.arms if name in trial.arms}
        if trial.design in ("randomised", "pool") and roles != {"experimental", "control"}:
            yield Fault(inner, "a result between arms has an experimental arm and a control")
    bias = trial.risk_of_bias
    for name in bias.domains:
        if name not in BIAS:
            yield Fault(
                ("risk_of_bias", "domains", name),
                unknown("domain of the risk of bias", name, BIAS),
                at_key=True,
            )
    for place, concern in enumerate(bias.concerns):
        if concern.domain not in BIAS:
            path = ("risk_of_bias", "concerns", place, "domain")
            yield Fault(path, unknown("domain of the risk of bias", concern.domain, BIAS))
    judged = bias.overall != "not assessed" or any(one != "not assessed" for one in bias.domains.values())
    if judged and bias.judged_by is None:
        message = "a judgement has a judge; write 'judged_by: {source: …, confidence: …}'"
        yield Fault(("risk_of_bias",), message, at_key=True)


def _number(arm: object) -> int:
    return arm if isinstance(arm, int) else int(arm.n)  # type: ignore[attr-defined]


def _between(read: Iterable[tuple[Trial, Source]], *, whole: bool) -> Iterator[Problem]:
    """What files say of each other; names are only missed where every file could be read."""
    known: dict[str, Source] = {}
    registered: dict[str, Trial] = {}
    for trial, source in read:
        if trial.trial in known:
            message = f"{known[trial.trial].file} holds this trial too; a trial is one file"
            yield source.locate(Fault(("trial",), message))
        known.setdefault(trial.trial, source)
        marks: list[tuple[tuple[str | int, ...], str, str]] = [
            (("registry", place), number, "{} has this number too")
            for place, number in enumerate(trial.registry)
        ]
        marks += [
            (("reports", name, "doi"), one.doi, "this report is in {} too")
            for name, one in trial.reports.items()
            if one.doi is not None
        ]
        for path, mark, message in marks:
            other = registered.setdefault(mark.lower(), trial)
            if other is not trial and not _is_said(trial, other):
                advice = "if both hold the same people, say so in 'overlaps'"
                yield source.locate(Fault(path, f"{message.format(other.trial)}; {advice}"))
    for trial, source in read:
        for place, overlap in enumerate(trial.overlaps):
            path = ("overlaps", place, "trial")
            if overlap.trial == trial.trial:
                yield source.locate(Fault(path, "a trial overlaps with others, not with itself"))
            elif whole and overlap.trial not in known:
                yield source.locate(Fault(path, unknown("trial", overlap.trial, known)))


def _is_said(one: Trial, other: Trial) -> bool:
    """Whether either of two trials says that they overlap."""
    return any(
        overlap.trial == second.trial
        for first, second in ((one, other), (other, one))
        for overlap in first.overlaps
    )
