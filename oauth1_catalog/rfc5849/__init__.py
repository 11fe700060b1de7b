"""OAuth 1.0 signing (RFC 5849) as pure functions: no I/O, and nothing from other layers but ``errors``."""
