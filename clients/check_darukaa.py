"""The Darukaa API as its two documented kinds of client use it: `requests`, and `fetch` in Node."""

import datetime
import os
import re
import subprocess

import requests

from server import dev

SEVEN = ["access_token", "refresh_token", "email", "first_name", "last_name", "status", "is_email_verified"]


def refused(answer, status, code, message, details):
    """The documented failure, to the letter but for the request id and the time."""
    error = answer.json()["error"]
    assert answer.status_code == status and list(answer.json()) == ["error"], answer.text
    assert list(error) == ["code", "message", "details", "request_id", "timestamp"], answer.text
    assert (error["code"], error["message"], error["details"]) == (code, message, details), answer.text
    assert error["request_id"] == answer.headers["X-Request-Id"], answer.headers
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", error["timestamp"]), answer.text
    age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(error["timestamp"])
    assert abs(age.total_seconds()) < 60, answer.text


def with_requests(base):
    url = f"{base}/api/v1/auth"
    person = {"email": "user@example.com", "password": "SecureP@ss123", "first_name": "Ada", "last_name": "King"}
    answer = requests.post(f"{url}/signup", json=person, timeout=10)
    assert (answer.status_code, answer.json()) == (201, "Please verify your email to complete signup"), answer.text
    refused(requests.post(f"{url}/signup", json=person, timeout=10), 400, "EMAIL_ALREADY_EXISTS",
            "An account with this email already exists", "Please use a different email address or try logging in")
    refused(requests.post(f"{base}/auth/login", json={**person, "password": "wrong"}, timeout=10), 401,
            "INVALID_CREDENTIALS", "Invalid email or password", "The provided credentials do not match any account")

    answer = requests.post(f"{base}/auth/login", json=person, timeout=10)
    tokens = answer.json()
    assert answer.status_code == 200 and list(tokens) == SEVEN, answer.text
    assert list(tokens.values())[2:] == ["user@example.com", "Ada", "King", "active", False], tokens
    assert answer.headers["X-RateLimit-Limit"] == "1000" and int(answer.headers["X-RateLimit-Remaining"]) < 1000
    assert int(answer.headers["X-RateLimit-Reset"]) > 1_700_000_000, answer.headers

    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    user = requests.get(f"{url}/user", headers=headers, timeout=10).json()
    changed = requests.put(f"{url}/user", headers=headers, json={**user, "first_name": "Augusta"}, timeout=10)
    assert (changed.status_code, changed.json()) == (200, {**user, "first_name": "Augusta"}), changed.text
    refused(requests.get(f"{url}/user", timeout=10), 401, "UNAUTHORIZED", "Invalid or missing access token",
            "Please provide a valid Bearer token in the Authorization header")

    used = {"refresh_token": tokens["refresh_token"]}
    answer = requests.post(f"{url}/refresh", json=used, timeout=10)
    assert answer.status_code == 200 and list(answer.json()) == SEVEN, answer.text
    newest = {"refresh_token": answer.json()["refresh_token"]}
    assert newest != used
    refused(requests.post(f"{url}/logout", headers=headers, json=used, timeout=10), 401, "INVALID_REFRESH_TOKEN",
            "Invalid or expired refresh token", "The refresh token provided is not valid")
    assert requests.post(f"{url}/logout", headers=headers, json=newest, timeout=10).json() == "Logged out"
    refused(requests.post(f"{url}/refresh", json=newest, timeout=10), 401, "INVALID_REFRESH_TOKEN",
            "Invalid or expired refresh token", "Please login again to obtain a new refresh token")


with dev() as server:
    with_requests(server.base_url)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "darukaa", "session.mjs")
    subprocess.run(["node", script, server.base_url], check=True, timeout=60)
print("requests and fetch sign up, log in, refresh, edit the user and log out as documented")
