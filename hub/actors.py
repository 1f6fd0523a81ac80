"""Who calls: a person or a system, for which unit, holding which posts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Post(StrEnum):
    """What a person is appointed to; the posts of Art. 14 to 17 and the authorities of Art. 5."""

    OPERATOR = "OPERATOR"
    """操作人员: opens cases and extracts proofs."""
    DRAFTER = "DRAFTER"
    """核查人员: looks and drafts the answer."""
    REVIEWER = "REVIEWER"
    """审核人员: reviews a draft."""
    SEAL_KEEPER = "SEAL_KEEPER"
    """盖章人员: confirms the seal."""
    UNIT_MANAGER = "UNIT_MANAGER"
    """管理责任人: watches the unit's requests and deadlines."""
    CATALOGUE_AUTHORITY = "CATALOGUE_AUTHORITY"
    """市司法局: imports and publishes the catalogue."""
    SEAL_AUTHORITY = "SEAL_AUTHORITY"
    """市公安局: manages the seals."""
    SUPERVISOR = "SUPERVISOR"
    """改革办: sees statistics and violations."""
    ANALYST = "ANALYST"
    """Explores who depends on whom."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of one request.

    ``subject`` is the stable identifier of the person or system (a staff number, never a name or identity number).
    """

    subject: str
    unit_code: str
    posts: frozenset[Post]

    def holds(self, post: Post) -> bool:
        """Tell whether the actor was appointed to the post."""
        return post in self.posts


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who calls by a token, and for how many seconds from now on the token is good."""

    actor: Actor
    seconds: float


SYSTEM_ACTOR = Actor(subject="proofhub", unit_code="", posts=frozenset())
"""The hub itself, for steps that go on by themselves."""
