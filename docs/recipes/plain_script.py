"""Call an API of the catalog and print the response: ``python plain_script.py netsuite record/v1/customer limit=10``.

The keys, the token and the provider's variables are in the environment: NETSUITE_CLIENT_ID, NETSUITE_TOKEN, ...
"""

import sys

import requests

from oauth1_catalog import OAuthError, client


def main(provider, path, *parameters):
    params = dict(parameter.split("=", 1) for parameter in parameters)
    try:
        with client(provider) as api:
            response = api.get(path, params=params)
            response.raise_for_status()
    except (OAuthError, requests.RequestException) as error:
        print(error, file=sys.stderr)
        return 1
    print(response.text)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
