"""A downloader middleware for Scrapy that signs the requests to one provider of the catalog.

Add it to ``settings.py``. 950 is behind Scrapy's own middlewares, so that it signs what is sent:

    DOWNLOADER_MIDDLEWARES = {"scrapy_middleware.OAuth1Middleware": 950}
    OAUTH1_PROVIDER = "discogs"  # the keys and the token are in the environment: DISCOGS_CLIENT_ID, ...
    USER_AGENT = "shop/1.0"
"""

from oauth1_catalog import ConfigurationError, client

ADDED = "oauth1_headers"


class OAuth1Middleware:
    def __init__(self, api):
        self.api = api

    @classmethod
    def from_crawler(cls, crawler):
        settings = crawler.settings
        provider, agent = settings["OAUTH1_PROVIDER"], settings["USER_AGENT"]
        api = client(provider, env_file=settings.get("OAUTH1_ENV_FILE"), user_agent=agent)
        if api.provider.client_kwargs.get("signature_type", "HEADER") != "HEADER":
            raise ValueError(
                f"{provider} takes the signature in the URL or the form, which a middleware cannot change."
            )
        return cls(api)

    def process_request(self, request, spider=None):
        headers = dict(request.headers.to_unicode_dict())
        try:
            signed = self.api.sign(request.method, request.url, headers=headers, data=request.body)
        except ConfigurationError as error:
            if error.error == "forbidden_host":  # it is not for the provider: send it without a signature
                return None
            raise
        complete = request.replace(url=signed.url, body=signed.body, dont_filter=True)
        if (complete.url, complete.body) != (request.url, request.body):
            return complete  # with parameters that the provider always wants; Scrapy passes it to this method again
        request.meta[ADDED] = [name for name in signed.headers if name not in headers]
        for name in request.meta[ADDED]:
            request.headers[name] = signed.headers[name]
        return None

    def process_response(self, request, response, spider=None):
        self.remove_signature(request)
        return response

    def process_exception(self, request, exception, spider=None):
        self.remove_signature(request)

    def remove_signature(self, request):
        """Scrapy repeats a request, follows a redirect and writes its cache from this object: each without it."""
        for name in request.meta.pop(ADDED, ()):
            request.headers.pop(name, None)
