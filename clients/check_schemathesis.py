"""schemathesis over the published OpenAPI documents: no server error, no schema violation.

Its requests come through a trusted proxy address with a spread of client addresses, because no switch turns
limits off.
"""

import os
import pathlib
import subprocess
import sys

from server import dev

HOOKS = pathlib.Path(__file__).parent / "schemathesis_hooks.py"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"

PASSWORD = "SecureP@ss123"

#: Each document with the sign-in whose token opens its routes.
SIGN_INS = {
    "rakomi": ("/v1/auth/login", "email", "access_token"),
    "rakcha": ("/api/users/auth", "email", "token"),
    "koolbase": ("/v1/sdk/auth/login", "email", "token"),
    "darukaa": ("/auth/login", "email", "access_token"),
    "arkos": ("/api/auth/login", "username", "accessToken"),
}


def explore(server, dialect, email):
    path, identifier, token = SIGN_INS[dialect]
    signed_in = server.post(path, {identifier: email, "password": PASSWORD}).json()
    # Arkos documents 404 for another method too.
    checks = CHECKS if dialect == "arkos" else f"{CHECKS},unsupported_method"
    command = [
        os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run",
        f"{server.base_url}/openapi/{dialect}.json", "--url", server.base_url,
        "--header", f"X-API-Key: {server.key}", "--header", f"Authorization: Bearer {signed_in[token]}",
        "--checks", checks, "--phases", "examples,coverage,fuzzing", "--max-examples", "40", "--seed", "1",
        "--request-timeout", "10", "--continue-on-failure", "--warnings", "off",
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS), "NO_COLOR": "1"}
    done = subprocess.run(command, env=environment, cwd=os.environ["CLIENTS_WORK"], timeout=900)
    assert done.returncode == 0, f"schemathesis found a violation of {dialect}.json, printed above"


with dev(VESTIBULE_NETWORK__TRUSTED_PROXIES='["127.0.0.1/32"]', VESTIBULE_KOOLBASE__VERIFIED_EMAIL="false") as server:
    for dialect in sys.argv[1:] or SIGN_INS:
        email = f"{dialect}@example.com"
        server.signed_up(email, PASSWORD)
        explore(server, dialect, email)
print("schemathesis found no server error and no schema violation")
