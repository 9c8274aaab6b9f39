"""Keys leave the database; identities are sealed; an installation has a mark that its backups share."""

import uuid
from typing import Any

from django.db import migrations, models


def move_keys(apps: Any, schema_editor: Any) -> None:
    """Keys that an earlier version kept here move to the keychain beside the database."""
    keys = {key.participant: bytes(key.key) for key in apps.get_model("store", "Key").objects.all()}
    installation = apps.get_model("store", "Installation").objects.first()
    if keys and installation is not None:
        from entact.store.keychain import Keychain, keychain_folder

        Keychain(keychain_folder(installation.mark)).add(keys)


def refuse_plain_identities(apps: Any, schema_editor: Any) -> None:
    """No version of entact wrote identities before this one; what another hand wrote is not thrown away."""
    if apps.get_model("store", "Identity").objects.exists():
        raise RuntimeError("store_identity holds details that are not sealed: take them out first")


class Migration(migrations.Migration):
    dependencies = [("store", "0002_append_only")]

    operations = [
        migrations.AddField("installation", "mark", models.UUIDField(default=uuid.uuid4)),
        migrations.RunPython(move_keys),
        migrations.DeleteModel("Key"),
        migrations.RunPython(refuse_plain_identities),
        migrations.RemoveField("identity", "details"),
        migrations.AddField("identity", "sealed", models.TextField(default="")),
        migrations.AlterField("identity", "sealed", models.TextField()),
    ]
