from django.db import migrations


class Migration(migrations.Migration):
    """Apart from what copies the photos: PostgreSQL alters no table whose changed rows wait to be checked."""

    dependencies = [
        ("grievances", "0023_published_photos"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="publication",
            name="after",
        ),
        migrations.RemoveField(
            model_name="publication",
            name="before",
        ),
    ]
