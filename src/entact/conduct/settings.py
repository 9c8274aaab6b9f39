"""Settings of the Django project, all of them read from the environment (docs/server.md).

DATABASE_URL: a PostgreSQL 15 or newer to use instead of the embedded one, as the application,
    `postgresql://user@host/database`.
ENTACT_OWNER_URL: the same server as the owner of the databases; where it is not said, databases are
    neither made nor brought up to date (see docs/database.md).
ENTACT_DATA: folder of the embedded database and of what entact writes; `var` under the current folder by
    default.
ENTACT_DATABASE: name of the database; else the one in DATABASE_URL, else `entact`.
ENTACT_ADDRESS: where people reach the server, `https://study.example.org`: behind a proxy that ends TLS.
    Without it, pages are for this machine alone.
ENTACT_SECRET_KEY: signs cookies and seals second factors; else one that is made once and kept in the data
    folder, the same for all processes.
ENTACT_MAIL: how mail leaves, `smtp://name:password@host:587?tls` or `smtps://…`; without it none does.
ENTACT_MAIL_FROM: whom mail is from.
ENTACT_SIGN_ON, ENTACT_SIGN_ON_…: the hospital's OpenID Connect provider (docs/sign-on.md).
ENTACT_SITE_COPIES: where the nightly copy of each site goes, `/mnt/{site}/copies`.
ENTACT_DICTIONARIES: a folder with dictionaries of the user's own, such as `medicines.csv`.
ENTACT_VIDEO: where raters and participants meet, `https://meet.example.org/{room}`, with a random word in
    place of `{room}`; one for the whole study, since an address of a site would tell it.
ENTACT_ALERT_WEBHOOK: an address of the user's own to which an open alert posts whom it calls, for a text
    message or a voice call.
ENTACT_TIMES: a folder into which each process writes how long requests took, by route.
ENTACT_PING: an address that the worker asks for once a minute, so that its death is noticed from outside.
"""

import os
from pathlib import Path

from entact.conduct.configuration import kept_secret, read_address, read_mail, read_sign_on, read_video

SECRET_KEY = os.environ.get("ENTACT_SECRET_KEY") or kept_secret()
DEBUG = False
ROOT_URLCONF = "entact.conduct.urls"
APPEND_SLASH = False  # an address without it would tell that there is a page with it

ADDRESS = read_address(os.environ.get("ENTACT_ADDRESS", ""))
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *([ADDRESS.host] if ADDRESS else [])]
if ADDRESS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    CSRF_TRUSTED_ORIGINS = [ADDRESS.origin]
    ALLAUTH_TRUSTED_PROXY_COUNT = 1

INSTALLED_APPS = [
    "entact.store",
    "entact.conduct.access",
    "entact.conduct.upkeep",
    "entact.conduct.listings",
    "entact.conduct.admission",
    "entact.conduct.session",
    "entact.conduct.rating",
    "procrastinate.contrib.django",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
]
# Who asks is known, and held to the table, before anything else looks at a request.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "entact.conduct.protection.Protection",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "entact.conduct.language.choice.Language",
    "entact.conduct.access.doorkeeper.Doorkeeper",
    "django.middleware.csrf.CsrfViewMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "entact.conduct.language.scripts.words_of_scripts",
            ],
            "builtins": ["django.templatetags.i18n"],
        },
    }
]

# The engine finds the server on the first connection, and starts the embedded one where needed.
DATABASES = {
    "default": {
        "ENGINE": "entact.store.engine",
        "NAME": os.environ.get("ENTACT_DATABASE", ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "entact.conduct.protection.refuse_forged"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 12 * 3600  # seconds; without a page a session ends earlier (access.doorkeeper)

AUTH_USER_MODEL = "access.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "title", "email")},
    },
]
CACHES = {"default": {"BACKEND": "entact.conduct.access.remembered.TableCache", "LOCATION": ""}}

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "entact.conduct.access.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "name"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# An account is locked by `access.trail`; these are for whoever tries one name after the other.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "30/m/ip", "reauthenticate": "10/m/user"}
SIGN_ON = read_sign_on(os.environ)
SOCIALACCOUNT_ADAPTER = "entact.conduct.access.sign_on.SignOnAdapter"
SOCIALACCOUNT_PROVIDERS = SIGN_ON.providers if SIGN_ON else {}
MFA_ADAPTER = "entact.conduct.access.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "entact"
MFA_TOTP_TOLERANCE = 1  # steps of half a minute by which a telephone's clock may be wrong
MFA_FORMS = {
    "authenticate": "entact.conduct.access.adapter.CodeForm",
    "reauthenticate": "entact.conduct.access.adapter.CodeAgainForm",
    "add_webauthn": "entact.conduct.access.passkeys.NewPasskeyForm",
    "authenticate_webauthn": "entact.conduct.access.passkeys.PasskeyForm",
    "reauthenticate_webauthn": "entact.conduct.access.passkeys.PasskeyAgainForm",
}

_MAIL = read_mail(os.environ.get("ENTACT_MAIL", ""))
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _MAIL else 'dummy'}.EmailBackend"
if _MAIL:
    EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS = _MAIL.host, _MAIL.port, _MAIL.tls
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.name, _MAIL.password
    EMAIL_USE_SSL = _MAIL.wrapped
    EMAIL_TIMEOUT = (
        20  # seconds: a mail server that does not answer holds up nothing else that the worker does
    )
SITE_COPIES = os.environ.get("ENTACT_SITE_COPIES", "")
TIMES = os.environ.get("ENTACT_TIMES", "")
VIDEO = read_video(os.environ.get("ENTACT_VIDEO", ""))
DEFAULT_FROM_EMAIL = os.environ.get("ENTACT_MAIL_FROM") or "entact@localhost"

# What is uploaded is sealed before it is kept. While a request arrives the server writes what is over half a
# megabyte of it to a file without a name. One larger than this is refused (`entact.conduct.serve`), and none
# is dropped unseen: whoever looks at a file says how large it may be.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 24 * 1024 * 1024

USE_TZ = True
TIME_ZONE = "UTC"
# Pages speak the language of their reader (entact.conduct.language); the record and its files speak English.
USE_I18N = True
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [Path(__file__).parent / "locale"]
FORMAT_MODULE_PATH = "entact.conduct.language.formats"
