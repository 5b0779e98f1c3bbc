"""The book of record's tables: facts, added once and never changed, and what moves with them.

Only the ledger writer adds facts (`ledger/store.py`), and a trigger refuses to change them;
`ledger/rights.py` lists which tables they are. Quantities are integers: ticks, lots, and the
asset's smallest units.

Text has no length limit, because the writer may not refuse what the matching function has let in,
and user ids carry no foreign key, because the ledger outlives accounts.
"""

from django.db import models
from django.db.models import F, Q

from matching.domain.ids import MAX_SHARDS

_EVENT_ID = F("sequence") * MAX_SHARDS + F("shard")


def _event_id_matches(name: str) -> models.CheckConstraint:
    """Return the rule that makes the primary key stand for one (shard, sequence)."""
    return models.CheckConstraint(condition=Q(event_id=_EVENT_ID), name=name)


def _event_id() -> models.GeneratedField:
    """Return the same number for a table whose primary key is the order."""
    return models.GeneratedField(
        expression=_EVENT_ID,
        output_field=models.BigIntegerField(),
        db_persist=True,
        unique=True,
    )


class Trade(models.Model):
    """One match of a buyer and a seller, with both halves."""

    event_id = models.BigIntegerField(primary_key=True)
    shard = models.SmallIntegerField()
    sequence = models.BigIntegerField()
    trade_id = models.BigIntegerField()
    symbol = models.TextField()
    price_ticks = models.BigIntegerField()
    qty_lots = models.BigIntegerField()
    base_units = models.BigIntegerField()
    quote_units = models.BigIntegerField()
    taker_side = models.TextField()
    buy_order_id = models.BigIntegerField()
    sell_order_id = models.BigIntegerField()
    buyer_user_id = models.BigIntegerField()
    seller_user_id = models.BigIntegerField()
    buyer_fee_units = models.BigIntegerField("buyer's fee (base units)")
    seller_fee_units = models.BigIntegerField("seller's fee (quote units)")
    maker_side = models.TextField()
    executed_at = models.DateTimeField()

    class Meta:
        db_table = "trade_ledger"
        ordering = ["-event_id"]
        constraints = [
            _event_id_matches("trade_event_id"),
            models.UniqueConstraint(fields=["shard", "trade_id"], name="trade_once"),
        ]
        indexes = [
            models.Index(fields=["symbol", "executed_at"], name="trade_symbol_time"),
            models.Index(fields=["buyer_user_id", "executed_at"], name="trade_buyer_time"),
            models.Index(fields=["seller_user_id", "executed_at"], name="trade_seller_time"),
        ]

    def __str__(self) -> str:
        return f"trade {self.trade_id} of {self.symbol}"


class OrderRecord(models.Model):
    """An order's terms and final state, written when it ended."""

    order_id = models.BigIntegerField(primary_key=True)
    shard = models.SmallIntegerField()
    sequence = models.BigIntegerField()
    user_id = models.BigIntegerField()
    symbol = models.TextField()
    side = models.TextField()
    type = models.TextField()
    time_in_force = models.TextField()
    post_only = models.BooleanField()
    price_ticks = models.BigIntegerField()
    qty_lots = models.BigIntegerField()
    client_order_id = models.TextField(blank=True)
    status = models.TextField()
    filled_lots = models.BigIntegerField()
    filled_units = models.BigIntegerField("filled (quote units)")
    canceled_lots = models.BigIntegerField()
    end_reason = models.TextField(blank=True)
    reject_reason = models.TextField(blank=True)
    ended_at = models.DateTimeField()
    event_id = _event_id()

    class Meta:
        db_table = "order_history"
        ordering = ["-ended_at"]
        verbose_name = "ended order"
        indexes = [
            models.Index(fields=["user_id", "ended_at"], name="order_user_time"),
            models.Index(
                fields=["user_id", "client_order_id"],
                condition=~Q(client_order_id=""),
                name="order_client_id",
            ),
        ]

    def __str__(self) -> str:
        return f"order {self.order_id}"


class OpenedOrder(models.Model):
    """An order that came to rest: its terms, and what of it had traded at once.

    Only limit orders that are good till canceled rest. The order is open until `order_history` has
    a row of it.
    """

    order_id = models.BigIntegerField(primary_key=True)
    shard = models.SmallIntegerField()
    sequence = models.BigIntegerField()
    user_id = models.BigIntegerField()
    symbol = models.TextField()
    side = models.TextField()
    post_only = models.BooleanField()
    price_ticks = models.BigIntegerField()
    qty_lots = models.BigIntegerField()
    client_order_id = models.TextField(blank=True)
    filled_lots = models.BigIntegerField("filled at once")
    filled_units = models.BigIntegerField("filled at once (quote units)")
    opened_at = models.DateTimeField()
    event_id = _event_id()

    class Meta:
        db_table = "order_opened"
        ordering = ["-order_id"]
        verbose_name = "opened order"

    def __str__(self) -> str:
        return f"order {self.order_id}"


