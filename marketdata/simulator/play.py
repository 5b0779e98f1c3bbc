"""Carries out one market's step: reads what the crowd must know, then sends what it decided.

The clock only decides when an order leaves; what it is was decided by `domain.plan`.
"""

import asyncio
from dataclasses import dataclass

from django.conf import settings

from marketdata.domain.markets import Market
from marketdata.simulator import agents
from marketdata.simulator.domain.characters import character_of
from marketdata.simulator.domain.fair_price import Belief
from marketdata.simulator.domain.maker import Quote, Requote
from marketdata.simulator.domain.moods import Profile
from marketdata.simulator.domain.plan import Situation, StepPlan, plan_step
from marketdata.simulator.domain.taker import Take
from matching.client import MatchingClient
from matching.domain.commands import AnyCommand, CancelOrder, PlaceOrder
from matching.domain.errors import ExchangeError
from matching.domain.state import Balance, MarketState
from matching.domain.values import Lots, MarketStatus, OrderType, Side, Ticks, TimeInForce, Units
from matching.state import HotState

Wallet = dict[str, Balance]


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """A market's step: who plays, under which profile, and what they believed before."""

    market: Market
    agents: agents.Agents
    profile: Profile
    before: Belief | None

    async def run(self, client: MatchingClient, state: HotState) -> Belief | None:
        """Play; return what the crowd believes now. Raises ExchangeError, RedisError, OSError."""
        began = asyncio.get_running_loop().time()
        engine = await state.market(self.market.symbol)
        if engine is None or engine.status is not MarketStatus.TRADING:
            return self.before
        maker_wallet = await state.wallet(self.agents.maker)
        taker_wallet = await state.wallet(self.agents.taker)
        situation = await self._situation(state, engine, taker_wallet)
        plan = plan_step(situation, seed=settings.SIMULATOR_SEED)
        await self._refill(client, plan.fair_ticks, maker_wallet, taker_wallet)
        for outcome in await client.submit_all(self._quotes(plan.requote)):
            if isinstance(outcome, ExchangeError):
                raise outcome
        await self._takes(client, plan, began)
        return plan.belief

    async def _situation(
        self, state: HotState, engine: MarketState, taker_wallet: Wallet
    ) -> Situation:
        quotes = [
            Quote(order.order_id, order.side, order.price_ticks, order.remaining_lots)
            for order in await state.open_orders(self.agents.maker, symbol=self.market.symbol)
        ]
        return Situation(
            market=self.market,
            profile=self.profile,
            before=self.before,
            last_price_ticks=engine.last_price_ticks,
            quotes=quotes,
            taker_base=_total(taker_wallet, self.market.base),
            taker_quote=_total(taker_wallet, self.market.quote),
        )

    async def _refill(
        self, client: MatchingClient, fair_ticks: Ticks, maker_wallet: Wallet, taker_wallet: Wallet
    ) -> None:
        character = character_of(self.market)
        maker_need, taker_need = agents.needs(self.market, character, fair_ticks)
        for user_id, wallet, need in (
            (self.agents.maker, maker_wallet, maker_need),
            (self.agents.taker, taker_wallet, taker_need),
        ):
            await agents.refill(
                client, user_id=user_id, market=self.market, wallet=wallet, need=need
            )

    def _quotes(self, requote: Requote) -> list[AnyCommand]:
        cancels = [
            CancelOrder(user_id=self.agents.maker, order_id=order_id)
            for order_id in requote.cancels
        ]
        places = [
            self._order(
                self.agents.maker,
                side=quote.side,
                price_ticks=quote.price_ticks,
                qty_lots=quote.qty_lots,
                time_in_force=TimeInForce.GTC,
            )
            for quote in requote.places
        ]
        return [*cancels, *places]

    async def _takes(self, client: MatchingClient, plan: StepPlan, began: float) -> None:
        for take in plan.takes:
            wait_s = began + take.offset_s - asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, wait_s))
            await client.submit(self._take(take))

    def _take(self, take: Take) -> PlaceOrder:
        return self._order(
            self.agents.taker,
            side=take.side,
            price_ticks=take.price_ticks,
            qty_lots=take.qty_lots,
            time_in_force=TimeInForce.IOC,
        )

    def _order(
        self,
        user_id: int,
        *,
        side: Side,
        price_ticks: Ticks,
        qty_lots: Lots,
        time_in_force: TimeInForce,
    ) -> PlaceOrder:
        return PlaceOrder(
            user_id=user_id,
            symbol=self.market.symbol,
            side=side,
            type=OrderType.LIMIT if price_ticks else OrderType.MARKET,
            time_in_force=time_in_force,
            post_only=False,
            price_ticks=price_ticks,
            qty_lots=qty_lots,
        )


def _total(wallet: Wallet, asset: str) -> Units:
    balance = wallet.get(asset)
    return Units(0) if balance is None else balance.total
