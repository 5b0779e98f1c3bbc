"""Adds the chain of hashes over what the writer adds.

It begins with the first batch that is written from here on; rows of before are in no manifest.
"""

from django.db import migrations, models

# Digests cannot be compressed; PostgreSQL would try at every batch.
UNCOMPRESSED = "ALTER TABLE ledger_batch ALTER COLUMN manifest SET STORAGE EXTERNAL"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_openings_and_notices")]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                ("event_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("shard", models.SmallIntegerField()),
                ("first_sequence", models.BigIntegerField()),
                ("last_sequence", models.BigIntegerField()),
                ("manifest", models.BinaryField()),
                ("previous_hash", models.BinaryField()),
                ("hash", models.BinaryField()),
            ],
            options={
                "verbose_name_plural": "batches",
                "db_table": "ledger_batch",
                "ordering": ["-event_id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            event_id=models.F("last_sequence") * 64 + models.F("shard")
                        ),
                        name="batch_event_id",
                    ),
                    models.UniqueConstraint(fields=["shard", "first_sequence"], name="batch_once"),
                ],
            },
        ),
        migrations.RunSQL(UNCOMPRESSED, migrations.RunSQL.noop),
    ]
