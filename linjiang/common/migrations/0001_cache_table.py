"""The database cache's table, so that a plain `migrate` is all a database needs."""

from django.db import migrations

TABLE = """
CREATE TABLE IF NOT EXISTS linjiang_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
)
"""
INDEX = "CREATE INDEX IF NOT EXISTS linjiang_cache_expires ON linjiang_cache (expires)"


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        migrations.RunSQL(TABLE, "DROP TABLE IF EXISTS linjiang_cache"),
        migrations.RunSQL(INDEX, migrations.RunSQL.noop),
    ]
