"""Clients that go on: each has a session and one connection through the load balancer, and writes down what failed."""

import contextlib
import http.client
import json
import ssl
import threading
import time

from nodes import PASSWORD


class Client(threading.Thread):
    """Asks who it is and refreshes, again and again. A failure is an answer of 5xx, or none."""

    def __init__(self, site, key, number):
        super().__init__(daemon=True)
        # Its own address on the loopback network, as users have their own.
        self.site, self.key, self.address = site, key, f"127.0.2.{number + 1}"
        self.email = f"user{number}@example.com"
        self.failures, self.answers, self.stopping = [], 0, threading.Event()
        self.connection = None
        self.tokens = None

    def ask(self, method, path, body=None, token=None):
        """One request over the kept connection; `None` where no answer came."""
        headers = {"X-API-Key": self.key, "Host": "auth.example.com"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if self.connection is None:
            trusting = ssl._create_unverified_context()
            self.connection = http.client.HTTPSConnection(
                "127.0.0.1", self.site, timeout=20, source_address=(self.address, 0), context=trusting
            )
        try:
            self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            self.connection = None
            return self.failed(method, path, error)
        self.answers += 1
        if answer.status >= 500:
            return self.failed(method, path, f"{answer.status} {text[:200]}")
        return answer.status, json.loads(text) if text else None

    def failed(self, method, path, what):
        self.failures.append((time.monotonic(), method, path, str(what)))

    def sign_in(self):
        user = {"email": self.email, "password": PASSWORD}
        status, said = self.ask("POST", "/v1/auth/register", user)
        assert status in (201, 409), said
        self.log_in()

    def log_in(self):
        status, self.tokens = self.ask("POST", "/v1/auth/login", {"email": self.email, "password": PASSWORD})
        assert status == 200, self.tokens

    def run(self):
        turn = 0
        while not self.stopping.is_set():
            turn += 1
            if turn % 4:
                said = self.ask("GET", "/v1/auth/me", token=self.tokens["access_token"])
            else:
                # Without an answer the same token is shown again: an honest client is never logged out.
                said = self.ask("POST", "/v1/auth/refresh", {"refresh_token": self.tokens["refresh_token"]})
                if said and said[0] == 200:
                    self.tokens = said[1]
            if said and said[0] != 200:
                self.failed("any", "session", said)
                return


@contextlib.contextmanager
def going_on(site, key, count):
    """Clients at work; what failed is theirs to say afterwards."""
    clients = [Client(site, key, number) for number in range(count)]
    for client in clients:
        client.sign_in()
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(30)
