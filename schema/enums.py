"""Enumerations of the hub as GraphQL enums, each value with its description."""

from __future__ import annotations

from enum import Enum
from typing import Protocol, TypeVar, cast

import strawberry
from strawberry.types.enum import EnumValue

from graph_models.casework import CaseState, NeedState, ProofKind, ProofLevel, ProofState, RequestState
from graph_models.catalogue import (
    ApplicantKind,
    BasisLevel,
    FactKind,
    IssuingMode,
    Measure,
    ProofFamily,
    UnitKind,
    UnitLevel,
)
from graph_models.request_states import Step
from hub.routing import RouteOutcome
from hub.verifying import CheckStatus, VerdictOutcome

E = TypeVar("E", bound=Enum)


class _Definition(Protocol):
    values: list[EnumValue]


def described(enum: type[E], description: str, **values: str) -> type[E]:
    """Make an enum of another room a GraphQL enum.

    Args:
        enum: the enum.
        description: what it says.
        values: a description for each of its values, by name.

    Raises:
        ValueError: a value has no description, or a description no value.
    """
    if set(values) != set(enum.__members__):
        raise ValueError(f"{enum.__name__}: describe exactly {', '.join(enum.__members__)}")
    strawberry.enum(enum, description=description)
    definition = cast("_Definition", enum.__dict__["__strawberry_definition__"])
    for value in definition.values:
        value.description = values[value.name]
    return enum


