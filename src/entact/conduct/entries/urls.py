"""The addresses of what is entered beside forms."""

from django.urls import URLPattern, path

from entact.conduct.entries import views

urlpatterns: list[URLPattern] = [
    path("<str:key>/add/<str:kind>/", views.add_entry, name="add"),
    path("<str:key>/entry/<str:entry>/", views.show_entry, name="entry"),
    path("<str:key>/entry/<str:entry>/report.pdf", views.give_event_report, name="event_report"),
    path("<str:key>/entry/<str:entry>/withdraw/", views.withdraw_entry, name="withdraw"),
]
