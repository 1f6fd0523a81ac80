"""A token in a process of its own, as one in a box on the network is: p11-kit's server with any PKCS#11 module.

A client loads p11-kit's module instead and names the server in its environment. The server starts a process for each
client, so that killing all of them takes the token from everybody at once, in the middle of whatever it does.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

_LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/local/lib", f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}")


def client_module() -> Path | None:
    """Return where the package put the module of the clients."""
    places = (Path(folder) / "pkcs11" / "p11-kit-client.so" for folder in _LIBRARIES)
    return next((place for place in places if place.exists()), None)


@dataclass
class TokenServer:
    """A server that can be killed and started again."""

    module: Path
    """Of the tokens."""
    client: Path
    """What a client loads."""
    socket: Path
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """What a client's environment has to hold."""
        return {"P11_KIT_SERVER_ADDRESS": f"unix:path={self.socket}"}

    async def start(self) -> None:
        """Start it; it listens when this returns."""
        self.socket.unlink(missing_ok=True)
        command = ("p11-kit", "server", "-f", "-n", os.fspath(self.socket), "--provider", os.fspath(self.module))
        pipe, quiet = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        self.process = await asyncio.create_subprocess_exec(
            *command, "pkcs11:", stdout=pipe, stderr=quiet, start_new_session=True
        )
        assert self.process.stdout is not None
        assert await self.process.stdout.readline()

    async def kill(self) -> None:
        """Kill it with all that it started."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        assert self.process.stdout is not None
        await self.process.stdout.read()
        await self.process.wait()
