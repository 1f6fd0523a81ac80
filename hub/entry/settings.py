"""Settings: one record for each room, read from the environment; every default is harmless.

Names are ``PROOFHUB_<ROOM>__<NAME>``, for example ``PROOFHUB_STORE__ENGINE=neo4j``. The table in
``docs/settings.md`` is generated from these records.
"""

from __future__ import annotations

import os
from datetime import date
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from graph_models.casework import ProofLevel
from hub.entry.document_settings import THIS_MACHINE, DocumentSettings
from hub.notifier import is_address

_PREFIX = "PROOFHUB_"


class StoreEngine(StrEnum):
    """Which graph store."""

    LADYBUG = "ladybug"
    NEO4J = "neo4j"


class BusEngine(StrEnum):
    """Where events go."""

    IN_PROCESS = "in_process"
    KAFKA = "kafka"


class KeyStoreKind(StrEnum):
    """Where the keys of the seals are."""

    PKCS12 = "pkcs12"
    PKCS11 = "pkcs11"


class TimeStampSource(StrEnum):
    """Where time stamps come from."""

    NONE = "none"
    EMBEDDED = "embedded"
    URLS = "urls"


class NotifierKind(StrEnum):
    """How people without a system are told what is to be done."""

    NONE = "none"
    SMTP = "smtp"


class MailProtection(StrEnum):
    """How the way to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class Room(BaseModel, extra="forbid"):
    """The settings of one room; a name that it does not know is refused instead of passed over."""


class ServerSettings(Room):
    """The HTTP server."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, description="Port to listen on.", ge=0, le=65535)
    public_url: str = Field("http://127.0.0.1:8000", description="Address under which people reach the check page.")
    body_bytes: int = Field(2_000_000, description="Largest body of a call, in bytes.", gt=0)
    body_seconds: float = Field(30.0, description="How long a caller of GraphQL may take to send its body.", gt=0)
    upload_bytes: int = Field(20_000_000, description="Largest file to verify or to import, in bytes.", gt=0)
    graphiql: bool = Field(True, description="Whether browsers get a page to try queries on.")
    drain_seconds: float = Field(
        0.0,
        description="How long it serves on after it was told to stop, no longer ready, so that a balancer notices.",
        ge=0,
        le=600,
    )
    shutdown_seconds: int = Field(20, description="How long open calls may take when the server stops.", gt=0)


class SubscriptionSettings(Room):
    """Subscriptions by WebSocket and by server-sent events."""

    connections: int = Field(2000, description="Most connections of subscribers at a time.", ge=1)
    connections_per_actor: int = Field(20, description="Most of them of one person or system of one unit.", ge=1)
    introducing: int = Field(200, description="Most WebSockets whose callers have not said yet who they are.", ge=1)
    subscriptions: int = Field(20, description="Most subscriptions of one WebSocket.", ge=1)
    subscriptions_per_actor: int = Field(100, description="Most of them of one person or system of one unit.", ge=1)
    message_bytes: int = Field(131_072, description="Largest message of a subscriber, in bytes.", ge=1024)
    init_seconds: float = Field(5.0, description="How long one may take to say who it is.", gt=0)
    write_seconds: float = Field(10.0, description="How long one may not read until it is cut off.", gt=0)
    ping_seconds: float = Field(20.0, description="How often one hears something where nothing happens.", gt=0)


class StoreSettings(Room):
    """The graph store."""

    engine: StoreEngine = Field(StoreEngine.LADYBUG, description="`ladybug` (embedded) or `neo4j`.")
    folder: Path = Field(Path("var/store"), description="Folder of the embedded store.")
    uri: str = Field("neo4j://127.0.0.1:7687", description="Address of Neo4j.")
    user: str = Field("neo4j", description="User of Neo4j; empty for none.")
    password: SecretStr = Field(SecretStr(""), description="Password of Neo4j.")
    database: str = Field("neo4j", description="Database of Neo4j.")
    bookmark_seconds: float = Field(
        5.0, description="How long a call waits until a member of Neo4j has what its bookmark stands for.", gt=0, le=20
    )


class EventSettings(Room):
    """The event bus."""

    bus: BusEngine = Field(BusEngine.IN_PROCESS, description="`in_process` or `kafka`.")
    kafka_bootstrap: str = Field("127.0.0.1:9092", description="Brokers, comma separated.")
    kafka_topic: str = Field("proofhub.events", description="Topic of the events.")
    kafka_tls: bool = Field(False, description="Whether the brokers are reached by TLS.")
    source: str = Field("", description="What the `source` of events begins with; empty: the public address.")
    keep_days: int = Field(
        30, description="For so many days an event that has left can be read from its cursor.", ge=1, le=3650
    )


