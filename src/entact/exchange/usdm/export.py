"""A study file as USDM: what the model has a place for in its places, and the whole file in extensions.

Source: CDISC USDM 4.0; codes of CDISC's DDF terminology 2026-03-27 and SDTM terminology 2025-03-28.
"""

from __future__ import annotations

from typing import Final

from entact.exchange.usdm.aims import estimands_of, objectives_of
from entact.exchange.usdm.model import VERSION, Json, make
from entact.exchange.usdm.timeline import activities_of, cells_of, encounter_of, epochs_of, timeline_of
from entact.exchange.usdm.writer import RULE, Writer, chain
from entact.protocol.release import Release

KEPT: Final = "urn:entact:study-file:"  # of an extension: one for each part of the study file, as JSON
_ARMS: Final = {
    "experimental": ("C174266", "Investigational Arm"),
    "placebo": ("C174268", "Placebo Control Arm"),
    "active_comparator": ("C174267", "Active Comparator Arm"),
    "no_intervention": ("C174270", "No Intervention Arm"),
}
_PHASES: Final = {
    "1": ("C15600", "PHASE I TRIAL"),
    "1/2": ("C15693", "PHASE I/II TRIAL"),
    "2": ("C15601", "PHASE II TRIAL"),
    "2/3": ("C15694", "PHASE II/III TRIAL"),
    "3": ("C15602", "PHASE III TRIAL"),
    "4": ("C15603", "PHASE IV TRIAL"),
}
NO_PHASE: Final = ("C48660", "NOT APPLICABLE")
_KINDS: Final = {
    "inclusion": ("C25532", "INCLUSION"),
    "exclusion": ("C25370", "EXCLUSION"),
}
_ROLES: Final = {
    "investigator": ("C25936", "Investigator"),
    "rater": ("C207599", "Outcomes Assessor"),
    "medical_monitor": ("C51876", "Sponsor Medical Expert"),
}
UNSAID: Final = "The study file does not say it."


def usdm_of(release: Release, *, version: str) -> Json:
    """A release as USDM.

    Args:
        version: of entact.
    Returns:
        A document that `read_usdm` reads; from its extensions `study_of` makes the same release again.
    """
    file, new = release.file, Writer()
    document = make("Wrapper", study=None, usdmVersion=VERSION, systemName="entact", systemVersion=version)
    organisations, identifiers = _identified(new, release)
    titles = [
        new.make("StudyTitle", text=str(file.title), type=new.code(("C207616", "Official Study Title"))),
        new.make("StudyTitle", text=file.study, type=new.code(("C207646", "Study Acronym"))),
    ]
    items, criteria = _criteria(new, release)
    interventions = _interventions(new, release)
    design = _design(new, release, criteria, interventions)
    surrogates = design.pop("surrogates")
    roles = [
        new.make(
            "StudyRole",
            name=name,
            label=str(title),
            code=new.code(_ROLES[name]),
            appliesToIds=["StudyVersion_1"],
            masking=_masking(new, release, name),
        )
        for name, title in file.roles.items()
        if name in _ROLES
    ]
    told = new.make(
        "StudyVersion",
        versionIdentifier=file.release,
        rationale=file.amendment.reason if file.amendment is not None else UNSAID,
        studyIdentifiers=identifiers,
        studyDesigns=[design],
        titles=titles,
        eligibilityCriterionItems=items,
        roles=roles,
        organizations=organisations,
        studyInterventions=interventions,
        bcSurrogates=surrogates,
        extensionAttributes=[new.kept(f"{KEPT}{key}", value) for key, value in release.data.items()],
    )
    document["study"] = make(
        "Study", "Study_1", name=file.study, label=file.study, description=str(file.title), versions=[told]
    )
    return document


def _identified(new: Writer, release: Release) -> tuple[list[Json], list[Json]]:
    file = release.file
    sponsor = new.make(
        "Organization",
        name="SPONSOR",
        label=f"The sponsor: {UNSAID}",
        type=new.code(("C18240", "Academia")),
        identifierScheme="entact",
        identifier=file.study,
    )
    organisations, identifiers = [sponsor], [
        new.make("StudyIdentifier", text=file.study.upper(), scopeId=sponsor["id"])
    ]  # fmt: skip
    if file.registry:
        registry = new.make(
            "Organization",
            name="REGISTRY",
            label="ClinicalTrials.gov" if file.registry.startswith("NCT") else "Registry",
            type=new.code(("C93453", "Study Registry")),
            identifierScheme="registry",
            identifier="CT-GOV" if file.registry.startswith("NCT") else "REGISTRY",
        )
        organisations.append(registry)
        identifiers.append(new.make("StudyIdentifier", text=file.registry, scopeId=registry["id"]))
    return organisations, identifiers


def _criteria(new: Writer, release: Release) -> tuple[list[Json], list[Json]]:
    items, criteria = [], []
    for number, (name, said) in enumerate(release.file.eligibility.items(), start=1):
        item = new.make("EligibilityCriterionItem", name=name.upper(), label=name, text=str(said.text))
        rule = [new.kept(RULE, said.rule)] if said.rule else []
        items.append(item)
        criteria.append(
            new.make(
                "EligibilityCriterion",
                name=name.upper(),
                label=name,
                category=new.code(_KINDS[said.kind], "sdtm"),
                identifier=f"{number:02d}",
                criterionItemId=item["id"],
                extensionAttributes=rule,
            )
        )
    chain(criteria)
    return items, criteria


