"""Readings by Web Bluetooth: bytes as the specifications lay them out, and what is read from them.

Source: Bluetooth SIG, GATT Specification Supplement (Blood Pressure Measurement, Temperature Measurement, PLX
Spot-check and Continuous Measurement); IEEE 11073-20601 for the numbers, with the temperature of 36.4
degrees of the white paper on the transcoding of personal health devices.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.console.deno import run

BYTES = "Uint8Array.from(text.match(/../g) ?? [], (one) => parseInt(one, 16))"
VIEW = f"const view = (text) => new DataView({BYTES}.buffer);"


def parsed(function: str, hexadecimal: str, *more: Any) -> Any:
    body = f"{VIEW} return it.{function}(view(given[0]), ...given.slice(1));"
    return run("bluetooth.js", body, [hexadecimal, *more])


@pytest.mark.parametrize(
    ("function", "sent", "number"),
    [
        ("sfloat", "7200", 114),  # mantissa 114, exponent 0
        ("sfloat", "6cf1", 36.4),  # 364 and -1
        ("sfloat", "6c0f", -148),  # a mantissa below nothing: 0xf6c would be in twelve bits
        ("sfloat", "0a20", 1000),  # 10 and 2
        ("sfloat", "feff", -0.2),  # -2 and -1
        ("sfloat", "fef7", 204.6),  # digits of infinity with an exponent are a number
        ("sfloat", "ff07", None),  # not a number
        ("sfloat", "0008", None),  # not at this resolution
        ("sfloat", "fe07", None),  # infinite
        ("sfloat", "0208", None),  # infinite, below nothing
        ("sfloat", "0108", None),  # reserved
        ("float", "6c0100ff", 36.4),  # 0xff00016c
        ("float", "65030000", 869),
        ("float", "ffffff00", -1),
        ("float", "ffff7f00", None),
        ("float", "00008000", None),
    ],
)
def test_a_number_is_its_mantissa_and_its_power_of_ten(
    function: str, sent: str, number: float | None
) -> None:
    assert parsed(function, sent, 0) == number


def test_a_blood_pressure_with_all_that_can_be_in_it() -> None:
    everything = "1e" + "7c00" + "4e00" + "5d00" + "ea07030a091e00" + "4800" + "01" + "0500"
    assert parsed("pressure", everything) == {
        "signs": {"systolic": [124, "mm[Hg]"], "diastolic": [78, "mm[Hg]"], "heart_rate": [72, "/min"]},
        "doubts": ["the body moved", "the pulse was irregular"],
        "at": "2026-03-10T09:30:00",
    }
    assert parsed("pressure", "00" + "7c00" + "4e00" + "5d00")["signs"] == {
        "systolic": [124, "mm[Hg]"], "diastolic": [78, "mm[Hg]"],
    }  # fmt: skip
    assert parsed("pressure", "05" + "a5f0" + "68f0" + "7cf0" + "4800")["signs"] == {
        "systolic": [16.5, "kPa"], "diastolic": [10.4, "kPa"], "heart_rate": [72, "/min"],
    }  # fmt: skip
    assert parsed("pressure", "00" + "ff07" + "4e00" + "5d00")["signs"] == {"diastolic": [78, "mm[Hg]"]}


def test_a_temperature_says_its_unit_and_its_time() -> None:
    assert parsed("temperature", "006c0100ff") == {
        "signs": {"temperature": [36.4, "Cel"]}, "doubts": [], "at": "",
    }  # fmt: skip
    assert parsed("temperature", "03d90300ffea07030a091e00") == {
        "signs": {"temperature": [98.5, "[degF]"]}, "doubts": [], "at": "2026-03-10T09:30:00",
    }  # fmt: skip


def test_an_oximeter_says_what_it_doubts_itself() -> None:
    signs = {"oxygen_saturation": [97, "%"], "heart_rate": [66, "/min"]}
    assert parsed("oximetry", "00" + "6100" + "4200") == {"signs": signs, "doubts": [], "at": ""}
    spot = "03" + "6100" + "4200" + "ea07030a091e00" + "0004"
    assert parsed("oximetry", spot) == {
        "signs": signs, "doubts": ["the device says: for demonstration"], "at": "2026-03-10T09:30:00",
    }  # fmt: skip
    fast_too = "05" + "6100" + "4200" + "60004300" + "0080"
    assert parsed("oximetry", fast_too, False)["doubts"] == ["the device says that it is not valid"]


@pytest.mark.parametrize("sent", ["", "02", "027c004e005d00ea07"])
def test_what_is_cut_off_is_no_reading(sent: str) -> None:
    body = f"{VIEW} try {{ return it.pressure(view(given)); }} catch (error) {{ return error.name; }}"
    assert run("bluetooth.js", body, sent) == "RangeError"
