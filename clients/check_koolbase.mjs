// A Koolbase client as an app writes one: it knows the document's base URL and paths, and tells errors apart by `code`.
//   node check_koolbase.mjs BASE_URL PUBLIC_KEY INBOX_URL
import assert from "node:assert/strict";

const [base, key, inbox] = process.argv.slice(2);

class Koolbase {
  constructor(sdk) {
    this.sdk = sdk;
    this.token = null;
  }

  async call(method, path, body) {
    const headers = { "x-api-key": key };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    if (body) headers["Content-Type"] = "application/json";
    const answer = await fetch(this.sdk + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    const json = text ? JSON.parse(text) : null;
    if (!answer.ok) throw Object.assign(new Error(json.error), { status: answer.status, code: json.code });
    return { status: answer.status, body: json };
  }

  // What an app shows its user, by the code alone.
  async login(email, password) {
    try {
      const { body } = await this.call("POST", "/sdk/auth/login", { email, password });
      this.token = body.token;
      return body.user;
    } catch (error) {
      switch (error.code) {
        case "invalid_credentials": return "try again";
        case "email_not_verified": return "read your mail";
        case "user_disabled": return "ask the admin";
        case "account_locked":
          assert.match(error.message, /account temporarily locked/);
          return "wait";
        default: throw error;
      }
    }
  }
}

const mailed = async (email) => {
  const answer = await fetch(`${inbox}.json?to=${encodeURIComponent(email)}`);
  const [newest] = (await answer.json()).data;
  return new URL(newest.links[0]).searchParams.get("token");
};

const refused = (promise, status, code) =>
  assert.rejects(promise, (error) => {
    assert.deepEqual([error.status, error.code], [status, code]);
    return true;
  });

const documented = ["id", "email", "verified", "created_at"];
const email = "user@example.com";

// The document prints the base with `/sdk` and the paths with `/sdk` too: joined as they stand, and joined as meant.
for (const [number, sdk] of [`${base}/v1/sdk`, `${base}/v1`].entries()) {
  const app = new Koolbase(sdk);
  const address = number ? `${number}.${email}` : email;

  const registered = await app.call("POST", "/sdk/auth/register", { email: address, password: "securepassword" });
  assert.equal(registered.status, 201);
  assert.deepEqual(Object.keys(registered.body).slice(0, 4), documented);
  assert.match(registered.body.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  await refused(app.call("POST", "/sdk/auth/register", { email: address, password: "securepassword" }), 409, "email_taken");

  assert.equal(await app.login(address, "securepassword"), "read your mail");
  assert.equal(await app.login(address, "wrong"), "try again");
  const token = await mailed(address);
  await app.call("POST", "/sdk/auth/verify-email", { token });
  await refused(app.call("POST", "/sdk/auth/verify-email", { token }), 400, "token_invalid");

  const user = await app.login(address, "securepassword");
  assert.deepEqual(Object.keys(user).slice(0, 4), documented);
  assert.equal(user.verified, true);
  assert.ok(app.token.startsWith("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."), app.token);
  assert.deepEqual((await app.call("GET", "/sdk/auth/me")).body, user);

  const forgot = await app.call("POST", "/sdk/auth/forgot-password", { email: address });
  assert.deepEqual(forgot.body, { message: "If that email exists, a reset link has been sent." });
  const reset = { token: await mailed(address), password: "newSecurePassword123" };
  const done = await app.call("POST", "/sdk/auth/reset-password", reset);
  assert.deepEqual(done.body, { message: "Password updated successfully." });
  await refused(app.call("POST", "/sdk/auth/reset-password", reset), 400, "token_invalid");
  await refused(app.call("GET", "/sdk/auth/me"), 401, "unauthorized");

  await app.login(address, "newSecurePassword123");
  assert.equal((await app.call("POST", "/sdk/auth/logout")).status, 204);
  await refused(app.call("GET", "/sdk/auth/me"), 401, "unauthorized");
}

const stranger = new Koolbase(`${base}/v1`);
for (let attempt = 0; attempt < 10; attempt += 1) {
  assert.equal(await stranger.login("nobody@example.com", "wrong"), "try again");
}
assert.equal(await stranger.login("nobody@example.com", "wrong"), "wait");
