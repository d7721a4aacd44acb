"""The sequence behind case numbers: it never waits and never gives a value twice."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("grievances", "0002_relations")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE grievance_running_number",
            "DROP SEQUENCE grievance_running_number",
        ),
    ]
