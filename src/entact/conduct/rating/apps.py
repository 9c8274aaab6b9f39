"""Ratings as a Django app."""

from django.apps import AppConfig


class RatingConfig(AppConfig):
    name = "entact.conduct.rating"
    label = "rating"
    verbose_name = "rating"