def _interventions(new: Writer, release: Release) -> list[Json]:
    """Each product with its dose levels in whole units; a matching placebo beside it."""
    file, found = release.file, []
    for name, product in file.products.items():
        substance = f"{product.substance} {product.salt.replace('_', ' ')}"
        doses = []
        for level, regimen in file.regimens.items():
            units = regimen.initial
            text = f"{level}: {units.count} x {units.strength}, single doses at sessions"
            doses.append(
                new.make(
                    "Administration",
                    name=f"{name}_{level}".upper(),
                    label=text,
                    description=text,
                    duration=new.make("Duration", text="one dose", durationWillVary=False),
                )
            )
        found.append(
            new.make(
                "StudyIntervention",
                name=name.upper(),
                label=substance,
                description=f"{substance}, {', '.join(product.strengths)}",
                role=new.code(("C41161", "Protocol Agent")),
                type=new.code(("C1909", "DRUG"), "sdtm"),
                administrations=doses,
            )
        )
        if any(arm.role == "placebo" for arm in file.arms.values()) and product.placebo == "matching":
            found.append(
                new.make(
                    "StudyIntervention",
                    name=f"{name}_placebo".upper(),
                    label=f"Placebo that matches {product.substance}",
                    description=f"Placebo that matches {product.substance}",
                    role=new.code(("C753", "Placebo")),
                    type=new.code(("C1909", "DRUG"), "sdtm"),
                )
            )
    return found


def _design(new: Writer, release: Release, criteria: list[Json], interventions: list[Json]) -> Json:
    file = release.file
    visits = release.visits
    epochs, of_visit = epochs_of(new, release)
    arms = [
        new.make(
            "StudyArm",
            name=name,
            label=str(arm.title),
            description=str(arm.title),
            type=new.code(_ARMS[arm.role]),
            dataOriginDescription="Data collected from participants",
            dataOriginType=new.code(("C188866", "Data Generated Within Study")),
        )
        for name, arm in file.arms.items()
    ]
    cells, elements = cells_of(new, arms, epochs, release, interventions)
    activities, surrogates, by_name = activities_of(new, release)
    encounters = {name: encounter_of(new, name, visit, visits) for name, visit in visits.items()}
    chain(encounters.values())
    timeline = timeline_of(new, release, encounters, of_visit, by_name)
    objectives = objectives_of(new, release)
    populations = {
        name: new.make("AnalysisPopulation", name=name, label=name, text=text)
        for name, text in file.analysis.set_texts.items()
    }
    phase = _PHASES.get(str(file.phase), NO_PHASE)
    several = len(file.arms) > 1
    blinded = any("allocation" in row.hidden for row in file.blinding)
    design = new.make(
        "InterventionalStudyDesign",
        name=file.study,
        label=str(file.title),
        description=str(file.title),
        studyType=new.code(("C98388", "INTERVENTIONAL"), "sdtm"),
        studyPhase=new.alias(phase, "sdtm"),
        encounters=list(encounters.values()),
        activities=activities,
        arms=arms,
        studyCells=cells,
        rationale=UNSAID,
        epochs=epochs,
        elements=elements,
        estimands=estimands_of(new, release, populations, objectives, interventions),
        indications=[
            new.make(
                "Indication",
                name="INDICATION_1",
                label=str(file.condition),
                description=str(file.condition),
                isRareDisease=False,
            )
        ],
        studyInterventionIds=[one["id"] for one in interventions],
        objectives=objectives,
        population=_population(new, release, criteria),
        scheduleTimelines=[timeline],
        eligibilityCriteria=criteria,
        analysisPopulations=list(populations.values()),
        model=new.code(("C82639", "PARALLEL") if several else ("C82640", "SINGLE GROUP"), "sdtm"),
        intentTypes=[new.code(("C49656", "Treatment Study"), "sdtm")],
        blindingSchema=new.alias(("C15228", "DOUBLE BLIND") if blinded else ("C49659", "OPEN LABEL"), "sdtm"),
    )
    return {**design, "surrogates": surrogates}


def _population(new: Writer, release: Release, criteria: list[Json]) -> Json:
    file = release.file
    planned = sum(one.planned for one in file.populations.values())
    return new.make(
        "StudyDesignPopulation",
        name="POPULATION",
        label=str(file.condition),
        description=", ".join(str(one.title or name) for name, one in file.populations.items()),
        includesHealthySubjects=False,
        plannedEnrollmentNumber=new.make("Quantity", value=planned),
        plannedSex=[new.code(("C49636", "BOTH"), "sdtm")],
        criterionIds=[one["id"] for one in criteria],
    )


def _masking(new: Writer, release: Release, role: str) -> Json | None:
    hidden = {one for row in release.file.blinding if row.role == role for one in row.hidden}
    if "allocation" not in hidden:
        return None
    return new.make("Masking", text=f"Hidden from them: {', '.join(sorted(hidden))}", isMasked=True)
