"""Seals, grants, usage book and radar by GraphQL: the whole life, and what refuses a step."""

from __future__ import annotations

import hashlib
import itertools
from base64 import b64encode
from typing import Any

import pytest

from hub.actors import Actor
from seals.kinds import SealKind
from seals.picture_files import FILE_BYTES
from tests.hub.seal_authority import HOLDER_IDENTIFIER
from tests.schema.city import DRAFTER, FIRST, OPERATOR, REVIEWER, SEALER, SECOND, SUPERVISOR, City, case_input
from tests.seals.pictures import round_picture

ERRORS = "errors { __typename code field mend messageZh }"
SEAL = """seal { id state number version nextSteps steps { step by remarks } oldKeys { label }
  key { label algorithm request certificate notAfter } nextKey { label request } grants { id unitCode state } }"""
SEALS = "query S($after: String) { seals(first: 1, after: $after) { ... on SealConnection { nodes { id number state } pageInfo { hasNextPage endCursor } } } }"  # noqa: E501  one line of GraphQL
_numbers = itertools.count(1)


async def mutate(city: City, actor: Actor, name: str, takes: str = "SealStepInput", **given: Any) -> dict[str, Any]:
    """Return the payload of a mutation, with a key of its own unless one is given."""
    shown = "grant { id unitCode state proposedBy registeredBy reason }" if "Grant" in name else SEAL
    document = f"mutation M($input: {takes}!) {{ {name}(input: $input) {{ {shown} {ERRORS} }} }}"
    given = {"key": f"S-{next(_numbers)}"} | given
    payload: dict[str, Any] = (await city.ask(document, actor, input=given))[name]
    return payload


async def applied(city: City) -> dict[str, Any]:
    given = {"kind": "INFORMATION_SHARING", "holder": "宁波市公安局海曙分局", "holderIdentifier": HOLDER_IDENTIFIER}
    payload = await mutate(city, FIRST, "applyForSeal", "ApplyForSealInput", number=f"77{next(_numbers)}", **given)
    seal: dict[str, Any] = payload["seal"]
    return seal


async def made(city: City) -> dict[str, Any]:
    seal = (await applied(city))["id"]
    await mutate(city, SECOND, "approveSeal", sealId=seal)
    payload = await mutate(city, FIRST, "makeSeal", "MakeSealInput", sealId=seal)
    found: dict[str, Any] = payload["seal"]
    return found


async def active(city: City) -> dict[str, Any]:
    seal = await made(city)
    pem = city.authority.desk.certify(seal["key"]["request"], SealKind.INFORMATION_SHARING)
    await mutate(city, SECOND, "installSealCertificate", "InstallCertificateInput", sealId=seal["id"], certificate=pem)
    payload = await mutate(city, FIRST, "activateSeal", sealId=seal["id"])
    found: dict[str, Any] = payload["seal"]
    return found


@pytest.mark.requirement("R15.1")
async def test_a_seal_lives_from_application_to_destruction(city: City) -> None:
    seal = await active(city)
    assert (seal["state"], seal["nextSteps"]) == ("ACTIVE", ["SUSPEND", "ROTATE", "REVOKE"])
    suspended = (await mutate(city, FIRST, "suspendSeal", sealId=seal["id"], remarks="核查"))["seal"]
    assert (suspended["state"], suspended["steps"][-1]["remarks"]) == ("SUSPENDED", "核查")
    assert (await mutate(city, SECOND, "resumeSeal", sealId=seal["id"]))["seal"]["state"] == "ACTIVE"
    rotated = await mutate(city, FIRST, "rotateSeal", "MakeSealKeyInput", sealId=seal["id"], algorithm="RSA_2048")
    pem = city.authority.desk.certify(rotated["seal"]["nextKey"]["request"], SealKind.INFORMATION_SHARING)
    given = {"sealId": seal["id"], "certificate": pem}
    done = (await mutate(city, SECOND, "installSealCertificate", "InstallCertificateInput", **given))["seal"]
    assert (done["key"]["algorithm"], done["oldKeys"]) == ("RSA_2048", [{"label": seal["key"]["label"]}])
    assert (await mutate(city, FIRST, "revokeSeal", sealId=seal["id"], remarks="停用"))["seal"]["state"] == "REVOKED"
    destroyed = (await mutate(city, SECOND, "destroySeal", sealId=seal["id"]))["seal"]
    assert (destroyed["state"], destroyed["nextSteps"]) == ("DESTROYED", [])


