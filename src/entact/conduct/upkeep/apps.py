"""What is done by itself as a Django app."""

from django.apps import AppConfig


class UpkeepConfig(AppConfig):
    name = "entact.conduct.upkeep"
    label = "upkeep"
    verbose_name = "upkeep"
