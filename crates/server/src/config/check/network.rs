//! Who is believed, who is answered, and where links lead.

use super::{Finding, error, warning};
use crate::address;
use ipnet::IpNet;
use vestibule_model::GatewayRule;
use vestibule_model::settings::Links;

pub(super) const ORIGINS: &str = "cors.allowed_origins";

/// An upstream is sent tokens, and believes whatever names a user.
pub(super) fn plain_upstream(rule: &GatewayRule) -> Option<Finding> {
    let base = address::base_url(&rule.upstream)?;
    let message = format!(
        "{} is sent tokens and told who users are without TLS: nobody else may reach or read that network",
        rule.upstream
    );
    (!base.secure && !base.loopback).then(|| warning("gateway", message))
}

/// Links in mails are built from it, and passwords travel to it.
pub(super) fn public_url(url: Option<&str>) -> Option<Finding> {
    let setting = "server.public_url";
    let Some(url) = url else {
        return Some(error(
            setting,
            "is not set: name the URL that clients use, such as \"https://auth.example.com\"",
        ));
    };
    match address::base_url(url) {
        None => Some(error(
            setting,
            format!("\"{url}\" is not a base URL such as \"https://auth.example.com\" (no path, no query)"),
        )),
        Some(base) if !base.secure && !base.loopback => Some(error(
            setting,
            format!("\"{url}\" sends passwords in the clear: use https"),
        )),
        Some(_) => None,
    }
}

/// Whoever is in one of these networks chooses the address that limits and audit see.
pub(super) fn trusted_proxies(networks: &[IpNet]) -> impl Iterator<Item = Finding> {
    let wide = |network: &&IpNet| match network {
        IpNet::V4(network) => network.prefix_len() < 8,
        // Private networks are `fc00::/7` together.
        IpNet::V6(network) => network.prefix_len() < 7,
    };
    networks.iter().filter(wide).map(|network| {
        error(
            "network.trusted_proxies",
            format!(
                "{network} lets far too many clients choose their address: name the proxies alone, such as 10.0.0.7/32"
            ),
        )
    })
}

/// What is compared with the host that a request names, whose port is taken away before.
pub(super) fn hosts(hosts: &[String]) -> impl Iterator<Item = Finding> {
    hosts.iter().filter(|host| !is_bare(host)).map(|host| {
        error(
            "network.hosts",
            format!(
                "\"{host}\" is never what a request names: write a bare host name such as \"auth.example.com\", without \
                 scheme, port, path or wildcard"
            ),
        )
    })
}

fn is_bare(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    host.strip_suffix('.').unwrap_or(host).split('.').all(label)
}

/// The mailed links that would carry a token in the clear: each setting, and what to do.
pub fn plain_links(links: &Links) -> impl Iterator<Item = (&'static str, String)> {
    let set = [
        ("links.verify_email", &links.verify_email),
        ("links.reset_password", &links.reset_password),
    ];
    let set = set
        .into_iter()
        .filter_map(|(setting, link)| Some((setting, link.as_deref()?)));
    set.filter(|(_, link)| is_plain(link)).map(|(setting, link)| {
        let message = format!("\"{link}\" sends the token of the link in the clear: use https");
        (setting, message)
    })
}

fn is_plain(link: &str) -> bool {
    let host = address::host(&link.replace("{token}", "token"));
    link.starts_with("http://") && !host.is_some_and(|host| address::is_loopback(&host))
}

/// Who may read answers in a browser is named exactly.
pub(super) fn origin(origin: &str) -> Option<Finding> {
    let setting = ORIGINS;
    if origin.contains('*') {
        return Some(error(
            setting,
            format!("\"{origin}\" is a wildcard: name exact origins such as \"https://app.example.com\""),
        ));
    }
    address::base_url(origin).is_none().then(|| {
        error(
            setting,
            format!("\"{origin}\" is not an origin such as \"https://app.example.com\""),
        )
    })
}
