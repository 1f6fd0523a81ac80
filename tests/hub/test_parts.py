"""A unit asks another one for the part of an answer that it cannot know; the proof names both."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from graph_models.casework import CaseState, DraftAnswer, RequestState, VerificationRequest
from graph_models.deadline_records import watch_limits_anew
from graph_models.proof_records import load_proof
from graph_models.request_records import save_request
from graph_models.store import Transaction
from hub.actors import Actor, Post
from hub.deadline_watch import DeadlineWatch
from hub.errors import (
    ConflictError,
    HubError,
    IdempotencyConflictError,
    InvalidInputError,
    NoCompetentUnitError,
    NotFoundError,
    NotPermittedError,
    WrongStateError,
)
from hub.parts import PARTS_LIMIT, AskedPart, WholeAndPart
from hub.working_days import WorkingCalendar
from seals.endorsement import Endorsement
from seals.verdict import VerdictOutcome
from tests.hub.office import (
    NAME,
    NO_RECORD,
    OPERATOR,
    Office,
    Seals,
    call,
    drafter,
    keeper,
    reviewer,
    staff,
    verifier_of,
)

OWN = DraftAnswer(negative=False, facts=(("name", NAME), ("school", "效实中学")), statement="")
CHILD = DraftAnswer(negative=False, facts=(("child", "王小小"), ("since", "2015-06-01")), statement="")
ASKED = AskedPart(unit_code="GA-CX", fields=("child", "since"), reason="户籍在慈溪")


async def claimed(office: Office, item: str = "JOINT") -> VerificationRequest:
    """A request that GA-HS has claimed."""
    (request,) = (await office.open(item)).requests
    return await office.requests.claim(drafter("GA-HS"), call(request))


async def ask(office: Office, whole: VerificationRequest, key: str | None = None, **changes: object) -> WholeAndPart:
    asked = replace(ASKED, **changes)  # type: ignore[arg-type]
    return await office.requests.parts.request(drafter("GA-HS"), call(whole, key), asked)


async def with_part(office: Office, item: str = "JOINT") -> WholeAndPart:
    return await ask(office, await claimed(office, item))


async def ready(office: Office, whole: VerificationRequest, answer: DraftAnswer = OWN) -> VerificationRequest:
    """Draft and approve the unit's own part of the answer."""
    await office.requests.draft(drafter("GA-HS"), call(whole), answer)
    return await office.requests.review(reviewer("GA-HS"), call(whole), approve=True, remarks=None)


async def seal(office: Office, whole: VerificationRequest) -> VerificationRequest:
    return await office.requests.seal(keeper("GA-HS"), call(whole))


async def read(office: Office, request: VerificationRequest, unit: str | None = None) -> VerificationRequest:
    return await office.requests.read(drafter(unit or request.issuing_unit), request.id)


async def endorsed(office: Office, whole: VerificationRequest) -> Endorsement:
    case = await office.file(whole.case_number)
    proof = await office.store.read(lambda tx: load_proof(tx, case.proofs[0].number))
    return Endorsement.from_json(proof.endorsement_json.encode())


async def told(office: Office, kind: str) -> list[tuple[str, str]]:
    return [(event.unit_code, event.subject) for event in await office.events() if event.type == kind]


@pytest.mark.requirement("R14.2", "R14.4", "R17.3")
async def test_the_proof_says_which_unit_produced_which_part_and_is_good(office: Office, seals: Seals) -> None:
    made = await with_part(office)
    await office.answered(made.part, CHILD)
    await ready(office, made.whole)
    assert (await seal(office, made.whole)).state is RequestState.DELIVERED
    said = await endorsed(office, made.whole)
    (part,) = said.parts
    assert (said.producing_unit_code, part.unit_code, part.unit_name) == ("GA-HS", "GA-CX", "单位GA-CX")
    assert (part.fields, part.labels) == (("since", "child"), ("入户时间", "子女"))
    assert (part.negative, part.drafted_by) == (False, "GA-CX-1")
    assert part.confirmed_at == office.clock.now()
    proof = (await office.file(made.whole.case_number)).proofs[0]
    document = await office.documents.get(proof.document_sha256)
    verdict = await verifier_of(office, seals).verify(document)
    assert verdict.outcome is VerdictOutcome.GOOD
    assert [(fact.key, fact.value) for fact in verdict.facts or ()] == [
        ("name", NAME), ("since", "2015-06-01"), ("child", "王小小"), ("school", "效实中学"),
    ]  # fmt: skip


