"""Until which day a role at a site is held, where that is planned."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0003_language")]

    operations = [migrations.AddField(model_name="role", name="until", field=models.DateField(null=True))]
