"""The popular client libraries, and how an application of ours makes the same calls through the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PNG = b"\x89PNG"
LAUNCH = {
    "lti_message_type": "basic-lti-launch-request",
    "lti_version": "LTI-1p0",
    "resource_link_id": "120988f929-274612",
    "resource_link_title": "Café & thé: 100% (50 + 50)",
    "user_id": "292832126",
}


@dataclass(frozen=True)
class Call:
    """One call of a client: ``client.request(method, address, **arguments)``."""

    method: str
    address: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    with_their_body: bool = False
    """Send what the other library has sent: a body hash is over its bytes."""


@dataclass(frozen=True)
class Library:
    """A client library in an environment of its own, and our provider for it."""

    requirements: tuple[str, ...]
    provider: str
    registered: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of ``register_from_catalog``."""

    redirect_uri: str = ""
    """Of a login, if the library makes the two token requests of one."""

    two_legged: bool = False
    program: str = ""
    """The name of its program and environment, where it has two entries."""

    calls: Mapping[str, Call] = field(default_factory=dict)


def form(method: str, address: str, **fields: Any) -> Call:
    return Call(method, address, {"data": fields})


LIBRARIES = {
    "tweepy": Library(
        ("tweepy==4.17.0",),
        "twitter",
        redirect_uri="https://app.example/callback?next=/a%20b",
        calls={
            "profile": Call("GET", "account/verify_credentials.json"),
            "search": Call(
                "GET",
                "search/tweets.json",
                {"params": {"q": "Ladies + Gentlemen, é ☃ 'quoted'!*()", "count": 2}},
            ),
            "update": Call(
                "POST",
                "statuses/update.json",
                {"params": {"status": "Hello Ladies + Gentlemen, a signed OAuth request! é ☃"}},
            ),
            "upload": Call(
                "POST", "https://upload.twitter.com/1.1/media/upload.json", {"files": {"media": ("a.png", PNG)}}
            ),
            "tweet": Call("POST", "https://api.twitter.com/2/tweets", {"json": {"text": "é ☃"}}),
            "me": Call("GET", "https://api.twitter.com/2/users/me", {"params": {"user.fields": "id,name"}}),
        },
    ),
    "flickrapi": Library(
        ("flickrapi==2.4.0",),
        "flickr",
        redirect_uri="https://app.example/callback",
        calls={
            "search": Call(
                "POST", "", {"params": {"method": "flickr.photos.search", "text": "cat & dog é", "per_page": 2}}
            ),
            "upload": Call(
                "POST",
                "https://up.flickr.com/services/upload/",
                {
                    "data": {"title": "Café & thé", "tags": "one two", "is_public": "0", "api_key": "consumer-key"},
                    "files": {"photo": ("a.png", PNG)},
                },
            ),
        },
    ),
    "discogs": Library(
        ("python3-discogs-client==2.10",),
        "discogs",
        {"user_agent": "example/1.0"},
        redirect_uri="https://app.example/callback",
        calls={
            "identity": Call("GET", "oauth/identity"),
            "search": Call(
                "GET",
                "database/search",
                {"params": {"q": "Café del Mar", "type": "release", "page": 1, "per_page": 50}},
            ),
        },
    ),
    "pytumblr": Library(
        ("pytumblr==0.1.2",),
        "tumblr",
        {"user_agent": "example/1.0"},
        calls={
            "info": Call("GET", "user/info"),
            "likes": Call("GET", "blog/codingjester.tumblr.com/likes?limit=2&api_key=consumer-key"),
            "text": form(
                "POST",
                "blog/codingjester.tumblr.com/post",
                type="text",
                state="published",
                title="Café",
                body="a & b + c",
                tags="a,b c",
            ),
        },
    ),
    "trello": Library(
        ("py-trello==0.20.1",),
        "trello",
        calls={
            "boards": Call("GET", "members/me/boards/", {"params": {"filter": "all"}}),
            "search": Call(
                "GET",
                "search",
                {
                    "params": {
                        "query": "Café & more",
                        "modelTypes": "cards",
                        "cards_limit": 10,
                        "board_fields": "name,url,desc,closed",
                        "member_fields": "fullName,initials,username",
                        "organization_fields": "name,url,desc",
                    }
                },
            ),
            "board": Call("POST", "boards", with_their_body=True),
        },
    ),
    "woocommerce": Library(
        ("woocommerce==3.0.0",),
        "woocommerce",
        {"store_url": "http://shop.example"},
        two_legged=True,
        calls={
            "products": Call("GET", "products", {"params": {"search": "Café & more", "per_page": 2}}),
            "filters": Call("GET", "products", {"params": {"filter[limit]": 2}}),
            "create": Call("POST", "products", {"json": {"name": "Café"}}),
            "delete": Call("DELETE", "products/1", {"params": {"force": "true"}}),
        },
    ),
    "jira": Library(
        ("jira==3.10.5", "pyjwt", "cryptography"),
        "jira",
        {"base_url": "https://jira.example"},
        calls={
            "myself": Call("GET", "myself"),
            "issue": Call("GET", "issue/A-1", {"params": {"fields": "summary,Café & more"}}),
            "comment": Call("POST", "issue/A-1/comment", with_their_body=True),
        },
    ),
    "mwoauth": Library(
        ("mwoauth==0.4.0",),
        "mediawiki",
        {"wiki_url": "https://wiki.example/w", "callback_is_prefix": "true"},
        redirect_uri="https://app.example/callback",
        calls={"identify": Call("POST", "index.php?title=Special:OAuth/identify")},
    ),
    "mastercard": Library(
        ("mastercard-oauth1-signer==1.9.2",),
        "mastercard",
        {"environment": "sandbox", "client_id": "consumer-key!key-id", "client_secret": None},
        two_legged=True,
        calls={
            "get": Call("GET", "locations/v1/atms?country=USA&name=a%20b%2Bc"),
            "post": Call("POST", "locations/v1/atms", with_their_body=True),
            "twice": Call("GET", "locations/v1/atms?a=2&a=1&b=%C3%A9"),
        },
    ),
    "lti": Library(
        ("lti==0.9.5",),
        "lti",
        {"tool_url": "https://tool.example"},
        two_legged=True,
        calls={"launch": Call("POST", "launch?course=1", {"data": LAUNCH})},
    ),
    "lti_outcomes": Library(
        ("lti==0.9.5",),
        "lti",
        {
            "tool_url": "https://lms.example",
            "client_kwargs": {"signature_type": "HEADER", "body_hash": "non_form"},
        },
        program="lti",
        two_legged=True,
        calls={"outcome": Call("POST", "outcomes", with_their_body=True)},
    ),
}
