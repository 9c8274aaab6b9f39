"""What a dose does, minute by minute, in a person or a population: plasma, monoamines, hormones, heart.

Research software on simulated people: nothing of a running study reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entact.pharmacology import sources as sources  # first of all: it notes what the others are read from

if TYPE_CHECKING:
    from entact.pharmacology.person import Person
    from entact.pharmacology.population import Population
    from entact.pharmacology.regimen import Regimen
    from entact.pharmacology.result import Simulation
    from entact.pharmacology.simulation import simulate

_PLACES = {
    "Person": "person",
    "Population": "population",
    "Regimen": "regimen",
    "Simulation": "result",
    "simulate": "simulation",
}

__all__ = ["Person", "Population", "Regimen", "Simulation", "simulate"]


def __getattr__(name: str) -> Any:
    # Late, so that the import of the room costs nothing and compiles nothing.
    from importlib import import_module

    if name in _PLACES:
        return getattr(import_module(f"entact.pharmacology.{_PLACES[name]}"), name)
    raise AttributeError(f"module 'entact.pharmacology' has no attribute {name!r}")
