"""Residuals as pictures: Vega-Lite specifications, which any notebook draws."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from entact.analysis.mmrm.model import Model
from entact.analysis.mmrm.predict import residuals

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_BLUE = "#0072b2"  # Okabe, Ito 2008: safe for colour-blind readers


def residual_plots(model: Model) -> dict[str, Any]:
    """Residuals over expected values, by visit, and normal quantiles, as a Vega-Lite specification."""
    pearson, normalised = residuals(model, "pearson"), residuals(model, "normalised")
    order = np.argsort(normalised, kind="stable")
    quantile = np.empty(model.n)
    # Blom 1958
    quantile[order] = ndtri((np.arange(1, model.n + 1) - 0.375) / (model.n + 0.25))
    visits = model.observations.visits
    values = [
        {"expected": e, "pearson": p, "normalised": z, "quantile": q, "visit": visits[v]}
        for e, p, z, q, v in zip(
            model.fitted.tolist(),
            pearson.tolist(),
            normalised.tolist(),
            quantile.tolist(),
            model.observations.visit.tolist(),
            strict=True,
        )
    ]
    line = {"mark": {"type": "rule", "color": "#888"}, "encoding": {"y": {"datum": 0}}}
    diagonal = {
        "data": {"values": [{"quantile": -3.0}, {"quantile": 3.0}]},
        "mark": {"type": "line", "color": "#888"},
        "encoding": {"x": _axis("quantile", ""), "y": _axis("quantile", "")},
    }
    return {
        "$schema": _SCHEMA,
        "title": f"Residuals of {model.observations.outcome}",
        "data": {"values": values},
        "hconcat": [
            {"layer": [line, _points(_axis("expected", "expected"), _axis("pearson", "residual / SD"))]},
            {
                "mark": {"type": "boxplot", "color": _BLUE},
                "encoding": {
                    "x": {"field": "visit", "type": "nominal", "sort": list(visits), "title": "visit"},
                    "y": _axis("pearson", "residual / SD"),
                },
            },
            {
                "layer": [
                    diagonal,
                    _points(_axis("quantile", "normal quantile"), _axis("normalised", "normalised residual")),
                ]
            },
        ],
    }


def _axis(field: str, title: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, "scale": {"zero": False}}


def _points(x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    return {"mark": {"type": "point", "color": _BLUE, "opacity": 0.6}, "encoding": {"x": x, "y": y}}
