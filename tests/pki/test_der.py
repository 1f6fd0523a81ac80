import pytest
from asn1crypto import core

from pki.der import OCTET_STRING, SEQUENCE, element


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
def test_a_length_has_its_shortest_form(size) -> None:
    assert element(OCTET_STRING, bytes(size)) == core.OctetString(bytes(size)).dump()


def test_contents_stand_one_behind_the_other() -> None:
    assert element(SEQUENCE, b"\x05\x00", b"\x02\x01\x07") == b"\x30\x05\x05\x00\x02\x01\x07"
