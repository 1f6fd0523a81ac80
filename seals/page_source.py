"""Writes the source that typst compiles for a page: a template, and the content as text that stays text.

The content goes in a string literal, and not as an input of the compiler, because other inputs are another standard
library to typst: it would forget all that it laid out before.
"""

from __future__ import annotations

from seals.page_content import PageFamily


def page_source(family: PageFamily, content: str, size: float, *, several: bool) -> bytes:
    """Return the source of a page.

    Args:
        family: which template is used.
        content: what the template reads, as JSON; whatever stands in it, nothing of it is read as markup or code.
        size: size of type for the facts, in points.
        several: whether there are more pages than one, which are numbered.
    """
    arguments = f"json(bytes({string_literal(content)})), {size:g}pt, {'true' if several else 'false'}"
    return f'#import "{family.lower()}.typ": page\n#page({arguments})\n'.encode()


def string_literal(text: str) -> str:
    """Return text as a string literal of typst.

    Such a literal ends at the first quote that is not escaped, and only a backslash begins an escape; all else stands
    for itself, line ends and control characters too.
    """
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'
