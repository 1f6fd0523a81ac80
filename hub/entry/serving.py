"""Runs the server: structured logs, graceful shutdown, refusal of what is unsafe."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
import uvicorn
from starlette.applications import Starlette

from hub.entry.app import make_app
from hub.entry.development import require_loopback
from hub.entry.settings import Settings
from hub.entry.wiring import open_hub

LOG = structlog.get_logger("proofhub.server")
_TICK_SECONDS = 0.1
"""How often uvicorn looks at its signals; so often it does while it leaves."""


def configure_logs() -> None:
    """Write one JSON object a line to standard error, what libraries say too."""
    said: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(as_json, foreign_pre_chain=said))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    structlog.configure(
        processors=[*said, as_json],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )


async def serve(settings: Settings, started: Callable[[], None] | None = None) -> None:
    """Serve until told to stop; open calls may end first.

    Raises:
        UnsafeSettingError: a setting is safe on loopback only.
        StoreError, PkiError, SealsError, OSError, ValueError: a part cannot be opened.
    """
    require_loopback(settings)
    async with open_hub(settings) as hub, hub.background.running():
        gc.collect()
        gc.freeze()  # the catalogue's snapshot lasts: no later collection needs to walk through it
        app = make_app(hub, settings)
        config = uvicorn.Config(
            app,
            host=settings.server.host,
            port=settings.server.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=settings.server.shutdown_seconds,
            ws_max_size=settings.subscriptions.message_bytes,
            ws_per_message_deflate=False,  # messages are small, and a compressor for each subscriber is not
        )
        await _Server(config, started, _Leaving(app, settings.server.drain_seconds)).serve()


@dataclass(frozen=True, slots=True)
class _Leaving:
    """How a server goes."""

    app: Starlette
    seconds: float
    """For how long it serves on, so that nobody sends calls any more when it stops to take them."""


class _Server(uvicorn.Server):
    """Says when it listens, and lets whoever sends it calls notice before it stops."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None] | None, leaving: _Leaving) -> None:
        super().__init__(config)
        self._say_started = started
        self._leaving = leaving

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals as uvicorn does, which raises them again when it has ended.

        That would end the process before the rest of the hub has: leases, extractions under way, the store.
        """
        with super().capture_signals():
            try:
                yield
            finally:
                self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so; uvicorn itself has no other hook for it."""
        await super().startup(sockets)
        if self.started and self._say_started is not None:
            self._say_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on for a while, send subscribers elsewhere, whose answers would never end; let the calls end."""
        state = self._leaving.app.state
        state.readiness.leave()
        await self._serve_on()
        state.streams.stop()
        await super().shutdown(sockets)

    async def _serve_on(self) -> None:
        """Answer as before; a second signal ends this."""
        ticks = round(self._leaving.seconds / _TICK_SECONDS)
        LOG.info("server.leaving", seconds=self._leaving.seconds)
        for tick in range(ticks):
            await self.on_tick(tick)
            if len(self._captured_signals) > 1:
                return
            await asyncio.sleep(_TICK_SECONDS)
