"""Steering the crowd: from code, which the admin endpoints call, and from the command line."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings
from redis import Redis

from marketdata import listing
from marketdata.domain.markets import Market
from marketdata.domain.seeds import SEEDS
from marketdata.simulator import control, tasks
from matching.domain.errors import ErrorCode, ExchangeError

pytestmark = pytest.mark.usefixtures("bus")


def test_profiles_are_set_for_one_market_or_for_all(btc: Market) -> None:
    listing.define(SEEDS[1])
    assert set(control.state().profiles.values()) == {"normal"}
    control.set_profile("crash", "ETH-USD")
    assert control.state().profiles["ETH-USD"] == "crash"
    assert control.state().profiles["BTC-USD"] == "normal"
    control.set_profile("calm")
    assert set(control.state().profiles.values()) == {"calm"}


@pytest.mark.parametrize(
    ("profile", "symbol", "code"),
    [
        ("mad", None, ErrorCode.INVALID_REQUEST),
        ("", None, ErrorCode.INVALID_REQUEST),
        ("calm", "DOG-USD", ErrorCode.UNKNOWN_SYMBOL),
        ("calm", "", ErrorCode.UNKNOWN_SYMBOL),
        ("calm", "*", ErrorCode.UNKNOWN_SYMBOL),
    ],
)
def test_a_profile_or_market_that_is_not_known_is_refused(
    btc: Market, profile: str, symbol: str | None, code: ErrorCode
) -> None:
    with pytest.raises(ExchangeError) as refused:
        control.set_profile(profile, symbol)
    assert refused.value.code is code


def test_what_people_told_the_crowd_outlives_the_bus(btc: Market, bus: Redis) -> None:
    control.set_profile("wild")
    control.stop()
    bus.flushall()
    state = control.state()
    assert (state.running, state.profiles) == (False, {"BTC-USD": "wild"})


def test_a_worker_that_starts_leaves_the_crowd_as_it_was_told(btc: Market) -> None:
    for told, running in ((control.start, True), (control.stop, False)):
        told()
        tasks.rest_unless_enabled()
        assert control.state().running is running


def test_a_worker_that_starts_without_simulator_stops_the_crowd(
    btc: Market, settings: Settings
) -> None:
    settings.SIMULATOR_ENABLED = False
    control.start()
    assert control.state().running is True
    tasks.rest_unless_enabled()
    assert control.state().running is False
    settings.SIMULATOR_ENABLED = True
    assert control.state().running is True, "a run with the crowd is not spoilt by one without"


def sim(*arguments: str) -> str:
    out = StringIO()
    call_command("sim", *arguments, stdout=out)
    return out.getvalue()


def test_people_steer_the_crowd_from_the_command_line(btc: Market) -> None:
    assert "The crowd is resting." in sim("stop")
    assert "The crowd is trading." in sim("start")
    assert "wild" in sim("profile", "wild", "--symbol", "BTC-USD")
    expected = {"running": True, "profiles": {"BTC-USD": "wild"}}
    assert json.loads(sim("status", "--json")) == expected
    with pytest.raises(CommandError, match="UNKNOWN_SYMBOL"):
        sim("profile", "wild", "--symbol", "DOG-USD")
