"""schemathesis over the published OpenAPI document: no server error, no schema violation.

Its requests come through a trusted proxy address with a spread of client addresses, because no switch turns
limits off.
"""

import os
import pathlib
import subprocess
import sys

from server import dev

HOOKS = pathlib.Path(__file__).parent / "schemathesis_hooks.py"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method"

with dev(VESTIBULE_NETWORK__TRUSTED_PROXIES='["127.0.0.1/32"]') as server:
    token = server.signed_up("user@example.com")["access_token"]
    command = [
        os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run",
        f"{server.base_url}/openapi/rakomi.json", "--url", server.base_url,
        "--header", f"X-API-Key: {server.key}", "--header", f"Authorization: Bearer {token}",
        "--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", "40", "--seed", "1",
        "--request-timeout", "10", "--continue-on-failure", "--warnings", "off",
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS), "NO_COLOR": "1"}
    done = subprocess.run(command, env=environment, cwd=os.environ["CLIENTS_WORK"], timeout=900)
    assert done.returncode == 0, "schemathesis found a violation, printed above"
print("schemathesis found no server error and no schema violation")
