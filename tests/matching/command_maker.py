"""Makes commands that meet each other: few users, prices and ids, and many edges.

Every choice is a `pick` from a list of options: Python's random numbers pick for the long runs,
Hypothesis for the short ones, which it then shrinks towards the first options.
"""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, Final

import msgspec

from matching.domain.commands import (
    AnyCommand,
    CancelAllOrders,
    CancelOrder,
    DefineMarket,
    MoveFunds,
    PlaceOrder,
    ResetAccount,
    SetLimits,
    SetMarketStatus,
)
from matching.domain.ids import order_id
from matching.domain.values import (
    MAX_AMOUNT,
    MAX_REASON_LENGTH,
    AssetUnits,
    MarketStatus,
    OrderType,
    Side,
    TimeInForce,
    Units,
)
from tests.matching.scene import (
    ASSETS,
    BIG,
    LATER,
    MARKETS,
    OPENING_BALANCE,
    STRANGER,
    USERS,
)
from tests.matching.shard import LOT_UNITS, limit

Pick = Callable[[Sequence[Any]], Any]

FIRST_ORDERS: Final = [(user, order_id(number, 0)) for number in range(1, 13) for user in USERS]
CLIENT_ORDER_IDS: Final = ("a", "b")

# What an order is made of, few picks each: what few picks made is easily taken away again.
SENDERS: Final = [*product((*USERS * 8, STRANGER), Side)]
_PRICES: Final = (*(100, 99, 101, 98, 102, 97, 103, 96, 104) * 3, 0, 10**10)
_QTYS: Final = (*(1, 2, 3, 5, 8) * 5, 40, 0, 1_000_001)
_BIG_PRICES: Final = (
    *(1, 2, 3) * 4,
    BIG.max_price_ticks // 2,
    *(BIG.max_price_ticks, BIG.max_price_ticks + 1, MAX_AMOUNT),
)
_BIG_QTYS: Final = (
    *(1, 7, BIG.max_qty_lots // 9) * 4,
    BIG.max_qty_lots - 1,
    *(BIG.max_qty_lots, BIG.max_qty_lots + 1, MAX_AMOUNT),
)
PLAIN_TERMS: Final = [*product(_PRICES, _QTYS)]
TERMS: Final = [
    *product(("BTC-USD",) * 3, _PRICES, _QTYS),
    *product(("ETH-USD", "ETH-BTC"), _PRICES, _QTYS),
    *product(("BIG-WON",) * 4, _BIG_PRICES, _BIG_QTYS),
    *product(("LTC-USD",), (100,), _QTYS),
]
WAYS: Final = [
    *product(
        (*(OrderType.LIMIT,) * 8, OrderType.MARKET),
        (*(TimeInForce.GTC,) * 4, TimeInForce.IOC, TimeInForce.FOK),
        (*(False,) * 5, True),
        (*("",) * 5, *CLIENT_ORDER_IDS),
    )
]
EDGES: Final = (0, 1, MAX_AMOUNT, MAX_AMOUNT - 1, 2**52)
BROKEN_NUMBERS: Final = (-1, MAX_AMOUNT + 1, -MAX_AMOUNT - 1, 2**63)
BROKEN_TEXTS: Final = ("lower", "X" * 65, "bell\a", "é", "A B")


class CommandMaker:
    """Makes one command after the other.

    `orders` (pairs of user and order id) and `references` are what there is to meet: the first few
    of a shard, unless the caller knows better.
    """

    def __init__(self, pick: Pick) -> None:
        self._pick = pick
        self.orders: Sequence[tuple[int, int]] = FIRST_ORDERS
        self.references: Sequence[int] = range(10)

    def command(self) -> AnyCommand:
        orders = [self._plain_order] * 20 + [self._order] * 20
        common = [*orders, *[self._cancel] * 7, *[self._funds] * 3, self._limits, self._reset]
        again = [self._order_again, self._funds_again, self._reset_again]
        rare = [self._cancel_all, self._limits, self._terms, self._status]
        make = self._pick([*common, *again, *rare, self._broken])
        command: AnyCommand = make()
        return command

    def _mostly(self, usual: Any, *others: Any, times: int = 10) -> Any:
        """Pick what is usual that many times as often as each of the others."""
        return self._pick((*(usual,) * times, *others))

    def _user(self) -> int:
        user: int = self._pick((*USERS * 8, STRANGER))
        return user

    def _plain_order(self) -> PlaceOrder:
        user, side = self._pick(SENDERS)
        price, qty = self._pick(PLAIN_TERMS)
        return limit(side, user, price, qty)

    def _order(self) -> PlaceOrder:
        user, side = self._pick(SENDERS)
        symbol, price, qty = self._pick(TERMS)
        order_type, time_in_force, post_only, client_order_id = self._pick(WAYS)
        return PlaceOrder(
            user_id=user,
            symbol=symbol,
            side=side,
            type=order_type,
            time_in_force=time_in_force,
            post_only=post_only,
            price_ticks=price,
            qty_lots=qty,
            client_order_id=client_order_id,
        )

    def _order_again(self) -> PlaceOrder:
        """An order that may well have come before, word for word."""
        side, client_order_id = self._pick([*product(Side, CLIENT_ORDER_IDS)])
        return limit(side, USERS[0], 100, self._pick((3, 4)), client_order_id=client_order_id)

    def _cancel(self) -> CancelOrder:
        user_id, known_id = self._pick(self.orders)
        unknown_ids = (0, known_id + 1, order_id(10**12, 0), MAX_AMOUNT)
        return CancelOrder(
            user_id=self._mostly(user_id, STRANGER),
            order_id=self._mostly(known_id, *unknown_ids, times=40),
        )

    def _cancel_all(self) -> CancelAllOrders:
        symbol = self._pick(("", "BTC-USD", "ETH-BTC", "NOPE-USD"))
        return CancelAllOrders(user_id=self._user(), symbol=symbol)

    def _funds(self) -> MoveFunds:
        usual = (20_000, 100_000, 1_000, -500, -3_000)
        return MoveFunds(
            user_id=self._user(),
            asset=self._pick(ASSETS),
            amount=self._pick((*usual * 4, *EDGES, *(-edge for edge in EDGES))),
            reference=self._reference(),
        )

    def _funds_again(self) -> MoveFunds:
        """A deposit that may well have come before, word for word."""
        return MoveFunds(
            user_id=USERS[0], asset="USD", amount=Units(50_000), reference=self._reference()
        )

    def _reset(self) -> ResetAccount:
        others = ((), (("NEW", Units(5)),), self._asset_units())
        balances = self._mostly(OPENING_BALANCE, *others)
        return ResetAccount(user_id=self._user(), balances=balances, reference=self._reference())

    def _reset_again(self) -> ResetAccount:
        """A reset that may well have come before, word for word."""
        reference = self._reference()
        return ResetAccount(user_id=USERS[0], balances=OPENING_BALANCE, reference=reference)

    def _reference(self) -> str:
        return f"r{self._pick(self.references)}"

    def _limits(self) -> SetLimits:
        low_caps = (("BTC", Units(505 * LOT_UNITS)), ("ETH", Units(50_035)))
        return SetLimits(
            user_id=self._user(),
            max_open_orders=self._pick((20, 0, 1, 5, 1_000_000, 1_000_001)),
            position_caps=self._pick(((), low_caps, low_caps, self._asset_units())),
            orders_per_second=self._pick((0, 10, 1_000_000)),
        )

    def _asset_units(self) -> tuple[AssetUnits, ...]:
        """Pairs with edges; an asset may come twice, which no command may say."""
        pick = self._pick
        return tuple((pick(ASSETS), pick(EDGES)) for _ in range(pick((1, 2))))

    def _terms(self) -> DefineMarket:
        """A market that is listed already, or one more, with other terms than before."""
        market = self._pick((*MARKETS, LATER))
        changes = self._mostly(
            *(
                {},
                {"maker_fee_ppm": 0, "taker_fee_ppm": 300},
                {"maker_fee_ppm": 900_001, "taker_fee_ppm": 1_000_000},
                {"min_qty_lots": 2, "min_notional_units": 300},
                {"max_price_ticks": 100, "max_qty_lots": 5},
                {"price_band_bps": 200},
                {"price_band_bps": 10_001},
                {"lot_units": 11},
                {"tick_lot_units": 0},
                {"min_qty_lots": 10, "max_qty_lots": 9},
                {"max_qty_lots": 2**52},
                {"max_price_ticks": MAX_AMOUNT},
                {"base": "WON"},
            ),
            times=30,
        )
        terms: DefineMarket = msgspec.structs.replace(market, **changes)
        return terms

    def _status(self) -> SetMarketStatus:
        return SetMarketStatus(
            symbol=self._pick((*("BTC-USD",) * 3, "ETH-BTC", "NOPE-USD")),
            status=self._mostly(
                MarketStatus.TRADING, MarketStatus.PAUSED, MarketStatus.HALTED, times=20
            ),
            reason=self._pick(("", "maintenance", "x" * MAX_REASON_LENGTH)),
        )

    def _broken(self) -> AnyCommand:
        """A command with one field that no command may have."""
        make = self._pick(
            (
                self._order,
                self._cancel,
                self._cancel_all,
                self._funds,
                self._reset,
                self._limits,
                self._terms,
                self._status,
            )
        )
        command: AnyCommand = make()
        name = self._pick([name for name in command.__struct_fields__ if name != "request_id"])
        is_number = isinstance(getattr(command, name), int)
        values = BROKEN_NUMBERS if is_number else BROKEN_TEXTS
        return msgspec.structs.replace(command, **{name: self._pick(values)})
