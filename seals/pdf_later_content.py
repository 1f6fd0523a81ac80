"""What revisions after a seal may hold: a security store, and time stamps that nobody sees (ETSI EN 319 142-1, 5.4).

pyHanko's rules refuse most of the rest, but let some things pass that a viewer would show or a reader would run: a
field that is no widget or holds no time stamp, another version or language of the form, metadata with other words,
objects that nothing uses. Here the sealed revision and the last one are compared once more, entry by entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from asn1crypto import parser
from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject
from pyhanko.pdf_utils.metadata.model import PDF_PRODUCER, XMP_MODDATE
from pyhanko.pdf_utils.metadata.xmp_xml import parse_xmp
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, StandardDiffPolicy

STRICT_POLICY = StandardDiffPolicy(
    global_rules=DEFAULT_DIFF_POLICY.global_rules,
    form_rule=DEFAULT_DIFF_POLICY.form_rule,
    ignore_orphaned_objects=False,
)
"""pyHanko's rules, but an object that nothing uses is one too many."""

_CATALOGUE_MAY_CHANGE = {"/AcroForm", "/DSS", "/Extensions", "/Metadata"}
_FIELD_KEYS = {"/Type", "/Subtype", "/FT", "/T", "/TU", "/F", "/Rect", "/P", "/V"}
_STAMP_KEYS = {"/Type", "/Filter", "/SubFilter", "/ByteRange", "/Contents", "/M", "/V", "/Prop_Build"}
_STORE_LISTS = ("/Certs", "/CRLs", "/OCSPs", "/Cert", "/CRL", "/OCSP")
_SEQUENCE = 16
_WRITTEN_ANEW = {PDF_PRODUCER, XMP_MODDATE}
"""Metadata that say who wrote the file last, and when."""


def later_content_problem(sealed: HistoricalResolver, last: HistoricalResolver) -> str | None:
    """Say what the last revision has that may not follow a seal, or None; raises whatever the file provokes."""
    problems = (
        _catalogue_problem(sealed.root, last.root),
        _form_problem(sealed.root["/AcroForm"], last.root["/AcroForm"]),
        _store_problem(last.root),
        _description_problem(sealed, last),
    )
    return next((problem for problem in problems if problem is not None), None)


def _catalogue_problem(sealed: DictionaryObject, last: DictionaryObject) -> str | None:
    changed = _changed(sealed, last) - _CATALOGUE_MAY_CHANGE
    return f"another {', '.join(sorted(changed))} of the catalogue" if changed else None


def _changed(sealed: DictionaryObject, last: DictionaryObject) -> set[str]:
    """Names of the entries that are not written as they were."""
    names = set(sealed) | set(last)
    return {name for name in names if _raw(sealed, name) != _raw(last, name)}


def _raw(dictionary: DictionaryObject, name: str) -> Any:
    return dictionary.raw_get(name) if name in dictionary else None


def _form_problem(sealed: DictionaryObject, last: DictionaryObject) -> str | None:
    changed = _changed(sealed, last) - {"/Fields"}
    if changed:
        return f"another {', '.join(sorted(changed))} of the form"
    before, fields = _references(sealed["/Fields"]), last["/Fields"]
    added = [place for place, reference in enumerate(_references(fields)) if reference not in before]
    if any(not _is_hidden_stamp(fields[place]) for place in added):
        return "a field that is not just a time stamp out of sight"
    return None


def _references(fields: ArrayObject) -> list[IndirectObject]:
    return [fields.raw_get(place) for place in range(len(fields))]


def _is_hidden_stamp(field: Mapping[str, Any]) -> bool:
    """Whether a field is a widget with no room on the page, no look and no action, that holds a time stamp."""
    if not set(field) <= _FIELD_KEYS or field["/Subtype"] != "/Widget" or field["/FT"] != "/Sig":
        return False
    left, bottom, right, top = field["/Rect"]
    stamp = field["/V"] if "/V" in field else {}  # noqa: SIM401 (`get` follows no reference)
    return left == right and bottom == top and stamp.get("/Type") == "/DocTimeStamp" and set(stamp) <= _STAMP_KEYS


def _store_problem(catalogue: DictionaryObject) -> str | None:
    """Certificates, lists and answers are DER: one SEQUENCE each, and nothing around it."""
    if "/DSS" not in catalogue:
        return None
    store = catalogue["/DSS"]
    entries = store["/VRI"] if "/VRI" in store else {}  # noqa: SIM401 (likewise)
    parts = [store, *(entries[name] for name in entries)]
    lists = [part[name] for part in parts for name in _STORE_LISTS if name in part]
    if all(_is_der(items[place]) for items in lists for place in range(len(items))):
        return None
    return "a security store with something that is neither certificate, list nor answer"


def _is_der(item: Any) -> bool:
    if not isinstance(item, StreamObject) or not set(item) <= {"/Length", "/Filter", "/DecodeParms"}:
        return False
    try:
        _, _, tag, *_ = parser.parse(bytes(item.data), strict=True)
    except ValueError:
        return False
    return bool(tag == _SEQUENCE)


def _description_problem(sealed: HistoricalResolver, last: HistoricalResolver) -> str | None:
    if _information(sealed) != _information(last):
        return "another title, author, subject or keywords"
    return None if _metadata(sealed) == _metadata(last) else "other metadata"


def _information(revision: HistoricalResolver) -> tuple[str, ...]:
    """What a viewer shows in its title bar; pyHanko's rules let it change with the date of the last change."""
    described = revision.document_meta_view
    return tuple(str(value) for value in (described.title, described.author, described.subject, described.keywords))


def _metadata(revision: HistoricalResolver) -> list[dict[Any, Any]] | None:
    """The XMP, but for what a program changes that adds to the file."""
    if "/Metadata" not in revision.root:
        return None
    reference = revision.root.raw_get("/Metadata").reference
    # Read anew from the file: what a resolver keeps of another revision cannot always be decoded.
    stream = revision.reader.get_object(reference, revision.revision)  # type: ignore[no-untyped-call]  # pyHanko types a part
    return [
        {name: value for name, value in part if name not in _WRITTEN_ANEW} for part in parse_xmp(BytesIO(stream.data))
    ]
