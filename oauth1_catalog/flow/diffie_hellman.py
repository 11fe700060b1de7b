"""Diffie-Hellman key agreement with a prime of one's own (PKCS #3): what a session token is computed from.

The numbers of the other side are not trusted: one that lies outside of the group, or at its edge, is refused. Private
values and the shared secret are of types that no printer shows.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from oauth1_catalog.errors import ConfigurationError, ResourceError
from oauth1_catalog.redaction import MASK, MaskedBytes, MaskedInteger, type_name
from oauth1_catalog.regular_files import read_regular

MINIMUM_BITS = 2048
"""The shortest prime that is used, in bits."""

MAXIMUM_BITS = 8192
"""The longest prime that is used, in bits: each exchange takes eight times as long with twice the length."""

EXPONENT_BITS = 256
"""The length of a private value, in bits; 224 are enough for a prime of 2048 bits (NIST SP 800-56A, section 5.6.1)."""

_PEM = re.compile(rb"-----BEGIN DH PARAMETERS-----(.+?)-----END DH PARAMETERS-----", re.DOTALL)
_HEX = re.compile(r"(?:0x)?([0-9A-Fa-f]+)", re.IGNORECASE)
_SHORTEST_HEX = 128
"""A shorter text of hexadecimal digits is the path of a file."""

Exponents: TypeAlias = Callable[[], int]
"""Returns a private value; tests pass a fixed one."""


@dataclass(frozen=True, slots=True)
class DHParameters:
    """A prime and a generator, which both sides know.

    >>> DHParameters(23, 5)
    DHParameters(generator=5)
    """

    prime: int = field(repr=False)
    generator: int = 2


def load_dh_parameters(given: str | bytes | os.PathLike[str] | DHParameters) -> DHParameters:
    """Read Diffie-Hellman parameters (PKCS #3).

    Args:
        given: PEM text or bytes (``openssl dhparam``), the path of a PEM file, or the prime as hexadecimal digits; the
            generator is 2 then.

    Raises:
        ConfigurationError: they cannot be read, or cannot be used. The message describes what they are.
    """
    parameters = given if isinstance(given, DHParameters) else _read(given)
    if fault := _fault(parameters):
        raise ConfigurationError(description=f"dh_parameters {fault}")
    return parameters


def _read(given: object) -> DHParameters:
    digits = _HEX.fullmatch("".join(given.split())) if isinstance(given, str) and "-----" not in given else None
    if digits and len(digits[1]) >= _SHORTEST_HEX:
        return DHParameters(int(digits[1], 16))
    pem = _PEM.search(_pem(given))
    fault = "is not PEM of Diffie-Hellman parameters (-----BEGIN DH PARAMETERS-----). Pass dhparam.pem."
    if pem is not None:
        try:
            return _from_der(base64.b64decode(b"".join(pem[1].split()), validate=True))
        except ValueError:
            fault = "cannot be read. Check that it was copied whole, with its line breaks."
    raise ConfigurationError(description=f"dh_parameters {fault}")


def _from_der(der: bytes) -> DHParameters:
    """The parameters in a ``DHParameter`` of PKCS #3: a sequence of the prime and the generator.

    ``cryptography`` reads it as well, but is going to drop Diffie-Hellman with primes.
    """
    sequence, _ = _element(der, 0x30)
    prime, rest = _element(sequence, 0x02)
    generator, _ = _element(rest, 0x02)
    return DHParameters(int.from_bytes(prime, "big", signed=True), int.from_bytes(generator, "big", signed=True))


def _element(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first element, which has this tag, and what follows it."""
    if len(der) < 2 or der[0] != tag:
        raise ValueError("another element")
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
    if len(der) < start + length:
        raise ValueError("cut off")
    return der[start : start + length], der[start + length :]


def _pem(given: object) -> bytes:
    if isinstance(given, bytes):
        return given
    if isinstance(given, str) and "-----BEGIN" in given:
        # Environment variables often hold a PEM with its line breaks written as \n.
        return given.replace("\\n", "\n").encode("utf-8", "replace")
    if not isinstance(given, str | os.PathLike):
        raise ConfigurationError(
            description=f"dh_parameters is {type_name(given)}. Pass PEM text or bytes, the path of a PEM file, or the "
            "prime as hexadecimal digits."
        )
    try:
        return read_regular(given)
    except OSError as error:
        ResourceError.check(error, "the file of dh_parameters")
    raise ConfigurationError(
        description="dh_parameters is neither PEM text (-----BEGIN DH PARAMETERS-----) nor the path of a file that can "
        "be read, nor a prime as hexadecimal digits."
    )


def _fault(parameters: DHParameters) -> str:
    """Why the parameters cannot be used; empty if they can."""
    prime, bits = parameters.prime, parameters.prime.bit_length()
    if not MINIMUM_BITS <= bits <= MAXIMUM_BITS:
        return (
            f"has a prime of {bits} bits. Make one of {MINIMUM_BITS} bits (openssl dhparam -out dhparam.pem "
            f"{MINIMUM_BITS}), and give it to the provider."
        )
    # A number that lost a digit when it was copied is very unlikely to pass this test of Fermat's.
    if pow(3, prime - 1, prime) != 1:
        return "has a number that is not a prime. Check that it was copied whole."
    if not 1 < parameters.generator < prime - 1:
        return "has a generator that does not belong to its prime. Make new ones, and give them to the provider."
    return ""


class DHKey:
    """A private value for one exchange, and what is computed with it.

    Args:
        parameters: the prime and the generator.
        exponent: returns the private value; by default a random one.

    >>> key = DHKey(DHParameters(23, 5), lambda: 6)
    >>> key, key.challenge, key.shared_secret("13")
    (DHKey(********), '8', b'********')
    """

    __slots__ = ("_exponent", "_parameters")

    def __init__(self, parameters: DHParameters, exponent: Exponents | None = None) -> None:
        self._parameters = parameters
        self._exponent = MaskedInteger((exponent or _random_exponent)())

    def __repr__(self) -> str:
        return f"DHKey({MASK})"

    @property
    def challenge(self) -> str:
        """The public value, as hexadecimal digits without zeros in front."""
        return f"{pow(self._parameters.generator, self._exponent, self._parameters.prime):x}"

    def shared_secret(self, response: str) -> MaskedBytes:
        """The secret that both sides share, as the bytes of a signed number: 00 comes first if the top bit is set.

        Args:
            response: the public value of the other side, as hexadecimal digits.

        Raises:
            ValueError: it is not a number of the group, or one of those that would make the secret known to everybody.
                The message continues "it ...".
        """
        prime = self._parameters.prime
        digits = _HEX.fullmatch(response[: prime.bit_length()])
        if digits is None or len(response) > prime.bit_length():
            raise ValueError("is not a hexadecimal number")
        public = int(digits[1], 16)
        if not 1 < public < prime - 1:
            raise ValueError("is not between 2 and the prime less 2")
        number = MaskedInteger(pow(public, self._exponent, prime))
        if number in (1, prime - 1):
            raise ValueError("leads to a secret that is not one")
        return MaskedBytes(number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _random_exponent() -> int:
    return secrets.randbits(EXPONENT_BITS) | 1 << (EXPONENT_BITS - 1)
