// {{ heading }}
// .NET 8 or later: put it into Program.cs of `dotnet new console`
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

var (email, password) = args.Length > 1 ? (args[0], args[1]) : ("ada@example.org", "SecureP@ss123");
using var client = new HttpClient { BaseAddress = new Uri("{{ base }}") };
{% if key -%}
client.DefaultRequestHeaders.Add("{{ key_header }}", "{{ key }}");
{% endif %}
{% if sign_up -%}
var signedUp = await client.PostAsJsonAsync("{{ sign_up }}", new { email, password });
Console.WriteLine(await signedUp.Content.ReadAsStringAsync());

{% endif -%}
var answer = await client.PostAsJsonAsync("{{ sign_in }}", new { {{ identifier }} = email, password });
var signedIn = await answer.Content.ReadFromJsonAsync<JsonObject>();
var token = signedIn?["{{ token }}"]?.GetValue<string>() ?? throw new Exception($"not signed in: {signedIn}");

client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
Console.WriteLine(await client.GetStringAsync("{{ profile }}"));
