"""OAuth 1.0 signing (RFC 5849) as pure functions, without network I/O, and without any knowledge of providers.

There is one module for each part of the RFC. Public: the names in ``__all__``.
"""

from oauth1_catalog.rfc5849.base_string import base_string_uri, normalize_parameters, signature_base_string
from oauth1_catalog.rfc5849.encoding import form_decode, form_encode, percent_encode
from oauth1_catalog.rfc5849.messages import ClientCredentials, Request, Response, TemporaryCredentials, TokenCredentials
from oauth1_catalog.rfc5849.parameters import (
    add_to_query,
    authorization_header,
    collect_parameters,
    parse_authorization_header,
)
from oauth1_catalog.rfc5849.signature import SignatureMethod, register_signature_method, signature_method
from oauth1_catalog.rfc5849.signer import Signer

__all__ = [
    "ClientCredentials",
    "Request",
    "Response",
    "SignatureMethod",
    "Signer",
    "TemporaryCredentials",
    "TokenCredentials",
    "add_to_query",
    "authorization_header",
    "base_string_uri",
    "collect_parameters",
    "form_decode",
    "form_encode",
    "normalize_parameters",
    "parse_authorization_header",
    "percent_encode",
    "register_signature_method",
    "signature_base_string",
    "signature_method",
]
