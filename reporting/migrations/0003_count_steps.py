"""The tallies learn how long cases spent between two steps, and years of zones: a city that has cases counts anew, once."""

from django.db import migrations


def count_anew(apps, _schema_editor):
    if not apps.get_model("grievances", "Grievance").objects.exists():
        return
    # What the sums must hold is said in one place; here it only has to be asked once, for cases older than this sum.
    from reporting.services.rebuilding import Area, rebuild

    rebuild(Area())


class Migration(migrations.Migration):
    # Recounting is one long transaction of its own, beside which the city goes on working.
    atomic = False

    dependencies = [
        ("reporting", "0002_loads_of_chiefs"),
        ("grievances", "0019_steps_measured_cards_in_force"),
    ]

    operations = [migrations.RunPython(count_anew, migrations.RunPython.noop)]
