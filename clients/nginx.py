"""Runs a real nginx with a given configuration."""

import contextlib
import pathlib
import socket
import subprocess
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def nginx(folder, configuration, port):
    """nginx in the foreground, until it takes connections at `port`; ended by its pid afterwards."""
    path = pathlib.Path(folder, "nginx.conf")
    path.write_text(configuration)
    child = subprocess.Popen(["nginx", "-e", "stderr", "-g", "daemon off;", "-p", folder, "-c", str(path)])
    try:
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert child.poll() is None and time.monotonic() < deadline, "nginx does not start"
            time.sleep(0.02)
        yield child
    finally:
        child.terminate()
        child.wait(timeout=20)
