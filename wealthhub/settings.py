"""WealthHub's one settings file. Every variable it reads is explained in `.env.example`."""

from pathlib import Path

import pgtrigger
from celery.schedules import crontab

from wealthhub import env as environment
from wealthhub.env import env, flag, words

environment.load()

BASE_DIR = environment.BASE_DIR
DATA_DIR = environment.data_dir()

# --- What must be secret ----------------------------------------------------------------------------------
SECRET_KEY = env("SECRET_KEY")
FIELD_KEYS = env(
    "FIELD_KEYS", cast=words
)  # "id:base64 of 32 bytes", newest first; all decrypt, the first encrypts
HASH_KEY = env(
    "HASH_KEY"
)  # keys the look-up hashes of PAN, phone and e-mail; cannot be rotated without a rebuild

# --- Where it runs ----------------------------------------------------------------------------------------
DEBUG = env("DEBUG", cast=flag, default=False)
ALLOWED_HOSTS = env("ALLOWED_HOSTS", cast=words, default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env("CSRF_TRUSTED_ORIGINS", cast=words, default=[])
HTTPS = env("HTTPS", cast=flag, default=True)
TRUSTED_PROXIES = env("TRUSTED_PROXIES", cast=int, default=0)  # how many proxies in front set X-Forwarded-For
DEMO_SIGN_INS = env("DEMO_SIGN_INS", cast=flag, default=False)
SITE_URL = env("SITE_URL", default="http://127.0.0.1:8000")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = False  # nginx redirects; behind it every request looks like http
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600

# --- Parts ------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # its widget templates, for wealthhub.web.FormRenderer
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_htmx",
    "django_tables2",
    "template_partials",
    "pgtrigger",
    "pghistory",
    "django_structlog",
    "django_prometheus",
    "csp",
    "wealthhub",
    "wealthhub.accounts",
    "wealthhub.clients",
    "wealthhub.imports",
    "wealthhub.overview",
    "opportunities",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "wealthhub.middleware.ApiReadMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "wealthhub.middleware.RequestLogMiddleware",
    "wealthhub.middleware.RequestIdMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "wealthhub.accounts.middleware.AccessMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "wealthhub.web.RefusalMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "wealthhub.urls"
WSGI_APPLICATION = "wealthhub.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wealthhub.web.page_context",
            ],
            "builtins": [
                "wealthhub.templatetags.wealthhub",
                "django.templatetags.static",
                "template_partials.templatetags.partials",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
        },
    }
]
CSRF_FAILURE_VIEW = "wealthhub.web.csrf_failure"
FORM_RENDERER = "wealthhub.web.FormRenderer"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DJANGO_TABLES2_TEMPLATE = "django_tables2/wealthhub.html"

PGHISTORY_LEVEL = (
    pgtrigger.Statement
)  # one insert a statement, not one a row: a bulk change stays a bulk change

# --- Servers ----------------------------------------------------------------------------------------------
_database_url, _redis = environment.server_urls()
DATABASES = {
    "default": {
        **environment.database(_database_url),
        "CONN_MAX_AGE": env("CONN_MAX_AGE", cast=int, default=60),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": env("PGBOUNCER", cast=flag, default=False),
    }
}
REDIS_DB = env("REDIS_DB", cast=int, default=0)  # this and the next one: cache, then broker and results
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": environment.redis_url(_redis, db=REDIS_DB),
        "KEY_PREFIX": "wh",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

CELERY_BROKER_URL = environment.redis_url(_redis, db=REDIS_DB + 1, broker=True)
CELERY_RESULT_BACKEND = CELERY_BROKER_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_RESULT_EXPIRES = 24 * 3600
CELERY_TASK_ACKS_LATE = True  # a killed worker's task is given out again: every task can run twice
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "wealthhub.imports.tasks.*": {"queue": "imports"},
    "opportunities.tasks.*": {"queue": "scans"},
}
CELERY_TIMEZONE = "Asia/Kolkata"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "pick up or fail abandoned imports": {"task": "wealthhub.imports.tasks.recover_runs", "schedule": 60.0},
    "take up lost scans": {"task": "opportunities.tasks.resume_scans", "schedule": 300.0},
    "nightly scan": {"task": "opportunities.tasks.scan_all_firms", "schedule": crontab(hour=1, minute=15)},
}

