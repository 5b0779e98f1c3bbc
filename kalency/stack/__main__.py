"""`python -m kalency.stack`: runs the whole of Kalency in the foreground until it is stopped."""

import asyncio
import sys
from collections.abc import Mapping

from django.core.exceptions import ImproperlyConfigured

from kalency.stack import preflight
from kalency.stack.addresses import carry_over_owner
from kalency.stack.config import StackConfig, read_config
from kalency.stack.credentials import keep_credentials, keep_secret_key
from kalency.stack.errors import StackError
from kalency.stack.leftovers import end_leftovers
from kalency.stack.logs import LineLog
from kalency.stack.services import plan
from kalency.stack.supervisor import Supervisor, run_until_stopped


def main() -> int:
    """Run the stack; return 0 after a wanted stop, 1 with one sentence where it cannot run."""
    try:
        config = read_config()
        with preflight.only_stack(config.layout):
            end_leftovers(config.layout)
            carry_over_owner(config.layout)
            preflight.check(config)
            asyncio.run(_run(config))
    except (StackError, ImproperlyConfigured) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        pass  # Ctrl-C before anything was started
    return 0


async def _run(config: StackConfig) -> None:
    supervisor = Supervisor(
        environment=config.child_environment(),
        layout=config.layout,
        log=LineLog(config.layout.log),
    )
    await run_until_stopped(supervisor, _serve(config, supervisor))


async def _serve(config: StackConfig, supervisor: Supervisor) -> None:
    keep_secret_key(config.layout)
    credentials = keep_credentials(config.layout)
    await supervisor.start(plan(config))
    sys.stdout.write(_welcome(config, credentials))
    sys.stdout.flush()
    await supervisor.watch()


def _welcome(config: StackConfig, credentials: Mapping[str, str]) -> str:
    return (
        f"\n  Kalency is ready: {config.base_url}\n"
        f"    trader   demo   {credentials['demo']}\n"
        f"    staff    admin  {credentials['admin']}   {config.base_url}/admin/\n"
        f"    state    {config.layout.root}\n"
        "  Ctrl-C stops it.\n\n"
    )


if __name__ == "__main__":
    sys.exit(main())
