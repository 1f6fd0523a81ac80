"""The bundled registry server: fictitious registers of a city, for running and testing the hub.

    python scripts/registry_server --port 9100 --data-dir var/registry --types var/sample/types.json \
        --credentials var/registry/credentials.json
    python scripts/registry_server --data-dir var/registry --types var/sample/types.json --print-samples 10

It is a program of its own, with its own data, as a department's system would be: nothing of the hub is in it.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from scripts.registry_server.app import RegistryService, registry_app
from scripts.registry_server.credentials import read_or_make_credentials
from scripts.registry_server.database import open_registers
from scripts.registry_server.definitions import read_definitions
from scripts.registry_server.samples import samples
from scripts.sample_data import Choices

SEED = "Ningbo 2020-09-01"


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  a program of its own: the hub's clock is not its clock


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="registry_server", description="Serve fictitious registers of a city.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: loopback)")
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--data-dir", type=Path, required=True, help="folder of the data, made on the first start")
    parser.add_argument("--types", type=Path, required=True, help="what the sources state (JSON, from the catalogue)")
    parser.add_argument("--credentials", type=Path, help="who may ask (default: DATA_DIR/credentials.json)")
    parser.add_argument("--seed", default=SEED, help="the same seed makes the same people")
    parser.add_argument("--people", type=int, default=10_000, help="about how many people to make")
    parser.add_argument("--tls-certificate", type=Path, help="PEM, its chain included; without it plain HTTP")
    parser.add_argument("--tls-key", type=Path)
    parser.add_argument("--print-samples", type=int, metavar="N", help="print N of each as JSON and end")
    return parser.parse_args()


def main() -> None:
    """Make the data if need be, then serve until told to stop."""
    arguments = _arguments()
    definitions = read_definitions(arguments.types)
    credentials = read_or_make_credentials(
        arguments.credentials or arguments.data_dir / "credentials.json", (source for source, _ in definitions)
    )
    registers = open_registers(arguments.data_dir, arguments.seed, arguments.people)
    service = RegistryService(registers, definitions, credentials, Choices(arguments.seed), _now)
    if arguments.print_samples is not None:
        print(json.dumps(samples(service, arguments.print_samples), ensure_ascii=False, indent=1))
        return
    uvicorn.run(
        registry_app(service),
        host=arguments.host,
        port=arguments.port,
        access_log=False,
        log_level="warning",
        ssl_certfile=arguments.tls_certificate,
        ssl_keyfile=arguments.tls_key,
    )


if __name__ == "__main__":
    main()
