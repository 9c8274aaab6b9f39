"""What is entered rarely is found by its kind, without reading ledgers through."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0020_reconsents")]

    operations = [
        migrations.AddIndex(
            "line",
            models.Index(
                name="rare_kinds",
                fields=["kind", "ledger", "seq"],
                condition=~models.Q(
                    kind__in=[
                        "form",
                        "encounter",
                        "adverse_event",
                        "guess",
                        "presence",
                        "vital_signs",
                        "safety_call",
                        "kit",
                        "kit_assigned",
                        "dose",
                        "dose_level",
                        "ledger_opened",
                        "consent",
                        "screening",
                        "eligibility",
                        "medication",
                        "enrolment",
                        "randomisation",
                    ]
                ),
            ),
        )
    ]