described(
    UnitKind,
    "What a unit is (Art. 3, 21).",
    ADMINISTRATIVE_ORGAN="An administrative organ (行政机关).",
    AUTHORISED_ORGANISATION="An organisation that a law or regulation authorises (授权组织).",
    PUBLIC_UTILITY="A public utility: water, electricity, gas and others (公用企事业单位).",
    BY_REFERENCE="A party by reference: provincial and central units, banks, insurers, schools (参照执行).",
)
described(
    UnitLevel,
    "At which level a unit works.",
    PROVINCIAL="The province.",
    MUNICIPAL="The city.",
    DISTRICT="A district, county or county-level city.",
    TOWNSHIP="A township, town or subdistrict.",
)
described(
    Measure,
    "How a requirement is met without paper (无证件办事措施, Art. 9), in the order in which routing tries them.",
    FACE_RECOGNITION="Face recognition at the window.",
    APP_LICENCE="An electronic licence shown in the province's or city's app.",
    PLATFORM_LICENCE="A licence from the provincial or city sharing platform, kept as received.",
    ELECTRONIC_PROOF="A sealed electronic proof of this hub.",
    NOTIFICATION_COMMITMENT="Notification and commitment (告知承诺, Art. 10).",
)
described(
    BasisLevel,
    "Rank of the act that founds a requirement (Art. 7).",
    LAW="A law.",
    ADMINISTRATIVE_REGULATION="An administrative regulation.",
    LOCAL_REGULATION="A local regulation.",
    MINISTRY_RULE="A ministry rule (部委规章): accepted, tracked and flagged.",
    GOVERNMENT_RULE="A rule of the city's government: cannot found a proof.",
    NORMATIVE_DOCUMENT="A document below rules: cannot found a proof.",
)
described(
    IssuingMode,
    "Whether a unit's data can be extracted now or somebody must look.",
    SHARED="Shared data: extracted at once.",
    VERIFIED="Verified by people of the unit, who answer a request.",
)
described(
    ProofFamily,
    "Which template a proof type is set in.",
    PERSON="About a natural person.",
    ENTERPRISE="About a legal person.",
    PROPERTY="About a property.",
    OTHER="About something else.",
)
described(
    ApplicantKind,
    "Who asks.",
    NATURAL_PERSON="A natural person (自然人).",
    LEGAL_PERSON="A legal person or other organisation (法人).",
)
described(
    FactKind,
    "What a fact's text must look like.",
    TEXT="Any text that the carried fonts can set.",
    DATE="A date: 2026-03-01.",
    ID_NUMBER="A citizen's identity number of 18 characters (GB 11643).",
    CREDIT_CODE="A unified social credit code of 18 characters (GB 32100).",
    AMOUNT="An amount with its unit, as text.",
)
described(
    CaseState,
    "Where a case stands.",
    OPEN="Under way.",
    CLOSED="Closed by its unit.",
    WITHDRAWN="Withdrawn by its unit.",
)
described(
    NeedState,
    "Where one requirement of a case stands.",
    PENDING="To be extracted from shared data; goes on by itself.",
    ANSWER_NEEDED="One question must be answered before it can be routed.",
    REQUESTED="A verification request is under way.",
    MET="A proof, licence, identity evidence or own record meets it.",
    NEGATIVE="The answer was that there is no such record.",
    NOT_NEEDED="An alternative of the same group was chosen.",
    ASK_APPLICANT="Out of scope, or no measure is left: the applicant may be asked.",
    WITHDRAWN="It ended before it was met.",
)
described(
    RequestState,
    "Where a verification request stands; there is no state for refusing (Art. 16).",
    RECEIVED="In the issuing unit's inbox.",
    CLAIMED="A drafter took it.",
    DRAFTED="An answer is drafted and waits for review.",
    REVIEWED="The draft is approved and waits for the seal.",
    SEALED="The seal keeper confirmed; the proof is being made.",
    DELIVERED="The proof is in the case.",
    WITHDRAWN="The asking unit withdrew it.",
)
described(
    Step,
    "What somebody does with a request.",
    CLAIM="Take it (领取).",
    RELEASE="Give the claim back (释放).",
    DRAFT="Write the answer (拟稿).",
    RETURN="Return the draft with remarks (退回).",
    APPROVE="Approve the draft (审核通过).",
    SEAL="Confirm the seal (盖章).",
    DELIVER="Deliver; the hub does it by itself (送达).",
    PASS_ON="Pass it on to the unit that is competent (转交).",  # noqa: S106  no password
    REQUEST_PART="Ask another issuing unit for a part of the answer (分项核实).",
    WITHDRAW="Withdraw it, by the unit that asked (撤回).",
)
described(
    ProofKind,
    "Where a proof's facts come from; decides its seal (Art. 14).",
    SHARED="Shared information, under the information-sharing seal.",
    VERIFIED="Verified information, under the information-verification seal.",
)
described(
    ProofState,
    "Whether a recorded proof can still be relied on.",
    VALID="It can.",
    WITHDRAWN="It was withdrawn.",
)
described(
    ProofLevel,
    "PAdES level of a sealed PDF (ETSI EN 319 142-1, 6); each holds what the one before it holds.",
    B_B="A signature: its time is what the seal says.",
    B_T="With a time stamp: its time is proven.",
    B_LT="With the certificates and revocation data that verifying takes.",
    B_LTA="With a document time stamp over all that, which can be renewed.",
)
described(
    VerdictOutcome,
    "What a verdict comes to.",
    GOOD="The proof is genuine and unchanged.",
    NOT_GOOD="At least one check failed.",
    UNDECIDED="What is at hand does not decide it.",
)
described(
    CheckStatus,
    "The answer to one question about a file.",
    PASSED="Yes.",
    FAILED="No.",
    NOT_ASKED="Nobody could be asked, or an earlier answer left nothing to ask about.",
    INDETERMINATE="It was asked, and what is at hand does not decide it.",
)
described(
    RouteOutcome,
    "How a requirement is met; of alternatives the one whose outcome stands first is chosen.",
    IDENTITY="By the identity evidence of the case.",
    LICENCE="By a platform licence, kept as received.",
    OWN_RECORD="From the handling unit's own records.",
    SHARED="From shared data, at once.",
    VERIFICATION="By a verification request to the issuing unit.",
    QUESTION="By shared data or a request, once one question is answered.",
    COMMITMENT="By notification and commitment.",
    OUT_OF_SCOPE="Out of scope, or excepted by a law: the applicant may be asked.",
    NO_ISSUER="In no way: no unit is competent.",
)
