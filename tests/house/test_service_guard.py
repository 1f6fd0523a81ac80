"""A guarded server ends with whoever started it, by whatever death."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from scripts.service_process import Running, free_ports, start_guarded

# The server connects to us and then waits to be killed: the connection's end tells us that it is gone.
SERVER = "import signal, socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); signal.pause()"
STARTER = """
import signal, sys
from pathlib import Path
from scripts.service_process import start_guarded
guard = start_guarded(Path(sys.argv[1]), sys.argv[2:], detached=False)
signal.pause()
"""


def _listener() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(30)
    return listener


def _server(listener: socket.socket) -> list[str]:
    return [sys.executable, "-c", SERVER, str(listener.getsockname()[1])]


def test_a_server_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    with _listener() as listener:
        command = [sys.executable, "-c", STARTER, str(tmp_path), *_server(listener)]
        starter = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
        with starter, listener.accept()[0] as connection:
            connection.settimeout(30)
            starter.send_signal(signal.SIGKILL)
            assert connection.recv(1) == b""


def test_a_stopped_server_is_gone_with_its_data(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with _listener() as listener:
        guard = start_guarded(folder, _server(listener), detached=False)
        with listener.accept()[0] as connection:
            Running("server", "", lambda: True, folder, guard).stop()
            assert connection.recv(1) == b""
    assert not folder.exists()


def test_a_detached_server_lives_until_it_is_told_to_end(tmp_path: Path) -> None:
    with _listener() as listener:
        guard = start_guarded(tmp_path, _server(listener), detached=True)
        with listener.accept()[0] as connection:
            Running("server", "", lambda: True, tmp_path, guard).stop()
            assert connection.recv(1) == b""


def test_free_ports_differ_and_can_be_taken() -> None:
    first, second = free_ports(2)
    assert first != second
    with socket.create_server(("127.0.0.1", first)), socket.create_server(("127.0.0.1", second)):
        pass


def test_a_server_that_was_killed_starts_again_on_what_it_left(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with _listener() as listener:
        command = _server(listener)
        server = Running(
            "server", "", lambda: True, folder, start_guarded(folder, command, detached=False), tuple(command)
        )
        with listener.accept()[0] as connection:
            server.kill()
            assert connection.recv(1) == b""
        (folder / "kept").touch()
        again = server.again()
        with listener.accept()[0]:
            assert (folder / "kept").exists()
            again.stop()
    assert not folder.exists()
