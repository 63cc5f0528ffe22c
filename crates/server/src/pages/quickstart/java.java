// {{ heading }}
// Java 17 or later: java Quickstart.java
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Pattern;

public class Quickstart {
    static final String URL = "{{ base }}";

    static String call(HttpRequest.Builder request) throws Exception {
        request.header("Content-Type", "application/json"){% if key %}.header("{{ key_header }}", "{{ key }}"){% endif %};
        return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString()).body();
    }

    static String post(String path, String body) throws Exception {
        return call(HttpRequest.newBuilder(URI.create(URL + path)).POST(BodyPublishers.ofString(body)));
    }

    public static void main(String[] arguments) throws Exception {
        var email = arguments.length > 1 ? arguments[0] : "ada@example.org";
        var password = arguments.length > 1 ? arguments[1] : "SecureP@ss123";
{%- if sign_up %}
        System.out.println(post("{{ sign_up }}", "{\"email\":\"" + email + "\",\"password\":\"" + password + "\"}"));
{%- endif %}

        // A real application reads JSON with a library of its choice.
        var answer = post("{{ sign_in }}", "{\"{{ identifier }}\":\"" + email + "\",\"password\":\"" + password + "\"}");
        var token = Pattern.compile("\"{{ token }}\":\"([^\"]+)\"").matcher(answer);
        if (!token.find()) throw new IllegalStateException("not signed in: " + answer);

        var profile = HttpRequest.newBuilder(URI.create(URL + "{{ profile }}"));
        System.out.println(call(profile.header("Authorization", "Bearer " + token.group(1))));
    }
}