class Funding(models.Model):
    """A deposit (positive) or withdrawal (negative) that took effect."""

    event_id = models.BigIntegerField(primary_key=True)
    shard = models.SmallIntegerField()
    sequence = models.BigIntegerField()
    user_id = models.BigIntegerField()
    asset = models.TextField()
    amount_units = models.BigIntegerField()
    reference = models.TextField()
    moved_at = models.DateTimeField()

    class Meta:
        db_table = "funding"
        ordering = ["-event_id"]
        verbose_name = verbose_name_plural = "funding"
        constraints = [_event_id_matches("funding_event_id")]
        indexes = [models.Index(fields=["user_id", "moved_at"], name="funding_user_time")]

    def __str__(self) -> str:
        return f"funding {self.reference}"


class Notice(models.Model):
    """What changed no balance and no order: a market's terms or status, a user's limits, a reset.

    `kind` is the event's, `detail` a JSON object of its other fields.
    """

    event_id = models.BigIntegerField(primary_key=True)
    shard = models.SmallIntegerField()
    sequence = models.BigIntegerField()
    kind = models.TextField()
    symbol = models.TextField(blank=True)
    user_id = models.BigIntegerField()
    detail = models.TextField()
    noted_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_notice"
        ordering = ["-event_id"]
        constraints = [_event_id_matches("notice_event_id")]

    def __str__(self) -> str:
        return f"{self.kind} at event {self.sequence}"


class Batch(models.Model):
    """What the writer added in one transaction, sealed: a link of its shard's chain of hashes.

    The primary key is the event id of the last event; `ledger/domain/chain.py` says what is in it.
    """

    event_id = models.BigIntegerField(primary_key=True)
    shard = models.SmallIntegerField()
    first_sequence = models.BigIntegerField()
    last_sequence = models.BigIntegerField()
    manifest = models.BinaryField()
    previous_hash = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        db_table = "ledger_batch"
        ordering = ["-event_id"]
        verbose_name_plural = "batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(event_id=F("last_sequence") * MAX_SHARDS + F("shard")),
                name="batch_event_id",
            ),
            models.UniqueConstraint(fields=["shard", "first_sequence"], name="batch_once"),
        ]

    def __str__(self) -> str:
        return f"events {self.first_sequence} to {self.last_sequence} of shard {self.shard}"


class Checkpoint(models.Model):
    """How far the ledger has read each shard's events; moves in one transaction with the rows."""

    shard = models.SmallIntegerField(primary_key=True)
    sequence = models.BigIntegerField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_consumer_offsets"

    def __str__(self) -> str:
        return f"shard {self.shard} at {self.sequence}"

    @classmethod
    def of(cls, shard: int) -> int:
        """Return the last event of a shard that the ledger has (0: none)."""
        checkpoint = cls.objects.filter(shard=shard).first()
        return checkpoint.sequence if checkpoint else 0


class BalanceCheckpoint(models.Model):
    """The event as of which a shard's carried balances are, and how many trades there were.

    Not a fact: `ledger/balances.py` moves it, and may make it all again from the postings.
    """

    shard = models.SmallIntegerField(primary_key=True)
    sequence = models.BigIntegerField(default=0)
    trades = models.BigIntegerField(default=0)

    class Meta:
        db_table = "balance_checkpoint"

    def __str__(self) -> str:
        return f"balances of shard {self.shard} at {self.sequence}"


class AccountBalance(models.Model):
    """What the postings up to the shard's BalanceCheckpoint make an account; not a fact."""

    pk = models.CompositePrimaryKey("shard", "user_id", "asset")
    shard = models.SmallIntegerField()
    user_id = models.BigIntegerField()
    asset = models.TextField()
    units = models.BigIntegerField()

    class Meta:
        db_table = "account_balance"

    def __str__(self) -> str:
        return f"{self.asset} of account {self.user_id}"


class PositionSnapshot(models.Model):
    """A user's holdings on a shard as of an event of theirs; not a fact (`ledger/positions.py`).

    `holdings` maps an asset to its units, their cost, and the PnL that sales have realised.
    """

    pk = models.CompositePrimaryKey("shard", "user_id")
    shard = models.SmallIntegerField()
    user_id = models.BigIntegerField()
    at = models.DateTimeField()
    event_id = models.BigIntegerField()
    holdings = models.JSONField()

    class Meta:
        db_table = "position_snapshot"

    def __str__(self) -> str:
        return f"holdings of user {self.user_id} at event {self.event_id}"


class ReconcileRun(models.Model):
    """What one look at everything that must always hold came to; no fact. The last ones are kept.

    `findings` are sentences: what is broken, what could not be told.
    """

    class Result(models.TextChoices):
        CLEAN = "clean"
        BROKEN = "broken"
        UNKNOWN = "unknown"

    began_at = models.DateTimeField()
    seconds = models.FloatField()
    result = models.TextField(choices=Result)
    ledger_lag = models.BigIntegerField("events that the ledger had still to read", default=0)
    checks = models.JSONField(default=list)
    findings = models.JSONField(default=list)

    class Meta:
        db_table = "reconcile_run"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.result} at {self.began_at:%Y-%m-%d %H:%M:%S}"