async def test_the_proof_of_one_unit_says_nothing_of_parts(office: Office) -> None:
    whole = await claimed(office)
    await ready(office, whole, replace(OWN, facts=(*OWN.facts, *CHILD.facts)))
    await seal(office, whole)
    assert b"parts" not in (await endorsed(office, whole)).to_json()


@pytest.mark.requirement("R14.4")
async def test_the_other_unit_has_a_request_of_its_own_due_no_later_than_the_whole(office: Office) -> None:
    whole = await claimed(office)
    office.clock.advance(hours=1)
    part = (await ask(office, whole)).part
    assert [request.id for request in await office.inbox("GA-CX")] == [part.id]
    assert (part.asking_unit, part.issuing_unit, part.part_of) == ("GA-HS", "GA-CX", whole.id)
    assert (part.part_fields, part.remarks, part.received_at) == (("since", "child"), ASKED.reason, office.clock.now())
    assert part.received_at < part.due_at == whole.due_at
    (matter,) = await office.requests.matters_of(drafter("GA-CX"), (part,))
    assert [field.key for field in matter.form] == ["since", "child"]
    assert matter.subject is not None
    (bundle,) = await office.requests.bundles.page(drafter("GA-CX"), "GA-CX", None, 9)
    assert [request.id for request in bundle.requests] == [part.id]


async def test_a_part_of_what_is_overdue_is_due_at_once(office: Office) -> None:
    whole = await claimed(office, "JOINT-NOW")
    office.clock.advance(minutes=31)
    part = (await ask(office, whole)).part
    assert (part.due_at, part.urgent) == (office.clock.now(), True)


@pytest.mark.requirement("R16.1")
async def test_silence_about_a_part_is_told_like_any_other(office: Office) -> None:
    whole = await claimed(office, "JOINT-NOW")
    office.clock.advance(minutes=10)
    part = (await ask(office, whole)).part
    assert part.due_at == whole.due_at
    watch = DeadlineWatch(office.store, office.cases.snapshots, WorkingCalendar(), office.clock, ("FGW",))
    office.clock.advance(minutes=21)
    await watch.look()
    assert (await read(office, part)).overdue_since == part.due_at
    assert ("FGW", part.id) in await told(office, "request.overdue")
    assert ("GA-HS", part.id) in await told(office, "request.overdue")


async def test_the_whole_is_not_sealed_while_a_part_is_open(office: Office) -> None:
    made = await with_part(office)
    await ready(office, made.whole)
    with pytest.raises(WrongStateError, match="still open at unit GA-CX"):
        await seal(office, made.whole)
    await office.reviewed(made.part, CHILD)
    with pytest.raises(WrongStateError):
        await seal(office, made.whole)
    assert (await read(office, made.whole)).state is RequestState.REVIEWED
    await office.requests.seal(keeper("GA-CX"), call(made.part))
    assert (await seal(office, made.whole)).state is RequestState.DELIVERED


async def test_what_another_unit_brings_the_unit_itself_does_not_say(office: Office) -> None:
    made = await with_part(office)
    for answered in (False, True):
        if answered:
            await office.answered(made.part, CHILD)
        changed = replace(OWN, facts=(*OWN.facts, ("child", "别人")))
        with pytest.raises(InvalidInputError, match="another unit's to say") as refused:
            await office.requests.draft(drafter("GA-HS"), call(made.whole), changed)
        assert refused.value.field == "facts.child"
    (matter,) = await office.requests.matters_of(drafter("GA-HS"), (await read(office, made.whole),))
    assert [field.key for field in matter.form] == ["name", "school"]
    assert [part.id for part in matter.parts] == [made.part.id]