class WebhookSettings(Room):
    """Webhooks: events posted to addresses of units."""

    keys: tuple[SecretStr, ...] = Field(
        (),
        description="Keys for the webhooks' secrets in the store, 32 bytes in Base64url each; the first one encrypts, "
        "all decrypt. None: no webhooks.",
    )
    networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Networks that are not public and may be posted to all the same, such as `10.20.0.0/16`."
    )
    ports: tuple[int, ...] = Field((443,), description="Ports that may be posted to; none said: any.")
    loopback: bool = Field(False, description="Whether this machine may be posted to, without TLS too; development.")
    ca_file: Path | None = Field(None, description="PEM of the authorities that vouch for receivers; the system's.")
    attempt_seconds: float = Field(15.0, description="How long one attempt may take.", gt=0, le=60)
    attempts: int = Field(60, description="So many failed attempts in a row pause a webhook.", ge=1, le=1000)
    dead_hours: float = Field(48.0, description="Failing for so long pauses a webhook.", gt=0, le=720)

    @field_validator("keys")
    @classmethod
    def _check_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in keys:
            Fernet(key.get_secret_value())
        return keys


class SealSettings(Room):
    """The keys of the two seals and what stands on them."""

    key_store: KeyStoreKind = Field(KeyStoreKind.PKCS12, description="`pkcs12` (files) or `pkcs11` (token).")
    folder: Path = Field(Path("var/keys"), description="Folder of the encrypted PKCS#12 files.")
    pkcs11_module: Path | None = Field(None, description="PKCS#11 library of the token; required with `pkcs11`.")
    pkcs11_token: str = Field("", description="Label of the token; required with `pkcs11`.")
    passphrase: SecretStr = Field(SecretStr(""), description="Passphrase of the files or PIN of the token; required.")
    pki_folder: Path = Field(Path("var/pki"), description="Folder with root.pem and the revocation lists.")
    holder: str = Field("宁波市公安局", description="Name on the seals' arc.")
    least_days: int = Field(
        30, description="A seal whose certificate ends within so many days does not seal.", ge=0, le=1000
    )
    warning_days: int = Field(
        90, description="What ends within so many days is to be renewed, says the seal radar.", ge=0, le=3650
    )
    signer_socket: Path | None = Field(
        None, description="Unix socket of the signer, `proofhub signer`; without it the hub starts one of its own."
    )
    signer_folder: Path = Field(Path("var/signer"), description="The signer's own folder: spool, log, lists.")
    signer_workers: int = Field(
        0, description="How many proofs are sealed at a time; 0 for one on each core.", ge=0, le=256
    )
    spool_days: int = Field(
        30, description="The signer keeps what it sealed for so many days, should the hub ask again.", ge=1, le=3650
    )
    signer_users: tuple[int, ...] = Field(
        (), description="Numbers of the users, beside its own, whom the signer answers."
    )
    tsa: TimeStampSource = Field(
        TimeStampSource.NONE,
        description="Where time stamps come from: `none`, `embedded` (the signer's own authority) or `urls`.",
    )
    tsa_urls: tuple[str, ...] = Field(
        (), description="Addresses of RFC 3161 services, asked in this order; the next where one is down."
    )
    tsa_seconds: float = Field(
        2.0, description="How long a seal waits for its time stamp; then it gets it later.", gt=0, le=10
    )
    level: ProofLevel | None = Field(
        None,
        description="PAdES level that proofs reach beside the calls, `B_B` to `B_LTA`; not said: `B_LTA` where time "
        "stamps are set, else `B_B`.",
    )
    unraised_hours: int = Field(
        72, description="Sealing stops when a proof waits so long for its time stamp.", ge=1, le=24 * 365
    )

    @property
    def wanted_level(self) -> ProofLevel:
        """The level that proofs reach."""
        if self.level is not None:
            return self.level
        return ProofLevel.B_B if self.tsa is TimeStampSource.NONE else ProofLevel.B_LTA

    @model_validator(mode="after")
    def _require_stamps(self) -> SealSettings:
        """Refuse a level that needs time stamps where there are none, and addresses that are missing or not asked."""
        if self.wanted_level is not ProofLevel.B_B and self.tsa is TimeStampSource.NONE:
            raise ValueError("a level above B_B needs time stamps: set TSA")
        if (self.tsa is TimeStampSource.URLS) != bool(self.tsa_urls):
            raise ValueError("TSA_URLS belongs to TSA=urls")
        return self


