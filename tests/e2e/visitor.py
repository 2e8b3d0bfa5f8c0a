"""A visitor with a cookie jar who signs in: on gunicorn, or on a function URL, whose name no name server knows here."""

import functools
import http.client
import http.cookiejar
import socket
import ssl
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.browser import Browser
from penstock.local.environment import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from penstock.local.sockets import HOST

_FUNCTION_URLS = ".on.aws"


class Visitor(Browser):
    """A browser at ``web_url``; it trusts ``certificate`` and finds function URLs at ``emulator_port``."""

    def __init__(self, web_url: str, certificate: Path, emulator_port: int) -> None:
        super().__init__(web_url.rstrip("/"))
        # The app's cookie is for https only, and in front of gunicorn TLS is another's business.
        policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("https", "http"))
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(policy)),
            _FunctionUrls(ssl.create_default_context(cafile=certificate), emulator_port),
        )

    def sign_in(self, token: str) -> None:
        """Send the sign-in page's form; HttpError where the app refuses the token."""
        self._open(urllib.request.Request(f"{self._web_url}/sign-in", urlencode({"token": token}).encode()))

    def read(self, url: str) -> bytes:
        """What is at ``url``, or at the path ``url`` of the web."""
        return self._open(self._web_url + url if url.startswith("/") else url)[1]


class _FunctionUrls(urllib.request.HTTPSHandler):
    """HTTPS, but function URLs are asked of the emulator, and signed: their authorizer is AWS_IAM."""

    def __init__(self, context: ssl.SSLContext, port: int) -> None:
        super().__init__(context=context)
        self._trust = context
        self._port = port

    def https_open(self, request: urllib.request.Request) -> Any:
        if not request.host.endswith(_FUNCTION_URLS):
            return super().https_open(request)
        for name, value in _signature(request).items():
            request.add_unredirected_header(name, value)
        return self.do_open(functools.partial(_ToEmulator, port_there=self._port, trust=self._trust), request)


class _ToEmulator(http.client.HTTPSConnection):
    """A connection to the emulator under another name: its certificate must be good for that name."""

    def __init__(self, host: str, *, port_there: int, trust: ssl.SSLContext, **options: Any) -> None:
        super().__init__(host, **options)
        self._port_there = port_there
        self._trust = trust

    def connect(self) -> None:
        plain = socket.create_connection((HOST, self._port_there), self.timeout)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)


def _signature(request: urllib.request.Request) -> dict[str, str]:
    signed = AWSRequest(request.get_method(), request.full_url, data=request.data)
    SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), "lambda", REGION).add_auth(signed)
    return dict(signed.headers.items())
