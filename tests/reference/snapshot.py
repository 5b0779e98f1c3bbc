"""The engine's state as the same plain values that are read from a real shard."""

from collections import defaultdict

from matching.domain.state import Balance, OpenOrder
from matching.domain.values import Lots, Side, Units
from matching.snapshot import MarketSnapshot, ShardSnapshot
from tests.reference.state import Order, State, terms_of


def snapshot_of(state: State) -> ShardSnapshot:
    wallets: defaultdict[int, dict[str, Balance]] = defaultdict(dict)
    for (user_id, asset), balance in state.wallets.items():
        wallets[user_id][asset] = Balance(Units(balance.available), Units(balance.reserved))
    sides = [(symbol, side) for symbol in state.markets for side in Side]
    resting = [order for orders in state.resting.values() for order in orders]
    return ShardSnapshot(
        wallets=wallets,
        limits=state.limits,
        orders={order.id: _open_order(order) for order in resting},
        books={side: [order.id for order in state.book(*side)] for side in sides},
        levels={side: _levels(state, *side) for side in sides},
        markets={
            symbol: MarketSnapshot(market.terms, market.status, market.last_price, market.update_id)
            for symbol, market in state.markets.items()
        },
        supply=state.supply,
        last_event=state.last_event,
        last_trade=state.last_trade,
        last_order=state.last_order,
        ts_us=state.now_us,
    )


def _levels(state: State, symbol: str, side: Side) -> dict[int, int]:
    prices = {order.terms.price_ticks for order in state.resting[symbol, side]}
    return {price: state.level(symbol, side, price) for price in prices}


def _open_order(order: Order) -> OpenOrder:
    return OpenOrder(
        order_id=order.id,
        **terms_of(order.terms),
        remaining_lots=Lots(order.remaining),
        filled_units=Units(order.filled_units),
        ts_us=order.ts_us,
    )
