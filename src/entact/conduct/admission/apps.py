"""Screening as a Django app."""

from django.apps import AppConfig


class AdmissionConfig(AppConfig):
    name = "entact.conduct.admission"
    label = "admission"
    verbose_name = "screening"