# --- Accounts ---------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["wealthhub.accounts.authentication.Backend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "wealthhub.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]  # the page itself is closed
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = (
    True  # everywhere: the other sessions and tokens end with the old password
)
ACCOUNT_PRESERVE_USERNAME_CASING = True
SIGN_IN_LOCK_SECONDS = 300
SIGN_IN_ATTEMPTS = 5  # wrong passwords by account
SIGN_IN_ATTEMPTS_PER_ADDRESS = env(
    "SIGN_IN_ATTEMPTS_PER_ADDRESS", cast=int, default=5
)  # more for shared offices
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": f"{SIGN_IN_ATTEMPTS}/{SIGN_IN_LOCK_SECONDS}s/key",  # codes; passwords: accounts/locks.py
    "signup": "20/h/ip",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_ADAPTER = "wealthhub.accounts.adapter.SecondFactorAdapter"
MFA_TOTP_ISSUER = "WealthHub"
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
MFA_ALLOW_UNVERIFIED_EMAIL = True
USERSESSIONS_TRACK_ACTIVITY = False
HEADLESS_TOKEN_STRATEGY = "allauth.headless.tokens.strategies.jwt.JWTTokenStrategy"  # noqa: S105 - a class's name
HEADLESS_JWT_ALGORITHM = "HS256"
HEADLESS_JWT_PRIVATE_KEY = ""  # signed with SECRET_KEY
HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 30 * 60
HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN = 7 * 24 * 3600
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True  # signing out ends the access token too
HEADLESS_JWT_ROTATE_REFRESH_TOKEN = True
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# --- Mail -------------------------------------------------------------------------------------------------
EMAIL_BACKEND = env("EMAIL_BACKEND", default="django.core.mail.backends.console.EmailBackend")
EMAIL_HOST = env("EMAIL_HOST", default="localhost")
EMAIL_PORT = env("EMAIL_PORT", cast=int, default=587)
EMAIL_HOST_USER = env("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env("EMAIL_USE_TLS", cast=flag, default=True)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="WealthHub <no-reply@localhost>")

# --- Language and time ------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-in"
TIME_ZONE = "Asia/Kolkata"  # shown; the database holds UTC
USE_TZ = True
USE_I18N = True

# --- Files ------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_HASHED = env("STATIC_HASHED", cast=flag, default=not DEBUG)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_HASHED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not STATIC_HASHED
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = Path(
    env("UPLOADS", default=str(DATA_DIR / "uploads"))
)  # never served: read by the pipeline only
FILE_UPLOAD_PERMISSIONS = 0o600
IMPORT_MAX_BYTES = env("IMPORT_MAX_BYTES", cast=int, default=200 * 1024 * 1024)
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# --- Browser policy: no inline code, nothing from elsewhere -----------------------------------------------
# Plotly adds an empty <style> and fills it by script: this is the hash of the empty text.
_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'", _EMPTY_STYLE],
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "object-src": ["'none'"],
    }
}

# --- API --------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "wealthhub.accounts.authentication.ApiKeyAuthentication",
        "wealthhub.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["wealthhub.api.IsSignedIn"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_PAGINATION_CLASS": "wealthhub.api.LimitOffsetPagination",
    "PAGE_SIZE": 100,
    "DEFAULT_FILTER_BACKENDS": ["wealthhub.api.FilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": ["wealthhub.api.RequestThrottle"],
    "DEFAULT_SCHEMA_CLASS": "wealthhub.schema.Schema",
    "EXCEPTION_HANDLER": "wealthhub.api.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
API_RATE_PER_USER = env("API_RATE_PER_USER", cast=int, default=600)  # requests a minute
METRICS_TOKEN = env("METRICS_TOKEN", default="")
API_RATE_PER_ADDRESS = env("API_RATE_PER_ADDRESS", cast=int, default=1200)
SPECTACULAR_SETTINGS = {
    "TITLE": "WealthHub API",
    "VERSION": "1.0",
    "OAS_VERSION": "3.1.0",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "wealthhub.schema.add_refusals",
    ],
}

# --- Logs: one JSON line an event, with the request's id --------------------------------------------------
LOG_LEVEL = env("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "wealthhub.logs.formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
