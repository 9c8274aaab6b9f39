"""The addresses of the console. Its worker lies at its path, so that it works for all below."""

from django.urls import URLPattern, path

from entact.conduct.session import measuring_views, views

urlpatterns: list[URLPattern] = [
    path("", views.show_console, name="console"),
    path("worker.js", views.show_worker, name="console_worker"),
    path("entries/", views.receive_entries, name="console_entries"),
    path("sign-in/", views.change_sign_in, name="console_sign_in"),
    path("readings/", measuring_views.receive, name="readings"),
    path("<str:name>", views.show_file, name="console_file"),
    path("<str:key>/<str:visit>/briefing/", views.show_briefing, name="briefing"),
    path("<str:key>/<str:visit>/pack.pdf", views.show_pack, name="session_pack"),
    path("<str:key>/<str:visit>/lease/", views.change_lease, name="lease"),
    path("<str:key>/<str:visit>/label/", views.read_label, name="read_label"),
]
