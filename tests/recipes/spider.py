"""A spider for the tests: it sends the requests of a file, and gives what came back.

``scrapy runspider spider.py -a requests=requests.json -o items.json``
"""

import json
from pathlib import Path

import scrapy
from scrapy.http import FormRequest, JsonRequest, Request

KINDS = {"request": Request, "form": FormRequest, "json": JsonRequest}


class Calls(scrapy.Spider):
    name = "calls"
    custom_settings = {  # noqa: RUF012 - as Scrapy declares it
        "DOWNLOADER_MIDDLEWARES": {"scrapy_middleware.OAuth1Middleware": 950},
        "USER_AGENT": "shop/1.0",
        "TELNETCONSOLE_ENABLED": False,
    }

    def __init__(self, requests: str, **arguments: str) -> None:
        super().__init__(**arguments)
        self.requests = json.loads(Path(requests).read_text(encoding="utf-8"))

    async def start(self):
        for one in self.requests:
            yield KINDS[one.pop("kind")](**one, callback=self.parse, errback=self.failed, dont_filter=True)

    def parse(self, response):
        yield {
            "status": response.status,
            "body": response.text,
            "sent": sorted(name.decode().lower() for name in response.request.headers),
        }

    def failed(self, failure):
        yield {"error": repr(failure.value)}
