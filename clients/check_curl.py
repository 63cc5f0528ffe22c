"""The documents' own curl commands, in their order, with only the host, the key and the token put in."""

import json
import pathlib
import re
import subprocess

from server import dev

DOCUMENTS = pathlib.Path(__file__).parent / "document"
RAKOMI = (DOCUMENTS / "rakomi.txt").read_text().splitlines()
RAKCHA = (DOCUMENTS / "rakcha.txt").read_text().splitlines()


def run(command, server, token):
    for sample, real in [
        ("https://api.rakomi.com", server.base_url),
        ("https://rakcha.example.com", server.base_url),
        ("akm_test_xxx", server.key),
        ("eyJhbGciOiJSUzI1NiIs...", token),
        ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...", token),
    ]:
        command = command.replace(sample, real)
    quiet = command.replace("curl ", "curl --silent --show-error --write-out '\\n%{http_code}' ", 1)
    printed = subprocess.run(["bash", "-c", quiet], capture_output=True, text=True, check=True, timeout=20).stdout
    body, status = printed.rsplit("\n", 1)
    return int(status), json.loads(body)


with dev() as server:
    health, register, login, me, jwks = RAKOMI
    status, body = run(health, server, "")
    assert (status, body["status"]) == (200, "ok") and body["version"], body

    status, body = run(register, server, "")
    assert status == 201 and list(body) == ["user_id", "email", "email_verified", "created_at"], body
    assert body["email"] == "user@example.com" and body["email_verified"] is False
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["created_at"]), body
    user = body["user_id"]

    status, tokens = run(login, server, "")
    assert status == 200 and list(tokens) == ["access_token", "refresh_token", "token_type", "expires_in"], tokens
    assert tokens["access_token"].startswith("eyJhbGciOiJSUzI1NiIs") and tokens["refresh_token"].startswith("rt_")
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)

    status, body = run(me, server, tokens["access_token"])
    assert status == 200 and body["user_id"] == user, body

    status, body = run(jwks, server, "")
    assert status == 200, body
    for key in body["keys"]:
        assert list(key) == ["kty", "kid", "alg", "use", "n", "e"], key
        assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")

    # This API has no sign-up: its document's user comes through another door.
    registered = server.post("/v1/auth/register", {"email": "client@example.com", "password": "your-password"})
    assert registered.status_code == 201, registered.text
    authenticate, films = RAKCHA
    status, body = run(authenticate, server, "")
    assert status == 200 and list(body) == ["token", "user"] and list(body["user"]) == ["id", "email", "role"], body
    assert body["token"].startswith("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."), body
    assert isinstance(body["user"]["id"], int) and body["user"]["role"] == "client", body
    assert run(films, server, body["token"]) == (200, [])
    assert run(films, server, "a.b.c") == (401, {"message": "Invalid credentials."})
    status, body = run(authenticate.replace("your-password", "wrong"), server, "")
    assert (status, body) == (401, {"message": "Invalid credentials."}), body
print("the documents' commands answer as documented")
