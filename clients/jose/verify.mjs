// The three framework snippets of the Rakomi document, reduced to their jose calls, unchanged but for the host.
// Reads one JSON command per line and answers each with one line.
import * as jose from 'jose';
import * as readline from 'node:readline';

const base = process.argv[2];
const JWKS = jose.createRemoteJWKSet(
    new URL(`${base}/.well-known/jwks.json`),
);

// Nuxt: `defineEventHandler`
async function handler(token) {
    const { payload } = await jose.jwtVerify(token, JWKS, {
        algorithms: ['RS256'],
        issuer: 'rakomi.com',
    });
    return payload;
}

// SvelteKit: `handle`
async function handle(token) {
    try {
        const { payload } = await jose.jwtVerify(token, JWKS, {
            algorithms: ['RS256'],
            issuer: 'rakomi.com',
        });
        return payload;
    } catch {
        return null;
    }
}

// Remix: `requireAuth`
async function requireAuth(request) {
    const token = request.headers.get('authorization')?.slice(7);
    if (!token) throw new Response('Unauthorized', { status: 401 });
    try {
        const { payload } = await jose.jwtVerify(token, JWKS, {
            algorithms: ['RS256'],
            issuer: 'rakomi.com',
        });
        return payload;
    } catch {
        throw new Response('Unauthorized', { status: 401 });
    }
}

async function verify(token) {
    const payload = await handler(token);
    const second = await handle(token);
    const third = await requireAuth(new Request(base, { headers: { authorization: `Bearer ${token}` } }));
    if (second?.jti !== payload.jti || third.jti !== payload.jti) throw new Error('the snippets disagree');
    return payload;
}

// The same call two hours later: jose's own way to move its clock.
async function verifyLater(token) {
    const currentDate = new Date(Date.now() + 2 * 3600 * 1000);
    return (await jose.jwtVerify(token, JWKS, { algorithms: ['RS256'], issuer: 'rakomi.com', currentDate })).payload;
}

for await (const line of readline.createInterface({ input: process.stdin })) {
    const { token, later } = JSON.parse(line);
    try {
        const payload = await (later ? verifyLater(token) : verify(token));
        console.log(JSON.stringify({ payload, kid: jose.decodeProtectedHeader(token).kid }));
    } catch (error) {
        console.log(JSON.stringify({ refused: error.code ?? String(error) }));
    }
}
