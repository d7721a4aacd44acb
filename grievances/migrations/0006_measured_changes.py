"""The log of measured changes, begun with every case there is."""

from django.db import migrations, models

import linjiang.common.database

# One row more for every reported case: whoever keeps figures begins with these.
BEGIN = """
INSERT INTO grievances_measuredchange (
    sign, unit_path, status, source, category, lead_agency, reported_at, assigned_at, acknowledged_at, resolved_at,
    closed_at, due_at, acknowledge_due_at, settled_by, confirmation, rating, said_resolved, reopened_count)
SELECT 1, unit_path, status, source, category_id, lead_agency_id, reported_at, assigned_at, acknowledged_at, resolved_at,
    closed_at, due_at, acknowledge_due_at, settled_by, confirmation, rating, said_resolved, reopened_count
FROM grievances_grievance WHERE reported_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("grievances", "0005_working_time"),
    ]

    operations = [
        migrations.CreateModel(
            name="MeasuredChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sign", models.SmallIntegerField()),
                ("unit_path", linjiang.common.database.PathField(db_collation="C", max_length=64)),
                ("status", models.CharField(max_length=12)),
                ("source", models.CharField(max_length=12)),
                ("category", models.BigIntegerField(null=True)),
                ("lead_agency", models.BigIntegerField(null=True)),
                ("reported_at", models.DateTimeField()),
                ("assigned_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("acknowledge_due_at", models.DateTimeField(null=True)),
                ("settled_by", models.CharField(max_length=12)),
                ("confirmation", models.CharField(max_length=12)),
                ("rating", models.SmallIntegerField(null=True)),
                ("said_resolved", models.BooleanField(null=True)),
                ("reopened_count", models.SmallIntegerField()),
            ],
            options={
                "verbose_name": "measured change",
                "verbose_name_plural": "measured changes",
            },
        ),
        migrations.RunSQL(BEGIN, migrations.RunSQL.noop),
    ]
