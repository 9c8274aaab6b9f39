"""The models say what the tables are: what these were made of says the same."""

from __future__ import annotations

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState


def test_migrations_make_the_tables_that_the_models_say() -> None:
    loader, said = MigrationLoader(None), ProjectState.from_apps(apps)
    made = loader.project_state()
    for model in made.models.values():
        if "id" in model.fields:  # of which the title is in no table, and not in every migration
            model.fields["id"]._verbose_name = (
                said.models[model.app_label, model.name_lower].fields["id"]._verbose_name
            )
    found = MigrationAutodetector(made, said).changes(graph=loader.graph)
    assert {
        app: [str(one) for each in changes for one in each.operations] for app, changes in found.items()
    } == {}
