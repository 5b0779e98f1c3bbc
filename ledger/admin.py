"""Shows the book of record to staff: search and read, nothing else.

Quantities are the ledger's integers; the scales that make them decimals are the market listing's.
"""

from typing import Any, Final

from django.contrib import admin
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from ledger.models import Checkpoint, Funding, OrderRecord, ReconcileRun, Trade

MAX_SEARCH_WORDS: Final = 4


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    """A page on facts: nobody adds, changes or deletes one."""

    # A count, or a list of all values to filter by, would read millions of rows for every page.
    show_full_result_count = False
    paginator = InfinitePaginator

    def get_search_results(
        self, _request: HttpRequest, queryset: QuerySet[models.Model], search_term: str
    ) -> tuple[QuerySet[models.Model], bool]:
        """Match each word exactly, as a number where the column is one: indexes answer that."""
        for word in search_term.split()[:MAX_SEARCH_WORDS]:
            queryset = queryset.filter(self._matches(word))
        return queryset, False

    def _matches(self, word: str) -> Q:
        matches = Q(pk__in=[])
        for name in self.search_fields:
            numeric = isinstance(self.opts.get_field(name), models.IntegerField)
            if not numeric:
                matches |= Q(**{name: word})
            elif word.isdecimal():
                matches |= Q(**{name: int(word)})
        return matches

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


@admin.register(Trade)
class TradeAdmin(ReadOnlyAdmin):
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
    search_fields = ["trade_id", "buyer_user_id", "seller_user_id"]
    search_help_text = "Trade id, or the user id of buyer or seller"


@admin.register(OrderRecord)
class OrderRecordAdmin(ReadOnlyAdmin):
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
    search_fields = ["order_id", "user_id", "client_order_id"]
    search_help_text = "Order id, user id, or client order id"


@admin.register(Funding)
class FundingAdmin(ReadOnlyAdmin):
    list_display = ["event_id", "user_id", "asset", "amount_units", "reference", "moved_at"]
    search_fields = ["user_id", "reference"]
    search_help_text = "User id or reference"


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
