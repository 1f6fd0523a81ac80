"""The policy table: who may do what, for which unit. It reads like the regulation and has no exceptions elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.actors import Actor, Post
from hub.errors import NotPermittedError


class Operation(StrEnum):
    """What can be asked of the hub by somebody with a token."""

    OPEN_CASE = "OPEN_CASE"
    READ_CASE = "READ_CASE"
    CHANGE_CASE = "CHANGE_CASE"
    READ_CATALOGUE = "READ_CATALOGUE"
    IMPORT_CATALOGUE = "IMPORT_CATALOGUE"
    READ_INBOX = "READ_INBOX"
    CLAIM_REQUEST = "CLAIM_REQUEST"
    DRAFT_ANSWER = "DRAFT_ANSWER"
    REVIEW_ANSWER = "REVIEW_ANSWER"
    SEAL_ANSWER = "SEAL_ANSWER"
    REROUTE_REQUEST = "REROUTE_REQUEST"
    ASSIGN_REQUEST = "ASSIGN_REQUEST"
    WITHDRAW_REQUEST = "WITHDRAW_REQUEST"
    REQUEST_PART = "REQUEST_PART"
    WITHDRAW_PART = "WITHDRAW_PART"
    READ_REQUEST = "READ_REQUEST"
    READ_PROOF = "READ_PROOF"
    VERIFY_PROOF = "VERIFY_PROOF"
    MANAGE_SEALS = "MANAGE_SEALS"
    GRANT_SEALS = "GRANT_SEALS"
    READ_SEALS = "READ_SEALS"
    READ_OWN_VIOLATIONS = "READ_OWN_VIOLATIONS"
    MANAGE_WEBHOOKS = "MANAGE_WEBHOOKS"
    MANAGE_CONTACTS = "MANAGE_CONTACTS"
    MANAGE_OWN_CONTACTS = "MANAGE_OWN_CONTACTS"
    READ_DEAD_LETTERS = "READ_DEAD_LETTERS"
    REPLAY_EVENTS = "REPLAY_EVENTS"
    READ_STATISTICS = "READ_STATISTICS"
    READ_OWN_STATISTICS = "READ_OWN_STATISTICS"


class Reach(StrEnum):
    """Whose matter an operation may concern."""

    ANY = "ANY"
    OWN_UNIT = "OWN_UNIT"
    """Only what belongs to the actor's unit: its cases, or the requests it was asked."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the policy: any one of the posts is enough; no posts means everybody with a token."""

    posts: frozenset[Post]
    reach: Reach
    source: str


def _rule(source: str, reach: Reach, *posts: Post) -> Rule:
    return Rule(frozenset(posts), reach, source)


_OWN = Reach.OWN_UNIT
_OF_CASES = (Post.OPERATOR, Post.UNIT_MANAGER)
_OF_REQUESTS = (Post.DRAFTER, Post.REVIEWER, Post.SEAL_KEEPER, Post.UNIT_MANAGER)

POLICY: dict[Operation, Rule] = {
    Operation.OPEN_CASE: _rule("Art. 14", _OWN, Post.OPERATOR),
    Operation.READ_CASE: _rule("Art. 14, 17", _OWN, *_OF_CASES),
    Operation.CHANGE_CASE: _rule("Art. 14", _OWN, Post.OPERATOR),
    Operation.READ_CATALOGUE: _rule("Art. 8", Reach.ANY),
    Operation.IMPORT_CATALOGUE: _rule("Art. 8", Reach.ANY, Post.CATALOGUE_AUTHORITY),
    Operation.READ_INBOX: _rule("Art. 17", _OWN, *_OF_REQUESTS),
    Operation.CLAIM_REQUEST: _rule("Art. 17", _OWN, Post.DRAFTER),
    Operation.DRAFT_ANSWER: _rule("Art. 17", _OWN, Post.DRAFTER),
    Operation.REVIEW_ANSWER: _rule("Art. 17", _OWN, Post.REVIEWER),
    Operation.SEAL_ANSWER: _rule("Art. 14, 17", _OWN, Post.SEAL_KEEPER),
    Operation.REROUTE_REQUEST: _rule("Art. 16", _OWN, Post.DRAFTER, Post.UNIT_MANAGER),
    Operation.ASSIGN_REQUEST: _rule("Art. 16, 20", Reach.ANY, Post.SUPERVISOR),
    Operation.WITHDRAW_REQUEST: _rule("Art. 16", _OWN, Post.OPERATOR),
    Operation.REQUEST_PART: _rule("Art. 14, 16", _OWN, Post.DRAFTER),
    Operation.WITHDRAW_PART: _rule("Art. 16", _OWN, Post.DRAFTER),
    Operation.READ_REQUEST: _rule("Art. 14, 17", _OWN, *_OF_CASES, *_OF_REQUESTS),
    Operation.READ_PROOF: _rule("Art. 14, 17", _OWN, *_OF_CASES, *_OF_REQUESTS),
    Operation.VERIFY_PROOF: _rule("Art. 13", Reach.ANY),
    Operation.MANAGE_SEALS: _rule("Art. 15", Reach.ANY, Post.SEAL_AUTHORITY),
    Operation.GRANT_SEALS: _rule("Art. 15", Reach.ANY, Post.SEAL_AUTHORITY),
    Operation.READ_SEALS: _rule("Art. 15, 20", Reach.ANY, Post.SEAL_AUTHORITY, Post.SUPERVISOR),
    Operation.READ_OWN_VIOLATIONS: _rule("Art. 15, 20", _OWN, Post.SEAL_KEEPER, Post.UNIT_MANAGER),
    Operation.MANAGE_WEBHOOKS: _rule("Art. 17", _OWN, Post.UNIT_MANAGER),
    Operation.MANAGE_CONTACTS: _rule("Art. 5, 17", Reach.ANY, Post.CATALOGUE_AUTHORITY),
    Operation.MANAGE_OWN_CONTACTS: _rule("Art. 17", _OWN, Post.UNIT_MANAGER),
    Operation.READ_DEAD_LETTERS: _rule("Art. 20", Reach.ANY, Post.SUPERVISOR),
    Operation.REPLAY_EVENTS: _rule("Art. 20", Reach.ANY, Post.SUPERVISOR),
    Operation.READ_STATISTICS: _rule("Art. 4", Reach.ANY, Post.SUPERVISOR),
    Operation.READ_OWN_STATISTICS: _rule("Art. 17", _OWN, *_OF_CASES, *_OF_REQUESTS),
}
"""Operation → who may do it."""


def permitted(actor: Actor, operation: Operation, unit_code: str | None = None) -> bool:
    """Tell whether the actor may do the operation on what belongs to the unit (None: to nobody in particular)."""
    rule = POLICY[operation]
    if rule.posts and not rule.posts & actor.posts:
        return False
    return rule.reach is Reach.ANY or unit_code is None or unit_code == actor.unit_code


def require(actor: Actor, operation: Operation, unit_code: str | None = None) -> None:
    """Return if the actor may do the operation.

    Raises:
        NotPermittedError: the posts or the unit do not allow it; it names the posts that would.
    """
    if permitted(actor, operation, unit_code):
        return
    posts = ", ".join(sorted(POLICY[operation].posts)) or "any"
    raise NotPermittedError(
        f"{operation} needs one of the posts {posts} in the unit concerned",
        message_zh=f"无权进行此操作（{operation}）",
        mend=f"Use a token of the unit concerned with one of the posts: {posts}.",
    )
