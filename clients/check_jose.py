"""The document's jose snippets verify our tokens, refuse others, and live through a key rotation."""

import base64
import json
import os
import subprocess
import time

from server import dev

# jose fetches a key set again for an unknown kid at most every 30 seconds, so a new key must have been
# published for longer than that before it signs. In production the default is 300 seconds.
MAX_AGE = 31


class Jose:
    def __init__(self, base_url):
        script = os.path.join(os.environ["CLIENTS_WORK"], "verify.mjs")
        self.child = subprocess.Popen(
            ["node", script, base_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def verify(self, token, later=False):
        self.child.stdin.write(json.dumps({"token": token, "later": later}) + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def close(self):
        self.child.stdin.close()
        assert self.child.wait(timeout=10) == 0


def tampered(token):
    """The same token with another e-mail address in its claims."""
    header, claims, signature = token.split(".")
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    decoded["email"] = "mallory@example.com"
    forged = base64.urlsafe_b64encode(json.dumps(decoded).encode()).decode().rstrip("=")
    return f"{header}.{forged}.{signature}"


def until_rotated(server, email, old_kid, jose):
    """Logs in once a second until another key signs; every token on the way must verify."""
    deadline = time.monotonic() + MAX_AGE + 60
    while time.monotonic() < deadline:
        answer = jose.verify(server.log_in(email)["access_token"])
        assert "payload" in answer, f"a valid token was refused across the rotation: {answer}"
        if answer["kid"] != old_kid:
            return
        time.sleep(2)
    raise AssertionError("the new key never signed")


with dev(VESTIBULE_JWKS__MAX_AGE=str(MAX_AGE)) as server:
    tokens = server.signed_up("user@example.com")
    jose = Jose(server.base_url)
    first = jose.verify(tokens["access_token"])
    assert first["payload"]["email"] == "user@example.com" and first["payload"]["iss"] == "rakomi.com", first
    assert jose.verify(tampered(tokens["access_token"]))["refused"] == "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
    assert jose.verify(tokens["access_token"], later=True)["refused"] == "ERR_JWT_EXPIRED"

    with dev(VESTIBULE_RAKOMI__ISSUER="another.example") as other:
        stranger = other.signed_up("user@example.com")["access_token"]
        assert jose.verify(stranger)["refused"] == "ERR_JWKS_NO_MATCHING_KEY"
        second = Jose(other.base_url)
        assert second.verify(stranger)["refused"] == "ERR_JWT_CLAIM_VALIDATION_FAILED"
        second.close()

    server.command("key", "signing", "rotate", "--project", "default", "--environment", "test", "--dialect", "rakomi", "--json")
    until_rotated(server, "user@example.com", first["kid"], jose)
    assert "payload" in jose.verify(tokens["access_token"]), "a token of the old key must verify until it expires"
    jose.close()
print("three snippets verify; tampered, expired, foreign and wrong-issuer tokens are refused; a rotation is invisible")
