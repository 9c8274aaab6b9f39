"""Registries: what ClinicalTrials.gov and the European registers ask of a study, before it and after."""

from entact.exchange.registries.clinicaltrials import Record, clinicaltrials
from entact.exchange.registries.europe import adverse_events, results_summary
from entact.exchange.registries.required import problems

__all__ = ["Record", "adverse_events", "clinicaltrials", "problems", "results_summary"]
