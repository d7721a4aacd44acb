import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0003_digests"),
        ("orgs", "0004_units_that_moved"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=80, verbose_name="title")),
                ("text", models.TextField(max_length=4000, verbose_name="text")),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("chiefs", "Neighbour chiefs"),
                            ("leaders", "Group and zone leaders"),
                            ("all", "Everybody below"),
                        ],
                        max_length=8,
                        verbose_name="for",
                    ),
                ),
                ("until", models.DateField(blank=True, null=True, verbose_name="holds until")),
                ("is_important", models.BooleanField(default=False, verbose_name="important")),
                ("created_at", models.DateTimeField(verbose_name="at")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn at")),
                ("reached", models.PositiveIntegerField(default=0, verbose_name="people reached")),
                ("read_count", models.PositiveIntegerField(default=0, verbose_name="people who read it")),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="written by",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="orgs.unit",
                        verbose_name="from",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="NoticeRead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="notifications.notice"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "notice read",
                "verbose_name_plural": "notices read",
            },
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["unit", "-id"], name="notice_by_unit"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience__in", ["chiefs", "leaders", "all"])), name="notice_audience_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="noticeread",
            constraint=models.UniqueConstraint(fields=("user", "notice"), name="notice_read_once"),
        ),
    ]
