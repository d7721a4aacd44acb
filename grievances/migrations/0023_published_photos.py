import django.db.models.deletion
from django.db import migrations, models


def keep_the_photos(apps, _schema_editor):
    """Keep what is published: the one photo of each side becomes the first of several."""
    publications, photos = (apps.get_model("grievances", name) for name in ("Publication", "PublicationPhoto"))
    rows = []
    for pk, before, after in publications.objects.order_by("pk").values_list("pk", "before_id", "after_id"):
        if before:
            rows.append(photos(publication_id=pk, attachment_id=before, side="before"))
        if after and after != before:
            rows.append(photos(publication_id=pk, attachment_id=after, side="after"))
    photos.objects.bulk_create(rows, batch_size=1_000)


def put_them_back(apps, _schema_editor):
    """Keep the first photo of each side."""
    publications, photos = (apps.get_model("grievances", name) for name in ("Publication", "PublicationPhoto"))
    for photo in photos.objects.order_by("-pk").iterator():
        publications.objects.filter(pk=photo.publication_id).update(**{f"{photo.side}_id": photo.attachment_id})


class Migration(migrations.Migration):
    dependencies = [
        ("grievances", "0022_problem_pool"),
    ]

    operations = [
        migrations.CreateModel(
            name="PublicationPhoto",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "side",
                    models.CharField(
                        choices=[("before", "before"), ("after", "after")], max_length=6, verbose_name="shows"
                    ),
                ),
                (
                    "attachment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grievances.attachment",
                        verbose_name="photo",
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="photos",
                        to="grievances.publication",
                        verbose_name="publication",
                    ),
                ),
            ],
            options={
                "verbose_name": "published photo",
                "verbose_name_plural": "published photos",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("publication", "attachment"), name="publication_photo_once"),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["before", "after"])), name="publication_photo_side_known"
                    ),
                ],
            },
        ),
        migrations.RunPython(keep_the_photos, put_them_back),
    ]
