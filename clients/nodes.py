"""Starts `vestibule serve` processes over one PostgreSQL database: nodes of one instance, as deploy/ has them."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

import requests

from nginx import free_port
from server import BINARY

PASSWORD = "SecureP@ss123"


class Instance:
    """One database and one master key, handed over in files as containers get them."""

    def __init__(self, folder, database_url, environment):
        self.folder = pathlib.Path(folder)
        (self.folder / "data").mkdir(exist_ok=True)
        self.environment = {
            **os.environ,
            **self.secrets(VESTIBULE_SECRETS__MASTER_KEY=os.urandom(32).hex(), DATABASE_URL=database_url),
            # Nobody listens there: mail waits, and nothing else does.
            "SMTP_URL": "smtp://127.0.0.1:9",
            "VESTIBULE_MAIL__FROM": "no-reply@example.com",
            "VESTIBULE_SERVER__PUBLIC_URL": "https://auth.example.com",
            "VESTIBULE_SERVER__DATA_DIR": str(self.folder / "data"),
            **environment,
        }
        self.nodes = []
        self.key = None

    def secrets(self, **texts):
        """Writes each into a file of its own; answers the variables that name the files."""
        variables = {}
        for name, text in texts.items():
            path = self.folder / name
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(text + "\n")
            variables[f"{name}_FILE"] = str(path)
        return variables

    def start(self, count, **environment):
        """Starts nodes together, as an orchestrator does."""
        made = [Node(self, environment) for _ in range(count)]
        for node in made:
            node.launch()
        for node in made:
            node.wait()
        self.nodes += made
        if self.key is None:
            self.key = json.loads(self.command("key", "create", "--json"))["key"]
        return made

    def command(self, *words):
        done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=60, env=self.environment, cwd=self.folder)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout


class Node:
    """One process. It keeps its address when it is started again."""

    def __init__(self, instance, environment):
        self.instance, self.environment = instance, {**instance.environment, **environment}
        self.address = f"127.0.0.1:{free_port()}"
        self.base_url = f"http://{self.address}"
        self.log, self.child, self.ready = [], None, None

    def launch(self):
        self.ready = threading.Event()
        self.child = subprocess.Popen(
            [BINARY, "serve", "--listen", self.address],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=self.environment, cwd=self.instance.folder,
        )
        threading.Thread(target=self.read_log, args=(self.child.stderr, self.ready), daemon=True).start()

    def read_log(self, stream, ready):
        for line in stream:
            self.log.append(line)
            if '"message":"ready"' in line:
                ready.set()

    def wait(self):
        deadline = time.monotonic() + 30
        while not self.ready.wait(0.1):
            assert self.child.poll() is None and time.monotonic() < deadline, f"the node does not start: {self.log}"

    def start_again(self):
        self.launch()
        self.wait()

    def ask(self, method, path, token=None, body=None, **headers):
        headers = {"X-API-Key": self.instance.key, **headers}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return requests.request(method, self.base_url + path, json=body, headers=headers, timeout=20)

    def register(self, email):
        return self.ask("POST", "/v1/auth/register", body={"email": email, "password": PASSWORD})

    def log_in(self, email, password=PASSWORD):
        return self.ask("POST", "/v1/auth/login", body={"email": email, "password": password})

    def refresh(self, token):
        return self.ask("POST", "/v1/auth/refresh", body={"refresh_token": token})

    def me(self, token):
        return self.ask("GET", "/v1/auth/me", token)

    def stop(self):
        """SIGTERM, and the end."""
        self.child.send_signal(signal.SIGTERM)
        assert self.child.wait(timeout=60) == 0, self.log

    def kill(self):
        self.child.kill()
        self.child.wait()


@contextlib.contextmanager
def instance(database_url, **environment):
    """An instance whose nodes are ended by their pids, whatever happens."""
    with tempfile.TemporaryDirectory() as folder:
        made = Instance(folder, database_url, environment)
        try:
            yield made
        finally:
            for node in made.nodes:
                if node.child.poll() is None:
                    node.child.terminate()
            for node in made.nodes:
                try:
                    node.child.wait(timeout=40)
                except subprocess.TimeoutExpired:
                    node.kill()
                    raise