async def test_a_part_says_its_own_fields_alone_and_at_least_one(office: Office) -> None:
    made = await with_part(office)
    await office.requests.claim(drafter("GA-CX"), call(made.part))
    for facts, field in (((*CHILD.facts, ("name", NAME)), "facts.name"), ((), "facts.since")):
        with pytest.raises(InvalidInputError) as refused:
            await office.requests.draft(drafter("GA-CX"), call(made.part), replace(CHILD, facts=facts))
        assert refused.value.field == field
    other = (await ask(office, made.whole, fields=("school",))).part
    await office.requests.claim(drafter("GA-CX"), call(other))
    with pytest.raises(InvalidInputError, match="brings no fact"):
        await office.requests.draft(drafter("GA-CX"), call(other), replace(CHILD, facts=(("school", " "),)))


async def test_nobody_answers_for_another_units_part(office: Office) -> None:
    made = await with_part(office)
    for step in (
        office.requests.claim(drafter("GA-HS"), call(made.part)),
        office.requests.seal(keeper("GA-HS"), call(made.part)),
    ):
        with pytest.raises(HubError):
            await step
    for unit in ("GA", "MZ-HS"):
        with pytest.raises(NotFoundError):
            await office.requests.claim(drafter(unit), call(made.part))
    with pytest.raises(NotFoundError):
        await office.requests.read(drafter("GA-CX"), made.whole.id)
    with pytest.raises(NotFoundError):
        await office.requests.read(OPERATOR, made.part.id)


@pytest.mark.requirement("R17.2")
async def test_a_part_goes_through_the_hands_of_three_people_too(office: Office) -> None:
    part = (await ask(office, await claimed(office), unit_code="GA")).part
    alone = staff("GA", 1, Post.DRAFTER, Post.REVIEWER, Post.SEAL_KEEPER)
    await office.drafted(part, CHILD)
    with pytest.raises(HubError, match="one person"):
        await office.requests.review(alone, call(part), approve=True, remarks=None)
    await office.requests.review(reviewer("GA"), call(part), approve=True, remarks=None)
    with pytest.raises(HubError, match="one person"):
        await office.requests.seal(staff("GA", 2, Post.SEAL_KEEPER), call(part))
    done = await office.requests.seal(keeper("GA"), call(part, "once"))
    assert await office.requests.seal(keeper("GA"), call(part, "once")) == done
    assert [step.step for step in done.steps] == ["CLAIM", "DRAFT", "APPROVE", "SEAL", "DELIVER"]
    assert (await office.file(part.case_number)).proofs == ()


@pytest.mark.requirement("I2")
async def test_asked_again_under_its_key_it_is_the_same_part(office: Office) -> None:
    whole = await claimed(office)
    first = await ask(office, whole, "K")
    again = await ask(office, whole, "K", fields=("since", "child"))
    assert (again.part.id, again.whole.version) == (first.part.id, first.whole.version)
    assert len(await office.inbox("GA-CX")) == 1
    with pytest.raises(IdempotencyConflictError):
        await ask(office, whole, "K", fields=("child",))
    with pytest.raises(ConflictError):
        await office.requests.parts.request(drafter("GA-HS"), call(whole, version=whole.version), ASKED)


@pytest.mark.requirement("R8.3")
@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"unit_code": "RS"}, NoCompetentUnitError, "unitCode"),
        ({"unit_code": "GA-HS"}, NoCompetentUnitError, "unitCode"),
        ({"unit_code": "MZ-HS"}, NoCompetentUnitError, "unitCode"),
        ({"fields": ()}, InvalidInputError, "fields"),
        ({"fields": ("child", "child")}, InvalidInputError, "fields"),
        ({"fields": ("colour",)}, InvalidInputError, "fields"),
        ({"fields": ("name", "since", "child", "school")}, InvalidInputError, "fields"),
        ({"reason": " "}, InvalidInputError, "reason"),
        ({"reason": "长" * 1001}, InvalidInputError, "reason"),
    ],
)
async def test_whom_and_for_what_a_unit_asks(
    office: Office, changes: dict[str, object], error: type[HubError], field: str
) -> None:
    whole = await claimed(office)
    with pytest.raises(error) as refused:
        await ask(office, whole, **changes)
    assert refused.value.field == field
    assert (await read(office, whole)) == whole
    assert await office.inbox("GA-CX") == ()


