"""Markets in the admin: a form and two actions over `marketdata.listing`."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin

from marketdata import listing
from marketdata.domain.market_rules import InvalidMarket, new_market
from marketdata.domain.markets import Market
from marketdata.models import MarketListing
from matching.domain.decimals import parse_decimal
from matching.domain.errors import ExchangeError
from matching.domain.values import MarketStatus

_STEPS = ("symbol", "tick_size", "lot_size")
_DERIVED = ("base", "quote", "base_decimals", "quote_decimals", "status", "listed_at")
_TERMS = (
    "min_qty",
    "max_qty",
    "max_price",
    "min_notional",
    "price_band_pct",
    "maker_fee_bps",
    "taker_fee_bps",
)


class PlainDecimalField(forms.DecimalField):
    """Reads what the API reads: digits, and no exponent that a computer could choke on."""

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override] # as Django does
        text = "" if value is None else str(value).strip()
        if text in self.empty_values:
            return None
        try:
            return parse_decimal(text)
        except ValueError as reason:
            raise forms.ValidationError(str(reason)) from None


class MarketForm(forms.ModelForm):  # type: ignore[type-arg] # not generic at run time
    """Makes a domain market of the fields; an empty maximum price is derived."""

    class Meta:
        model = MarketListing
        fields = (*_STEPS, *_TERMS, "simulated")
        field_classes = {name: PlainDecimalField for name in (*_STEPS, *_TERMS) if name != "symbol"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["max_price"].required = False
        self.market: Market | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        listed = self.instance.to_domain() if self.instance.pk else None
        terms: dict[str, Any] = {name: cleaned[name] for name in (*_TERMS, "simulated")}
        if listed is None:
            terms |= {name: cleaned[name] for name in _STEPS}
        else:
            terms |= {name: getattr(listed, name) for name in (*_STEPS, "base_decimals")}
        try:
            self.market = new_market(**terms)
        except InvalidMarket as problem:
            self.add_error(problem.field if problem.field in self.fields else None, str(problem))
        else:
            # Model validation wants a value; the derived one is what gets written.
            cleaned["max_price"] = self.market.max_price
        return cleaned


@admin.register(MarketListing)
class MarketAdmin(ModelAdmin):  # type: ignore[misc]
    """List markets, change filters and fees, pause and resume. A market is never taken off."""

    form = MarketForm
    list_display = (
        "symbol",
        "status",
        "tick_size",
        "lot_size",
        "maker_fee_bps",
        "taker_fee_bps",
        "simulated",
    )
    list_filter = ("status", "simulated")
    search_fields = ("symbol",)
    actions = ("pause", "resume")

    def get_readonly_fields(
        self, _request: HttpRequest, obj: MarketListing | None = None
    ) -> tuple[str, ...]:
        return () if obj is None else (*_STEPS, *_DERIVED)

    def has_delete_permission(
        self, _request: HttpRequest, _obj: MarketListing | None = None
    ) -> bool:
        return False

    def save_model(
        self, _request: HttpRequest, obj: MarketListing, form: MarketForm, change: bool
    ) -> None:
        """Go through the listing, which writes the row; the admin only needs its key."""
        assert form.market is not None, "a valid form has made its market"
        listing.define(form.market) if change else listing.create(form.market)
        obj.pk = MarketListing.objects.get(symbol=form.market.symbol).pk

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what the engine refused as a message over the unchanged form."""
        try:
            return cast("HttpResponse", super().changeform_view(request, *args, **kwargs))
        except ExchangeError as problem:
            messages.error(request, problem.message)
            return HttpResponseRedirect(request.get_full_path())

    @admin.action(description="Pause: cancels only")
    def pause(self, request: HttpRequest, chosen: QuerySet[MarketListing]) -> None:
        self._set_status(request, chosen, MarketStatus.PAUSED)

    @admin.action(description="Resume trading")
    def resume(self, request: HttpRequest, chosen: QuerySet[MarketListing]) -> None:
        self._set_status(request, chosen, MarketStatus.TRADING)

    def _set_status(
        self, request: HttpRequest, chosen: QuerySet[MarketListing], status: MarketStatus
    ) -> None:
        for symbol in chosen.values_list("symbol", flat=True):
            try:
                listing.set_status(symbol, status)
            except ExchangeError as problem:
                messages.error(request, f"{symbol}: {problem.message}")
            else:
                messages.success(request, f"{symbol} is now {status.lower()}.")
