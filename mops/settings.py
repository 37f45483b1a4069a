"""All settings, from the environment. `.env.example` names every variable; `manage.py doctor` says what is missing.

A value that makes no sense raises at start, never at the first click.
"""

import os
from pathlib import Path

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

django_stubs_ext.monkeypatch()  # ModelForm[X], QuerySet[X] … at run time, as the type checker reads them

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

MOPS_HOME = Path(env.str("MOPS_HOME", default=str(BASE_DIR / ".mops"))).resolve()
RUN_ENV = MOPS_HOME / "run.env"  # written by a running demo, so that a second terminal reaches the same servers
if "DATABASE_URL" not in os.environ and RUN_ENV.exists():
    environ.Env.read_env(str(RUN_ENV))

DEBUG = env.bool("DEBUG", default=False)
SANDBOX = env.bool("SANDBOX", default=False)  # simulated platforms on this machine; refused beside real endpoints
SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
FIELD_ENCRYPTION_KEYS: list[str] = env.list("FIELD_ENCRYPTION_KEYS")  # newest first; older ones still decrypt
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
COLLECTOR_URL = env.str("COLLECTOR_URL", default=SITE_URL).rstrip("/")  # where SDKs send, if not to SITE_URL
CSRF_TRUSTED_ORIGINS = [SITE_URL]
HTTPS = SITE_URL.startswith("https://")

INSTALLED_APPS = [
    "mops",
    "workspaces",
    "channels",
    "tracking",
    "campaigns",
    "segments",
    "reporting",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "mops.static.StaticFiles",
    "django.forms",  # its widget templates, found beside ours in templates/django/forms
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_structlog",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "workspaces.access.LoginRequiredMiddleware",  # every view, unless it says @login_not_required
    "workspaces.language.UserLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

ROOT_URLCONF = "mops.urls"
WSGI_APPLICATION = "mops.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "workspaces.context.shell",
            ],
            "builtins": ["reporting.templatetags.formats", "workspaces.templatetags.shell"],
        },
    }
]
FORM_RENDERER = "workspaces.forms.TablerRenderer"

# Database: the truth. Connections stay open per thread and are checked before use.
DATABASES = {"default": env.db_url("DATABASE_URL") | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}}
DATABASES["default"]["OPTIONS"] = DATABASES["default"].get("OPTIONS", {}) | {  # the URL may name a socket folder there
    "connect_timeout": 5,
    # Starting parallel workers takes 10 ms, longer than most questions of a dashboard: for long scans only.
    "options": "-c statement_timeout=60000 -c idle_in_transaction_session_timeout=120000 -c parallel_setup_cost=10000",
}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "mops"}}

# Celery executes; rows are the truth (docs/decisions/0001). Hard limit < visibility timeout, or tasks run twice.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 900}
CELERY_VISIBILITY_TIMEOUT = 900
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"  # beat stops over a DST change in local zones (celery#6438)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # kB; a child that used all client libraries settles near 220 MB
CELERY_TASK_ROUTES = {"channels.tasks.*": {"queue": "connectors"}}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_BEAT_SCHEDULE_FILENAME = str(MOPS_HOME / "beat.db")

# Login
AUTH_USER_MODEL = "workspaces.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts come from invitations, whose link already proves the address
ACCOUNT_ADAPTER = "workspaces.adapters.AccountAdapter"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
MFA_ADAPTER = "workspaces.adapters.EncryptedMfaAdapter"
MFA_TOTP_ISSUER = "mops"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # losing Redis must not log people out
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True

# Transport and content security
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES: int = env.int("TRUSTED_PROXIES", default=0)  # in front of us, each adding an address to X-Forwarded-For
if TRUSTED_PROXIES < 0:
    raise environ.ImproperlyConfigured("TRUSTED_PROXIES counts the proxies in front of mops: 0 or more")
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF, "'unsafe-inline'"],  # ECharts tooltips and Tabler set style attributes
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# Language and zone: pages speak the user's language, money and days follow the workspace
LANGUAGE_CODE = "en"
LANGUAGES = [("de", _("German")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Static files
STATIC_URL = "static/"
STATIC_ROOT = MOPS_HOME / "static"
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
NODE_MODULES = BASE_DIR / "node_modules"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "mops.static.PackageFinder",
    "tracking.script.build.ScriptFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "mops.static.ManifestStorage"},
}
MEDIA_ROOT = MOPS_HOME / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# Mail
vars().update(env.email_url("EMAIL_URL", default="filemail:" if SANDBOX else "consolemail:"))
EMAIL_FILE_PATH = str(MOPS_HOME / "mail")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="mops <mops@localhost>")

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["workspaces.api_keys.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["workspaces.api_keys.ApiKeyThrottle"],
    "DEFAULT_THROTTLE_RATES": {"api_key": "1200/min"},
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "mops API",
    "VERSION": "1",
    "DESCRIPTION": "Metrics, orders and exports of one workspace. Keys are made under Settings → API keys.",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "KindEnum": "segments.models.Segment.Kind",
        "IdentifierKindEnum": "tracking.consent_models.SubjectKind",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# Platforms: endpoints. The defaults are production; the sandbox replaces them by environment only.
SANDBOX_CLOCK = env.str("SANDBOX_CLOCK", default="")  # file with the sandbox's as-of offset; empty = real time
CONNECTOR_CA_BUNDLE = env.str("CONNECTOR_CA_BUNDLE", default="")
GOOGLE_ADS_API = env.str("GOOGLE_ADS_API", default="googleads.googleapis.com")
GA4_API = env.str("GA4_API", default="analyticsdata.googleapis.com")
GA4_ADMIN_API = env.str("GA4_ADMIN_API", default="https://analyticsadmin.googleapis.com")
GOOGLE_TOKEN_URI = env.str("GOOGLE_TOKEN_URI", default="https://oauth2.googleapis.com/token")
GOOGLE_AUTHORIZE_URI = env.str("GOOGLE_AUTHORIZE_URI", default="https://accounts.google.com/o/oauth2/v2/auth")
GOOGLE_CLIENT_ID = env.str("GOOGLE_CLIENT_ID", default="")
GOOGLE_CLIENT_SECRET = env.str("GOOGLE_CLIENT_SECRET", default="")
META_GRAPH_API = env.str("META_GRAPH_API", default="https://graph.facebook.com")
META_TOKEN_URI = env.str("META_TOKEN_URI", default="https://graph.facebook.com/v26.0/oauth/access_token")
META_AUTHORIZE_URI = env.str("META_AUTHORIZE_URI", default="https://www.facebook.com/v26.0/dialog/oauth")
META_APP_ID = env.str("META_APP_ID", default="")
META_APP_SECRET = env.str("META_APP_SECRET", default="")
CONNECTOR_TIMEOUT = env.float("CONNECTOR_TIMEOUT", default=60.0)  # seconds per platform call
WEBHOOKS_TO_PRIVATE = env.bool("WEBHOOKS_TO_PRIVATE", default=SANDBOX)  # also http and addresses inside this network
ECB_RATES_URL = env.str(
    "ECB_RATES_URL", default="" if SANDBOX else "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist-90d.xml"
)

LOGGING_CONFIG = "mops.logs.configure"
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # visitors of tracked websites come here too; the audit log knows who did what
LOGGING: dict[str, object] = {"level": LOG_LEVEL}
SILENCED_SYSTEM_CHECKS = ["security.W008"] if not HTTPS else []
