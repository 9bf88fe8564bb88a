from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.vault import SealBrokenError, Vault

FIRST, SECOND = bytes(range(32)), bytes(range(32, 64))
ANY = uuid4()


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=200), max_size=8))
def test_a_record_opens_as_it_was_sealed(fields: dict[str, str]) -> None:
    vault = Vault([FIRST])

    assert vault.opened(ANY, *vault.sealed(ANY, fields)) == fields


def test_nothing_of_a_record_stands_in_what_is_kept() -> None:
    wrapped, sealed = Vault([FIRST]).sealed(ANY, {"name": "Siti Contoh"})

    assert b"Siti" not in wrapped + sealed


def test_the_same_fields_are_sealed_differently_each_time() -> None:
    vault = Vault([FIRST])

    assert vault.sealed(ANY, {"name": "x"}) != vault.sealed(ANY, {"name": "x"})


def test_a_record_does_not_open_under_another_id_or_another_key() -> None:
    vault = Vault([FIRST])
    wrapped, sealed = vault.sealed(ANY, {"name": "x"})
    other_key, _ = vault.sealed(ANY, {"name": "y"})

    for record_id, key, content in ((uuid4(), wrapped, sealed), (ANY, other_key, sealed), (ANY, wrapped, sealed[:-1])):
        with pytest.raises(SealBrokenError):
            vault.opened(record_id, key, content)
    with pytest.raises(SealBrokenError):
        Vault([SECOND]).opened(ANY, wrapped, sealed)


def test_a_new_secret_in_front_still_opens_what_the_old_one_wrapped() -> None:
    wrapped, sealed = Vault([FIRST]).sealed(ANY, {"name": "x"})
    renewed = Vault([SECOND, FIRST])

    assert renewed.opened(ANY, wrapped, sealed) == {"name": "x"}
    with pytest.raises(SealBrokenError):
        Vault([FIRST]).opened(ANY, *renewed.sealed(ANY, {"name": "x"}))
