from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0005_doors"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="user",
            name="last_login",
        ),
    ]
