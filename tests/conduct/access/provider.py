"""A small OpenID Connect provider on this machine: authorisation code with PKCE, and signed ID tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "entact", "s3cret"


class Provider:
    """What it says, and to whom; `claims` are of the person who signs on next.

    Attributes:
        key: signs ID tokens. header: what their headers say otherwise. says: what it says of itself
            otherwise. asked: the query of each authorisation.
    """

    def __init__(self, address: str) -> None:
        self.issuer = address
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        self.claims: dict[str, Any] = {"sub": "u-1"}
        self.header: dict[str, Any] = {"kid": "one"}
        self.algorithm = "RS256"
        self.says: dict[str, Any] = {}
        self.asked: list[dict[str, str]] = []
        self.codes: dict[str, dict[str, str]] = {}

    def answer(self, path: str, sent: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status, and what is answered."""
        if path == "/.well-known/openid-configuration":
            places = {
                "authorization_endpoint": "authorize",
                "token_endpoint": "token",
                "jwks_uri": "keys",
                "userinfo_endpoint": "userinfo",
            }
            said = {name: f"{self.issuer}/{place}" for name, place in places.items()}
            return 200, {"issuer": self.issuer, **said, **self.says}
        if path == "/keys":
            return 200, {"keys": [{**self.public, "kid": "one", "use": "sig", "alg": "RS256"}]}
        if path == "/token":
            return self._token(sent)
        return 404, {}

    def come_back(self, address: str) -> str:
        """What somebody does there who is sent to `address`, and shows who they are: where they go next."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append(asked)
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _token(self, sent: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(sent.get("code", ""), None)
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        shown = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or shown != asked.get("code_challenge") or sent.get("client_secret") != SECRET:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        told = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "auth_time": now}
        claims = {**told, "nonce": asked["nonce"], **self.claims}
        key: Any = {"HS256": "x" * 32, "none": None}.get(self.algorithm, self.key)
        token = jwt.encode(claims, key, algorithm=self.algorithm, headers=self.header)
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": token}


@contextmanager
def running() -> Iterator[Provider]:
    """The provider, while it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.send({name: values[0] for name, values in parse_qs(body).items()})

        def send(self, sent: dict[str, str]) -> None:
            status, said = provider.answer(self.path, sent)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
