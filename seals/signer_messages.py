"""What goes over the signer's socket: a question and an answer, each a head in JSON and a body, framed by length.

A connection carries one question and its answer, or a page to be made ahead and then its order. So the kernel hands
each question to a worker that is free, and a worker that dies takes one question with it, which its caller asks again.
Frames are those of `judge_frames`; never pickle, whoever speaks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from pki import errors as pki_errors
from seals import errors as seals_errors
from seals.errors import JudgeProtocolError, MalformedEndorsementError, SignerProtocolError
from seals.grants import SignedGrant
from seals.judge_frames import frame, length_of
from seals.page_content import PageContent, content_from_json, content_json
from seals.signer_orders import SealingOrder

HEAD_LIMIT = 1024 * 1024
"""Longest head of a question or an answer, in bytes: many times the longest page's content."""
QUESTION_BODY_LIMIT = 64 * 1024
"""Longest body of a question, in bytes: a request for a time stamp or for a certificate's status."""
ANSWER_BODY_LIMIT = 64 * 1024 * 1024
"""Longest body of an answer, in bytes: a sealed PDF."""
_ISSUING_KEY_LIMIT = 512

_Carried = seals_errors.SealsError | pki_errors.PkiError


@dataclass(frozen=True, slots=True)
class Message:
    """A question or an answer."""

    head: dict[str, Any]
    body: bytes = field(default=b"", repr=False)

    def framed(self) -> bytes:
        """Return what goes over the socket."""
        return frame(orjson.dumps(self.head)) + frame(self.body)


def frame_length(head: bytes, limit: int) -> int:
    """Read a frame's length.

    Raises:
        SignerProtocolError: it is cut short, or more than `limit` bytes.
    """
    try:
        return length_of(head, limit)
    except JudgeProtocolError as problem:
        raise SignerProtocolError("the message is cut short, or longer than allowed") from problem


def read_head(data: bytes) -> dict[str, Any]:
    """Read a head back.

    Raises:
        SignerProtocolError: it is not a JSON object.
    """
    try:
        head = orjson.loads(data)
    except ValueError as problem:
        raise SignerProtocolError("the message is not JSON") from problem
    if not isinstance(head, dict):
        raise SignerProtocolError("the message is not a JSON object")
    return head


def text_of(head: dict[str, Any], name: str) -> str:
    """Return a text of a head.

    Raises:
        SignerProtocolError: it is missing or no text.
    """
    value = head.get(name)
    if not isinstance(value, str):
        raise SignerProtocolError(f"the message lacks {name}")
    return value


def order_head(order: SealingOrder) -> dict[str, str]:
    """Return an order as the head of a question."""
    return {
        "content": content_json(order.content),
        "grant": order.grant.to_text(),
        "issuing_key": order.issuing_key,
    }


def read_order(head: dict[str, Any]) -> SealingOrder:
    """Read an order back; texts are texts, what they say is judged by the desk.

    Raises:
        SignerProtocolError: it is not of this form.
        MalformedGrantError: the grant's text is not.
    """
    issuing_key = text_of(head, "issuing_key")
    if not 0 < len(issuing_key) <= _ISSUING_KEY_LIMIT:
        raise SignerProtocolError("the issuing key is empty or too long")
    return SealingOrder(issuing_key, read_content(head), SignedGrant.from_text(text_of(head, "grant")))


def read_content(head: dict[str, Any]) -> PageContent:
    """Read the content of a page back, which is in canonical form.

    Raises:
        SignerProtocolError: it is not of this form.
    """
    text = text_of(head, "content")
    try:
        content = content_from_json(text)
        if content_json(content) != text or not _of_texts(orjson.loads(text)):
            raise SignerProtocolError("the content is not in canonical form")
    except (ValueError, TypeError, KeyError, AttributeError, MalformedEndorsementError) as problem:
        raise SignerProtocolError("the content is not of the expected form") from problem
    return content


def failure(problem: _Carried) -> dict[str, Any]:
    """Return an error as the head of an answer."""
    details: Iterable[str] = (str(problem),)
    if isinstance(problem, seals_errors.UnprintableCharacterError):
        details = (problem.characters,)
    if isinstance(problem, seals_errors.PrunedDocumentError):
        details = (problem.document_sha256,)
    if isinstance(problem, pki_errors.ProfileViolationError):
        details = (problem.profile, *problem.violations)
    return {"details": list(details), "error": type(problem).__name__}


def raise_failure(head: dict[str, Any]) -> None:
    """Raise the error that an answer carries; return where it carries none.

    Raises:
        SealsError, PkiError: the error.
    """
    name, details = head.get("error"), head.get("details")
    if name is None:
        return
    if not isinstance(details, list) or not details or not all(isinstance(each, str) for each in details):
        raise SignerProtocolError("the signer says an error that cannot be read")
    if name == pki_errors.ProfileViolationError.__name__:
        raise pki_errors.ProfileViolationError(details[0], tuple(details[1:]))
    raise _ERRORS.get(name, seals_errors.SealingError)(details[0])


def _tree(root: type[Exception]) -> dict[str, type[Exception]]:
    found = {root.__name__: root}
    for child in root.__subclasses__():
        found |= _tree(child)
    return found


_ERRORS = _tree(seals_errors.SealsError) | _tree(pki_errors.PkiError)


def _of_texts(record: dict[str, Any]) -> bool:
    """Tell whether the content holds what it says it holds: a page prints texts, and nothing else is one."""
    optional = {"valid_until", "remarks"}
    texts = [value for name, value in record.items() if name not in {"facts", *optional}]
    texts += [record[name] for name in optional if record[name] is not None]
    texts += [value for fact in record["facts"] for value in fact.values()]
    return all(isinstance(value, str) for value in texts)
