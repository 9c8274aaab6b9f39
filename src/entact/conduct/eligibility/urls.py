"""The address of the decision on eligibility."""

from django.urls import URLPattern, path

from entact.conduct.eligibility.views import show_eligibility

urlpatterns: list[URLPattern] = [
    path("<str:key>/eligibility/", show_eligibility, name="eligibility"),
]
