"""Providers that have switched OAuth 1.0 off say when, and where to go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.errors import RetiredProviderError
from tests.integrations.applications import FlaskApplication

CATALOG = Catalog()
RETIRED = [name for name in CATALOG.names() if CATALOG.file(name).status == "retired"]


@pytest.fixture
def app() -> Iterator[FlaskApplication]:
    app = FlaskApplication(config={}, register=False)
    yield app
    app.close()


@pytest.mark.filterwarnings("ignore:.*can be fixated:oauth1_catalog.errors.ConfigurationWarning")
@pytest.mark.parametrize("name", RETIRED)
def test_registering_one_is_an_error_that_says_when_and_what_instead(
    name: str, app: FlaskApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = CATALOG.file(name)
    if file.insecure_transport:
        monkeypatch.setenv("OAUTH1_CATALOG_INSECURE_TRANSPORT", "1")
    keys = {"client_id": "key", "client_secret": "hush"}
    variables = {name: variable.example for name, variable in file.variables.items() if variable.source is None}
    with pytest.raises(RetiredProviderError) as caught:
        app.oauth.register_from_catalog(name, **keys, **variables)
    assert file.sunset
    assert file.sunset in caught.value.description
    assert (file.replaced_by or "") in caught.value.description
    accepted = {"allow_retired": True, "allow_session_fixation": file.callback.verifier != "required"}
    assert app.oauth.register_from_catalog(name, **accepted, **keys, **variables).provider.status == "retired"
