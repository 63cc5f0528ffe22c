"""Linters for deploy/, and what must agree between its files and with the binary. Nothing of it starts a container."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

BINARY = os.environ["VESTIBULE"]
DEPLOY = pathlib.Path(__file__).parent.parent / "deploy"
PROGRAMS = pathlib.Path(sys.executable).parent
# What Vestibule does at most after `shutdown_grace`, and seconds to write what is in memory.
DRAIN, WRITE = 30, 5


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, **more)
    assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def check_settings(variables, folder):
    """Each variable is a setting, and `serve` would not refuse them."""
    given = {**os.environ, **variables}
    for name in list(given):
        if name.endswith("_FILE") and name in variables:
            path = pathlib.Path(folder, name)
            path.write_text({"DATABASE_URL_FILE": "postgres://a@db/a", "SMTP_URL_FILE": "smtp://mail:587"}.get(name, "00" * 32))
            path.chmod(0o600)
            given[name] = str(path)
    run(BINARY, "config", "check", env=given, cwd=folder)


def seconds(text):
    return int(re.fullmatch(r"(\d+)s?", str(text)).group(1))


def check_compose(folder):
    path = DEPLOY / "compose.yaml"
    run(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", path)
    made = yaml.safe_load(path.read_text())
    nginx = made["services"]["nginx"]["networks"]["inside"]["ipv4_address"]
    for name in ["node1", "node2"]:
        node = made["services"][name]
        settings = {key: re.sub(r"\$\{PUBLIC_URL.*}", "https://auth.example.com", value) for key, value in node["environment"].items()}
        settings["VESTIBULE_MAIL__FROM"] = "no-reply@example.com"
        assert json.loads(settings["VESTIBULE_NETWORK__TRUSTED_PROXIES"]) == [f"{nginx}/32"]
        assert seconds(node["stop_grace_period"]) >= seconds(settings["VESTIBULE_SERVER__SHUTDOWN_GRACE"]) + DRAIN + WRITE
        assert f"server {name}:7373 " in (DEPLOY / "nginx.conf").read_text()
        check_settings(settings, folder)


def check_kubernetes(folder):
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        run(PROGRAMS / "kubernetes-validate", "--strict", path)
    documents = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "vestibule.yaml").read_text()))
    pod = next(it for it in documents if it["kind"] == "Deployment")["spec"]["template"]["spec"]
    settings = {variable["name"]: variable["value"] for variable in pod["containers"][0]["env"]}
    assert pod["terminationGracePeriodSeconds"] >= seconds(settings["VESTIBULE_SERVER__SHUTDOWN_GRACE"]) + DRAIN + WRITE
    check_settings(settings, folder)
    secret = yaml.safe_load((DEPLOY / "kubernetes" / "secret.example.yaml").read_text())
    files = {pathlib.Path(value).name for name, value in settings.items() if name.endswith("_FILE")}
    assert files == set(secret["stringData"]), files


def check_systemd(folder):
    unit = (DEPLOY / "systemd" / "vestibule.service").read_text()
    copy = pathlib.Path(folder, "vestibule.service")
    copy.write_text(unit.replace("/usr/local/bin/vestibule", BINARY))
    said = run("systemd-analyze", "verify", copy)
    # It says nothing about a unit in which it finds nothing.
    assert "vestibule.service" not in said, said
    # Of 100; what is left is that a server has a network, and reads the system's files.
    run("systemd-analyze", "security", "--offline=true", "--threshold=20", copy)
    variables = re.findall(r"^Environment=(\w+)=", unit, re.MULTILINE)
    config = pathlib.Path(folder, "vestibule.toml")
    shutil.copy(DEPLOY / "systemd" / "vestibule.toml", config)
    config.chmod(0o600)
    check_settings({name: "" for name in variables}, folder)
    grace = int(re.search(r"^shutdown_grace = (\d+)", config.read_text(), re.MULTILINE).group(1))
    assert int(re.search(r"^TimeoutStopSec=(\d+)", unit, re.MULTILINE).group(1)) >= grace + DRAIN + WRITE


def check_image():
    run(PROGRAMS / "hadolint", DEPLOY / "Dockerfile")
    run("bash", "-n", DEPLOY / "healthcheck")
    wanted = re.search(r'channel = "([\d.]+)"', (DEPLOY.parent / "rust-toolchain.toml").read_text()).group(1)
    assert f"RUSTUP_TOOLCHAIN={wanted}" in (DEPLOY / "Dockerfile").read_text(), f"the Dockerfile builds with another Rust than {wanted}"


for check in [check_compose, check_kubernetes, check_systemd]:
    with tempfile.TemporaryDirectory() as folder:
        check(folder)
check_image()
print("deploy/ passes its linters, agrees with itself, and knows the binary's settings")
