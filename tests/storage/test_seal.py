"""What was sealed by earlier versions opens, is sealed anew, and nothing that was changed opens at all."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from storage.seal import MARK, SealBroken, Sealer, new_key

OLD, NEW = new_key(), new_key()
WORDS = "银杏苑3幢2单元 13912341234"


@given(st.text(), st.booleans())
def test_any_text_opens_again_also_with_a_newer_key_before(text: str, newer: bool) -> None:
    sealed = Sealer([OLD]).seal(text)
    assert sealed.isascii()
    assert Sealer([NEW, OLD] if newer else [OLD]).open(sealed) == text


def test_what_was_sealed_as_fernet_opens_and_is_sealed_anew() -> None:
    before = Fernet(OLD.encode()).encrypt(WORDS.encode())
    one, both = Sealer([OLD]), Sealer([NEW, OLD])
    assert one.open(before) == both.open(before) == WORDS
    renewed = one.renew(before)
    assert renewed.startswith(MARK)
    assert one.open(renewed) == WORDS
    assert one.renew(renewed) == renewed
    inside = one.renew_inside(f'{{"words": "{before.decode()}"}}')
    assert before.decode() not in inside
    assert one.open(inside.split('"')[3].encode()) == WORDS
    with pytest.raises(SealBroken):
        Sealer([NEW]).open(before)


def test_the_same_words_are_never_sealed_alike_and_say_nothing_of_themselves() -> None:
    sealer = Sealer([OLD])
    many = {sealer.seal(WORDS) for _ in range(50)}
    assert len(many) == 50
    assert not any(b"1391234" in urlsafe_b64decode(one.removeprefix(MARK)) for one in many)


@pytest.mark.parametrize("place", [0, 5, 13, -1])
def test_a_changed_byte_anywhere_breaks_the_seal(place: int) -> None:
    sealer = Sealer([OLD])
    packed = bytearray(urlsafe_b64decode(sealer.seal(WORDS).removeprefix(MARK)))
    packed[place] ^= 1
    with pytest.raises(SealBroken):
        sealer.open(MARK + urlsafe_b64encode(bytes(packed)))


@pytest.mark.parametrize("broken", [b"", b"s2.", b"s2.AAAA", b"s2.!!!", b"gAAAAAx", "清".encode()])
def test_what_is_no_seal_is_refused(broken: bytes) -> None:
    with pytest.raises(SealBroken):
        Sealer([OLD, NEW]).open(broken)
