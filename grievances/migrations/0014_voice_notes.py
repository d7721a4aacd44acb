"""Voice notes: a table of its own, so that nothing which reads photos has to tell them apart."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import grievances.models.voices


class Migration(migrations.Migration):
    dependencies = [
        ("grievances", "0013_learnt_categories"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="VoiceNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "file",
                    models.FileField(upload_to=grievances.models.voices.voice_path, verbose_name="voice note"),
                ),
                (
                    "format",
                    models.CharField(choices=[("webm", "WebM"), ("ogg", "Ogg"), ("mp4", "MP4")], max_length=4),
                ),
                ("size", models.PositiveIntegerField(help_text="bytes")),
                ("created_at", models.DateTimeField(verbose_name="at")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="voices",
                        to="grievances.grievanceevent",
                    ),
                ),
                (
                    "grievance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="voices",
                        to="grievances.grievance",
                        verbose_name="case",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "voice note", "verbose_name_plural": "voice notes", "ordering": ["pk"]},
        ),
    ]
