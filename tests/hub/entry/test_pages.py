"""The public pages as browsers and programs meet them, over a real store and real judges."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.entry.page_rendering import page, prefers_html
from hub.entry.pages import JUDGED_AT_ONCE
from seals.verdict import undecided
from seals.verification import verify_document
from tests.hub.catalogue_authority import JUSTICE, service_on
from tests.hub.catalogue_tables import lines_of, small_catalogue, xlsx_of
from tests.hub.entry.public_hub import (
    BROWSER,
    EXPIRED,
    GOOD_PDF,
    ON_RECORD,
    PDF,
    UPLOAD_BYTES,
    WITHDRAWN,
    PublicHub,
    post_scope,
    public_hub,
    sent_in_chunks,
)
from tests.vectors.authority import JUDGED_AT
from tests.vectors.make_vectors import FOLDER, policy_of


@pytest.fixture(scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PublicHub]:
    async with public_hub(tmp_path_factory.mktemp("public")) as opened:
        yield opened


def form(data: bytes, field: str = "file") -> dict[str, tuple[str, bytes, str]]:
    return {field: ("证明.pdf", data, "application/pdf")}


async def test_the_first_page_leads_to_verification_to_the_api_and_to_its_schema(hub: PublicHub) -> None:
    text = (await hub.client.get("/")).text
    for address in ("/verify", "/graphql", "/schema.graphql", "/health/ready"):
        assert f'href="{address}"' in text
    assert "尚未公布目录" in text


async def test_the_first_page_names_the_catalogue_in_force_and_says_when_it_is_a_sample(tmp_path: Path) -> None:
    async with public_hub(tmp_path) as opened:
        service, _ = service_on(opened.store)
        sheets = {kind.value: lines_of(kind, rows) for kind, rows in small_catalogue().items()}
        await service.import_file(
            JUSTICE, xlsx_of({"说明": [["示例目录 Sample"]], **sheets}), "a.xlsx", "<b>试行</b>目录"
        )
        await service.publish(JUSTICE)
        await opened.snapshots.refresh()
        text = (await opened.client.get("/")).text
    assert "&lt;b&gt;试行&lt;/b&gt;目录" in text
    assert "第 1 版" in text
    assert "示例数据" in text


@pytest.mark.parametrize("path", ["/", "/verify", f"/check/{ON_RECORD}", "/check/unknown"])
async def test_no_page_may_run_a_script_or_be_framed_or_kept_and_its_style_is_named_by_digest(
    hub: PublicHub, path: str
) -> None:
    answer = await hub.client.get(path)
    policy = answer.headers["content-security-policy"]
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    for part in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert part in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert '<html lang="zh-CN">' in answer.text


@pytest.mark.requirement("R14.2")
async def test_the_check_page_shows_the_endorsement_in_city_time(hub: PublicHub) -> None:
    answer = await hub.client.get(f"/check/{ON_RECORD}")
    assert answer.status_code == 200
    for shown in (
        "记录有效",
        "NB-2026-TEST-000001",
        "户籍证明",
        "公租房申请",
        "海曙区住房和城乡建设局",
        "宁波市公安局",
        "2026年3月2日 09:30:00（北京时间）",
        "共享信息",
        "电子证明共享信息专用章",
        "有相应记录",
        "2026年8月30日",
        "核验您手中的文件",
    ):
        assert shown in answer.text


@pytest.mark.parametrize("code", [ON_RECORD, EXPIRED, WITHDRAWN])
async def test_the_check_page_shows_nothing_personal_not_even_the_case_or_the_drafter(
    hub: PublicHub, code: str
) -> None:
    text = (await hub.client.get(f"/check/{code}")).text
    for hidden in ("王小波", "1990-03-07", "测试路", "C-2026-000001", "staff-17", "330203199001011234", "李"):
        assert hidden not in text


async def test_an_expired_and_a_withdrawn_proof_say_so(hub: PublicHub) -> None:
    expired = (await hub.client.get(f"/check/{EXPIRED}")).text
    assert "已过有效期" in expired
    assert "无相应记录" in expired
    assert "电子证明核实信息专用章" in expired
    withdrawn = (await hub.client.get(f"/check/{WITHDRAWN}")).text
    assert "已撤回" in withdrawn
    assert "长期有效" in withdrawn
    assert "记录有效" not in expired + withdrawn


@pytest.mark.parametrize(
    "code",
    ["A" * 22, "x", "NB-2026-TEST-000001", ON_RECORD.upper(), "%27%20OR%20true--aaaaaaaaaa", "证" * 22, "a" * 500],
)
async def test_every_unknown_code_gets_the_same_page_without_a_hint(hub: PublicHub, code: str) -> None:
    answer = await hub.client.get(f"/check/{code}")
    other = await hub.client.get("/check/BBBBBBBBBBBBBBBBBBBBBB")
    assert answer.status_code == 404
    assert answer.text == other.text
    posted = await hub.client.post(f"/check/{code}", files=form(GOOD_PDF))
    assert (posted.status_code, posted.text) == (404, other.text)


async def test_a_program_sends_the_file_as_the_body_and_gets_json(hub: PublicHub) -> None:
    answer = await hub.client.post("/verify", content=GOOD_PDF, headers=PDF)
    assert answer.headers["content-type"] == "application/json"
    verdict = answer.json()
    assert verdict["outcome"] == "GOOD"
    statuses = {check["name"]: check["status"] for check in verdict["checks"]}
    assert statuses.pop("time_stamp") == "NOT_ASKED"  # the vector is sealed at B-B
    assert set(statuses.values()) == {"PASSED"}
    assert verdict["endorsement"]["proof_number"] == "NB-2026-TEST-000001"


async def test_a_browser_sends_a_form_and_gets_a_page_with_each_check_and_the_facts(hub: PublicHub) -> None:
    answer = await hub.client.post("/verify", files=form(GOOD_PDF), headers=BROWSER)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for shown in ("有效", "核验通过", "signature_valid", "与平台记录一致吗", "王小波", "宁波市公安局", "盖章时间"):
        assert shown in answer.text
    assert "不得采信" not in answer.text


async def test_a_form_without_an_accept_header_for_pages_gets_json(hub: PublicHub) -> None:
    answer = await hub.client.post("/verify", files=form(GOOD_PDF))
    assert answer.json()["outcome"] == "GOOD"


async def test_the_facts_of_a_changed_file_are_shown_as_what_it_says_of_itself(hub: PublicHub) -> None:
    changed = (FOLDER / "appended_text.pdf").read_bytes()
    answer = await hub.client.post("/verify", files=form(changed), headers=BROWSER)
    assert answer.status_code == 200
    assert "无效" in answer.text
    assert "不得采信" in answer.text


@pytest.mark.parametrize("name", ["a_web_page", "bomb_in_an_object_stream", "unsigned", "encrypted", "garbage"])
async def test_whatever_is_sent_gets_a_verdict_and_a_reason_as_page_and_as_json(hub: PublicHub, name: str) -> None:
    data = (FOLDER / f"{name}.pdf").read_bytes()
    as_json = await hub.client.post("/verify", content=data, headers=PDF)
    assert as_json.json()["outcome"] in ("NOT_GOOD", "UNDECIDED")
    as_page = await hub.client.post("/verify", content=data, headers=PDF | BROWSER)
    assert as_page.status_code == 200
    assert "逐项检查" in as_page.text
    assert "<script" not in as_page.text
    assert "Traceback" not in as_json.text + as_page.text


def test_what_a_file_says_of_itself_is_escaped() -> None:
    verdict = undecided("<b>问</b>", "<b>q</b>", "<img src=x>", "</code><script>")
    text = bytes(page("verdict", verdict=verdict, expected=None, same=True).body).decode()
    assert "&lt;img src=x&gt;" in text
    assert "<b>" not in text
    assert "<script" not in text


async def test_a_file_is_held_against_the_proof_of_its_check_page(hub: PublicHub) -> None:
    same = await hub.client.post(f"/check/{ON_RECORD}", files=form(GOOD_PDF), headers=BROWSER)
    assert "核验通过" in same.text
    assert "不是二维码所指" not in same.text
    other = await hub.client.post(f"/check/{EXPIRED}", files=form(GOOD_PDF), headers=BROWSER)
    assert "不一致" in other.text
    assert "NB-2026-TEST-000008" in other.text


@pytest.mark.parametrize("extra", [BROWSER, {}])
@pytest.mark.parametrize("media", ["application/pdf", "multipart/form-data; boundary=x"])
async def test_a_body_that_is_too_long_is_not_read_to_its_end(
    hub: PublicHub, media: str, extra: dict[str, str]
) -> None:
    scope = post_scope("/verify", {"Content-Type": media, **extra})
    status, asked_for = await sent_in_chunks(hub.app, scope, b"x" * 50_000, 1000)
    assert status == 413
    assert asked_for <= UPLOAD_BYTES // 50_000 + 1


async def test_too_large_a_file_is_a_typed_error_or_a_page(hub: PublicHub) -> None:
    data = GOOD_PDF + b"\n" * UPLOAD_BYTES
    told = (await hub.client.post("/verify", files=form(data))).json()
    assert told["code"] == "TOO_LARGE"
    assert {"message", "messageZh", "mend"} <= told.keys()
    shown = await hub.client.post("/verify", files=form(data), headers=BROWSER)
    assert shown.status_code == 413
    assert told["messageZh"] in shown.text


WRONG: dict[str, dict[str, object]] = {
    "an empty body": {"content": b"", "headers": PDF},
    "an empty file": {"files": form(b"")},
    "another field": {"files": form(GOOD_PDF, "document")},
    "a text field named file": {"files": {"file": (None, "text")}},
    "two files": {"files": [("file", ("a", b"a")), ("file", ("b", b"b"))]},
    "many fields": {"files": {f"f{number}": (None, "x") for number in range(9)}},
    "a form without boundary": {"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}},
    "a broken form": {"content": b"garbage", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    "a form cut short": {"content": b"--x\r\nContent", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    "JSON": {"json": {"file": "x"}},
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_call_without_a_file_is_told_how_to_send_one(hub: PublicHub, what: str) -> None:
    request = hub.client.build_request("POST", "/verify", **WRONG[what])  # type: ignore[arg-type]
    answer = await hub.client.send(request)
    assert answer.status_code == 400
    assert answer.json()["code"] == "INVALID_INPUT"
    assert answer.json()["mend"]


async def test_a_crowd_is_judged_up_to_the_bound_and_the_rest_asked_to_come_back(hub: PublicHub) -> None:
    crowd = [hub.client.post("/verify", content=GOOD_PDF, headers=PDF) for _ in range(3 * JUDGED_AT_ONCE)]
    statuses = [answer.status_code for answer in await asyncio.gather(*crowd)]
    assert statuses.count(200) >= JUDGED_AT_ONCE
    assert set(statuses) == {200, 503}
    again = await hub.client.post("/verify", content=GOOD_PDF, headers=PDF)
    assert again.status_code == 200


async def test_a_store_that_fails_is_a_page_with_an_id_and_nothing_of_the_inside(tmp_path: Path) -> None:
    async with public_hub(tmp_path) as broken:
        await broken.store.close()
        answer = await broken.client.get(f"/check/{ON_RECORD}")
    assert answer.status_code == 503
    assert "系统暂时无法处理" in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/html", True),
        (BROWSER["Accept"], True),
        ("text/html;q=0.5, application/json", False),
        ("application/json;q=0.5, TEXT/HTML", True),
        ("text/html;q=0", False),
        ("text/html;q=nonsense", False),
    ],
)
def test_who_says_nothing_gets_json_and_who_prefers_a_page_gets_one(accept: str | None, wanted: bool) -> None:
    assert prefers_html(accept) is wanted


def test_the_page_says_what_a_time_stamp_proves_and_nothing_where_there_is_none() -> None:
    for name, proven in (("good_long_term", True), ("good_information_sharing", False)):
        data = (FOLDER / f"{name}.pdf").read_bytes()
        verdict = verify_document(data, policy_of(FOLDER, "clean"), at=JUDGED_AT)
        text = bytes(page("verdict", verdict=verdict, expected=None, same=True).body).decode()
        assert ("时间戳证明不晚于" in text) is proven
