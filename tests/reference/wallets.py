"""What an order reserves while it rests."""

from matching.domain.commands import DefineMarket, PlaceOrder
from matching.domain.values import Side
from tests.reference.state import Order, State


def needed(market: DefineMarket, command: PlaceOrder, lots: int) -> tuple[str, int]:
    """Return asset and amount that `lots` of an order need: the price, or what is for sale."""
    if command.side is Side.BUY:
        return market.quote, command.price_ticks * lots * market.tick_lot_units
    return market.base, lots * market.lot_units


def reserve(state: State, order: Order, lots: int) -> None:
    """Move what `lots` need from available to reserved (back where `lots` is negative)."""
    asset, amount = needed(state.markets[order.terms.symbol].terms, order.terms, lots)
    balance = state.wallets[order.terms.user_id, asset]
    balance.available -= amount
    balance.reserved += amount
