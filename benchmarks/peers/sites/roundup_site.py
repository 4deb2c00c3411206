"""A Roundup tracker: made and filled by `python roundup_site.py HOME RECORDS`, served as the WSGI app `app`.

The classic template on SQLite, as its manual serves it for load: WSGI with the tracker kept between requests. Visitors
may use REST and create issues without signing in, so that no password is hashed and no session read for a request.
"""

import os
import subprocess
import sys
from pathlib import Path

RIGHTS = """
for right in ("Rest Access", "Web Access"):
    db.security.addPermissionToRole("Anonymous", right)
for right in ("Create", "View", "Edit"):
    for name in ("issue", "status", "priority", "keyword", "msg", "file", "user"):
        db.security.addPermissionToRole("Anonymous", right, name)
"""
IN_ONE = 2_000


def make(home: str, records: int) -> None:
    """A new tracker in this folder with so many issues."""
    admin = str(Path(sys.executable).with_name("roundup-admin"))
    settings = "mail_domain=example.org,mail_host=localhost,tracker_web=http://127.0.0.1/,tracker_email=t"
    settings += ",web_csrf_header_min_count=0"
    settings += "".join(f",web_csrf_enforce_header_{name}=no" for name in ("host", "origin", "referer"))
    subprocess.run([admin, "-i", home, "install", "classic", "sqlite", settings], check=True, stdout=subprocess.DEVNULL)
    schema = Path(home, "schema.py")
    schema.write_text(schema.read_text() + RIGHTS)
    subprocess.run([admin, "-i", home, "initialise", "admin"], check=True, stdout=subprocess.DEVNULL)
    fill(home, records)


def fill(home: str, records: int) -> None:
    """Through Roundup's own database layer."""
    import roundup.instance  # noqa: PLC0415 - only in its own environment

    db = roundup.instance.open(home).open("admin")
    statuses, priorities = db.status.list(), db.priority.list()
    for number in range(records):
        given = {"status": statuses[number % len(statuses)], "priority": priorities[number % len(priorities)]}
        db.issue.create(title=f"Lamp {number} is dark", **given)
        if number % IN_ONE == 0:
            db.commit()
            db.clearCache()
    db.commit()
    db.close()


if __name__ == "__main__":
    make(sys.argv[1], int(sys.argv[2]))
else:
    from roundup.cgi.wsgi_handler import RequestDispatcher

    app = RequestDispatcher(os.environ["PEER_HOME"], feature_flags={"cache_tracker": ""})
