"""Provider files: read one by name, check it, resolve it into a ``Provider``."""
