"""Several hypotheses in one trial: p values adjusted so that the family's error rate is kept."""

from __future__ import annotations

from entact.analysis.multiplicity.adjusted import Adjusted
from entact.analysis.multiplicity.graph import Graph, graphical
from entact.analysis.multiplicity.hierarchical import hierarchical, repeated_p
from entact.analysis.multiplicity.picture import graph_chart
from entact.analysis.multiplicity.steps import STEPS, fixed_sequence, hochberg, holm, hommel

__all__ = [
    "STEPS",
    "Adjusted",
    "Graph",
    "fixed_sequence",
    "graph_chart",
    "graphical",
    "hierarchical",
    "hochberg",
    "holm",
    "hommel",
    "repeated_p",
]
