"""A throw-away PostgreSQL cluster on a Unix socket, run by the installed server's programs as a user who owns nothing."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

OWNER = "vestibule"
PORT = 5432
# What makes a cluster quick that nobody will miss.
SETTINGS = ["listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=200", "shared_buffers=64MB"]


def programs():
    """The folder of `initdb`, of the newest version where there are several; Debian keeps it out of the search path."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    path = found[-1] if found else shutil.which("initdb")
    assert path, "PostgreSQL is not installed: apt-get install postgresql"
    return pathlib.Path(path).parent


def unprivileged():
    """Who runs servers that refuse to be root: keyword arguments of `subprocess`."""
    if os.geteuid() != 0:
        return {}
    for name in ["postgres", "nobody"]:
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise AssertionError("there is no user `postgres` and no user `nobody`")


@contextlib.contextmanager
def folder():
    """A folder of that user, on memory where there is some."""
    shared = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="vestibule-clients-", dir=shared) as made:
        who = unprivileged()
        if who:
            os.chown(made, who["user"], who["group"])
        yield pathlib.Path(made)


class Cluster:
    """A running server."""

    def __init__(self, place):
        self.folder = place

    def url(self, database="postgres"):
        return f"postgres:///{database}?host={self.folder}&user={OWNER}"

    def run(self, sql, database="postgres"):
        """Runs sentences and returns what `psql` prints of them."""
        words = [programs() / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", OWNER, "-d", database, "-c", sql]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def database(self, name):
        self.run(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)


@contextlib.contextmanager
def cluster(*settings):
    """Makes a cluster, starts it, and deletes it afterwards; `settings` are lines of its configuration."""
    with folder() as place:
        data = place / "data"
        made = ["--auth=trust", "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C.UTF-8", "-U", OWNER, "-D", data]
        subprocess.run([programs() / "initdb", *made], check=True, stdout=subprocess.DEVNULL, cwd=place, **unprivileged())
        words = [programs() / "postgres", "-D", data, "-k", place]
        for setting in [*SETTINGS, *settings]:
            words += ["-c", setting]
        with open(place / "log", "wb") as log:
            server = subprocess.Popen(words, stdout=log, stderr=log, cwd=place, **unprivileged())
        try:
            wait_for(f"PostgreSQL ({place}/log)", 30, lambda: ready(data), server)
            yield Cluster(place)
        finally:
            # SIGQUIT: at once, whoever is still connected.
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=30)


def ready(data):
    with contextlib.suppress(OSError, IndexError):
        return (data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
    return False


def wait_for(what, seconds, holds, child=None):
    """Waits until `holds()` is true and returns what it said; a child that ended meanwhile will never make it so."""
    deadline = time.monotonic() + seconds
    while not (said := holds()):
        assert child is None or child.poll() is None, f"{what} ended with {child.returncode}"
        assert time.monotonic() < deadline, f"{what} took more than {seconds} s"
        time.sleep(0.01)
    return said
