"""The registry that each framework's ``OAuth`` is made of: configuration, clients, temporary credentials."""
