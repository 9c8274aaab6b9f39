"""The protocol document as FHIR: a study, its narrative under the headings of M11, and the study file itself.

Source: HL7, Clinical Study Protocol 1.0.0-ballot2 (April 2026), profiles of ResearchStudy and Composition, a
ballot for FHIR R6. What is written uses of these what R5 has as well, and keeps to its model.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

from entact.exchange.fhir.study import Resource, name_of, study_resources
from entact.exchange.json_text import parse_json
from entact.exchange.kept import FromDocument, differences, kept_study
from entact.exchange.m11.document import Part, Protocol, headings, protocol_of
from entact.exchange.m11.narrative import narrative
from entact.exchange.m11.text import UNSAID, Block, Line
from entact.protocol import Release, StudyError

FILE: Final = "urn:entact:study-file"  # of an extension: the Binary that holds the study file
RELEASE: Final = "urn:entact:release"  # and the id of its release
_GUIDE: Final = "http://hl7.org/fhir/uv/clinical-study-protocol/StructureDefinition/"
_NCIT: Final = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_UNKNOWN: Final = {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}
_PHASES: Final = {
    "1": ("C15600", "Phase I Trial"),
    "1/2": ("C15693", "Phase I/II Trial"),
    "2": ("C15601", "Phase II Trial"),
    "2/3": ("C15694", "Phase II/III Trial"),
    "3": ("C15602", "Phase III Trial"),
    "4": ("C15603", "Phase IV Trial"),
}
_REGISTRIES: Final = (
    (r"NCT\d{8}", "C172240", "Clinicaltrials.gov Identifier"),
    (r"20\d\d-5\d{5}-\d\d(-\d\d)?", "C218684", "EU Clinical Trial Register Number"),
)
_NO_FILE: Final = (
    "no study file is kept. A protocol of another system is words under headings, of which no study can be "
    "made without a person"
)


class M11Error(ValueError):
    """A document that keeps no protocol: every problem with its place, as in `entry[2].resource.section`."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def m11_of(release: Release) -> Resource:
    """A release as a bundle; from it `study_in` makes the same release again."""
    protocol = protocol_of(release)
    study, *others = study_resources(release, simulated=False)
    own = name_of(release.file.study)
    resources = [_study(study, release), _composition(protocol, own), *others, _file(release, own)]
    urls = {f"{one['resourceType']}/{one['id']}": _url(release, one) for one in resources}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": _url(release, one), "resource": _leading_to(one, urls)} for one in resources],
    }


def write_m11(bundle: Resource) -> bytes:
    """A bundle as bytes: JSON in ASCII, indented by one."""
    return (json.dumps(bundle, indent=1) + "\n").encode()


def read_m11(raw: bytes) -> Resource:
    """A document as data, whole or not at all.

    Raises:
        M11Error: when it is no JSON, or no bundle of resources.
    """
    try:
        found = parse_json(raw)
    except ValueError as error:
        raise M11Error([str(error)]) from None
    kind = found.get("resourceType") if isinstance(found, dict) else None
    if isinstance(found, dict) and "usdmVersion" in found:
        raise M11Error(["usdmVersion: it is a document of USDM; `entact usdm import` takes it in"])
    if kind != "Bundle":
        raise M11Error([f"resourceType: {kind!r} is read by nobody here; a protocol is a Bundle of FHIR"])
    problems = [*_malformed(found)]
    if problems:
        raise M11Error(problems)
    return dict(found)


