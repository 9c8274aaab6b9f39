"""The addresses of consent."""

from django.urls import URLPattern, path

from entact.conduct.consent import views

urlpatterns: list[URLPattern] = [
    path("<str:key>/consent/", views.show_consent, name="consent"),
    path("<str:key>/consent/<str:entry>/", views.give_consent_pdf, name="consent_pdf"),
]
