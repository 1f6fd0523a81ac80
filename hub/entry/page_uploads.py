"""Takes the file that a visitor sends: as the body itself, or as the field of a form."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from hub.entry.uploads import limited_body
from hub.errors import InvalidInputError

FILE_FIELD = "file"
_FORM_FRAME = 16_384
"""What a form may add around the file, in bytes."""
_RAW_TYPES = ("", "application/pdf", "application/octet-stream")


async def uploaded_file(request: Request, limit: int) -> bytes:
    """Return the file; it is nobody's until it was judged, so nothing of it is looked at here.

    Args:
        request: its body is the file, or a form (RFC 7578) with one file in the field ``file``.
        limit: largest file, in bytes; no more is read, whatever the headers promise.

    Raises:
        TooLargeError: it is longer than the limit.
        InvalidInputError: there is no file, more than one, or it comes in another way.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        data = await _form_file(request, await limited_body(request, limit + _FORM_FRAME))
    elif media_type in _RAW_TYPES:
        data = await limited_body(request, limit)
    else:
        raise _wrong("the body is neither a PDF nor a form with a file", "请以 PDF 文件或者表单方式提交")
    if not data:
        raise _wrong("no file was sent", "未选择文件，或者文件为空")
    return data


async def _form_file(request: Request, body: bytes) -> bytes:
    parser = MultiPartParser(request.headers, _once(body), max_files=1, max_fields=4, max_part_size=1024)
    try:
        form = await parser.parse()
    except MultiPartException as problem:
        raise _wrong(
            "the form cannot be read, or holds more than one file", "无法读取表单，或者文件多于一个"
        ) from problem
    try:
        return await _content(form)
    finally:
        await form.close()


async def _content(form: FormData) -> bytes:
    value = form.get(FILE_FIELD)
    return await value.read() if isinstance(value, UploadFile) else b""


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _wrong(message: str, message_zh: str) -> InvalidInputError:
    return InvalidInputError(
        message,
        message_zh=message_zh,
        mend="Send the PDF as the body (Content-Type: application/pdf) or in the form field 'file'.",
        field=FILE_FIELD,
    )
