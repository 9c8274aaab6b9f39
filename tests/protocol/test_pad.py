"""What keeps a gate of a dosing day shut on the console while there is no network."""

from __future__ import annotations

import pytest
from tests.protocol.one_slip import said_of

from entact.protocol import load_study, shipped_studies
from entact.protocol.pad import advise_pad
from entact.protocol.source import read_as_far
from entact.protocol.template import new_study_file

LEFT_OUT = "required: false, help: not asked of those who cannot become pregnant"
READY = "oriented: {type: boolean}, accompanied: {type: boolean}"
PREGNANT = '"!participant.can_be_pregnant || pregnancy_test.negative"'
SHUT = "without the network, gates.{}, which asks for {}, stays shut there"


def told(**slips: str) -> list[str]:
    """What is said of the template's consoles, where texts of it are others."""
    text = new_study_file("new_study")
    texts = {"left_out": LEFT_OUT, "ready": READY, "pregnant": PREGNANT}
    for name, new in slips.items():
        assert text.count(texts[name]) == 1, name
        text = text.replace(texts[name], new)
    said = said_of(read_as_far(text.encode(), "study.yaml")[0].data)
    assert all(one.startswith("advised ") for one in said), said  # nothing is refused
    return [one.removeprefix("advised ") for one in said if "the network" in one]


@pytest.mark.parametrize("name", shipped_studies())
def test_every_shipped_study_gives_a_dose_without_the_network(name: str) -> None:
    release = load_study(name).newest
    assert list(advise_pad(release.file, release.rules, release.forms, release.visits)) == []


@pytest.mark.parametrize("when", ["participant.can_be_pregnant", "given('initial')"])
def test_a_form_that_asks_by_what_stands_elsewhere_is_named_with_the_gate_that_needs_it(when: str) -> None:
    assert told() == []
    assert told(left_out=f'when: "{when}"') == [
        f"forms.pregnancy_test.items.negative (key): is asked when {when}, which is not asked on this form "
        "itself; so pregnancy_test is filled in on its page, and not on the console: "
        + SHUT.format("initial_dose", "pregnancy_test.negative")
    ]


@pytest.mark.parametrize("kind", ["text", "time", "date"])
def test_a_form_with_an_item_that_the_console_does_not_ask_is_named_where_it_is_required(kind: str) -> None:
    (found,) = told(ready=f"{READY}, more: {{type: {kind}}}")
    assert found.startswith(f"forms.ready_to_leave.items.more (key): is a {kind}, and required; so ready_to_")
    assert found.endswith(SHUT.format("discharge", "ready_to_leave.accompanied"))
    assert told(ready=f"{READY}, more: {{type: {kind}, required: false}}") == []


def test_a_calculated_value_is_unknown_there_and_a_condition_on_the_form_itself_is_known() -> None:
    walks = "walks: {type: boolean}, falls: {type: boolean, when: walks}, accompanied: {type: boolean}"
    assert told(ready=f"{walks}, oriented: {{type: boolean, calculated: walks && accompanied}}") == [
        "forms.ready_to_leave.items.oriented (key): is calculated, which the console does not do: "
        + SHUT.format("discharge", "ready_to_leave.oriented")
    ]
    assert told(ready=f"{walks}, oriented: {{type: boolean}}") == []


def test_what_a_gate_takes_from_an_earlier_visit_or_does_not_ask_is_no_matter() -> None:
    elsewhere = "when: participant.can_be_pregnant"
    assert told(left_out=elsewhere, pregnant=f"{PREGNANT}, ever: true") == []  # the baseline's will do
    assert told(left_out=elsewhere, pregnant=f"{PREGNANT}, within: 8 h") != []
    assert told(left_out=elsewhere, pregnant='"!participant.can_be_pregnant"') == []