class AuthoritySettings(Room):
    """The seal authority's own keys, used by `proofhub pki` and `proofhub seal sign-grant`; no hub needs them."""

    folder: Path = Field(Path("var/authority/keys"), description="Folder of the authority's encrypted PKCS#12 files.")
    passphrase: SecretStr = Field(SecretStr(""), description="Passphrase of the authority's files.")


class IdentitySettings(Room):
    """Whose tokens are believed."""

    issuer: str = Field("proofhub-development", description="The `iss` that tokens must have.")
    audience: str = Field("proofhub", description="The `aud` that tokens must have.")
    jwks_file: Path = Field(Path("var/identity/jwks.json"), description="Public keys of the issuer (RFC 7517).")
    development: bool = Field(False, description="Whether the development issuer is believed; loopback only.")


class SourceSettings(Room):
    """Data sources of shared information."""

    file: Path | None = Field(None, description="JSON list of sources: code, url, token, ca_file …")


class CalendarSettings(Room):
    """Working days beyond what the State Council's order says."""

    working: tuple[date, ...] = Field((), description="Days that are worked although the calendar says not.")
    resting: tuple[date, ...] = Field((), description="Days that are not worked although the calendar says so.")
    office_close: str = Field("17:30", description="Close of office, Asia/Shanghai.", pattern=r"^\d\d:\d\d$")


class DeadlineSettings(Room):
    """Who is told when a unit is silent."""

    supervisors: tuple[str, ...] = Field(
        (), description="Units told of every overdue request, beside those that the catalogue puts above the late one."
    )


class JudgeSettings(Room):
    """The processes that judge files from outside."""

    processes: int = Field(1, description="How many files are judged at a time.", ge=1, le=64)


class NotifierSettings(Room):
    """Messages to contacts of units without a system, with a link to the console page."""

    kind: NotifierKind = Field(NotifierKind.NONE, description="`none` (nobody is told) or `smtp`.")
    host: str = Field("127.0.0.1", description="Mail server.")
    port: int = Field(587, description="Its port: usually 587 with `starttls`, 465 with `tls`.", ge=1, le=65535)
    security: MailProtection = Field(
        MailProtection.STARTTLS, description="`starttls`, `tls`, or `none`: with a relay on this machine alone."
    )
    user: str = Field("", description="User at the mail server; empty for none.")
    password: SecretStr = Field(SecretStr(""), description="Password at the mail server.")
    sender: str = Field("", description="Address that messages come from; required with `smtp`.")
    ca_file: Path | None = Field(
        None, description="PEM of the authorities that vouch for the mail server; the system's."
    )
    seconds: float = Field(15.0, description="How long one answer of the mail server may take.", gt=0, le=60)
    answer_seconds: float = Field(
        600.0,
        description="How long the mail server may take to answer a whole message; who waits less sends it twice.",
        gt=0,
        le=1800,
    )
    link_hours: float = Field(72.0, description="How long a link opens its request, at most.", gt=0, le=24 * 31)

    @model_validator(mode="after")
    def _check(self) -> NotifierSettings:
        """Refuse a sender that is none, and a way without TLS that leaves this machine: the links are keys."""
        if self.kind is NotifierKind.SMTP and not is_address(self.sender):
            raise ValueError("SENDER must be an e-mail address")
        if self.security is MailProtection.NONE and self.host not in THIS_MACHINE:
            raise ValueError("SECURITY=none is for a relay on this machine alone")
        return self


class Settings(BaseSettings):
    """All settings of one hub process."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", extra="forbid", hide_input_in_errors=True
    )

    server: ServerSettings = ServerSettings()
    subscriptions: SubscriptionSettings = SubscriptionSettings()
    store: StoreSettings = StoreSettings()
    events: EventSettings = EventSettings()
    webhooks: WebhookSettings = WebhookSettings()
    seals: SealSettings = SealSettings()
    authority: AuthoritySettings = AuthoritySettings()
    documents: DocumentSettings = DocumentSettings()
    identity: IdentitySettings = IdentitySettings()
    sources: SourceSettings = SourceSettings()
    calendar: CalendarSettings = CalendarSettings()
    deadlines: DeadlineSettings = DeadlineSettings()
    judge: JudgeSettings = JudgeSettings()
    notifier: NotifierSettings = NotifierSettings()

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_rooms(cls, given: dict[str, object]) -> dict[str, object]:
        """Refuse a variable of a room that does not exist: the library passes over it."""
        rooms = {name.upper() for name in cls.model_fields}
        named = {name.upper() for name in os.environ if name.upper().startswith(_PREFIX) and "__" in name}
        strange = sorted(name for name in named if name.removeprefix(_PREFIX).partition("__")[0] not in rooms)
        if strange:
            raise ValueError(f"there is no such setting: {', '.join(strange)}")
        return given
