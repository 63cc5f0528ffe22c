"""A real PgBouncer in transaction mode between two nodes and PostgreSQL, restarted under way."""

import collections
import concurrent.futures
import contextlib
import os
import re
import shutil
import subprocess
import time

from nginx import free_port
from nodes import PASSWORD, instance
from postgres import OWNER, cluster, folder, unprivileged, wait_for

# Fewer than the two nodes open, so that sessions are shared.
SESSIONS = 6
CONFIGURATION = """
[databases]
* = host={cluster} user={owner}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {sessions}
max_client_conn = 200
{prepared}
logfile = {folder}/log
pidfile = {folder}/pid
server_login_retry = 1
"""


def program():
    # Debian keeps it where only root looks.
    found = os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, "PgBouncer is not installed: apt-get install pgbouncer"
    return found


def version():
    said = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in re.search(r"(\d+)\.(\d+)", said).groups())


class Pooler:
    """A PgBouncer that can be stopped and started at the same port."""

    def __init__(self, place, server, prepared):
        self.folder, self.port, self.child = place, free_port(), None
        text = CONFIGURATION.format(
            cluster=server.folder, owner=OWNER, port=self.port, sessions=SESSIONS, prepared=prepared, folder=place
        )
        (place / "pgbouncer.ini").write_text(text)
        shutil.copy(program(), place / "pgbouncer")

    def url(self, database):
        return f"postgres://{OWNER}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def start(self):
        self.child = subprocess.Popen(
            [self.folder / "pgbouncer", "-q", self.folder / "pgbouncer.ini"], stderr=subprocess.DEVNULL, **unprivileged()
        )
        # PgBouncer says so last of all.
        wait_for("PgBouncer", 10, lambda: "process up" in self.log(), self.child)

    def log(self):
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / "log").read_text()
        return ""

    def stop(self):
        """SIGQUIT and SIGTERM differ in whether it waits; here it shall not."""
        self.child.kill()
        self.child.wait()
        (self.folder / "log").unlink(missing_ok=True)
        (self.folder / "pid").unlink(missing_ok=True)


@contextlib.contextmanager
def pooler(server, prepared):
    with folder() as place:
        made = Pooler(place, server, prepared)
        made.start()
        try:
            yield made
        finally:
            made.stop()


def statuses(answers):
    return dict(collections.Counter(answer.status_code for answer in answers))


def check_people(one, two):
    """Register, log in, refresh, on both nodes and at once."""
    emails = [f"user{number}@example.com" for number in range(24)]
    with concurrent.futures.ThreadPoolExecutor(12) as hands:
        both = lambda act, things: list(hands.map(lambda it: act([one, two][it[0] % 2], it[1]), enumerate(things)))
        made = both(lambda node, email: node.register(email), emails)
        assert statuses(made) == {201: len(emails)}, [made, statuses(made)]
        twice = both(lambda node, email: node.register(email), [emails[0]] * 4)
        assert statuses(twice) == {409: 4}, statuses(twice)
        # Where the users are not: the node that made them has nothing that the other lacks.
        answers = both(lambda node, email: node.log_in(email), emails[1:] + emails[:1])
        assert statuses(answers) == {200: len(emails)}, statuses(answers)
        tokens = [answer.json() for answer in answers]
        checked = both(lambda node, token: node.me(token["access_token"]), tokens * 4)
        assert statuses(checked) == {200: 4 * len(tokens)}, statuses(checked)
        for _ in range(3):
            answers = both(lambda node, token: node.refresh(token["refresh_token"]), tokens)
            assert statuses(answers) == {200: len(tokens)}, statuses(answers)
            tokens = [answer.json() for answer in answers]
        # One token on both nodes at once: the same successor, never two.
        racers = both(lambda node, token: node.refresh(token["refresh_token"]), tokens[:1] * 8)
        assert statuses(racers) == {200: 8}, statuses(racers)
        assert len({answer.json()["refresh_token"] for answer in racers}) == 1
        # Exact, however many guess at once: the tenth failure locks.
        wrong = both(lambda node, email: node.log_in(email, "WrongP@ss123"), emails[2:3] * 12)
        assert statuses(wrong) == {401: 10, 429: 2}, statuses(wrong)
    return tokens[3]


def check_logout(one, two, tokens):
    """What ends on one node is heard on the other one, past the pooler."""
    access = tokens["access_token"]
    assert [node.me(access).status_code for node in (two, two)] == [200, 200]
    assert one.ask("POST", "/v1/auth/logout", access, {"refresh_token": tokens["refresh_token"]}).status_code < 300
    began = time.monotonic()
    wait_for("the logout on the other node", 1, lambda: two.me(access).status_code == 401)
    return time.monotonic() - began


def check_restart(made, nodes):
    """While PgBouncer is away the answer is 503 and when to come again; soon after it is back, all is well."""
    made.stop()
    user = "user5@example.com"
    for node in nodes:
        answer = node.log_in(user)
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1, (answer.status_code, answer.text)
        assert node.ask("GET", "/ready").status_code == 503
    made.start()
    began = time.monotonic()
    for node in nodes:
        wait_for("the node after the restart", 2, lambda: node.log_in(user).status_code == 200)
    took = time.monotonic() - began
    # At once after a restart between two requests: connections that were kept are dead, and nobody notices.
    tokens = [node.log_in(user).json() for node in nodes]
    made.stop()
    made.start()
    for node, token in zip(nodes, tokens):
        answer = node.refresh(token["refresh_token"])
        if answer.status_code != 200:
            assert answer.status_code == 503 and answer.headers["Retry-After"], (answer.status_code, answer.text)
            wait_for("a refresh after the restart", 2, lambda: node.refresh(token["refresh_token"]).status_code == 200)
    return took


def check(server, name, prepared, **settings):
    with pooler(server, prepared) as made:
        direct = server.database(name)
        settings["VESTIBULE_POSTGRES__DIRECT_URL"] = direct
        with instance(made.url(name), **settings) as house:
            one, two = house.start(2)
            tokens = check_people(one, two)
            told = check_logout(one, two, tokens)
            took = check_restart(made, [one, two])
            log = "".join(one.log + two.log)
            for complaint in ["postgres.prepare", "nothing is heard", "panicked"]:
                assert complaint not in log, log
            return f"a logout told in {told * 1000:.0f} ms, well {took * 1000:.0f} ms after a restart"


with cluster() as server:
    found = version()
    print("PgBouncer %d.%d, postgres.prepare = false:" % found, check(server, "plain", "", VESTIBULE_POSTGRES__PREPARE="false"))
    if found >= (1, 21):
        print("PgBouncer %d.%d, max_prepared_statements:" % found, check(server, "prepared", "max_prepared_statements = 200"))
    else:
        print("PgBouncer %d.%d cannot keep prepared statements (1.21 can): not checked here" % found)
