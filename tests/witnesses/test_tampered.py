"""EU DSS and pdfsig look at every tampered proof: what they pass is what only we look at, and each is named here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from seals.verdict import VerdictOutcome
from tests.vectors import bombs, hostile_files
from tests.vectors.make_vectors import FOLDER, VECTORS
from tests.witnesses.test_pdfsig import pdfsig

NOT_GIVEN = {vector.name for vector in (*hostile_files.FILES, *bombs.FAULTS)}
"""What hurts a reader is not given to others' readers: they have no bounds."""
TAMPERED = [
    vector.name
    for vector in VECTORS
    if vector.outcome is VerdictOutcome.NOT_GOOD and vector.revocation == "clean" and vector.name not in NOT_GIVEN
]
CHANGED = [name for name in TAMPERED if name.startswith(("update_of", "table_", "changed_"))]
BEYOND_PDFSIG = {"changed_time_stamp", "changed_security_store"}
"""Their fault is one of a document time stamp, which pdfsig cannot judge."""
ONLY_OURS: dict[str, tuple[str, ...]] = {
    "the endorsement and the facts are ours": (
        "malformed_endorsement",
        "endorsement_not_canonical",
        "two_endorsements",
        "without_endorsement",
        "swapped_endorsement",
        "swapped_facts",
        "cms_with_the_endorsement_unsigned",
    ),
    "which seal it is, and what its certificate is for, our profiles say": (
        "wrong_seal",
        "wrong_seal_for_verified_information",
        "sealed_by_the_authority_itself",
        "certificate_not_yet_valid",
        "certificate_of_both_seals",
        "certificate_of_no_seal",
        "certificate_of_another_policy",
        "certificate_of_any_policy",
        "certificate_for_grants",
        "certificate_for_something_else",
        "certificate_of_an_authority",
        "certificate_of_the_clock",
        "certificate_of_the_root",
    ),
    "it says when it was sealed, and DSS believes time stamps alone": ("sealed_in_the_future",),
    "a time stamp that is not good proves nothing to DSS, and the seal stands without it": (
        "stamped_by_strangers",
        "stamped_inside_by_strangers",
        "stamped_by_no_clock",
        "stamped_inside_by_no_clock",
        "stamp_of_something_else",
        "stamp_of_another_signature",
        "changed_time_stamp",
        "stamped_in_the_future",
        "stamped_before_the_time_it_says",
        "stamp_of_another_file",
        "changed_security_store",
    ),
    "DSS asks for no certification, nor for the one form of PAdES": (
        "not_certifying",
        "form_filling_allowed",
        "not_pades",
        "cms_without_the_certificate_named",
        "cms_with_two_certificates_named",
    ),
    "DSS reads CMS as leniently as others wrote it, and what nobody signs may be there": (
        "cms_in_mixed_letters",
        "cms_of_a_long_length",
        "cms_of_indefinite_length",
        "cms_with_a_second_signer",
        "cms_with_a_strangers_certificate",
        "cms_with_a_clone_of_its_root",
        "cms_with_a_strangers_root",
        "cms_with_garbage_unsigned",
        "cms_with_something_among_its_lists",
        "content_behind_the_signature",
    ),
    "DSS lets follow a seal what shows nothing on the page as it renders it": (
        "appended_title",
        "update_of_the_metadata",
        "update_of_the_version",
        "update_that_hides_the_seal",
        "update_with_hidden_words_in_the_extensions",
        "appended_visible_time_stamp",
        "store_that_is_a_script",
        "store_that_refers_to_a_form",
        "store_with_other_entries",
    ),
    "DSS mends or passes over tables and bytes that are not of the last good revision": (
        "bytes_after",
        "bytes_after_with_an_end",
        "byte_range_with_an_early_end",
        "update_that_frees_the_seal",
        "table_that_leaves_out_an_object",
        "table_of_the_sealed_revision_again",
        "table_in_a_loop",
        "table_with_another_generation",
        "table_into_the_signature",
        "table_into_the_sealed_bytes",
        "object_that_nothing_uses",
        "object_in_a_comment",
        "dictionary_with_one_key_twice",
        "words_added_and_taken_away",
        "web_page_behind",
        "archive_behind",
    ),
}
"""Why DSS passes a tampered file, and which: nothing else may be passed, and none of these may be missing."""


@pytest.fixture(scope="module")
def indications(dss_classpath: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What EU DSS says of each: our root alone as anchor, our lists at hand, and its policy strict on later changes."""
    folder = tmp_path_factory.mktemp("dss")
    source = Path(__file__).with_name("DssReport.java")
    subprocess.run(["javac", "-cp", dss_classpath, "-d", folder, source], check=True, capture_output=True)
    lists = ":".join(str(path) for path in sorted(FOLDER.glob("clean.*.crl")))
    files = [FOLDER / f"{name}.pdf" for name in ("good_small", "good_information_sharing", *TAMPERED)]
    command = ["java", "-Dstrict=true", f"-Dlists={lists}", "-cp", f"{folder}:{dss_classpath}", "DssReport"]
    arguments = [FOLDER / "trust_root.der", "2026-06-01T00:00:00Z", *files]
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=True)
    answers = [line.split() for line in done.stdout.splitlines() if ".pdf " in line]
    return {Path(file).stem: indication for file, _, indication, _ in answers}


@pytest.mark.services("dss")
def test_eu_dss_passes_a_good_proof_and_of_the_tampered_only_those_whose_fault_it_does_not_look_for(
    indications: dict[str, str],
) -> None:
    passed = {name for name, indication in indications.items() if indication == "TOTAL_PASSED"}
    assert indications.keys() == {"good_small", "good_information_sharing", *TAMPERED}
    assert passed - {"good_small", "good_information_sharing"} == {
        name for names in ONLY_OURS.values() for name in names
    }
    assert passed >= {"good_small", "good_information_sharing"}


@pytest.mark.services("pdfsig")
@pytest.mark.parametrize("name", sorted(set(CHANGED) - BEYOND_PDFSIG))
def test_pdfsig_finds_no_valid_seal_over_the_whole_of_it(name: str) -> None:
    found = pdfsig(name)
    assert not ("Signature is Valid" in found and "Total document signed" in found)
