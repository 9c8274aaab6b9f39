"""Listings as a Django app."""

from django.apps import AppConfig


class ListingsConfig(AppConfig):
    name = "entact.conduct.listings"
    label = "listings"
    verbose_name = "listings"
