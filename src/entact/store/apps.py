"""The record as a Django app."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "entact.store"
    label = "store"
    verbose_name = "the record"
