"""FHIR R5: the study as ResearchStudy, PlanDefinition and Questionnaires; participants and what was said."""

from entact.exchange.fhir.person import FhirRecord
from entact.exchange.fhir.study import study_resources

__all__ = ["FhirRecord", "study_resources"]
