<?php
// {{ heading }}
// php quickstart.php
$url = '{{ base }}';
[$email, $password] = count($argv) > 2 ? array_slice($argv, 1, 2) : ['ada@example.org', 'SecureP@ss123'];

function call(string $method, string $path, ?array $body = null, ?string $token = null): string
{
    global $url;
    $headers = ['Content-Type: application/json'{% if key %}, '{{ key_header }}: {{ key }}'{% endif %}];
    if ($token) {
        $headers[] = "Authorization: Bearer $token";
    }
    $options = ['method' => $method, 'header' => $headers, 'ignore_errors' => true];
    if ($body) {
        $options['content'] = json_encode($body);
    }
    return file_get_contents($url . $path, false, stream_context_create(['http' => $options]));
}

{% if sign_up -%}
echo call('POST', '{{ sign_up }}', ['email' => $email, 'password' => $password]), "\n";
{% endif -%}
$answer = call('POST', '{{ sign_in }}', ['{{ identifier }}' => $email, 'password' => $password]);
$token = json_decode($answer, true)['{{ token }}'] ?? exit("not signed in: $answer\n");

echo call('GET', '{{ profile }}', null, $token), "\n";
