"""deploy/nginx.conf before two nodes on PostgreSQL: one is killed, one after the other is stopped, and clients go on."""

import contextlib
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile

from load import going_on
from nginx import free_port, nginx
from nodes import instance
from postgres import cluster, wait_for
from upstream import Upstream, say_on_websocket

DEPLOY = pathlib.Path(__file__).parent.parent / "deploy"
CLIENTS = 8
# How often each node is stopped and started under load.
ROUNDS = 2
# deploy/ has 6 s, more than nginx' times; here all of them are shorter.
GRACE = 2


def certificate(folder):
    """A certificate that nobody trusts, as nginx.conf names it."""
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files = ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem", "-subj", "/CN=auth.example.com"]
    subprocess.run([*words, *files], check=True, capture_output=True)


def put(text, old, new):
    assert old in text, f"deploy/nginx.conf no longer says {old}"
    return text.replace(old, new)


@contextlib.contextmanager
def site_before(nodes):
    """deploy/nginx.conf with these addresses instead of the containers'."""
    with tempfile.TemporaryDirectory() as folder:
        certificate(folder)
        # For nginx' unprivileged workers.
        pathlib.Path(folder).chmod(0o755)
        text = put((DEPLOY / "nginx.conf").read_text(), "/tmp/", f"{folder}/")
        plain, secure = free_port(), free_port()
        for number, node in enumerate(nodes, 1):
            text = put(text, f"node{number}:7373", node.address)
        text = put(text, "listen 8080;", f"listen 127.0.0.1:{plain};")
        text = put(text, "listen 8443 ssl;", f"listen 127.0.0.1:{secure} ssl;")
        text = put(text, "/etc/nginx/tls/", f"{folder}/")
        text = put(put(text, "fail_timeout=2s", "fail_timeout=1s"), "keepalive_timeout 5s", "keepalive_timeout 1s")
        text = put(text, "error_log stderr", f"error_log {folder}/errors")
        text = put(text, "/dev/stdout", f"{folder}/access")
        with nginx(folder, text, secure):
            yield secure, pathlib.Path(folder, "access")


def healthy(node):
    """What the container's health check says."""
    return subprocess.run([DEPLOY / "healthcheck", node.address.split(":")[1]], stderr=subprocess.DEVNULL).returncode == 0


def answered_by(access, node, since):
    """Whether nginx had an answer of this node among its lines after the first `since`."""
    return any(node.address in line for line in access.read_text().splitlines()[since:])


def check_addresses(house, clients):
    """The client's address is the one that nginx saw, whatever the client says."""
    shown = house.command("user", "show", clients[0].email, "--json")
    assert clients[0].address in shown and '"127.0.0.1"' not in shown, shown


def check_gateway(site, upstream, token):
    trusting = ssl._create_unverified_context()
    connect = lambda: trusting.wrap_socket(socket.create_connection(("127.0.0.1", site), 10))
    with connect() as connection:
        say_on_websocket(connection, "/api/films/live", token)
    with connect() as connection:
        head = f"GET /api/films/events HTTP/1.1\r\nHost: auth.example.com\r\nAuthorization: Bearer {token}\r\n\r\n"
        connection.sendall(head.encode())
        heard = b""
        while b"data: one" not in heard:
            heard += connection.recv(4096)
        # The second event is only told once the first one is here: nothing on the way waits for more.
        upstream.next_event.set()
        while b"data: two" not in heard:
            heard += connection.recv(4096)


def failures_of(clients):
    failures = [failure for client in clients for failure in client.failures]
    for client in clients:
        client.failures = []
    return failures


def progress(clients):
    """Waits until every client has had further answers."""
    before = [client.answers for client in clients]
    wait_for("answers for each client", 20, lambda: all(now.answers > then + 20 for now, then in zip(clients, before)))


def check_kill(nodes, clients):
    progress(clients)
    assert not (failed := failures_of(clients)), failed
    nodes[0].kill()
    for _ in range(3):
        progress(clients)
    failed = failures_of(clients)
    # One request in flight each, and of these only what may not be repeated.
    assert len(failed) <= CLIENTS and all(method == "POST" for _, method, _, _ in failed), failed
    progress(clients)
    assert not (later := failures_of(clients)), later
    return len(failed)


def check_stop(nodes, access, clients):
    """One node after the other stops and comes back, and nobody notices."""
    for turn in range(2 * ROUNDS):
        node = nodes[turn % 2]
        progress(clients)
        node.child.send_signal(signal.SIGTERM)
        # It says so first, to load balancers that ask, while everything is answered.
        wait_for("the node says that it stops", 1, lambda: not healthy(node))
        assert node.ask("GET", "/ready").json() == {"status": "stopping"}
        assert node.ask("GET", "/.well-known/jwks.json").status_code == 200
        assert node.child.wait(GRACE + 10) == 0, node.log
        progress(clients)
        node.start_again()
        assert healthy(node)
        seen = len(access.read_text().splitlines())
        wait_for("nginx takes the node back", 10, lambda: answered_by(access, node, seen))
        assert not (failed := failures_of(clients)), (turn, failed, node.log[-5:])


upstream = Upstream()
settings = {
    "VESTIBULE_NETWORK__TRUSTED_PROXIES": '["127.0.0.1/32"]',
    "VESTIBULE_GATEWAY": f'[{{prefix="/api/films",upstream="http://127.0.0.1:{upstream.port}",dialect="rakomi"}}]',
    # Each client asks more often in a second than a person in a minute.
    "VESTIBULE_LIMITS__OTHER": "1000000",
    "VESTIBULE_SERVER__SHUTDOWN_GRACE": str(GRACE),
}
with cluster() as server, instance(server.database("house"), **settings) as house:
    nodes = house.start(2)
    with site_before(nodes) as (site, access), going_on(site, house.key, CLIENTS) as clients:
        check_addresses(house, clients)
        for node in nodes:
            assert node.me(clients[0].tokens["access_token"]).status_code in (200, 401)
            assert answered_by(access, node, 0), "nginx uses one node only"
        check_gateway(site, upstream, clients[1].tokens["access_token"])
        lost = check_kill(nodes, clients)
        nodes[0].start_again()
        check_stop(nodes, access, clients)
        deadlocks = server.run("SELECT deadlocks FROM pg_stat_database WHERE datname = 'house'")
        assert deadlocks == "0", f"{deadlocks} deadlocks between the nodes"
        answers = sum(client.answers for client in clients)
print(f"{answers} answers through nginx: a killed node cost {lost} requests in flight, {2 * ROUNDS} stopped ones none")
