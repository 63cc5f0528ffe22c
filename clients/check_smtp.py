"""aiosmtpd as the mail server of a `vestibule serve`: STARTTLS, a login, and mails that arrive over the wire."""

import datetime
import email
import email.policy
import ipaddress
import json
import os
import queue
import re
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse

import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server import BINARY, running

PASSWORD = "mail-secret-1"


def certificate(folder):
    """A throw-away certificate for 127.0.0.1 that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    paths = os.path.join(folder, "mail.crt"), os.path.join(folder, "mail.key")
    with open(paths[0], "wb") as file:
        file.write(built.public_bytes(serialization.Encoding.PEM))
    with open(paths[1], "wb") as file:
        file.write(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ))
    return paths


class Postman:
    """Keeps every envelope as it came over the wire."""

    def __init__(self):
        self.envelopes = queue.Queue()

    async def handle_DATA(self, _server, session, envelope):
        assert session.ssl, "mail came over a plain connection"
        assert session.auth_data, "mail came without a login"
        self.envelopes.put(envelope)
        return "250 kept"


def authenticate(_server, _session, _envelope, _mechanism, data):
    return AuthResult(success=data.password == PASSWORD.encode(), auth_data=data)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def parsed(envelope):
    return email.message_from_bytes(envelope.content, policy=email.policy.default)


def link_of(message):
    text = message.get_body(("plain",)).get_content()
    link = re.search(r"https?://\S+", text).group()
    return text, urllib.parse.urlsplit(link), urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)


def wait_ready(base_url):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{base_url}/v1/health", timeout=2).status_code == 200:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("the server did not become ready")


def story(base_url, key, postman):
    def post(path, body):
        return requests.post(f"{base_url}/v1/auth/{path}", json=body, headers={"X-API-Key": key}, timeout=10)

    evil = "Eve\r\nBcc: victim@example.com\r\nX-Injected: yes"
    registered = post("register", {"email": "eve@example.com", "password": "SecureP@ss123", "name": evil})
    assert registered.status_code in (201, 400), registered.text
    if registered.status_code == 400:
        evil = "Eve Bcc: victim@example.com {{7*7}} <script>"
        registered = post("register", {"email": "eve@example.com", "password": "SecureP@ss123", "name": evil})
        assert registered.status_code == 201, registered.text

    envelope = postman.envelopes.get(timeout=20)
    assert envelope.rcpt_tos == ["eve@example.com"], envelope.rcpt_tos
    message = parsed(envelope)
    assert message.get_all("To") == ["eve@example.com"] and not message["Bcc"] and not message["X-Injected"]
    text, link, query = link_of(message)
    assert f"{link.scheme}://{link.netloc}" == base_url and query["action"] == ["verify_email"], link
    assert re.search(r"\b\d{3} ?\d{3}\b", text), "the mail carries a six-digit code too"

    looked = requests.get(urllib.parse.urlunsplit(link), timeout=10)
    assert looked.status_code == 200 and "<form" in looked.text, "the link opens a page with a button"
    verified = post("verify-email", {"token": query["token"][0]})
    assert verified.status_code == 200 and verified.json() == {"email": "eve@example.com", "email_verified": True}

    assert post("forgot-password", {"email": "EVE@example.com"}).status_code == 200
    envelope = postman.envelopes.get(timeout=20)
    assert envelope.rcpt_tos == ["eve@example.com"], "mail goes to the stored address, not to the typed one"
    _, _, query = link_of(parsed(envelope))
    reset = post("reset-password", {"token": query["token"][0], "password": "newSecurePassword123"})
    assert reset.status_code == 200, reset.text
    assert post("login", {"email": "eve@example.com", "password": "newSecurePassword123"}).status_code == 200


with tempfile.TemporaryDirectory() as folder:
    crt, key_file = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key_file)
    postman = Postman()
    controller = Controller(
        postman, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True,
        authenticator=authenticate, auth_required=True,
    )
    controller.start()
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    data = os.path.join(folder, "data")
    environment = {
        "VESTIBULE_SERVER__PUBLIC_URL": base_url,
        "VESTIBULE_SERVER__LISTEN": f"127.0.0.1:{port}",
        "VESTIBULE_SERVER__DATA_DIR": data,
        "VESTIBULE_MAIL__HOST": "localhost",
        "VESTIBULE_MAIL__PORT": str(controller.port),
        "VESTIBULE_MAIL__TLS": "starttls",
        "VESTIBULE_MAIL__USERNAME": "vestibule",
        "VESTIBULE_MAIL__PASSWORD": PASSWORD,
        "VESTIBULE_MAIL__FROM": "Vestibule <noreply@example.com>",
        "VESTIBULE_MAIL__CA_FILE": crt,
    }
    config = os.path.join(folder, "vestibule.toml")
    init = subprocess.run(
        [BINARY, "init", "--data", data, "--config", config, "--public-url", base_url, "--json"],
        capture_output=True, text=True, env={**os.environ, **environment}, timeout=60,
    )
    assert init.returncode == 0, init.stdout + init.stderr
    key = json.loads(init.stdout)["keys"]["live"]["api"]
    try:
        with running(["serve", "--config", config], environment):
            wait_ready(base_url)
            story(base_url, key, postman)
    finally:
        controller.stop()
print("mails arrive by SMTP with STARTTLS and a login; a hostile name changes no header")
