"""Shows the book of record to staff: search and read, nothing else.

Quantities are the ledger's integers; the scales that make them decimals are the market listing's.
Tables of facts may have any number of rows, so their pages ask nothing that no index answers: they
count nothing, sort by event alone, and search by a few columns.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib import admin
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold import paginator
from unfold.admin import ModelAdmin

from accounts.models import User
from ledger.models import (
    Batch,
    Checkpoint,
    Funding,
    Notice,
    OpenedOrder,
    OrderRecord,
    ReconcileRun,
    Trade,
)

MAX_SEARCH_WORDS: Final = 4
MAX_FOUND: Final = 1_000
"""Rows that one column of a search brings: the latest."""
MAX_ROWS_PAGED: Final = 100_000
"""What is older is found by a search: to come to a page, all rows before it are read."""


class InfinitePaginator(paginator.InfinitePaginator):  # type: ignore[misc]
    """Unfold's, with an end after all. Its templates know by the name that nothing was counted."""

    count = MAX_ROWS_PAGED


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    """A page on what nobody adds, changes or deletes, whatever their rights."""

    show_full_result_count = False
    paginator = InfinitePaginator

    def has_add_permission(self, *_args: Any, **_kwargs: Any) -> bool:
        return False

    def has_change_permission(
        self, _request: HttpRequest, _obj: models.Model | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, _request: HttpRequest, _obj: models.Model | None = None
    ) -> bool:
        return False


class FactAdmin(ReadOnlyAdmin):
    """A page on facts, the latest first.

    `found_by` are the columns that an index begins with, each with the one that it goes on with.
    The other `search_fields` only narrow down what these find.
    """

    ordering: ClassVar[list[str]] = ["-event_id"]
    sortable_by: ClassVar[list[str]] = []
    found_by: ClassVar[Mapping[str, str]] = {}

    def get_search_results(
        self, _request: HttpRequest, queryset: QuerySet[models.Model], search_term: str
    ) -> tuple[QuerySet[models.Model], bool]:
        """Return the latest rows that every word is in, each as the whole of a column."""
        words = search_term.split()[:MAX_SEARCH_WORDS]
        if not words:
            return queryset, False
        narrowed = queryset.filter(*map(self._is_somewhere, words))
        found: set[int] = set()
        # One query for each index: asked for them all at once, and for the latest rows, PostgreSQL
        # may read the table from its end until it has met enough.
        for column, then in self.found_by.items():
            for word in words:
                rows = narrowed.filter(self._is(column, word)).order_by(f"-{then}")
                found.update(rows.values_list("pk", flat=True)[:MAX_FOUND])
        return queryset.filter(pk__in=found), False

    def _is_somewhere(self, word: str) -> Q:
        matches = Q(pk__in=[])
        for column in self.search_fields:
            matches |= self._is(column, word)
        return matches

    def _is(self, column: str, word: str) -> Q:
        """Return where a column is `word`; a user may be named instead of numbered."""
        if not isinstance(self.opts.get_field(column), models.IntegerField):
            return Q(**{column: word})
        if word.isdecimal():
            return Q(**{column: int(word)})
        if column.endswith("user_id"):
            users = User.objects.filter(username__iexact=word).values_list("pk", flat=True)
            return Q(**{f"{column}__in": list(users)})
        return Q(pk__in=[])


@admin.register(Trade)
class TradeAdmin(FactAdmin):
    list_display = [
        "trade_id",
        "symbol",
        "price_ticks",
        "qty_lots",
        "quote_units",
        "taker_side",
        "buyer_user_id",
        "seller_user_id",
        "executed_at",
    ]
    found_by = {
        "trade_id": "trade_id",
        "symbol": "executed_at",
        "buyer_user_id": "executed_at",
        "seller_user_id": "executed_at",
    }
    search_fields = list(found_by)
    search_help_text = "Trade id, symbol, or the name or id of buyer or seller"

    def _is(self, column: str, word: str) -> Q:
        found = super()._is(column, word)
        if column == "trade_id":  # its index begins with the shard
            found &= Q(shard__in=range(settings.MATCHING_SHARDS))
        return found


@admin.register(OpenedOrder)
class OpenedOrderAdmin(FactAdmin):
    list_display = [
        "order_id",
        "user_id",
        "symbol",
        "side",
        "price_ticks",
        "qty_lots",
        "filled_lots",
        "opened_at",
    ]
    found_by = {"order_id": "order_id"}
    search_fields = list(found_by)
    search_help_text = "Order id"


@admin.register(OrderRecord)
class OrderRecordAdmin(FactAdmin):
    list_display = [
        "order_id",
        "user_id",
        "symbol",
        "side",
        "type",
        "price_ticks",
        "qty_lots",
        "filled_lots",
        "status",
        "end_reason",
        "reject_reason",
        "ended_at",
    ]
    found_by = {"order_id": "order_id", "user_id": "ended_at"}
    search_fields = [*found_by, "client_order_id"]
    search_help_text = "Order id, or a user's name or id, alone or with a client order id"


@admin.register(Funding)
class FundingAdmin(FactAdmin):
    list_display = ["event_id", "user_id", "asset", "amount_units", "reference", "moved_at"]
    found_by = {"user_id": "moved_at"}
    search_fields = [*found_by, "asset", "reference"]
    search_help_text = "A user's name or id, alone or with an asset or a reference"


@admin.register(Notice)
class NoticeAdmin(FactAdmin):
    list_display = ["event_id", "kind", "symbol", "user_id", "noted_at"]


@admin.register(Batch)
class BatchAdmin(FactAdmin):
    list_display = ["event_id", "shard", "first_sequence", "last_sequence", "own_hash"]
    fields = ["shard", "first_sequence", "last_sequence", "own_hash", "hash_before"]
    readonly_fields = ["own_hash", "hash_before"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        batches: QuerySet[Batch] = super().get_queryset(request)
        return batches.defer("manifest")  # megabytes a page

    @admin.display(description="hash")
    def own_hash(self, batch: Batch) -> str:
        return bytes(batch.hash).hex()

    @admin.display(description="hash before")
    def hash_before(self, batch: Batch) -> str:
        return bytes(batch.previous_hash).hex()


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ["shard", "sequence", "updated_at"]


@admin.register(ReconcileRun)
class ReconcileRunAdmin(ReadOnlyAdmin):
    list_display = ["began_at", "result", "first_finding", "ledger_lag", "seconds"]
    list_filter = ["result"]
    fields = ["began_at", "result", "seconds", "ledger_lag", "all_findings", "all_checks"]
    readonly_fields = ["all_findings", "all_checks"]

    @admin.display(description="what was found")
    def first_finding(self, run: ReconcileRun) -> str:
        findings: list[str] = run.findings or [""]
        return findings[0] + (f" (and {len(findings) - 1} more)" if findings[1:] else "")

    @admin.display(description="what is broken or could not be told")
    def all_findings(self, run: ReconcileRun) -> str:
        return format_html_join("", "<div>{}</div>", ((finding,) for finding in run.findings))

    @admin.display(description="checks")
    def all_checks(self, run: ReconcileRun) -> str:
        return format_html_join("", "<div>{}: {}</div>", map(_check_line, run.checks))


def _check_line(check: dict[str, Any]) -> tuple[str, str]:
    figures = sorted(check["figures"].items(), key=lambda figure: figure[0] == "broken")
    return check["name"], ", ".join(f"{number:,} {unit}" for unit, number in figures)
