"""Cutting words: the compiled tokenizer gives what jieba gives."""

from __future__ import annotations

import logging
from itertools import accumulate

import jieba
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.labels import shipped_labels
from nlp.segment import cut, sentence


@pytest.fixture(scope="module", autouse=True)
def reference(tmp_path_factory: pytest.TempPathFactory) -> None:
    """jieba is quiet, and reads no cache that another version of it left behind."""
    jieba.setLogLevel(logging.ERROR)
    jieba.dt.tmp_dir = str(tmp_path_factory.mktemp("jieba"))


def test_thousands_of_messages_are_cut_as_jieba_cuts_them() -> None:
    texts = [label.text for label in shipped_labels()]
    assert len(texts) > 3000
    assert [text for text in texts if cut(text) != jieba.lcut(text, HMM=False)] == []


@given(st.text())
def test_nothing_is_lost(text: str) -> None:
    said = sentence(text)
    assert "".join(said.words) == said.folded
    assert len(said.folded) == len(said.text) == len(text)
    assert said.ends() == list(accumulate(map(len, said.words)))


def test_digits_and_capitals_are_folded() -> None:
    assert sentence("WiFi 3栋").folded == "wifi 0栋"
    assert sentence("WiFi 3栋").text == "wifi 3栋"
