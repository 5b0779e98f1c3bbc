"""A real Chromium on a real stack."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.running_stack import RunningStack

# Chromium would otherwise talk to its maker's servers, which a test must not.
QUIET = (
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
)
DESKTOP = ViewportSize(width=1440, height=900)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Without one, tests are skipped, except in CI, where one must be there.

    Not for the whole session: while it lives, Playwright's event loop occupies the main thread.
    """
    program = shutil.which("chromium")
    if program is None:
        reason = "no chromium on this machine (Debian's package is chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        # As root Chromium has no sandbox to give; it visits nothing but our own loopback page.
        sandbox = () if os.geteuid() else ("--no-sandbox",)
        chromium = playwright.chromium.launch(
            executable_path=program, args=[*QUIET, *sandbox], headless=True
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, stack: RunningStack) -> Iterator[Page]:
    """The terminal, just opened at desktop size; errors on the console fail the test."""
    context = browser.new_context(viewport=DESKTOP, base_url=stack.base_url)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("/")
    yield page
    context.close()
    assert errors == []
