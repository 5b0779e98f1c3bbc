"""Price-time matching: which resting orders an order meets, and the trades with them."""

from typing import Final

from matching.domain import events
from matching.domain.values import FEE_ACCOUNT, OrderType, Side
from tests.reference.state import Order, State, terms_of

PPM: Final = 1_000_000


def makers(state: State, taker: Order) -> tuple[list[Order], bool]:
    """Return the orders that `taker` would meet, and whether one of its own user's stopped it."""
    found: list[Order] = []
    wanted: int = taker.remaining
    other = Side.SELL if taker.terms.side is Side.BUY else Side.BUY
    for maker in state.book(taker.terms.symbol, other):
        if wanted <= 0 or not _crosses(taker, maker):
            break
        if maker.terms.user_id == taker.terms.user_id:
            return found, True
        found.append(maker)
        wanted -= maker.remaining
    return found, False


def _crosses(taker: Order, maker: Order) -> bool:
    if taker.terms.type is OrderType.MARKET:
        return True
    if taker.terms.side is Side.BUY:
        return maker.terms.price_ticks <= taker.terms.price_ticks
    return maker.terms.price_ticks >= taker.terms.price_ticks


def lots_from(found: list[Order], wanted: int) -> list[tuple[Order, int]]:
    """Return how many of the `wanted` lots each maker would give, first to last."""
    gives: list[tuple[Order, int]] = []
    for maker in found:
        lots = min(maker.remaining, wanted)
        wanted -= lots
        gives.append((maker, lots))
    return gives


def trade(state: State, taker: Order, maker: Order) -> None:
    """Exchange what both still want, at the maker's price."""
    market = state.markets[taker.terms.symbol]
    lots = min(taker.remaining, maker.remaining)
    price = maker.terms.price_ticks
    base, quote = lots * market.terms.lot_units, price * lots * market.terms.tick_lot_units
    taker_fee, maker_fee = _settle(state, taker, maker, base=base, quote=quote)
    for order in (taker, maker):
        order.remaining -= lots
        order.filled_units += quote
    if not maker.remaining:
        state.resting[maker.terms.symbol, maker.terms.side].remove(maker)
    market.last_price = price
    market.update_id += 1
    state.emit(
        events.Trade,
        trade_id=state.next_trade_id(),
        symbol=taker.terms.symbol,
        price_ticks=price,
        qty_lots=lots,
        base_units=base,
        quote_units=quote,
        taker_side=taker.terms.side,
        taker_order_id=taker.id,
        maker_order_id=maker.id,
        taker_user_id=taker.terms.user_id,
        maker_user_id=maker.terms.user_id,
        taker_fee_units=taker_fee,
        maker_fee_units=maker_fee,
        maker_remaining_lots=maker.remaining,
        level_lots=state.level(maker.terms.symbol, maker.terms.side, price),
        update_id=market.update_id,
    )
    if not maker.remaining:
        terms = {"order_id": maker.id} | terms_of(maker.terms)
        state.emit(events.OrderFilled, **terms, filled_units=maker.filled_units)


def _settle(state: State, taker: Order, maker: Order, *, base: int, quote: int) -> tuple[int, int]:
    """Move the money of a trade; return the taker's and the maker's fee.

    Each pays its fee out of what it receives. The maker gives from what its order reserved, which
    for a buy is exactly the price of the trade.
    """
    terms = state.markets[taker.terms.symbol].terms
    taker_pays, paid, taker_receives, received = terms.quote, quote, terms.base, base
    if taker.terms.side is Side.SELL:
        taker_pays, paid, taker_receives, received = terms.base, base, terms.quote, quote
    taker_fee, maker_fee = _fee(received, terms.taker_fee_ppm), _fee(paid, terms.maker_fee_ppm)
    state.wallets[taker.terms.user_id, taker_pays].available -= paid
    state.wallets[taker.terms.user_id, taker_receives].available += received - taker_fee
    state.wallets[maker.terms.user_id, taker_receives].reserved -= received
    state.wallets[maker.terms.user_id, taker_pays].available += paid - maker_fee
    state.wallets[FEE_ACCOUNT, taker_receives].available += taker_fee
    state.wallets[FEE_ACCOUNT, taker_pays].available += maker_fee
    return taker_fee, maker_fee


def _fee(amount: int, rate_ppm: int) -> int:
    """Return the fee on an amount, rounded up to the smallest unit."""
    return -(-amount * rate_ppm // PPM)
