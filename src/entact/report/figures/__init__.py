"""Figures as SVG drawn from Vega-Lite specifications, without a browser or a network."""

from entact.report.figures.drawing import Drawing, Figure, Key, Numbers
from entact.report.figures.events import events_figure
from entact.report.figures.guesses import guesses_figure
from entact.report.figures.scores import scores_figure
from entact.report.figures.vitals import vitals_figure

__all__ = [
    "Drawing",
    "Figure",
    "Key",
    "Numbers",
    "events_figure",
    "guesses_figure",
    "scores_figure",
    "vitals_figure",
]
