// {{ heading }}
// cargo add ureq --features json && cargo add serde_json
use serde_json::{Value, json};

const URL: &str = "{{ base }}";

fn post(path: &str, body: &Value) -> Result<Value, ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = agent.post(format!("{URL}{path}")){% if key %}.header("{{ key_header }}", "{{ key }}"){% endif %};
    request.send_json(body)?.body_mut().read_json()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let email = arguments.next().unwrap_or("ada@example.org".into());
    let password = arguments.next().unwrap_or("SecureP@ss123".into());

{% if sign_up %}    println!("{}", post("{{ sign_up }}", &json!({"email": email, "password": password}))?);
{% endif %}    let signed_in = post("{{ sign_in }}", &json!({"{{ identifier }}": email, "password": password}))?;
    let token = signed_in["{{ token }}"].as_str().ok_or(format!("not signed in: {signed_in}"))?;

    let request = ureq::get(format!("{URL}{{ profile }}")){% if key %}.header("{{ key_header }}", "{{ key }}"){% endif %};
    let mut profile = request.header("Authorization", format!("Bearer {token}")).call()?;
    println!("{}", profile.body_mut().read_json::<Value>()?);
    Ok(())
}
