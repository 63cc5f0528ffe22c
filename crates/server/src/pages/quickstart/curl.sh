#!/bin/sh
# {{ heading }}
URL={{ base }}
EMAIL=${1:-ada@example.org}
PASSWORD=${2:-SecureP@ss123}

{% if sign_up -%}
curl -s "$URL{{ sign_up }}" -H 'Content-Type: application/json'{% if key %} -H '{{ key_header }}: {{ key }}'{% endif %} \
  -d "{\"email\": \"$EMAIL\", \"password\": \"$PASSWORD\"}"
echo

{% endif -%}
ANSWER=$(curl -s "$URL{{ sign_in }}" -H 'Content-Type: application/json'{% if key %} -H '{{ key_header }}: {{ key }}'{% endif %} \
  -d "{\"{{ identifier }}\": \"$EMAIL\", \"password\": \"$PASSWORD\"}")
TOKEN=$(printf '%s' "$ANSWER" | sed -n 's/.*"{{ token }}":"\([^"]*\)".*/\1/p')
if [ -z "$TOKEN" ]; then echo "not signed in: $ANSWER"; exit 1; fi

curl -s "$URL{{ profile }}" -H "Authorization: Bearer $TOKEN"{% if key %} -H '{{ key_header }}: {{ key }}'{% endif %}
echo
