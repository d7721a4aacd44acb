"""More sums are kept than before (years of zones, years of a community by category): they are counted from the cases."""

from django.db import migrations


def recount(apps, schema_editor):
    if not apps.get_model("reporting", "Tally").objects.exists():
        return  # a new city has nothing to count
    # The recount itself, not a copy of it: what is kept is said in one place. It takes a transaction of its own.
    from reporting.services.rebuilding import Area, rebuild

    rebuild(Area())


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("reporting", "0001_tallies"),
        ("grievances", "0017_publications"),
    ]

    operations = [migrations.RunPython(recount, migrations.RunPython.noop)]
