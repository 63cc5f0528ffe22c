"""The code that /quickstart gives out runs: every dialect in every language whose tools are on this machine."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import requests

from server import dev

#: File name, the tool that must be there, and the command that runs the file.
LANGUAGES = {
    "curl": ("quickstart.sh", "curl", ["sh", "quickstart.sh"]),
    "javascript": ("quickstart.mjs", "node", ["node", "quickstart.mjs"]),
    "python": ("quickstart.py", None, [sys.executable, "quickstart.py"]),
    "rust": ("src/main.rs", "cargo", ["cargo", "run", "--quiet", "--"]),
    "go": ("quickstart.go", "go", ["go", "run", "quickstart.go"]),
    "php": ("quickstart.php", "php", ["php", "quickstart.php"]),
    "java": ("Quickstart.java", "java", ["java", "Quickstart.java"]),
    "csharp": ("Program.cs", "dotnet", ["dotnet", "run", "--"]),
}
PASSWORD = "SecureP@ss123"


def verify(server, email):
    """Presses the button of the newest mail to an address."""
    mail = requests.get(f"{server.base_url}/dev/inbox.json", params={"to": email}, timeout=10).json()["data"][0]
    token = mail["links"][0].split("token=")[1].split("&")[0]
    page = requests.post(f"{server.base_url}/verify-email", data={"token": token}, timeout=10)
    assert page.status_code == 200, page.text


def prepare(folder, language):
    """What a language needs besides the file itself."""
    if language == "rust":
        subprocess.run(["cargo", "init", "--quiet", "--name", "quickstart", "."], cwd=folder, check=True)
        for words in (["ureq", "--features", "json"], ["serde_json"]):
            subprocess.run(["cargo", "add", "--quiet", *words], cwd=folder, check=True)
    if language == "csharp":
        subprocess.run(["dotnet", "new", "console", "--force"], cwd=folder, check=True, capture_output=True)


def run(folder, command, email):
    environment = {**os.environ, "CARGO_TARGET_DIR": str(pathlib.Path(folder) / "target")}
    return subprocess.run(
        [*command, email, PASSWORD], cwd=folder, capture_output=True, text=True, timeout=300, env=environment
    )


# Koolbase signs up twice in each language, and an address that tells too often who exists is told no more.
with dev(VESTIBULE_LIMITS__CONFLICTS="1000") as server, tempfile.TemporaryDirectory() as root:
    listed = requests.get(f"{server.base_url}/quickstart", params={"lang": "none"}, timeout=10).text
    dialects = listed.rsplit(" is one of ", 1)[1].rstrip(".\n").split(", ")
    for language, (name, tool, command) in LANGUAGES.items():
        if tool and not shutil.which(tool):
            print(f"{language}: not run, {tool} is not on this machine")
            continue
        folder = os.path.join(root, language)
        os.makedirs(folder)
        prepare(folder, language)
        for dialect in dialects:
            answer = requests.get(
                f"{server.base_url}/quickstart", params={"lang": language, "dialect": dialect}, timeout=10
            )
            assert answer.status_code == 200, answer.text
            pathlib.Path(folder, name).write_text(answer.text)
            email = f"{language}-{dialect}@example.com"
            if dialect == "rakcha":
                # This API has no sign-up of its own.
                assert server.post("/v1/auth/register", {"email": email, "password": PASSWORD}).status_code == 201
            done = run(folder, command, email)
            if dialect == "koolbase":
                # The first run signs up and hears that the address has to be verified.
                assert done.returncode != 0 and "email_not_verified" in done.stdout + done.stderr, done
                verify(server, email)
                done = run(folder, command, email)
            assert done.returncode == 0, f"{language} {dialect}: {done.stdout}{done.stderr}"
            last = done.stdout.strip().splitlines()[-1]
            expected = "[]" if dialect == "rakcha" else email
            assert expected in (done.stdout if language == "javascript" else last), done.stdout
        print(f"{language}: {', '.join(dialects)}")
