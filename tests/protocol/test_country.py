"""Countries by their two letters, wherever a file names one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from entact.protocol.country import countries_of, wrong_country

ROLES = "roles: {investigator"


@pytest.mark.parametrize("code", ["US", "CA", "IL", "GB", "NL", "DE", "AU", "CH", "BR", "ZA"])
def test_two_letters_of_a_country_are_right(code: str) -> None:
    assert wrong_country(code) is None


@pytest.mark.parametrize(
    ("code", "meant"),
    {
        "USA": "US", "us": "US", "UK": "GB", "GBR": "GB", "Germany": "DE", "germany": "DE", "Israel": "IL",
        "United States": "US", "United Kingdom": "GB", "Netherlands": "NL", "DEU": "DE", "el": "GR",
    }.items(),
)  # fmt: skip
def test_what_people_write_instead_is_told_with_what_was_meant(code: str, meant: str) -> None:
    assert wrong_country(code) == f"there is no country {code!r}; did you mean {meant!r}?"


def test_what_is_no_country_says_how_one_is_written() -> None:
    assert wrong_country("XX") == "there is no country 'XX'; write the two letters of ISO 3166, as in 'US'"


def test_a_zone_knows_its_countries() -> None:
    assert countries_of("America/Denver") == {"US"}
    assert "DE" in countries_of("Europe/Berlin")
    assert countries_of("UTC") == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{country: US, timezone",
            "{country: §USA, timezone",
            "sites.denver.country: there is no country 'USA'; did you mean 'US'?",
        ),
        (
            ROLES,
            "reports: {one: {title: One, when: event.serious, within: 7 d, to: FDA, jurisdiction: §UK}}\n"
            "roles: {investigator",
            "reports.one.jurisdiction: there is no country 'UK'; did you mean 'GB'?",
        ),
        (
            "strengths: [40 mg, 60 mg], placebo: matching}",
            "strengths: [40 mg, 60 mg], placebo: matching, schedule: {§USA: I}}",
            "products.capsule.schedule.USA: there is no country 'USA'; did you mean 'US'?",
        ),
    ],
)
def test_a_country_that_does_not_exist_is_found_wherever_it_stands(
    edit_gives: Callable[[str, str, str], None], old: str, new: str, message: str
) -> None:
    edit_gives(old, new, message)
