"""Pages of the annotated form, from what stands beside its items."""

from __future__ import annotations

from entact.exchange.annotated import collected_on


def test_a_test_a_variable_and_a_date_are_found_on_the_pages_that_name_them() -> None:
    found = collected_on(
        "acrf.pdf",
        [
            {"said": "VS.VSORRES where VS.VSTESTCD = SYSBP and VS.VSPOS = STANDING", "page": 7},
            {"said": "VS.VSORRES where VS.VSTESTCD = SYSBP", "page": 9},
            {"said": "LB.LBORRES where LB.LBTESTCD = ALP; DM.SEX", "page": 11},
            {"said": "SUPPAE.QVAL where SUPPAE.QNAM = AECODE", "page": 12},
            {"said": "NOT SUBMITTED: personal, sealed in the record", "page": 13},
        ],
    )
    assert found.form == "acrf.pdf"
    assert found.values == {("VS", "SYSBP"): {7, 9}, ("LB", "ALP"): {11}}
    assert found.variables[("VS", "VSPOS")] == {7}
    assert found.variables[("VS", "VSDTC")] == {7, 9}
    assert found.variables[("DM", "SEX")] == found.variables[("LB", "LBDTC")] == {11}
    assert found.variables[("SUPPAE", "QVAL")] == {12}
    assert found.variables[("DM", "DMDTC")] == {11}
    assert not any(13 in pages for pages in found.variables.values())
