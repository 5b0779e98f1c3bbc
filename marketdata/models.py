"""The table of listed markets. Only `marketdata.listing` writes it, after the engine agreed."""

from dataclasses import fields
from decimal import Decimal
from typing import Any

from django.db import models

from marketdata.domain.markets import Market
from matching.domain import decimals
from matching.domain.values import QUOTE_DECIMALS, MarketStatus

MAX_DIGITS = 30
MAX_PLACES = 12
# What staff can decide. A halt is the engine's own: its state knows it, the listing never does.
STATUSES = (MarketStatus.TRADING, MarketStatus.PAUSED)


def _amount(verbose_name: str) -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(verbose_name, max_digits=MAX_DIGITS, decimal_places=MAX_PLACES)


class MarketListing(models.Model):
    """One row a market; `to_domain` is how everybody else sees it."""

    symbol = models.CharField(max_length=21, unique=True)
    base = models.CharField("base asset", max_length=10)
    quote = models.CharField("quote asset", max_length=10)
    status = models.CharField(
        max_length=10, choices=[(status.value, status.value) for status in STATUSES]
    )
    tick_size = _amount("tick size")
    lot_size = _amount("lot size")
    base_decimals = models.PositiveSmallIntegerField("base decimals")
    quote_decimals = models.PositiveSmallIntegerField("quote decimals", default=QUOTE_DECIMALS)
    min_qty = _amount("minimum quantity")
    max_qty = _amount("maximum quantity")
    max_price = _amount("maximum price")
    min_notional = _amount("minimum notional")
    price_band_pct = models.DecimalField("price band, %", max_digits=5, decimal_places=2)
    maker_fee_bps = models.DecimalField("maker fee, bps", max_digits=6, decimal_places=2)
    taker_fee_bps = models.DecimalField("taker fee, bps", max_digits=6, decimal_places=2)
    simulated = models.BooleanField("traded by the simulator", default=True)
    listed_at = models.DateTimeField("listed at", auto_now_add=True)

    class Meta:
        db_table = "markets"
        ordering = ["id"]  # the order of listing: the first is what a newcomer sees
        verbose_name = "market"

    def __str__(self) -> str:
        return self.symbol

    @staticmethod
    def row_of(market: Market) -> dict[str, Any]:
        """Return a market's fields, which are the columns of its row."""
        return {field.name: getattr(market, field.name) for field in fields(market)}

    def to_domain(self) -> Market:
        """Return the market as values, decimals without trailing zeros."""
        return Market(
            symbol=self.symbol,
            base=self.base,
            quote=self.quote,
            tick_size=_plain(self.tick_size),
            lot_size=_plain(self.lot_size),
            base_decimals=self.base_decimals,
            quote_decimals=self.quote_decimals,
            status=MarketStatus(self.status),
            min_qty=_plain(self.min_qty),
            max_qty=_plain(self.max_qty),
            max_price=_plain(self.max_price),
            min_notional=_plain(self.min_notional),
            price_band_pct=_plain(self.price_band_pct),
            maker_fee_bps=_plain(self.maker_fee_bps),
            taker_fee_bps=_plain(self.taker_fee_bps),
            simulated=self.simulated,
        )


def _plain(value: Decimal) -> Decimal:
    return Decimal(decimals.plain(value))
