"""Commands in, events out. Used by the tests that compare it with the Lua library."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

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
from matching.domain.errors import ErrorCode
from tests.reference import canceling, forms, funds, limits, markets, placing, resets
from tests.reference.state import Events, State

MAX_CLOCK_SKEW_US: Final = 1_000_000


@dataclass
class ReferenceEngine:
    """One shard."""

    state: State = field(default_factory=State)

    def apply_entry(
        self, commands: Sequence[AnyCommand], *, ts_us: int, arrived_us: int
    ) -> list[Events]:
        """Apply the commands of one stream entry; return the answer to each.

        `ts_us` is the gateway's clock, which may be off, `arrived_us` the server's. The shard's own
        time never goes back, and never far ahead of the server's.
        """
        claimed_us = min(ts_us, arrived_us + MAX_CLOCK_SKEW_US)
        self.state.now_us = max(self.state.now_us, claimed_us)
        return [self._apply(command) for command in commands]

    def _apply(self, command: AnyCommand) -> Events:
        state = self.state
        state.answer = []
        wrong = forms.bad_field(command)
        if wrong:
            user_id: Any = getattr(command, "user_id", 0)
            known_user = user_id if forms.is_user(user_id) else 0
            state.refuse(known_user, forms.kind(command), ErrorCode.INVALID_REQUEST, wrong)
        else:
            _carry_out(state, command)
        return state.answer


def _carry_out(state: State, command: AnyCommand) -> None:
    match command:
        case PlaceOrder():
            placing.place(state, command)
        case CancelOrder():
            canceling.cancel(state, command)
        case CancelAllOrders():
            canceling.cancel_all(state, command)
        case MoveFunds():
            funds.move(state, command)
        case ResetAccount():
            resets.reset(state, command)
        case SetLimits():
            limits.set_limits(state, command)
        case DefineMarket():
            markets.define(state, command)
        case SetMarketStatus():
            markets.set_status(state, command)
        case _:
            assert_never(command)
