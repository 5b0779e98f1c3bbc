"""Adds what a shard is made of beside balances: orders that came to rest, terms, limits, resets."""

import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("event_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("shard", models.SmallIntegerField()),
                ("sequence", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("symbol", models.TextField(blank=True)),
                ("user_id", models.BigIntegerField()),
                ("detail", models.TextField()),
                ("noted_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ledger_notice",
                "ordering": ["-event_id"],
            },
        ),
        migrations.CreateModel(
            name="OpenedOrder",
            fields=[
                ("order_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("shard", models.SmallIntegerField()),
                ("sequence", models.BigIntegerField()),
                ("user_id", models.BigIntegerField()),
                ("symbol", models.TextField()),
                ("side", models.TextField()),
                ("post_only", models.BooleanField()),
                ("price_ticks", models.BigIntegerField()),
                ("qty_lots", models.BigIntegerField()),
                ("client_order_id", models.TextField(blank=True)),
                ("filled_lots", models.BigIntegerField(verbose_name="filled at once")),
                (
                    "filled_units",
                    models.BigIntegerField(verbose_name="filled at once (quote units)"),
                ),
                ("opened_at", models.DateTimeField()),
                (
                    "event_id",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("sequence"), "*", models.Value(64)
                            ),
                            "+",
                            models.F("shard"),
                        ),
                        output_field=models.BigIntegerField(),
                        unique=True,
                    ),
                ),
            ],
            options={
                "verbose_name": "opened order",
                "db_table": "order_opened",
                "ordering": ["-order_id"],
            },
        ),
        migrations.AddField(
            model_name="orderrecord",
            name="event_id",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.expressions.CombinedExpression(
                    django.db.models.expressions.CombinedExpression(
                        models.F("sequence"), "*", models.Value(64)
                    ),
                    "+",
                    models.F("shard"),
                ),
                output_field=models.BigIntegerField(),
                unique=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "event_id",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("sequence"), "*", models.Value(64)
                            ),
                            "+",
                            models.F("shard"),
                        ),
                    )
                ),
                name="notice_event_id",
            ),
        ),
    ]
