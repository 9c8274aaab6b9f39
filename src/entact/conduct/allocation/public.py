"""The address that anybody may read without an account."""

from django.urls import URLPattern, path

from entact.conduct.allocation.proof import show_proof

urlpatterns: list[URLPattern] = [path("proof/", show_proof, name="proof")]
