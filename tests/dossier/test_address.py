"""Addresses of services: what is no address is told before anything is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.address import https_address
from dossier.failure import Failure, Kind


@pytest.mark.parametrize(
    "url",
    [
        "https://x:99999",
        "https://x:0",
        "https://x:port",
        "https://",
        "https://:443",
        "https:///chemin",
        "http://x",
        "x",
        "https://un hote",
        "https://a..b",
        "https://[::1",
        "https://nom:code@x",
        "https://x?a=b",
        "https://" + "a" * 64 + ".fr",
        "https://x/" + "a" * 500,
        "https://x\n",
    ],
)
def test_what_is_no_address_is_an_invalid_input(url: str) -> None:
    with pytest.raises(Failure) as caught:
        https_address(url)
    assert (caught.value.code, caught.value.kind) == ("HOST_ADDRESS_INVALID", Kind.INPUT)


@pytest.mark.parametrize(
    "url", ["https://x", "https://127.0.0.1:8443/", "https://[::1]:8443/lps", "https://dmp.exemple-santé.fr/si/"]
)
def test_an_address_is_given_back(url: str) -> None:
    assert https_address(url) == url


@given(st.text(max_size=40).map("https://{}".format))
def test_only_a_failure_escapes(url: str) -> None:
    try:
        assert https_address(url) == url
    except Failure as failure:
        assert failure.code == "HOST_ADDRESS_INVALID"
