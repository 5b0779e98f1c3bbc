"""Django settings, all taken from the environment; `docs/operations.md` lists every variable.

Defaults are safe: no debug, no default password. `python -m kalency.stack` (the one-command
stack, `make run`) writes the secrets and the server addresses that are read here.
"""

from datetime import timedelta
from pathlib import Path

from kalency import environment as env
from matching.domain.intake import IntakeBounds

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("KALENCY_DATA_DIR", str(BASE_DIR / ".kalency"))).resolve()

SECRET_KEY = env.secret("SECRET_KEY", data_dir=DATA_DIR)
DEBUG = env.flag("KALENCY_DEBUG", default=False)
ALLOWED_HOSTS = env.words("KALENCY_ALLOWED_HOSTS", "127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = env.words("KALENCY_TRUSTED_ORIGINS", "")

INSTALLED_APPS = [
    "daphne",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "channels",
    "matching",
    "accounts",
    "marketdata",
    "ledger",
    "exchange",
    "kalency",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "kalency.urls"
ASGI_APPLICATION = "kalency.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Servers. Two Redis roles: `hot` is the durable matching store, `bus` carries what may be lost.
REDIS_HOT_URL = env.secret("REDIS_HOT_URL", data_dir=DATA_DIR)
REDIS_BUS_URL = env.secret("REDIS_BUS_URL", data_dir=DATA_DIR)
# A pool, because under ASGI every request has a thread of its own: connections kept by thread would
# be made anew for each, as many at once as there are requests.
DATABASES = {
    "default": env.postgres(env.secret("DATABASE_URL", data_dir=DATA_DIR))
    | {
        # One for each thread that serves, kept. Not a pool: a request holds its connection while
        # it waits for a service that needs one too, so a bounded pool could run dry on itself.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 3},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": REDIS_BUS_URL},
}
CHANNEL_LAYERS = {
    "default": {
        # Groups over pub/sub: measured at a quarter of the cost of groups over sorted sets.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_BUS_URL]},
    },
}

# Matching
MATCHING_SHARDS = env.matching_shards()
CLIENT_ORDER_WINDOW_S = env.whole(
    "KALENCY_CLIENT_ORDER_WINDOW_S", 3600, least=1, most=30 * 24 * 3600
)
# How long applied commands stay on their stream; None: for good.
MATCHING_KEEP_COMMANDS_S = env.whole_or_all(
    "MATCHING_KEEP_COMMANDS", 60, least=1, most=365 * 24 * 3600
)
# Events are trimmed only behind the slowest of these; the feed may always start anew from a book.
EVENT_CONSUMERS = ["ledger", "candles"]
# Past these, new orders are refused until the pile has shrunk.
_BOUNDS = IntakeBounds()
INTAKE_BOUNDS = IntakeBounds(
    # After four times as long not even cancels are taken: that is still within a caller's patience.
    command_wait_ms=env.whole(
        "KALENCY_COMMAND_WAIT_MS", _BOUNDS.command_wait_ms, least=100, most=1_250
    ),
    ledger_backlog=env.whole(
        "KALENCY_LEDGER_BACKLOG", _BOUNDS.ledger_backlog, least=1, most=10**12
    ),
    disk_reserve=2**20
    * env.whole("KALENCY_DISK_RESERVE_MB", _BOUNDS.disk_reserve // 2**20, least=0, most=2**24),
)
# Where the embedded hot Valkey keeps its log; a server elsewhere has its disk elsewhere.
HOT_DIRECTORY = DATA_DIR / "valkey-hot"

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
OPENING_BALANCE_USD = env.text("KALENCY_OPENING_BALANCE_USD", "100000")
THROTTLE_LOOPBACK = env.flag("KALENCY_THROTTLE_LOOPBACK", default=False)
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(
        minutes=env.whole("KALENCY_ACCESS_TOKEN_MINUTES", 30, least=1, most=24 * 60)
    ),
    "REFRESH_TOKEN_LIFETIME": timedelta(
        days=env.whole("KALENCY_REFRESH_TOKEN_DAYS", 7, least=1, most=365)
    ),
    "CHECK_REVOKE_TOKEN": True,  # a new password ends every session
}

# REST: every view parses its own body with msgspec and answers with one error envelope.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ApiKeyAuthentication",
        "accounts.authentication.BearerAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["exchange.api.renderers.JsonRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "exchange.api.renderers.AlwaysJson",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "exchange.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

# Celery: the simulator, the candles, reconcile. A late beat never bursts: tasks expire.
CELERY_BROKER_URL = REDIS_BUS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "candles-roll-up": {
        "task": "marketdata.candles.tasks.roll_up_candles",
        "schedule": 1.0,
        "options": {"expires": 1.0},
    },
    "reconcile": {
        "task": "ledger.tasks.reconcile_everything",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "simulator-step": {
        "task": "marketdata.simulator.tasks.simulator_step",
        "schedule": 1.0,
        "options": {"expires": 1.0},
    },
}
SIMULATOR_ENABLED = env.flag("KALENCY_SIM", default=True)
SIMULATOR_SEED = env.whole("KALENCY_SIM_SEED", 1, least=0, most=2**32 - 1)

# Static files: the built web terminal and the admin's, served by the web process itself.
STATIC_URL = "/static/"
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATICFILES_DIRS = [FRONTEND_DIST] if FRONTEND_DIST.is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
FORMAT_MODULE_PATH = ["kalency.formats"]

# Safe by default; the one-command stack speaks plain HTTP on loopback and turns these off.
HTTPS_ONLY = env.flag("KALENCY_HTTPS", default=True)
SESSION_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_SECURE = HTTPS_ONLY
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS_ONLY else None
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("KALENCY_LOG_LEVEL", "INFO")},
    "loggers": {
        # A refusal is an answer, not an event worth a line: only 5xx are logged.
        "django.request": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        # Each periodic task would add three lines a second to the terminal of `make run`.
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        # It logs a traceback a second while the bus is away; the feed and the hubs say it once.
        "channels_redis": {"level": "CRITICAL"},
    },
}

UNFOLD = {"SITE_TITLE": "Kalency", "SITE_HEADER": "Kalency"}
