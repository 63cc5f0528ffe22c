"""Starts the Vestibule binary as a user would, on a free port and in a folder that goes with it."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile

import requests

BINARY = os.environ["VESTIBULE"]


class Server:
    """A running `vestibule dev`, known by its one line of JSON."""

    def __init__(self, data, ready, environment):
        self.data = data
        self.environment = environment
        self.base_url = ready["base_url"]
        self.key = ready["keys"]["test"]["api"]
        self.publishable = ready["keys"]["test"]["publishable"]
        self.inbox_url = ready["inbox_url"]

    def post(self, path, body, **headers):
        headers = {"X-API-Key": self.key, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return requests.post(self.base_url + path, json=body, headers=headers, timeout=10)

    def signed_up(self, email, password="SecureP@ss123"):
        """Registers a user and logs in: the four fields of the login answer."""
        registered = self.post("/v1/auth/register", {"email": email, "password": password})
        assert registered.status_code == 201, registered.text
        return self.log_in(email, password)

    def log_in(self, email, password="SecureP@ss123"):
        answer = self.post("/v1/auth/login", {"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def command(self, *words):
        """Runs another command on the same data folder and returns what it printed."""
        done = subprocess.run(
            [BINARY, *words, "--data", self.data],
            capture_output=True, text=True, timeout=60, env={**os.environ, **self.environment},
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout


@contextlib.contextmanager
def running(words, environment=None):
    """A child process that is ended by its pid, whatever happens."""
    child = subprocess.Popen(
        [BINARY, *words], stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            assert child.wait(timeout=40) == 0, f"the server ended with {child.returncode}"
        except subprocess.TimeoutExpired:
            child.kill()
            raise


@contextlib.contextmanager
def dev(**environment):
    """`vestibule dev`; keyword arguments are environment variables."""
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        words = ["dev", "--data", data, "--listen", "127.0.0.1:0", "--json"]
        with running(words, environment) as child:
            yield Server(data, json.loads(child.stdout.readline()), environment)
