# {{ heading }}
# pip install requests
import sys

import requests

url = "{{ base }}"
email, password = sys.argv[1:3] if len(sys.argv) > 2 else ("ada@example.org", "SecureP@ss123")
session = requests.Session()
{% if key -%}
session.headers["{{ key_header }}"] = "{{ key }}"
{% endif %}
{% if sign_up -%}
print(session.post(url + "{{ sign_up }}", json={"email": email, "password": password}).json())

{% endif -%}
signed_in = session.post(url + "{{ sign_in }}", json={"{{ identifier }}": email, "password": password}).json()
if "{{ token }}" not in signed_in:
    sys.exit(f"not signed in: {signed_in}")

session.headers["Authorization"] = f"Bearer {signed_in['{{ token }}']}"
print(session.get(url + "{{ profile }}").json())
