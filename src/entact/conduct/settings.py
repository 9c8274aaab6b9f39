"""Settings of the Django project.

Read from the environment:
    DATABASE_URL: a PostgreSQL 15 or newer to use instead of the embedded one, as the application,
        `postgresql://user@host/database`.
    ENTACT_OWNER_URL: the same server as the owner of the databases; where it is not said, databases are
        neither made nor brought up to date (see docs/database.md).
    ENTACT_DATA: folder of the embedded database and of what entact writes; `var` under the current folder by
        default.
    ENTACT_DATABASE: name of the database; else the one in DATABASE_URL, else `entact`.
    ENTACT_ROLE: the role of the study that the pages are shown to, `monitor` by default.
    ENTACT_SECRET_KEY: signs cookies; a new one for each process by default, which ends sessions on a restart.
"""

import os
import secrets
from pathlib import Path

SECRET_KEY = os.environ.get("ENTACT_SECRET_KEY") or secrets.token_urlsafe(48)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ROOT_URLCONF = "entact.conduct.urls"

# There are no accounts yet: the pages are served on the loopback address, to one role of the study.
ENTACT_ROLE = os.environ.get("ENTACT_ROLE") or "monitor"

INSTALLED_APPS = ["entact.store"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "entact.conduct.protection.Protection",
    "entact.conduct.access.doorkeeper.Doorkeeper",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
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

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LANGUAGE_CODE = "en-gb"
