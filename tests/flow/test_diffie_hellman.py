"""Diffie-Hellman parameters and private values: what is read, what is refused, and what a printer shows."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from oauth1_catalog.emulator.session_tokens import dh_parameters
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.flow.diffie_hellman import DHKey, DHParameters, load_dh_parameters
from oauth1_catalog.redaction import masked

PEM = dh_parameters()
PARAMETERS = load_dh_parameters(PEM)
PRIME = PARAMETERS.prime
SMALL = DHParameters(23, 5)


def test_every_form_of_the_parameters(tmp_path: Path) -> None:
    path = tmp_path / "dhparam.pem"
    path.write_text(PEM)
    lines = "\n".join(f"{PRIME:x}"[start : start + 60] for start in range(0, 512, 60))
    forms = [PEM.encode(), PEM.replace("\n", "\\n"), path, str(path), f"{PRIME:x}", f"0x{PRIME:X}", lines, PARAMETERS]
    assert [load_dh_parameters(form) for form in forms] == [PARAMETERS] * len(forms)
    assert load_dh_parameters(masked(PEM)) == PARAMETERS
    assert (PRIME.bit_length(), PARAMETERS.generator) == (2048, 2)


def test_openssl_makes_the_same_of_it(tmp_path: Path) -> None:
    path = tmp_path / "dhparam.pem"
    path.write_text(PEM)
    shown = subprocess.run(
        ["openssl", "dhparam", "-in", str(path), "-text", "-check"], capture_output=True, text=True, check=True
    ).stdout
    assert "modp_2048" in shown  # group 14 of RFC 3526
    assert load_dh_parameters(shown) == PARAMETERS  # with its text in front


CUT = PEM.replace(PEM.splitlines()[3] + "\n", "")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nowhere.pem", "is neither PEM text"),
        ("", "is neither PEM text"),
        (7, "is int. Pass PEM text"),
        (CUT, "cannot be read. Check that it was copied whole"),
        (PEM.replace("MII", "M!I"), "cannot be read"),
        (PEM.replace("DH PARAMETERS", "PUBLIC KEY"), "is not PEM of Diffie-Hellman parameters"),
        (b"junk", "is not PEM of Diffie-Hellman parameters"),
        (f"{PRIME:x}"[:-1], "has a prime of 2044 bits. Make one of 2048"),
        (f"{PRIME + 2:x}", "has a number that is not a prime"),
        (f"{PRIME - 1:x}", "has a number that is not a prime"),
        (DHParameters(PRIME, 1), "has a generator that does not belong to its prime"),
        (DHParameters(PRIME, PRIME - 1), "has a generator that does not belong to its prime"),
        (DHParameters(-PRIME), "has a number that is not a prime"),
        (SMALL, "has a prime of 5 bits"),
        (DHParameters((1 << 9000) + 1), "has a prime of 9001 bits"),
    ],
)
def test_what_cannot_be_used(given: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        load_dh_parameters(given)  # type: ignore[arg-type] # what a caller may pass all the same
    assert str(caught.value).startswith("configuration_error: dh_parameters ")


def test_both_sides_agree() -> None:
    ours, theirs = DHKey(PARAMETERS), DHKey(PARAMETERS)
    assert ours.challenge != theirs.challenge
    assert ours.shared_secret(theirs.challenge) == theirs.shared_secret(f"0x{ours.challenge.upper()}")


def test_a_secret_whose_top_bit_is_set_begins_with_a_zero() -> None:
    """As Java's ``BigInteger.toByteArray()``."""
    lengths = {}
    for exponent in range(2, 24):
        secret = DHKey(PARAMETERS, lambda exponent=exponent: 2**255 + exponent).shared_secret("2")
        number = int.from_bytes(secret, "big", signed=True)
        assert number == pow(2, 2**255 + exponent, PRIME)
        lengths[len(secret)] = secret[0]
    assert lengths[257] == 0
    assert lengths[256] > 0


@pytest.mark.parametrize(
    ("response", "message"),
    [
        *[(value, "between 2 and the prime less 2") for value in ("0", "1", "00", f"{PRIME - 1:x}", f"{PRIME:x}")],
        *[(value, "between 2 and the prime less 2") for value in (f"{PRIME + 2:x}", "f" * 600)],
        *[(value, "is not a hexadecimal number") for value in ("", "-2", "xyz", "2 ", "2\n", "1_0", "f" * 2049)],
    ],
)
def test_a_number_that_gives_the_secret_away_is_refused(response: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DHKey(PARAMETERS).shared_secret(response)


def test_a_secret_that_everybody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="secret that is not one"):
        DHKey(SMALL, lambda: 22).shared_secret("5")  # 5 to the power of p - 1 is 1
    with pytest.raises(ValueError, match="secret that is not one"):
        DHKey(SMALL, lambda: 11).shared_secret("5")


def test_no_printer_shows_a_private_value() -> None:
    key = DHKey(PARAMETERS, lambda: 123456789)
    shown = repr([key, key.shared_secret("7"), PARAMETERS, vars(type(key))["__slots__"]])
    assert "123456789" not in shown
    assert str(PRIME) not in shown
    assert repr(key) == "DHKey(********)"
    # private: what a debugger shows
    assert "123456789" not in repr(key._exponent) + str(key._exponent) + f"{[key._exponent]}"
