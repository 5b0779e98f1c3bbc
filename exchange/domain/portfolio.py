"""Turns holdings and last prices into the contract's positions and equity. Pure."""

from collections.abc import Mapping

from exchange.messages import PositionBody
from ledger.domain.positions import Holding, Price, half_even
from marketdata.domain.markets import Market
from matching.domain.values import QUOTE_ASSET, Ticks


def position_body(
    market: Market, *, units: int, held: Holding | None, last_ticks: Ticks | None
) -> PositionBody:
    """Return a position of `units`; without `held`, what it cost and brought is left open."""
    price = _price(market, last_ticks)
    return PositionBody(
        symbol=market.symbol,
        position=market.base_text(units),
        average_entry_price=None if held is None else _average_price(market, held),
        mark_price=None if last_ticks is None else market.price_text(last_ticks),
        unrealised_pnl=None if held is None else market.quote_text(held.unrealised(price)),
        realised_pnl=None if held is None else market.quote_text(held.realised),
    )


def equity_units(
    totals: Mapping[str, int],
    markets: Mapping[str, Market],
    last_ticks: Mapping[str, Ticks | None],
) -> int:
    """Return what is owned at the last prices, in quote units; what has no price counts nothing."""
    worth = totals.get(QUOTE_ASSET, 0)
    for asset, market in markets.items():
        price = _price(market, last_ticks[asset])
        worth += price.worth(totals.get(asset, 0)) if price else 0
    return worth


def _price(market: Market, ticks: Ticks | None) -> Price | None:
    return None if ticks is None else Price(ticks * market.tick_lot_units, market.lot_units)


def _average_price(market: Market, held: Holding) -> str | None:
    """Return what one of the base asset cost, half-even to the quote's decimals."""
    if held.units <= 0:
        return None
    return market.quote_text(half_even(held.cost * 10**market.base_decimals, held.units))
