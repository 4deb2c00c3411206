"""A django-helpdesk: made and filled by `python helpdesk_site.py HOME RECORDS`, served as the WSGI app `app`.

SQLite as Django's manual tunes it for load: WAL, write transactions begun as such, a cache of 20 MB, persistent
connections. Staff signs in by a token; the sessions of its pages are kept in signed cookies.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django
from django.conf import settings

HOME = Path(os.environ.get("PEER_HOME") or sys.argv[1])
PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-20000; PRAGMA mmap_size=134217728;"
_HELPDESK = ("account", "pinax.invitations", "pinax.teams", "reversion", "helpdesk")
_DJANGO = ("admin", "auth", "contenttypes", "sessions", "messages", "sites", "staticfiles", "humanize")

settings.configure(
    SECRET_KEY="of no worth: it guards a benchmark",
    ALLOWED_HOSTS=["*"],
    DEBUG=False,
    ROOT_URLCONF=__name__,
    SITE_ID=1,
    USE_TZ=True,
    STATIC_URL="/static/",
    MEDIA_ROOT=str(HOME / "media"),
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        *(f"django.contrib.{name}" for name in _DJANGO),
        "rest_framework",
        "rest_framework.authtoken",
        *_HELPDESK,
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(HOME / "helpdesk.db"),
            "CONN_MAX_AGE": None,
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": PRAGMAS},
        }
    },
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    HELPDESK_ACTIVATE_API_ENDPOINT=True,
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]},
)
django.setup()

from django.urls import include, path  # noqa: E402 - Django wants its settings first

urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]


def make(records: int) -> None:
    """A new desk with one queue and so many tickets; prints a staff member's token and session."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model  # noqa: PLC0415
    from django.contrib.sessions.backends.signed_cookies import SessionStore  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from helpdesk.models import Queue, Ticket  # noqa: PLC0415
    from rest_framework.authtoken.models import Token  # noqa: PLC0415

    (HOME / "media").mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_superuser("staff", "staff@example.org", "staff")
    queue = Queue.objects.create(title="Lamps", slug="lamps")
    now = datetime.now(UTC)
    tickets = (
        Ticket(
            title=f"Lamp {number} is dark",
            queue=queue,
            status=1 + number % 4,
            priority=1 + number % 5,
            created=now - timedelta(minutes=number),
            submitter_email="somebody@example.org",
            secret_key=f"{number:036}",
        )
        for number in range(records)
    )
    Ticket.objects.bulk_create(tickets, batch_size=500)
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    print(Token.objects.create(user=user).key, session.session_key, queue.pk)


if __name__ == "__main__":
    make(int(sys.argv[2]))
else:
    from django.core.wsgi import get_wsgi_application

    app = get_wsgi_application()
