"""A real nginx asks /forward-auth by auth_request, and stands in front of the gateway with a WebSocket."""

import contextlib
import socket
import tempfile
import time

import requests

from nginx import free_port, nginx
from server import dev
from upstream import Upstream, say_on_websocket

# As docs/gateway.md has it, for two locations, and a third one that asks where nobody answers.
CONFIGURATION = """
pid {folder}/pid; error_log stderr crit; worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    underscores_in_headers on;
    auth_request_set $auth_user_id $upstream_http_x_auth_user_id;
    auth_request_set $auth_email $upstream_http_x_auth_email;
    auth_request_set $auth_roles $upstream_http_x_auth_roles;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            auth_request /_auth;
            proxy_set_header X-Auth-User-Id $auth_user_id;
            proxy_set_header X-Auth-Email $auth_email;
            proxy_set_header X-Auth-Roles $auth_roles;
            proxy_pass http://127.0.0.1:{upstream};
        }}
        location /admin {{
            auth_request /_auth_admin;
            proxy_pass http://127.0.0.1:{upstream};
        }}
        location /nobody {{
            auth_request /_auth_nobody;
            proxy_pass http://127.0.0.1:{upstream};
        }}
        location /guarded {{
            proxy_pass http://{vestibule};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $http_connection;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
        location = /_auth {{
            internal;
            proxy_pass http://{vestibule}/forward-auth/{dialect};
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
        location = /_auth_admin {{
            internal;
            proxy_pass http://{vestibule}/forward-auth/{dialect}?roles=admin;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }}
        location = /_auth_nobody {{ internal; proxy_pass http://127.0.0.1:1/; }}
    }}
}}
"""


@contextlib.contextmanager
def site_before(vestibule, upstream, dialect):
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        text = CONFIGURATION.format(folder=folder, port=port, upstream=upstream, vestibule=vestibule, dialect=dialect)
        with nginx(folder, text, port):
            yield f"http://127.0.0.1:{port}"


def check_forward_auth(server, upstream, site, token):
    lies = {
        "X-Auth-User-Id": "1", "X-Auth-Email": "root@evil.example", "X-Auth-Roles": "admin", "X-Forwarded-Uri": "/v1/health",
        "X-Original-URL": "/v1/health", "X-Forwarded-Method": "OPTIONS",
    }
    bearer = {"Authorization": f"Bearer {token}"}
    ask = lambda path, **headers: requests.get(site + path, headers=headers, timeout=10)

    assert ask("/films").status_code == 401
    assert ask("/films", **lies).status_code == 401
    assert ask("/films", Authorization="Bearer nonsense").status_code == 401
    assert not upstream.heard, upstream.heard

    answer = ask("/films?x=1", **bearer, **lies)
    assert answer.status_code == 200, answer.text
    got = answer.json()
    me = requests.get(f"{server.base_url}/v1/auth/me", headers={"X-API-Key": server.key, **bearer}, timeout=10).json()
    assert (got["x-auth-email"], got["x-auth-user-id"]) == ("user@example.com", me["user_id"]), got
    assert got.get("x-auth-roles", "") == "", got
    upstream.heard.clear()

    assert ask("/admin", **bearer).status_code == 403
    assert ask("/nobody", **bearer).status_code == 500, "a check that cannot be asked is never a yes"
    assert not upstream.heard, upstream.heard


def check_gateway(upstream, site, token):
    assert requests.get(f"{site}/guarded", timeout=10).status_code == 401
    address = site.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), 10) as connection:
        say_on_websocket(connection, "/guarded/live", token)
    path, headers = upstream.heard.pop()
    assert path == "/guarded/live" and headers["x-auth-email"] == "user@example.com", (path, headers)
    assert headers["x-forwarded-for"] == "127.0.0.1, 127.0.0.1", headers


upstream = Upstream()
gateway = f'[{{prefix="/guarded",upstream="http://127.0.0.1:{upstream.port}",dialect="rakomi"}}]'
settings = {"VESTIBULE_NETWORK__TRUSTED_PROXIES": '["127.0.0.1/32"]', "VESTIBULE_GATEWAY": gateway}
with dev(**settings) as server, site_before(server.base_url.removeprefix("http://"), upstream.port, "rakomi") as site:
    token = server.signed_up("user@example.com")["access_token"]
    check_forward_auth(server, upstream, site, token)
    check_gateway(upstream, site, token)
    server.command("user", "disable", "user@example.com", "--project", "default", "--environment", "test")
    deadline = time.monotonic() + 1
    while (status := requests.get(f"{site}/films", headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code) != 401:
        assert time.monotonic() < deadline, f"a disabled user passes after a second: {status}"
print("nginx lets in whom /forward-auth names, and no lie; a WebSocket passes nginx and the gateway")
