"""What a registry's fields say of a study file: titles, time frames, arms, masking, ages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from entact.protocol.release import Release
from entact.protocol.study import Regimen
from entact.protocol.words import activities
from entact.protocol.words.label import begun, spaced
from entact.protocol.words.passage import listed
from entact.protocol.words.plan import Plan
from entact.protocol.words.time import duration_words

ARM_TYPES: Final = {
    "experimental": "Experimental",
    "placebo": "Placebo Comparator",
    "active_comparator": "Active Comparator",
    "no_intervention": "No Intervention",
}
PHASES: Final = {
    "1": "Phase 1",
    "1/2": "Phase 1/Phase 2",
    "2": "Phase 2",
    "2/3": "Phase 2/Phase 3",
    "3": "Phase 3",
    "4": "Phase 4",
}
# Of a registry's four masked parties, the roles of a study file; whoever is not there is not masked.
MASKED: Final = {
    "masked_subject": ("participant",),
    "masked_caregiver": ("therapist",),
    "masked_investigator": ("investigator",),
    "masked_assessor": ("rater",),
}
_AT_LEAST: Final = re.compile(r"\b\w+\.age\s*>=\s*(\d+)")
_AT_MOST: Final = re.compile(r"\b\w+\.age\s*<=\s*(\d+)")
_SEX: Final = re.compile(r"""\w+\.sex\s*==\s*["'](female|male)["']""")


def model_of(release: Release) -> str:
    """The interventional model."""
    if len(release.file.arms) == 1:
        return "Single Group Assignment"
    if any(arm.factors for arm in release.file.arms.values()):
        return "Factorial Assignment"
    return "Parallel Assignment"


def allocation_of(release: Release) -> str:
    """How people are allocated."""
    if release.file.randomisation is not None:
        return "Randomized"
    return "N/A" if len(release.file.arms) == 1 else "Non-Randomized"


def masked(release: Release) -> dict[str, bool]:
    """Whether each party is masked."""
    hidden = {row.role for row in release.file.blinding if "allocation" in row.hidden}
    return {party: bool(hidden & set(roles)) for party, roles in MASKED.items()}


def masking_words(release: Release) -> str:
    """From whom the allocation is hidden, and until when."""
    said = [
        f"{spaced(row.role)} (until {row.until})"
        for row in release.file.blinding
        if "allocation" in row.hidden
    ]
    return begun(f"The allocation is hidden from {listed(said)}.") if said else ""


def time_frame(release: Release, visit: str) -> str:
    """When a visit is, in words."""
    row = next(one for one in activities(release).visits if one.name == visit)
    return f"{begun(row.title)}: {row.when}"


def measured(release: Release, endpoint: str) -> str:
    """How an endpoint is made, in words."""
    told = dict(zip(release.file.endpoints, Plan(release).endpoints(), strict=True))
    return begun(f"{told[endpoint].text}.")


def arm_words(release: Release, name: str) -> str:
    """What people of an arm are given, at how many sessions."""
    file = release.file
    if file.arms[name].drug == "none":
        return "Nothing to take."
    said = [f"{begun(spaced(level))}: {_dose(release, one, name)}." for level, one in file.regimens.items()]
    count = release.planned_doses(name)
    return f"{count} session{'' if count == 1 else 's'} with a dose. {' '.join(said)}"


def _dose(release: Release, regimen: Regimen, arm: str) -> str:
    own = regimen.arms.get(arm)
    if release.file.arms[arm].role == "placebo" and own is None:
        more = f", supplement {regimen.supplement.give.count}" if regimen.supplement else ""
        return f"initially {regimen.initial.count}{more} units of placebo"
    initial = own.initial if own is not None else regimen.initial
    text = f"initially {initial.count} x {initial.strength}"
    given = own.supplement if own is not None else regimen.supplement and regimen.supplement.give
    return f"{text}, supplement {given.count} x {given.strength}" if given else text


def interventions(release: Release) -> Iterator[tuple[str, str, str, list[str]]]:
    """Each intervention: its kind, name, description, and the titles of the arms that get it."""
    file = release.file
    given = {name: arm for name, arm in file.arms.items() if arm.drug == "given"}
    active = [str(arm.title) for arm in given.values() if arm.role != "placebo"]
    placebo = [str(arm.title) for arm in given.values() if arm.role == "placebo"]
    for product in file.products.values():
        salt = f"{product.substance} {spaced(product.salt)}"
        if active:
            yield "Drug", product.substance, f"{salt}, units of {listed(product.strengths)}", active
        if placebo:
            yield "Drug", f"Placebo for {product.substance}", f"Looks like {salt}", placebo
    sessions = [one for one in release.visits.values() if one.kind in ("preparatory", "integration")]
    if sessions:
        lasting = listed(
            dict.fromkeys(duration_words(one.lasts) for one in sessions if one.lasts is not None)
        )
        text = f"{len(sessions)} preparatory and integration sessions{f', {lasting} each' if lasting else ''}"
        yield "Behavioral", "Therapy", text, [str(arm.title) for arm in file.arms.values()]


def criteria_words(release: Release) -> str:
    """Criteria as a registry's text block has them."""
    blocks = []
    for kind in ("inclusion", "exclusion"):
        said = [str(one.text).rstrip(".") for one in release.file.eligibility.values() if one.kind == kind]
        rows = "\n".join(f"  - {one}" for one in said)
        blocks.append(f"{kind.capitalize()} Criteria:\n\n{rows}")
    return "\n\n".join(blocks)


def ages(release: Release) -> tuple[str | None, str | None]:
    """The youngest and the oldest who may take part, by the rules of the criteria.

    Returns:
        As in `18 Years`, the widest of all populations; `N/A` of an oldest that no rule has. Both are None
        where no rule has a youngest: what stands in words alone is not read.
    """
    limits = [_ages(_inclusions(release, name)) for name in release.file.populations]
    if any(lowest is None for lowest, _ in limits):
        return None, None
    highest = [one for _, one in limits]
    oldest = "N/A" if None in highest else f"{max(filter(None, highest))} Years"
    return f"{min(one for one, _ in limits if one is not None)} Years", oldest


def _ages(rules: list[str]) -> tuple[int | None, int | None]:
    least = [int(found) for rule in rules for found in _AT_LEAST.findall(rule)]
    most = [int(found) for rule in rules for found in _AT_MOST.findall(rule)]
    return max(least, default=None), min(most, default=None)


def sex(release: Release) -> str:
    """Whose sex is admitted: one, where every population has a rule that says nothing else."""
    admitted = set()
    for name in release.file.populations:
        found = {match[1] for rule in _inclusions(release, name) if (match := _SEX.fullmatch(rule.strip()))}
        admitted.add(found.pop().capitalize() if len(found) == 1 else "All")
    return admitted.pop() if len(admitted) == 1 else "All"


def _inclusions(release: Release, population: str) -> list[str]:
    """The rules that somebody of a population has to meet."""
    return [
        one.rule
        for one in release.file.eligibility.values()
        if one.rule and one.kind == "inclusion" and one.population in (None, population)
    ]