@pytest.mark.requirement("R15.1")
async def test_a_seal_is_made_with_a_picture_or_told_what_is_wrong_with_it(city: City) -> None:
    seal, picture = (await applied(city))["id"], round_picture(300)
    await mutate(city, SECOND, "approveSeal", sealId=seal)
    for wrong in (b"%PDF-1.7", picture[:-1], bytes(FILE_BYTES + 1)):
        given = {"sealId": seal, "picture": b64encode(wrong).decode()}
        refused = await mutate(city, FIRST, "makeSeal", "MakeSealInput", **given)
        found = [(error["__typename"], error["field"]) for error in refused["errors"]]
        assert (refused["seal"], found) == (None, [("InvalidInput", "picture")])
    given = {"sealId": seal, "picture": b64encode(picture).decode()}
    assert not (await mutate(city, FIRST, "makeSeal", "MakeSealInput", **given))["errors"]
    shown = await city.ask("query Q($id: ID!) { seal(id: $id) { ... on Seal { pictureSha256 } } }", FIRST, id=seal)
    assert shown["seal"] == {"pictureSha256": hashlib.sha256(picture).hexdigest()}


@pytest.mark.requirement("R15.2")
async def test_a_grant_is_registered_shown_with_its_seal_and_revoked(city: City) -> None:
    seal = await active(city)
    signed = city.authority.signed(seal["id"], "JY", daily_limit=5)
    kind = "RegisterGrantInput"
    refused = await mutate(city, FIRST, "registerGrant", kind, grant=signed)
    assert [error["__typename"] for error in refused["errors"]] == ["SamePerson"]
    grant = (await mutate(city, SECOND, "registerGrant", kind, grant=signed))["grant"]
    assert (grant["unitCode"], grant["state"], grant["proposedBy"]) == ("JY", "REGISTERED", FIRST.subject)
    given = {"grantId": grant["id"], "reason": "调整"}
    revoked = (await mutate(city, SECOND, "revokeGrant", "RevokeGrantInput", **given))["grant"]
    assert (revoked["state"], revoked["reason"]) == ("REVOKED", "调整")
    query = "query Q($id: ID!) { seal(id: $id) { ... on Seal { grants { id state } } } }"
    shown = (await city.ask(query, SUPERVISOR, id=seal["id"]))["seal"]
    assert shown == {"grants": [{"id": grant["id"], "state": "REVOKED"}]}


@pytest.mark.requirement("R15.1", "R5.1")
@pytest.mark.parametrize(
    ("actor", "name", "more", "kind"),
    [
        (OPERATOR, "approveSeal", {}, "NotPermitted"),
        (SUPERVISOR, "approveSeal", {}, "NotPermitted"),
        (SEALER, "suspendSeal", {}, "NotPermitted"),
        (FIRST, "approveSeal", {}, "SamePerson"),
        (SECOND, "activateSeal", {}, "WrongState"),
        (SECOND, "approveSeal", {"expectedVersion": 7}, "Conflict"),
        (SECOND, "approveSeal", {"sealId": "S-none"}, "NotFound"),
        (SECOND, "revokeSeal", {}, "InvalidInput"),
    ],
)
async def test_a_step_that_may_not_be_is_a_typed_problem(
    city: City, actor: Actor, name: str, more: dict[str, Any], kind: str
) -> None:
    seal = await applied(city)
    refused = await mutate(city, actor, name, **({"sealId": seal["id"]} | more))
    assert refused["seal"] is None
    assert [error["__typename"] for error in refused["errors"]] == [kind]
    assert all(error["mend"] and error["messageZh"] for error in refused["errors"])


async def test_a_certificate_that_is_none_is_refused_by_its_field(city: City) -> None:
    seal = await made(city)
    given = {"sealId": seal["id"], "certificate": "x"}
    refused = await mutate(city, SECOND, "installSealCertificate", "InstallCertificateInput", **given)
    assert [(error["__typename"], error["field"]) for error in refused["errors"]] == [("InvalidInput", "certificate")]