def study_in(bundle: Resource) -> FromDocument:
    """The study of a bundle that `read_m11` read.

    Raises:
        M11Error: when it keeps no study file, one whose bytes are not those of its release, or one that
            cannot be used.
    """
    studies = list(_keeping(bundle))
    if not studies:
        raise M11Error([f"entry: no ResearchStudy has the extension {FILE}: {_NO_FILE}"])
    if len(studies) > 1:
        places = ", ".join(place for place, _ in studies)
        raise M11Error([f"{places}: each keeps a study file; which of them is meant, nobody can tell"])
    place, said = studies[0]
    reference = said[FILE].get("valueReference")
    url = reference.get("reference") if isinstance(reference, dict) else None
    held = [
        (f"entry[{number}].resource", one["resource"])
        for number, one in enumerate(bundle["entry"], start=1)
        if one.get("fullUrl") == url and one["resource"]["resourceType"] == "Binary"
    ]
    if len(held) != 1:
        raise M11Error([f"{place}.extension: {FILE} leads to {url!r}, of which there are {len(held)}"])
    at, binary = held[0]
    try:
        raw = base64.b64decode(binary.get("data") or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise M11Error([f"{at}.data: it is no base64, and so was changed on its way"]) from None
    digest, named = hashlib.sha256(raw).hexdigest(), said.get(RELEASE, {}).get("valueString")
    if not isinstance(named, str) or named.rpartition("sha256:")[2] != digest:
        raise M11Error(
            [f"{at}.data: its SHA-256 is {digest[:16]}..., and {RELEASE} names {named!r}: one was changed"]
        )
    try:
        release = Release.from_text(raw)
    except StudyError as error:
        raise M11Error([f"{at}.data: {one.field}: {one.message}" for one in error.problems]) from None
    return kept_study(release, differences(bundle, m11_of(release)))


def _study(found: Resource, release: Release) -> Resource:
    """The study of the house's own FHIR, with what the guide adds."""
    file, own = release.file, name_of(release.file.study)
    amended = (
        ("C218485", "Protocol Not Amended")
        if file.amendment is None
        else ("C218488", "Protocol Previously Amended See Summary of Changes Before the Table of Contents")
    )
    about = [
        {"url": "originalProtocol", "valueCodeableConcept": _coded(*amended)},
        {"url": "versionDate", **_UNKNOWN},
    ]
    identifiers = [
        {
            "type": _coded("C132351", "Sponsor Protocol Identifier"),
            "system": "urn:entact:study",
            "value": file.study.upper(),
        }
    ]
    if file.registry:
        kinds = (kind for pattern, *kind in _REGISTRIES if re.fullmatch(pattern, file.registry))
        kind = next(kinds, ["C218690", "Other Regulatory or Clinical Trial Identifier"])
        identifiers.append({"type": _coded(*kind), "value": file.registry})
    made = {
        **found,
        "meta": {"profile": [f"{_GUIDE}m11-research-study-profile"]},
        "extension": [
            {"url": f"{_GUIDE}m11-research-study", "extension": about},
            {
                "url": f"{_GUIDE}narrative-elements",
                "valueReference": {"reference": f"Composition/{own}-protocol"},
            },
            {"url": FILE, "valueReference": {"reference": f"Binary/{own}-file"}},
            {"url": RELEASE, "valueString": release.id},
        ],
        "identifier": identifiers,
        "label": [{"type": _coded("C207646", "Study Acronym"), "value": file.study}],
        "status": "unknown",  # whether it is in use stands in no study file
    }
    phase = _PHASES.get(str(file.phase))
    if phase is not None:
        made["phase"] = _coded(*phase)
    return made


def _composition(protocol: Protocol, own: str) -> Resource:
    title = next(code for number, _, code in headings() if not number)
    page: list[Block] = [Line(what, said or UNSAID) for what, said in protocol.title_page.items()]
    sections = [
        {"title": "Title Page", "code": _coded(title, _display("Title Page")), "text": _text(page)},
        {"title": "Amendment Details", "text": _text(protocol.amendment)},
        *_sections(protocol.parts),
    ]
    return {
        "resourceType": "Composition",
        "id": f"{own}-protocol",
        "meta": {"profile": [f"{_GUIDE}m11-research-study-narratives"]},
        "status": "unknown",
        "type": _coded("C207508", "Narrative Content Text"),
        "subject": [{"reference": f"ResearchStudy/{own}"}],
        "_date": _UNKNOWN,
        "author": [{"display": f"The sponsor: {UNSAID}"}],
        "title": f"{protocol.title}: protocol, version {protocol.version}",
        "section": sections,
    }


def _sections(parts: tuple[Part, ...]) -> list[Resource]:
    """The headings as sections within sections."""
    found: list[Resource] = []
    above: dict[str, Resource] = {}
    for part in parts:
        one: Resource = {
            "title": f"{part.number} {part.title}",
            "code": _coded(part.code, _display(f"{part.number} {part.title}")),
        }
        within = above.get(part.number.rpartition(".")[0])
        (found if within is None else within.setdefault("section", [])).append(one)
        above[part.number] = one
        if part.blocks:
            one["text"] = _text(part.blocks)
    for part in parts:
        one = above[part.number]
        if "text" not in one and "section" not in one:
            one["text"] = _text(())
            one["emptyReason"] = {"text": UNSAID}
    return found


def _display(heading: str) -> str:
    return f"ICH M11 Protocol Section {heading}"


def _text(blocks: tuple[Block, ...] | list[Block]) -> Resource:
    return {"status": "generated", "div": narrative(blocks)}


def _file(release: Release, own: str) -> Resource:
    data = base64.b64encode(release.text).decode()
    return {"resourceType": "Binary", "id": f"{own}-file", "contentType": "application/json", "data": data}


def _coded(code: str, display: str) -> Resource:
    return {"coding": [{"system": _NCIT, "code": code, "display": display}]}


def _url(release: Release, one: Resource) -> str:
    """The name of a resource within the bundle: the same for one release."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{release.id}/{one['resourceType']}/{one['id']}").urn


def _leading_to(value: Any, urls: Mapping[str, str]) -> Any:
    """The same with each reference to a resource of the bundle by its name there."""
    if isinstance(value, dict):
        return {
            name: urls.get(one, one) if name == "reference" else _leading_to(one, urls)
            for name, one in value.items()
        }
    return [_leading_to(one, urls) for one in value] if isinstance(value, list) else value


def _malformed(bundle: Resource) -> Iterator[str]:
    """Why a bundle is no list of resources."""
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        yield "entry: there is no list of resources"
        return
    for number, one in enumerate(entries, start=1):
        resource = one.get("resource") if isinstance(one, dict) else None
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(kind, str):
            yield f"entry[{number}].resource: there is none with a resourceType"


def _keeping(bundle: Resource) -> Iterator[tuple[str, Resource]]:
    """Each study that keeps its study file: its place, and its extensions by their address."""
    for number, entry in enumerate(bundle["entry"], start=1):
        resource = entry["resource"]
        if resource["resourceType"] == "ResearchStudy":
            extensions = resource.get("extension")
            listed = extensions if isinstance(extensions, list) else []
            said = {str(one.get("url")): one for one in listed if isinstance(one, dict)}
            if FILE in said:
                yield f"entry[{number}].resource", said
