from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0006_no_last_login"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="elder_size",
            field=models.PositiveSmallIntegerField(
                choices=[(0, "Ordinary"), (18, "Small"), (22, "Medium"), (26, "Large"), (30, "Very large")],
                default=0,
                help_text="size of the letters in pixels",
                verbose_name="large print",
            ),
        ),
    ]
