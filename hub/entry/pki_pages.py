"""The authority's public services over HTTP: time stamps (RFC 3161, 3.4), OCSP (RFC 6960, appendix A), lists.

No token is asked for: whoever holds a proof must be able to check it. Nothing here is about a person.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from dataclasses import dataclass
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from hub.entry.pki_services import Answer, PkiServices
from hub.entry.uploads import limited_body
from hub.errors import NotFoundError, UnavailableError
from pki.development import ISSUING_FILE, ISSUING_LIST_FILE, ROOT_FILE, ROOT_LIST_FILE
from pki.errors import PkiError
from seals.errors import SealsError

LONGEST_REQUEST = 8192
"""Longest body, and longest path of an OCSP request, in bytes; what is longer is not read."""
_STAMP_QUERY, _STAMP_REPLY = "application/timestamp-query", "application/timestamp-reply"
_OCSP_REQUEST, _OCSP_RESPONSE = "application/ocsp-request", "application/ocsp-response"
_LIST, _CERTIFICATE = "application/pkix-crl", "application/pkix-cert"
_NO_STORE = {"Cache-Control": "no-store"}
_FOR_A_WHILE = {"Cache-Control": "max-age=300"}


def pki_routes(services: PkiServices) -> list[BaseRoute]:
    """Return the routes of the authority's services."""
    door = _PkiDoor(services)
    return [
        Route("/pki/tsa", door.time_stamp, methods=["POST"]),
        Route("/pki/ocsp", door.ocsp, methods=["POST"]),
        Route("/pki/ocsp/{request:path}", door.ocsp_in_path, methods=["GET"]),
        Route("/pki/root.crl", door.root_list, methods=["GET"]),
        Route("/pki/issuing.crl", door.issuing_list, methods=["GET"]),
        Route("/pki/root.cer", door.root, methods=["GET"]),
        Route("/pki/issuing.cer", door.issuing, methods=["GET"]),
    ]


@dataclass(frozen=True, slots=True)
class _PkiDoor:
    """Answers whoever asks the authority."""

    services: PkiServices

    async def time_stamp(self, request: Request) -> Response:
        """Stamp a digest, or say in the answer itself why not."""
        return await _answered(request, self.services.time_stamp, _STAMP_QUERY, _STAMP_REPLY)

    async def ocsp(self, request: Request) -> Response:
        """Say whether a certificate is good."""
        return await _answered(request, self.services.ocsp, _OCSP_REQUEST, _OCSP_RESPONSE)

    async def ocsp_in_path(self, request: Request) -> Response:
        """Say the same to a request that stands in the path in base64 (RFC 6960, A.1)."""
        text = unquote(request.path_params["request"])
        try:
            asked = b64decode(text, validate=True) if len(text) <= LONGEST_REQUEST else b""
        except ValueError:
            asked = b""  # what is no base64 is a malformed request, and the responder says so
        return Response(await _ask(self.services.ocsp, asked), media_type=_OCSP_RESPONSE, headers=_NO_STORE)

    async def root_list(self, _: Request) -> Response:
        """Give the root's revocation list."""
        return Response(await self._file(ROOT_LIST_FILE), media_type=_LIST, headers=_FOR_A_WHILE)

    async def issuing_list(self, _: Request) -> Response:
        """Give the issuing authority's revocation list."""
        return Response(await self._file(ISSUING_LIST_FILE), media_type=_LIST, headers=_FOR_A_WHILE)

    async def root(self, _: Request) -> Response:
        """Give the root's certificate; who trusts it must have it from elsewhere too."""
        return Response(_der(await self._file(ROOT_FILE)), media_type=_CERTIFICATE, headers=_FOR_A_WHILE)

    async def issuing(self, _: Request) -> Response:
        """Give the issuing authority's certificate."""
        return Response(_der(await self._file(ISSUING_FILE)), media_type=_CERTIFICATE, headers=_FOR_A_WHILE)

    async def _file(self, name: str) -> bytes:
        try:
            return await asyncio.to_thread((self.services.folder / name).read_bytes)
        except OSError as problem:
            raise NotFoundError(
                "the authority publishes no such file here",
                message_zh="此处没有该文件",
                mend="Ask the seal authority where its certificates and lists are.",
            ) from problem


async def _answered(request: Request, answer: Answer, asked_as: str, answered_as: str) -> Response:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != asked_as:
        return PlainTextResponse(f"send {asked_as}\n", 415)
    body = await limited_body(request, LONGEST_REQUEST)
    return Response(await _ask(answer, body), media_type=answered_as, headers=_NO_STORE)


async def _ask(answer: Answer, request: bytes) -> bytes:
    try:
        return await answer(request)
    except (PkiError, SealsError) as problem:
        raise _unavailable() from problem


def _unavailable() -> UnavailableError:
    return UnavailableError(
        "this service of the authority does not answer here",
        message_zh="此处暂不提供该服务",
        mend="Ask again later, or ask the seal authority for the address of its service.",
    )


def _der(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
