"""The protocol document of ICH M11: what stands under which heading, and the form that comes back."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from entact.exchange.m11 import UNSAID, M11Error, m11_of, protocol_of, read_m11, study_in, write_m11
from entact.exchange.m11.document import Line, Table, headings
from entact.protocol.load import load_study, shipped_studies
from entact.protocol.release import Release, canonical
from entact.protocol.words import account

MINI = Path(__file__).parents[2] / "studies" / "mini"
STUDIES = sorted(path.parent for path in MINI.parent.glob("*/study.yaml"))
Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def release() -> Release:
    return load_study(str(MINI)).newest


@pytest.fixture
def bundle(release: Release) -> dict[str, Any]:
    return json.loads(json.dumps(m11_of(release)))


def resource(bundle: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == kind)


def sections(of: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in of:
        yield one
        yield from sections(one.get("section", []))


@pytest.mark.parametrize("name", [*shipped_studies(), *map(str, STUDIES)], ids=lambda name: Path(name).name)
def test_whatever_a_study_says_in_words_stands_under_a_heading(name: str) -> None:
    release = load_study(name).newest
    protocol = protocol_of(release)
    blocks = [*protocol.amendment, *(one for part in protocol.parts for one in part.blocks)]
    told = {one.text for one in blocks if isinstance(one, Line)} | {
        cell for one in blocks if isinstance(one, Table) for row in one.rows for cell in row
    }
    marked = {one.assumption for one in blocks if isinstance(one, Line)}
    for section in account(release).sections:
        for line in section.lines:
            said = (line.text, *line.notes) if section.name != "amendment" else (line.text,)
            assert any(all(one in text for one in said) for text in told), (section.name, line)
            assert section.name == "amendment" or line.assumption in marked, (section.name, line)
    for one in blocks:
        if isinstance(one, Table):
            assert {len(row) for row in one.rows} == {len(one.head)}


@pytest.mark.parametrize("name", shipped_studies())
def test_a_study_comes_back_as_the_same_release(name: str) -> None:
    release = load_study(name).newest
    raw = write_m11(m11_of(release))
    made = study_in(read_m11(raw))
    assert (made.kept, made.differences, made.digest) == (True, (), release.digest)
    assert write_m11(m11_of(release)) == raw


def test_what_stands_where(release: Release) -> None:
    protocol = protocol_of(release)
    parts = {part.number: part for part in protocol.parts}
    assert list(parts) == [number for number, _, _ in headings() if number]
    assert (parts["10.4.1.1"].title, parts["10.4.1.1"].level) == ("Statistical Analysis Method", 4)
    inclusion = [one for one in release.file.eligibility.values() if one.kind == "inclusion"]
    assert [
        str(said.text).rstrip(".") in one.text
        for said, one in zip(inclusion, parts["5.2"].blocks, strict=True)
        if isinstance(one, Line)
    ] == [True] * len(inclusion)
    vital, suicidality = ("".join(map(str, parts[one].blocks)) for one in ("8.4.2", "8.4.6"))
    assert "Systolic" in vital
    assert "ideation" not in vital.lower()
    assert protocol.title_page["Full title"] == str(release.file.title)
    assert protocol.title_page["Sponsor name and address"] is None
    assert {"2.1", "4.2.1", "11.1"} <= set(protocol.unsaid)
    assert not {"5.2", "6.1", "10.4.1.1", "2", "10"} & set(protocol.unsaid)
    assert "suicid" in suicidality.lower() or "8.4.6" in protocol.unsaid


def test_sensitivity_has_the_primary_estimand_and_a_supplementary_analysis_another() -> None:
    parts = {part.number: part for part in protocol_of(load_study("mapp1").newest).parts}
    (supplementary,) = parts["10.4.1.5"].blocks
    assert isinstance(supplementary, Line)
    assert supplementary.term == "Secondary: de facto"
    assert parts["10.4.1.4"].blocks == ()


def test_an_amendment_says_what_it_changes_where_and_for_whom() -> None:
    data = dict(load_study("mapp1").newest.data)
    change = {"change": "gates.initial_dose", "applies": "immediately", "because": "a new limit"}
    data |= {"release": "1.1", "amendment": {"of": "1.0", "reason": "safety", "changes": [change]}}
    release = Release.from_text(canonical(data))
    protocol = protocol_of(release)
    (table,) = (one for one in protocol.amendment if isinstance(one, Table))
    ((what, whom, reason, where),) = table.rows
    assert ("initial dose" in what, "approval" in whom, reason, where) == (True, True, "a new limit", "6.3")
    assert protocol.title_page["Original protocol"] == "no: it amends release 1.0"
    study = resource(m11_of(release), "ResearchStudy")
    (original, _) = study["extension"][0]["extension"]
    assert original["valueCodeableConcept"]["coding"][0]["code"] == "C218488"


@pytest.mark.parametrize("name", shipped_studies())
def test_the_form_for_other_systems_keeps_to_the_model(name: str) -> None:
    bundle = m11_of(load_study(name).newest)
    import_module("fhir.resources.bundle").Bundle.model_validate(bundle)
    urls = {one["fullUrl"] for one in bundle["entry"]}
    assert len(urls) == len(bundle["entry"])
    study, composition = resource(bundle, "ResearchStudy"), resource(bundle, "Composition")
    led = [one["valueReference"]["reference"] for one in study["extension"] if "valueReference" in one]
    assert {*led, composition["subject"][0]["reference"], study["protocol"][0]["reference"]} <= urls
    found = list(sections(composition["section"]))
    codes = [one["code"]["coding"][0]["code"] for one in found if "code" in one]
    assert sorted(codes) == sorted(code for _, _, code in headings())
    for one in found:
        assert "text" in one or "section" in one
        if "text" in one:
            text = "".join(etree.fromstring(one["text"]["div"]).itertext())
            assert text.strip()
            assert (text == UNSAID) == ("emptyReason" in one)


def test_what_was_changed_on_the_way_is_named_with_its_place(bundle: dict[str, Any]) -> None:
    composition = resource(bundle, "Composition")
    composition["section"][7]["section"][1]["text"]["div"] = "<div/>"
    resource(bundle, "ResearchStudy")["title"] = "A better title"
    made = study_in(read_m11(json.dumps(bundle).encode()))
    first, second = made.differences
    assert first.startswith("entry[1].resource.title: 'A better title' here, ")
    assert second.startswith("entry[2].resource.section[8].section[2].text.div: '<div/>' here, ")


def test_headings_that_were_dropped_are_named(bundle: dict[str, Any]) -> None:
    resource(bundle, "Composition")["section"].pop()
    (said,) = study_in(read_m11(json.dumps(bundle).encode())).differences
    assert said == "entry[2].resource.section: 15 of them here, 16 of them by the study file"


def tampered(bundle: dict[str, Any], *, renamed: bool = False, change: str = "MDMA") -> None:
    """Another byte in the study file that is kept, and perhaps the digest of what it is then."""
    binary = resource(bundle, "Binary")
    raw = base64.b64decode(binary["data"]).replace(change.encode(), b"MDAA", 1)
    binary["data"] = base64.b64encode(raw).decode()
    for one in resource(bundle, "ResearchStudy")["extension"]:
        if renamed and one["url"] == "urn:entact:release":
            one["valueString"] = f"mini@sha256:{hashlib.sha256(raw).hexdigest()}"


def without_a_file(bundle: dict[str, Any]) -> None:
    resource(bundle, "ResearchStudy")["extension"] = []


def cut_off_within(bundle: dict[str, Any]) -> None:
    resource(bundle, "Binary")["data"] += "!"


def without_its_binary(bundle: dict[str, Any]) -> None:
    bundle["entry"] = [one for one in bundle["entry"] if one["resource"]["resourceType"] != "Binary"]


def with_two(bundle: dict[str, Any]) -> None:
    bundle["entry"].append(bundle["entry"][0])


def with_an_empty_entry(bundle: dict[str, Any]) -> None:
    bundle["entry"][2] = {"fullUrl": "urn:x"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (tampered, "resource.data: its SHA-256 is "),
        (lambda one: tampered(one, renamed=True, change='"salt":'), "resource.data: "),
        (without_a_file, "entry: no ResearchStudy has the extension urn:entact:study-file"),
        (cut_off_within, "resource.data: it is no base64"),
        (without_its_binary, "urn:entact:study-file leads to 'urn:uuid:"),
        (with_two, "each keeps a study file; which of them is meant, nobody can tell"),
        (with_an_empty_entry, "entry[3].resource: there is none with a resourceType"),
    ],
)
def test_what_keeps_no_study_is_refused_with_its_place(
    bundle: dict[str, Any], change: Change, said: str
) -> None:
    change(bundle)
    with pytest.raises(M11Error) as caught:
        study_in(read_m11(json.dumps(bundle).encode()))
    assert said in str(caught.value)


def test_a_file_that_was_changed_with_its_digest_differs_from_its_document(bundle: dict[str, Any]) -> None:
    tampered(bundle, renamed=True)
    made = study_in(read_m11(json.dumps(bundle).encode()))
    assert any("MDAA" in one for one in made.differences)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "line 1, column 1: no JSON"),
        (b"[]", "resourceType: None is read by nobody here"),
        (b'{"resourceType": "ResearchStudy"}', "resourceType: 'ResearchStudy'"),
        (b'{"study": {}, "usdmVersion": "4.0.0"}', "`entact usdm import` takes it in"),
        (b'{"resourceType": "Bundle"}', "entry: there is no list of resources"),
        (b'{"resourceType": "Bundle", "entry": [3]}', "entry[1].resource: there is none"),
        (b'{"a": 1, "a": 2}', "'a' stands twice"),
        (b"\xff\xfe", "is no UTF-8"),
        (b"%PDF-1.7", "line 1, column 1: no JSON"),
    ],
)
def test_what_is_no_protocol_document_is_refused(raw: bytes, said: str) -> None:
    with pytest.raises(M11Error) as caught:
        read_m11(raw)
    assert said in str(caught.value)


def test_a_document_that_was_cut_off_is_named_with_its_line(bundle: dict[str, Any]) -> None:
    raw = write_m11(bundle)
    with pytest.raises(M11Error, match=r"line \d+, column \d+: no JSON"):
        read_m11(raw[: len(raw) // 2])


def test_each_population_is_counted_by_its_title() -> None:
    found = protocol_of(load_study(str(MINI.parent / "couples")).newest)
    said = str(found)
    assert "20 patients and 20 partners planned" in said