async def test_only_who_claimed_the_request_asks_and_not_once_it_is_drafted(office: Office) -> None:
    whole = await claimed(office)
    asked = office.requests.parts.request
    with pytest.raises(ConflictError):
        await asked(staff("GA-HS", 7, Post.DRAFTER), call(whole), ASKED)
    with pytest.raises(NotPermittedError):
        await asked(reviewer("GA-HS"), call(whole), ASKED)
    with pytest.raises(NotFoundError):
        await asked(drafter("GA"), call(whole), ASKED)
    await ready(office, whole, replace(OWN, facts=(*OWN.facts, *CHILD.facts)))
    with pytest.raises(WrongStateError):
        await ask(office, whole)


async def test_a_part_has_no_part_and_no_fact_is_of_two(office: Office) -> None:
    made = await with_part(office)
    await office.requests.claim(drafter("GA-CX"), call(made.part))
    with pytest.raises(WrongStateError, match="no part of its own"):
        await office.requests.parts.request(drafter("GA-CX"), call(made.part), replace(ASKED, unit_code="GA"))
    with pytest.raises(InvalidInputError, match="another part brings"):
        await ask(office, made.whole, unit_code="GA", fields=("child",))
    with pytest.raises(InvalidInputError, match="nothing of the form is left"):
        await ask(office, made.whole, unit_code="GA", fields=("name", "school"))


async def test_an_answer_has_no_more_parts_than_its_endorsement_can_name(office: Office) -> None:
    whole = await claimed(office)
    for _ in range(PARTS_LIMIT):
        part = (await ask(office, whole)).part
        await office.answered(part, NO_RECORD)
    with pytest.raises(WrongStateError, match=f"{PARTS_LIMIT} parts already"):
        await ask(office, whole)


async def outcome(office: Office, part: VerificationRequest) -> tuple[RequestState, list[str]]:
    """Return how a part ended and which units were told of its withdrawal."""
    units = [unit for unit, subject in await told(office, "request.withdrawn") if subject == part.id]
    return (await read(office, part)).state, units


@pytest.mark.requirement("R16.1")
async def test_with_the_whole_or_its_case_withdrawn_the_open_part_ends_and_both_units_know(office: Office) -> None:
    for withdrawn in ("request", "case"):
        made = await with_part(office)
        if withdrawn == "request":
            await office.requests.withdraw(OPERATOR, call(made.whole), "不办了")
        else:
            ended = await office.cases.withdraw(OPERATOR, made.whole.case_number, "K")
            assert ended.case.state is CaseState.WITHDRAWN
        assert await outcome(office, made.part) == (RequestState.WITHDRAWN, ["GA-CX", "GA-HS"])
    assert await office.requests.bundles.page(drafter("GA-CX"), "GA-CX", None, 9) == ()


async def test_the_unit_that_asked_withdraws_a_part_and_says_it_itself(office: Office) -> None:
    made = await with_part(office)
    operator = Actor("op-9", "GA-HS", frozenset({Post.OPERATOR}))
    with pytest.raises(NotPermittedError):
        await office.requests.withdraw(operator, call(made.part), "自己能查")
    with pytest.raises(NotPermittedError):
        await office.requests.withdraw(drafter("GA-CX"), call(made.part), "不想查")
    done = await office.requests.withdraw(drafter("GA-HS"), call(made.part), "自己能查")
    assert done.state is RequestState.WITHDRAWN
    await ready(office, made.whole, replace(OWN, facts=(*OWN.facts, *CHILD.facts)))
    assert (await seal(office, made.whole)).state is RequestState.DELIVERED
    assert (await endorsed(office, made.whole)).parts == ()


