"""Security headers, on every answer: https://owasp.org/www-project-secure-headers/"""

from urllib.parse import urlsplit

from flask import Flask, Response, g


def allow_origin_of(url: str) -> None:
    """Let the page of this request send forms to, and show pictures from, the origin of ``url``: our bucket."""
    parts = urlsplit(url)
    g.bucket_origin = f"{parts.scheme}://{parts.netloc}"


def register_headers(app: Flask, *, https: bool) -> None:
    """Add the headers to every answer of ``app``; ``https`` also tells browsers never to come without it."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = _policy(g.get("bucket_origin", ""))
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"  # an upload ticket in the address stays between us and the browser
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        headers.setdefault("Cache-Control", "no-store")
        if https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return response


def _policy(bucket: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' blob: {bucket}".rstrip(),
            "connect-src 'self'",
            f"form-action 'self' {bucket}".rstrip(),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
