// A session against the Darukaa API with nothing but `fetch`, which refreshes when it hears UNAUTHORIZED.
import assert from 'node:assert/strict';

const base = process.argv[2];
const session = { access_token: 'expired', refresh_token: undefined };

async function send(method, path, body, token) {
    const headers = { 'Content-Type': 'application/json' };
    if (token) headers.Authorization = `Bearer ${token}`;
    const response = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
    return { status: response.status, body: await response.json(), headers: response.headers };
}

async function signedIn(method, path, body) {
    const answer = await send(method, path, body, session.access_token);
    if (answer.status !== 401 || answer.body.error.code !== 'UNAUTHORIZED') return answer;
    const refreshed = await send('POST', '/api/v1/auth/refresh-token', { refresh_token: session.refresh_token });
    assert.equal(refreshed.status, 200);
    Object.assign(session, refreshed.body);
    return send(method, path, body, session.access_token);
}

const person = { email: 'fetch@example.com', password: 'SecureP@ss123' };
const signedUp = await send('POST', '/api/v1/auth/signup', person);
assert.deepEqual([signedUp.status, signedUp.body], [201, 'Please verify your email to complete signup']);

const login = await send('POST', '/auth/login', person);
assert.equal(login.status, 200);
assert.equal(login.body.first_name, '');
session.refresh_token = login.body.refresh_token;

const { body: user } = await signedIn('GET', '/api/v1/auth/user');
assert.equal(user.email, person.email);
const edited = await signedIn('PUT', '/api/v1/auth/user', { ...user, last_name: 'Fetch' });
assert.deepEqual(edited.body, { ...user, last_name: 'Fetch' });
const refused = await signedIn('PUT', '/api/v1/auth/user', { ...user, email: 'other@example.com' });
assert.deepEqual([refused.status, refused.body.error.code], [400, 'VALIDATION_ERROR']);
assert.equal(refused.body.error.request_id, refused.headers.get('x-request-id'));

const out = await signedIn('POST', '/api/v1/auth/logout', { refresh_token: session.refresh_token });
assert.deepEqual([out.status, out.body], [200, 'Logged out']);
const after = await send('GET', '/api/v1/auth/user', undefined, session.access_token);
assert.equal(after.status, 401);
