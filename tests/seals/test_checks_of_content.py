"""Endorsement and facts: exactly one of each, attached, and the very ones that were signed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pikepdf
import pytest

from seals.check_results import CheckResult, CheckStatus
from seals.checks import check_file
from seals.checks_context import context_of
from seals.endorsement import ENDORSEMENT_ATTACHMENT, FACTS_ATTACHMENT, facts_json
from seals.findings import read_findings
from tests.seals.proof_contents import JOINT_CONTENT
from tests.vectors.authority import JUDGED_AT
from tests.vectors.forger import SealChoices, seal
from tests.vectors.make_vectors import FOLDER, policy_of
from tests.vectors.proofs import FACTS, SHARING, Materials, unsealed_page

POLICY = policy_of(FOLDER, "clean")


@pytest.fixture(scope="module")
def materials() -> Materials:
    return Materials()


def checked(pdf: bytes) -> dict[str, CheckResult]:
    findings = read_findings(pdf, POLICY.limits)
    return {result.name: result for result in check_file(context_of(findings, POLICY, JUDGED_AT))}


def sealed(materials: Materials, change: Callable[[pikepdf.Pdf], None] | None, *endorsements: bytes) -> bytes:
    """A page changed in any way before the right seal was put on it."""
    page = unsealed_page(SHARING.to_json(), facts_json(FACTS), change)
    return seal(page, materials.city.sharing, SealChoices(endorsements=endorsements or (SHARING.to_json(),)))


def _without(*names: str) -> Callable[[pikepdf.Pdf], None]:
    def change(pdf: pikepdf.Pdf) -> None:
        for name in names:
            del pdf.attachments[name]

    return change


def _named_twice(pdf: pikepdf.Pdf) -> None:
    """The same name for two files: a viewer may show either."""
    tree = pdf.Root.Names.EmbeddedFiles
    while "/Kids" in tree:
        tree = tree.Kids[0]
    names = list(tree.Names)
    place = [str(name) for name in names[::2]].index(FACTS_ATTACHMENT) * 2
    tree.Names = pikepdf.Array([*names[: place + 2], names[place], names[place + 1], *names[place + 2 :]])


def test_without_attachments_neither_endorsement_nor_facts_pass_and_it_says_which_are_there(
    materials: Materials,
) -> None:
    found = checked(sealed(materials, _without(FACTS_ATTACHMENT, ENDORSEMENT_ATTACHMENT)))
    for name in ("endorsement", "facts"):
        assert (found[name].status, found[name].evidence) == (CheckStatus.FAILED, "attachments: none")


@pytest.mark.parametrize(("missing", "check"), [(FACTS_ATTACHMENT, "facts"), (ENDORSEMENT_ATTACHMENT, "endorsement")])
def test_what_is_not_attached_fails_alone(materials: Materials, missing: str, check: str) -> None:
    found = checked(sealed(materials, _without(missing)))
    assert found[check].status is CheckStatus.FAILED
    assert missing not in found[check].evidence
    other = ({"facts", "endorsement"} - {check}).pop()
    assert found[other].status is CheckStatus.PASSED


def test_facts_attached_twice_are_not_the_facts(materials: Materials) -> None:
    assert checked(sealed(materials, _named_twice))["facts"].status is CheckStatus.FAILED


def test_other_endorsements_in_the_signature_fail_and_leave_no_facts_to_compare(materials: Materials) -> None:
    own = SHARING.to_json()
    for endorsements in ((own, own), (own.replace(b"{", b"{ ", 1),)):
        found = checked(sealed(materials, None, *endorsements))
        assert found["endorsement"].status is CheckStatus.FAILED
        assert found["facts"].status is CheckStatus.NOT_ASKED


def test_attachments_that_cannot_be_read_are_the_evidence(materials: Materials) -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        node = pdf.make_indirect(pikepdf.Dictionary())
        node.Kids = pikepdf.Array([node])
        pdf.Root.Names.EmbeddedFiles = node

    found = checked(sealed(materials, change))
    assert "too deep" in found["facts"].evidence
    assert found["facts"].status is CheckStatus.FAILED


@pytest.mark.requirement("R14.2", "I5")
@pytest.mark.parametrize(
    ("fields", "labels", "status"),
    [
        (("result",), ("查询结果",), CheckStatus.PASSED),
        (("school",), ("学校",), CheckStatus.FAILED),
    ],
)
def test_parts_of_other_units_have_to_agree_with_the_facts(
    materials: Materials, fields: tuple[str, ...], labels: tuple[str, ...], status: CheckStatus
) -> None:
    part = replace(JOINT_CONTENT.endorsement.parts[0], fields=fields, labels=labels)
    joint = replace(JOINT_CONTENT.endorsement, parts=(part,)).to_json()
    page = unsealed_page(joint, facts_json(JOINT_CONTENT.facts), None)
    found = checked(seal(page, materials.city.sharing, SealChoices(endorsements=(joint,))))
    assert (found["endorsement"].status, found["facts"].status) == (CheckStatus.PASSED, status)


def test_facts_that_no_machine_reads_agree_with_no_part(materials: Materials) -> None:
    facts = b"[1]"
    digest = hashlib.sha256(facts).hexdigest()
    joint = replace(JOINT_CONTENT.endorsement, facts_sha256=digest).to_json()
    found = checked(seal(unsealed_page(joint, facts, None), materials.city.sharing, SealChoices(endorsements=(joint,))))
    assert found["facts"].evidence == "the facts cannot be read"