async def test_seals_come_page_by_page_for_the_authority_and_the_supervisor_alone(city: City) -> None:
    await applied(city)
    numbers, after, more = [], None, True
    while more:
        page = (await city.ask(SEALS, SUPERVISOR, after=after))["seals"]
        numbers += [node["number"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert numbers == sorted(set(numbers))
    assert len(numbers) >= 3
    for query in ("seals", "sealRadar", 'seal(id: "x")', 'sealUsage(sealId: "x")'):
        refused = await city.ask(f"{{ {query} {{ __typename ... on Problem {{ code }} }} }}", OPERATOR)
        assert next(iter(refused.values())) == {"__typename": "NotPermitted", "code": "NOT_PERMITTED"}


@pytest.mark.requirement("R15.2")
async def test_the_usage_book_has_a_line_for_each_proof_page_by_page(city: City) -> None:
    opened = "mutation O($input: OpenCaseInput!) { openCase(input: $input) { case { proofs { number } } } }"
    for number in ("U-1", "U-2"):
        await city.ask(opened, input=case_input(number))
    (seal,) = [one for one in await city.services.seals.all(FIRST) if one.number == f"{1:013}"]
    query = """query U($id: ID!, $after: String) { sealUsage(sealId: $id, day: "2026-03-02", first: 1, after: $after) {
      ... on SealUseConnection { used nodes { proofNumber unitCode at } pageInfo { hasNextPage endCursor } } } }"""
    first = (await city.ask(query, FIRST, id=seal.id))["sealUsage"]
    assert (first["used"] >= 2, first["nodes"][0]["unitCode"], first["pageInfo"]["hasNextPage"]) == (True, "JY", True)
    after = first["pageInfo"]["endCursor"]
    second = (await city.ask(query, FIRST, id=seal.id, after=after))["sealUsage"]
    assert second["nodes"][0]["proofNumber"] != first["nodes"][0]["proofNumber"]
    bad = 'query U($id: ID!) { sealUsage(sealId: $id, day: "today") { ... on InvalidInput { field } } }'
    assert (await city.ask(bad, FIRST, id=seal.id))["sealUsage"] == {"field": "day"}


async def test_the_radar_lists_keys_certificates_authorities_and_algorithms(city: City) -> None:
    query = "{ sealRadar { ... on SealRadar { lines { subject name goodUntil livingProofs renewBy state } } } }"
    lines = (await city.ask(query, SUPERVISOR))["sealRadar"]["lines"]
    assert {line["subject"] for line in lines} == {"ALGORITHM", "AUTHORITY", "CERTIFICATE", "KEY"}
    assert all(line["goodUntil"] for line in lines if line["subject"] == "CERTIFICATE")


@pytest.mark.requirement("R15.2")
async def test_a_keeper_without_a_grant_is_told_so(city: City) -> None:
    case = await city.ask(
        "mutation O($input: OpenCaseInput!) { openCase(input: $input) { case { requests { id } } } }",
        input=case_input("U-9"),
    )
    request = case["openCase"]["case"]["requests"][0]["id"]
    (seal,) = [one for one in await city.services.seals.all(FIRST) if one.number == f"{2:013}"]
    grants = await city.services.grants.of_seal(FIRST, seal.id)
    (grant,) = [one for one in grants if (one.unit_code, one.state) == ("GA-HS", "REGISTERED")]
    await city.services.grants.revoke(FIRST, grant.id, "测试", "U-9")
    for actor, step, more in (
        (DRAFTER, "claimRequest", ""),
        (DRAFTER, "draftAnswer", ', negative: true, statement: "查无此记录"'),
        (REVIEWER, "reviewAnswer", ", approve: true"),
    ):
        given = f'requestId: "{request}", key: "{step}"{more}'
        assert not (await city.ask(f"mutation {{ {step}(input: {{{given}}}) {{ {ERRORS} }} }}", actor))[step]["errors"]
    given = f'requestId: "{request}", key: "s"'
    refused = await city.ask(f"mutation {{ sealAnswer(input: {{{given}}}) {{ {ERRORS} }} }}", SEALER)
    assert [error["__typename"] for error in refused["sealAnswer"]["errors"]] == ["SealNotGranted"]
    await city.services.grants.register(SECOND, city.authority.signed(seal.id, "GA-HS"), "U-9")