async def test_the_whole_passed_on_leaves_its_open_parts_withdrawn_and_begins_anew(office: Office) -> None:
    made = await with_part(office)
    answered = (await ask(office, made.whole, unit_code="GA", fields=("school",))).part
    await office.answered(answered, DraftAnswer(negative=False, facts=(("school", "中学"),), statement=""))
    passed = await office.requests.reroute(drafter("GA-HS"), call(made.whole), "GA-CX", "户籍在慈溪")
    assert await outcome(office, made.part) == (RequestState.WITHDRAWN, ["GA-CX", "GA-HS"])
    (matter,) = await office.requests.matters_of(drafter("GA-CX"), (passed,))
    assert ([field.key for field in matter.form], matter.parts) == (["name", "since", "child", "school"], ())
    whole = replace(OWN, facts=(*OWN.facts, *CHILD.facts))
    assert (await office.answered(passed, whole)).state is RequestState.DELIVERED
    said = await endorsed(office, passed)
    assert (said.producing_unit_code, said.parts) == ("GA-CX", ())


async def test_a_part_is_passed_on_but_not_to_who_asked_for_it(office: Office) -> None:
    made = await with_part(office)
    for unit in ("GA-HS", "MZ-HS", "GA-CX", "RS"):
        with pytest.raises(NoCompetentUnitError):
            await office.requests.reroute(drafter("GA-CX"), call(made.part), unit, "不归我管")
    passed = await office.requests.reroute(drafter("GA-CX"), call(made.part), "GA", "市局登记")
    assert (passed.issuing_unit, passed.part_fields) == ("GA", made.part.part_fields)
    await office.answered(passed, CHILD)
    await ready(office, made.whole)
    await seal(office, made.whole)
    assert [part.unit_code for part in (await endorsed(office, made.whole)).parts] == ["GA"]


@pytest.mark.requirement("I3", "I4")
async def test_asking_and_answering_are_audited_and_told_to_both_units_without_a_fact(office: Office) -> None:
    made = await with_part(office)
    await office.answered(made.part, CHILD)
    whole, part = made.whole.id, made.part.id
    assert await told(office, "request.part_requested") == [("GA-CX", whole), ("GA-HS", whole), ("MZ-HS", whole)]
    assert await told(office, "request.part_answered") == [("GA-CX", whole), ("GA-HS", whole)]
    assert ("GA-CX", part) in await told(office, "request.received")
    audit = {entry.operation: entry for entry in await office.audit(made.whole.case_number)}
    assert orjson.loads(audit["request.part_requested"].detail_json)["part"] == part
    assert (audit["request.part_requested"].actor, audit["request.part_requested"].target) == ("GA-HS-1", whole)
    assert orjson.loads(audit["request.part_answered"].detail_json)["negative"] is False
    said = "".join(event.payload_json for event in await office.events())
    assert "王小小" not in said + "".join(entry.detail_json for entry in audit.values())


async def test_provisional_limits_of_a_part_are_counted_again_with_those_of_the_whole(office: Office) -> None:
    made = await with_part(office)
    late = timedelta(days=9)

    async def provisional(request: VerificationRequest) -> VerificationRequest:
        marked = replace(request, provisional=True, due_at=request.due_at + late, hard_limit_at=None)
        return await office.store.write(lambda tx: _marked(tx, request, marked))

    for request in (made.part, made.whole):
        await provisional(request)
    watch = DeadlineWatch(office.store, office.cases.snapshots, WorkingCalendar(), office.clock)
    assert await watch.count_again() == 2
    assert (await read(office, made.part)).due_at == (await read(office, made.whole)).due_at == made.whole.due_at


async def _marked(tx: Transaction, before: VerificationRequest, marked: VerificationRequest) -> VerificationRequest:
    saved = await save_request(tx, marked)
    await watch_limits_anew(tx, before, saved)
    return saved
