from __future__ import annotations

import typst
from hypothesis import example, given
from hypothesis import strategies as st

from seals.page_content import PageFamily
from seals.page_source import page_source, string_literal

HOSTILE = st.text("\\\"'#$[](){}*_`@<>/~=-+;:,.u0n \t\r\n\0\u2028\u0085")
COMPILER = typst.Compiler(sys_inputs={}, ignore_system_fonts=True)


def test_the_source_names_the_template_and_says_the_size_and_whether_pages_are_numbered() -> None:
    assert page_source(PageFamily.PERSON, '{"a":"\\n"}', 10.5, several=True) == (
        b'#import "person.typ": page\n#page(json(bytes("{\\"a\\":\\"\\\\n\\"}")), 10.5pt, true)\n'
    )


@given(HOSTILE | st.text())
@example('"))\n#panic("executed')
@example('\\"))#panic("executed')
@example("\\")
@example("\\u{41}\\n")
@example("\r\n")
@example("\ufeff")
def test_typst_reads_exactly_the_text_that_was_given_and_nothing_else(text: str) -> None:
    numbers = "".join(f"{byte}," for byte in text.encode())
    source = f"#set page(width: 1pt, height: 1pt)\n#assert.eq(array(bytes({string_literal(text)})), ({numbers}))\n"
    COMPILER.compile(source.encode(), format="pdf")
