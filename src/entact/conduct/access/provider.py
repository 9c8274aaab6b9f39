"""The hospital's OpenID Connect provider: believed as far as it signed what it says.

django-allauth looks for providers in a module of this name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

NONCE = "sign_on_nonce"  # in the session: what the ID token has to say again
FRESH = 300  # seconds since the person showed there who they are
# Signatures by a key that only the provider has; never by the secret that this server has too.
ALGORITHMS = [
    *(f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)),
    "EdDSA",
]


class SignOnOAuth(OpenIDConnectOAuth2Adapter):
    """Speaks with the provider; of its answers the signed ID token alone counts."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """What it says of itself.

        Raises:
            OAuth2Error: when it is not the one that was configured, or does not say what is needed.
        """
        said: dict[str, Any] = super().openid_config
        if str(said.get("issuer", "")).rstrip("/") != settings.SIGN_ON.issuer.rstrip("/"):
            raise OAuth2Error(f"the provider calls itself {said.get('issuer')!r}, not as ENTACT_SIGN_ON does")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(said.get(name), str):
                raise OAuth2Error(f"the provider does not say its {name}")
        return said

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Where it sends people back to."""
        return request.build_absolute_uri(reverse("sign_on_return"))

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        """Who it is, by the ID token, and whether a second factor was shown there."""
        claims = self._read(str(kwargs["response"].get("id_token", "")), app.client_id)
        login = self.get_provider().sociallogin_from_response(request, claims)
        amr = claims.get("amr")
        shown = {*(amr if isinstance(amr, list) else ()), claims.get("acr")}
        login.shows_second_factor = bool(settings.SIGN_ON.second_factor & shown)
        return login

    def _read(self, token: str, client: str) -> dict[str, Any]:
        """The claims of an ID token that is for this server, for this sign-on, and new.

        Raises:
            OAuth2Error: when it is not. Source: OpenID Connect Core 1.0, 3.1.3.7.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(jwt.get_unverified_header(token).get("kid")),
                algorithms=ALGORITHMS,
                audience=client,
                issuer=self.openid_config["issuer"],
                leeway=30,
                options={"require": ["iss", "aud", "exp", "iat", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise OAuth2Error(f"its ID token does not hold: {error}") from error
        if claims.get("azp", client) != client:
            raise OAuth2Error("its ID token is for another server")
        if claims.get("nonce") is None or claims["nonce"] != self.request.session.pop(NONCE, None):
            raise OAuth2Error("its ID token is of another sign-on")
        shown_at = claims.get("auth_time")
        if isinstance(shown_at, int | float) and timezone.now().timestamp() - shown_at > FRESH:
            raise OAuth2Error("the provider did not ask again who it is")
        return claims

    def _key(self, name: str | None) -> jwt.PyJWK:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        keys = [one for one in jwt.PyJWKSet.from_dict(answer.json()).keys if one.public_key_use != "enc"]
        found = [one for one in keys if name in (None, one.key_id)]
        if len(found) != 1:
            raise OAuth2Error("its ID token is signed by a key that it does not name")
        return found[0]


class SignOnProvider(OpenIDConnectProvider):
    """What of an ID token is taken: the one claim that names the person, and nothing else."""

    id = "sign_on"
    oauth2_adapter_class = SignOnOAuth
    pkce_enabled_default = True

    def get_default_scope(self) -> list[str]:
        """No more than the claim needs."""
        further = {"sub": [], "email": ["email"]}.get(settings.SIGN_ON.claim, ["profile"])
        return ["openid", *further]

    def extract_uid(self, data: Mapping[str, Any]) -> str:
        """The claim that names the person.

        Raises:
            OAuth2Error: when the token has none, or an address that the provider has not verified.
        """
        name = settings.SIGN_ON.claim
        said = data.get(name)
        if not isinstance(said, str) or not said or len(said) > 191:
            raise OAuth2Error(f"its ID token has no {name}, which names the person here")
        if name == "email" and data.get("email_verified") is not True:
            raise OAuth2Error("the provider has not verified this person's address")
        return said

    def extract_extra_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing is kept of what the hospital knows of a person."""
        return {}

    def extract_common_fields(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """An account says itself whose it is."""
        return {}

    def extract_email_addresses(self, data: Mapping[str, Any]) -> list[Any]:
        """An account says itself where its mail goes."""
        return []


provider_classes = [SignOnProvider]
