"""The formula's language: our short way reads what formulaic reads; a refusal says what would be right."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from formulaic import Formula as Formulaic
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.mmrm.golden import error
from tests.analysis.mmrm.test_laws import fit, last, trial

from entact.analysis.mmrm import CompoundSymmetry
from entact.analysis.mmrm.formula import _by_formulaic, _plain, parse

DATA = trial(11).with_columns(site=pl.col("id") % 3 + 1)
ATOM = st.sampled_from(["a", "b", "c1", "x", "my.x", "C(site)"])
SUM = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", "*", ":", "/"]), inner).map("".join),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"({one})**2"),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(SUM, st.sampled_from(["", "0 + ", "1 + "]), st.sampled_from(["", " - 1", " - a", " + 0"]))
def test_the_short_way_reads_what_formulaic_reads(right: str, begin: str, end: str) -> None:
    text = begin + right + end
    short = _plain(text)
    assert short is not None
    assert short == _by_formulaic(f"y ~ {text}")[1]


@pytest.mark.parametrize(
    "right",
    [
        "base + arm * visit",
        "arm:visit + base",
        "0 + arm:visit",
        "arm * C(site)",
        "arm:C(site)",
        "arm * visit * base",
        "scale(base) * arm",
        "poly(base, 2) * arm",
        "bs(base, df=4) + arm",
        "center(base) + standardize(base):arm",
        "np.log(base) + I(base ** 2) + arm",
        "C(arm, contr.sum) * C(site, contr.helmert)",
        "C(site, contr.treatment(2)) + log(base)",
        "poly(base, 2):C(arm, contr.sum)",
    ],
)
def test_the_model_matrix_is_formulaics(right: str) -> None:
    known = DATA.drop_nans("y")
    expected = Formulaic(right).get_model_matrix(pd.DataFrame(known.to_dict(as_series=False)), context={})
    observations = fit(known, f"y ~ {right}", covariance=CompoundSymmetry()).model.observations
    names = observations.design.names
    assert sorted(names) == sorted(expected.columns)
    np.testing.assert_allclose(observations.x, np.asarray(expected[names], dtype=float), rtol=1e-12)


@pytest.mark.parametrize(
    ("right", "message"),
    [
        ("arm + offset(base)", "offset.*subtract it from the outcome"),
        ("arm + us(visit | id)", r'covariance=Unstructured\(\), visit="visit", subject="id"'),
        ("arm + ar1h(visit | arm/id)", r"covariance=AutoRegressive\(heterogeneous=True\).*subject=\"id\""),
        ("arm + (1 | site)", "random effect"),
        ("arm + (week | id)", "random effect"),
        ("factor(site) + arm", r"factor\(\) can't be used; write C\(\.\.\.\)"),
        ("arm + lag(base)", "lag.*another participant's"),
        ("arm + foo(base)", "foo.*known are C, I, bs"),
        ("arm + {base > 40}", "true or false: make a column"),
        ("arm + I(base > 40)", "true or false: make a column"),
        ("arm * C(site) + site", r"uses 'site' as C\(site\) and as site"),
        ("C(base > 40)", r"C\(\) takes a column"),
        ("arm + 2:base", "scales a term"),
        ("arm + log(visit)", "calculates with 'visit'"),
        ("arm + log(height)", "no column 'height'"),
        ("arm + (", "can't be read"),
    ],
)
def test_what_cannot_be_used_says_what_would_be_right(right: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(DATA, f"y ~ {right}")


def test_a_formula_that_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="a formula is text"):
        fit(DATA, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("function", "by_hand"),
    [
        ("scale(base)", (pl.col("base") - pl.col("base").mean()) / pl.col("base").std()),
        ("center(base)", pl.col("base") - pl.col("base").mean()),
        ("np.log(base)", pl.col("base").log()),
        ("I(base ** 2)", pl.col("base") ** 2),
    ],
)
def test_functions_are_the_columns_that_one_would_make(function: str, by_hand: pl.Expr) -> None:
    known = DATA.drop_nans("y").with_columns(made=by_hand)
    ours, theirs = fit(known, f"y ~ {function} * arm * visit"), fit(known, "y ~ made * arm * visit")
    assert error(ours.deviance, theirs.deviance) < 1e-12
    means = ours.lsmeans("arm", by="visit")
    # a function is taken at the mean of its column, as in emmeans; a column of one's own at its own mean
    at = known.select(by_hand.alias("made"), "base")
    expected = {"scale(base)": 0.0, "center(base)": 0.0}.get(function)
    mean = float(at["base"].mean())  # type: ignore[arg-type]
    expected = {"np.log(base)": np.log(mean), "I(base ** 2)": mean**2}.get(function, expected)
    assert expected is not None
    own = theirs.lsmeans("arm", by="visit", at={"made": expected})
    np.testing.assert_allclose(means.estimate, own.estimate, rtol=1e-9)
    np.testing.assert_allclose(means.se, own.se, rtol=1e-9)
    # predictions know the scale that the fit saw
    predicted = ours.predict(known.head(7), conditional=False)
    np.testing.assert_allclose(
        predicted["estimate"], theirs.predict(known.head(7), conditional=False)["estimate"]
    )


def test_a_square_beside_its_column_has_a_test_of_its_own() -> None:
    """`x` and `I(x ** 2)` need the same column, and are two terms: each is one coefficient."""
    result = fit(DATA, "y ~ base + I(base ** 2) + arm * visit")
    for kind in ("II", "III"):
        tests = dict(zip(result.anova(kind).terms, result.anova(kind).tests, strict=True))  # type: ignore[arg-type]
        t = dict(zip(result.coefficients.labels["term"], result.coefficients.t, strict=True))
        for name in ("base", "I(base ** 2)"):
            assert tests[name].numerator_df == 1
            assert error(tests[name].f, t[name] ** 2) < 1e-8


def test_a_polynomial_is_one_term() -> None:
    result = fit(DATA, "y ~ poly(base, 2) * arm + visit")
    tests = dict(zip(result.anova().terms, result.anova().tests, strict=True))
    assert [tests[name].numerator_df for name in ("poly(base, 2)", "poly(base, 2):arm")] == [2, 2]


def test_names_with_spaces_go_in_backticks() -> None:
    spaced = DATA.rename({"base": "base line", "site": "the site"})
    found = fit(spaced, "y ~ `base line` + arm * visit + C(`the site`)")
    assert error(last(found), last(fit(DATA, "y ~ base + arm * visit + C(site)"))) < 1e-12


def test_a_plain_formula_loads_neither_formulaic_nor_pandas() -> None:
    script = """
import sys
import polars as pl
from entact.analysis import mmrm
frame = pl.DataFrame({"id": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], "v": ["a", "b"] * 6,
                      "s": [1, 1, 2, 2, 3, 3] * 2,
                      "y": [1.0, 2.5, 1.5, 2.0, 3.0, 4.1, 2.2, 2.9, 0.7, 1.9, 2.4, 2.2]})
fit = mmrm("y ~ v + C(s)", frame, subject="id", visit="v")
fit.lsmeans("v").contrast("b - a").to_polars()
print([name for name in ("formulaic", "pandas", "sympy", "pyarrow") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "[]", run.stderr


def test_spaces_do_not_matter() -> None:
    assert parse("y~base+arm*visit").terms == parse("  y  ~  base + arm\n * visit ").terms
