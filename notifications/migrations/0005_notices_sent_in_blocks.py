from django.conf import settings
from django.db import migrations, models


def all_were_sent(apps, _schema_editor):
    """Until now all messages of a notice were written with it."""
    notices = apps.get_model("notifications", "Notice").objects.filter(is_important=True)
    notices.update(sent_at=models.F("created_at"), sent_count=models.F("reached"))


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0004_notices"),
        ("orgs", "0007_elder_size"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="sent_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="all messages written at"),
        ),
        migrations.AddField(
            model_name="notice",
            name="sent_count",
            field=models.PositiveIntegerField(default=0, verbose_name="messages written"),
        ),
        migrations.AddField(
            model_name="notice",
            name="sent_up_to",
            field=models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("is_important", True), ("sent_at__isnull", True)),
                fields=["id"],
                name="notice_unsent",
            ),
        ),
        migrations.RunPython(all_were_sent, migrations.RunPython.noop),
    ]
