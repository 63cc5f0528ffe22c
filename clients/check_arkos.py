"""A browser-like session on the Arkos API: the cookie is kept and sent by the client alone."""

import requests

from server import dev

PASSWORD, LATER = "StrongP@ss123", "EvenStronger@456"
NOT_LOGGED_IN = {"status": "error", "message": "You are not logged in! Please log in to get access."}


def expect(answer, status, body=None):
    assert answer.status_code == status, f"{answer.request.url}: {answer.status_code} {answer.text}"
    assert body is None or answer.json() == body, answer.text
    return answer


with dev() as server:
    api = server.base_url + "/api"
    browser = requests.Session()
    user = {"email": "user@example.com", "password": PASSWORD, "name": "John Doe"}
    profile = expect(browser.post(f"{api}/auth/signup", json=user), 201).json()["data"]
    assert list(profile) == ["id", "email", "name", "createdAt", "updatedAt"], profile
    expect(browser.get(f"{api}/users/me"), 401, NOT_LOGGED_IN)

    login = {"username": "user@example.com", "password": PASSWORD}
    token = expect(browser.post(f"{api}/auth/login", json=login), 200).json()["accessToken"]
    kept = {cookie.name: cookie for cookie in browser.cookies}["arkos_access_token"]
    # `dev` speaks plain HTTP, where a browser would not keep a Secure cookie.
    assert kept.value == token and kept.has_nonstandard_attr("HttpOnly") and not kept.secure, vars(kept)
    assert not kept.is_expired() and kept.path == "/"
    expect(browser.get(f"{api}/users/me"), 200, {"data": profile})

    evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    expect(browser.delete(f"{api}/users/me", headers=evil), 403)
    changed = expect(browser.patch(f"{api}/users/me", json={"name": "John Smith", "bio": "Software Engineer"}), 200)
    assert list(changed.json()["data"]) == ["id", "email", "name", "bio", "createdAt", "updatedAt"], changed.text
    body = {"currentPassword": PASSWORD, "newPassword": LATER}
    done = {"status": "success", "message": "Password updated successfully!"}
    answer = expect(browser.post(f"{api}/auth/update-password", json=body), 200, done)
    assert answer.headers["RateLimit-Policy"] == "10;w=5", answer.headers

    expect(browser.delete(f"{api}/auth/logout"), 204)
    assert "arkos_access_token" not in browser.cookies, "the client forgot the cookie"
    bearer = {"Authorization": f"Bearer {token}"}
    expect(requests.get(f"{api}/users/me", headers=bearer, timeout=10), 401, NOT_LOGGED_IN)

    expect(browser.post(f"{api}/auth/login", json={**login, "password": LATER}), 200)
    expect(browser.delete(f"{api}/users/me"), 204)
    expect(browser.get(f"{api}/users/me"), 401, NOT_LOGGED_IN)
print("a session kept by cookie alone signs up, logs in, changes, logs out and deletes itself")
