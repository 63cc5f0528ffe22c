// {{ heading }}
// Node 18 or later, Deno, Bun, or a browser: node quickstart.mjs
const url = '{{ base }}';
const [email = 'ada@example.org', password = 'SecureP@ss123'] = globalThis.process?.argv.slice(2) ?? [];

async function post(path, body) {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json'{% if key %}, '{{ key_header }}': '{{ key }}'{% endif %} },
    body: JSON.stringify(body),
  });
  return answer.json();
}

{% if sign_up -%}
console.log(await post('{{ sign_up }}', { email, password }));
{% endif -%}
const signedIn = await post('{{ sign_in }}', { {{ identifier }}: email, password });
if (!signedIn.{{ token }}) throw new Error(`not signed in: ${JSON.stringify(signedIn)}`);

const profile = await fetch(`${url}{{ profile }}`, {
  headers: { Authorization: `Bearer ${signedIn.{{ token }}}`{% if key %}, '{{ key_header }}': '{{ key }}'{% endif %} },
});
console.log(await profile.json());
