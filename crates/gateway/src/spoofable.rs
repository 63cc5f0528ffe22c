//! Headers by which upstreams are told who somebody is or what they asked for. From a client they are lies.

/// Beginnings of names, in lower case with dashes. Programs read `X-Auth-User`, `x_auth_user` and `X.Auth.User` as one
/// (CGI, WSGI and PHP turn what is no letter and no digit into `_`), so all of these are compared in one form.
const BEGINNINGS: [&str; 27] = [
    "x-auth-",
    "x-authenticated-",
    "x-authentik-",
    "x-remote-",
    "remote-",
    "http-remote-",
    "http-x-",
    "x-forwarded-",
    "x-original-",
    "x-rewrite-",
    "x-user-id",
    "x-user-email",
    "x-user-name",
    "x-user-role",
    "x-user-group",
    "x-webauth-",
    "x-vouch-",
    "x-consumer-",
    "x-credential-",
    "x-goog-authenticated-",
    "x-goog-iap-",
    "x-amzn-oidc-",
    "x-ms-client-principal",
    "x-client-cert",
    "x-client-ip",
    "ssl-client-",
    "x-ssl-client-",
];

/// Whole names.
const NAMES: [&str; 14] = [
    "forwarded",
    "remote-user",
    "x-user",
    "x-username",
    "x-email",
    "x-roles",
    "x-role",
    "x-groups",
    "x-real-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "x-cluster-client-ip",
    "x-request-id",
    "x-api-key",
];

/// Longest name that is compared; none of ours is longer.
const LONGEST: usize = 32;

/// Whether a header of this name from a client is kept from upstreams.
pub(crate) fn is_spoofable(name: &str) -> bool {
    let mut form = [0; LONGEST];
    let length = name.len().min(LONGEST);
    for (to, from) in form.iter_mut().zip(name.bytes()) {
        *to = if from.is_ascii_alphanumeric() {
            from.to_ascii_lowercase()
        } else {
            b'-'
        };
    }
    let form = form.get(..length).unwrap_or_default();
    if !matches!(form.first(), Some(b'x' | b'r' | b'h' | b'f' | b't' | b'c' | b's')) {
        return false;
    }
    BEGINNINGS
        .iter()
        .any(|beginning| form.starts_with(beginning.as_bytes()))
        || NAMES
            .iter()
            .any(|whole| name.len() <= LONGEST && form == whole.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g03_every_spelling_of_an_identity_header_is_known() {
        for name in [
            "x-auth-user-id",
            "X-Auth-User-Id",
            "x_auth_user_id",
            "X_AUTH-User_Id",
            "x.auth.email",
            "x-auth-request-user",
            "X-Auth-Request-Access-Token",
            "x-auth-",
            "remote-user",
            "Remote_User",
            "REMOTE.GROUPS",
            "http_remote_user",
            "http_x_auth_email",
            "x-remote-user",
            "x-forwarded-user",
            "X_Forwarded_Preferred_Username",
            "x-forwarded-for",
            "x_forwarded_host",
            "forwarded",
            "x-original-url",
            "x-rewrite-url",
            "x_real_ip",
            "x-user",
            "x_user_id",
            "x-user-roles",
            "x-webauth-user",
            "x-request-id",
            "x_request_id",
            "x-api-key",
            "x-goog-iap-jwt-assertion",
            "x-amzn-oidc-identity",
            "SSL_CLIENT_S_DN",
        ] {
            assert!(is_spoofable(name), "{name}");
        }
        for name in [
            "accept",
            "authorization",
            "cookie",
            "x-user-agent",
            "x-authority",
            "x-client-version",
            "x-requested-with",
            "x-csrf-token",
            "remote",
            "x-request-identity",
            "content-type",
            "x-",
            "",
            "a-name-that-is-longer-than-any-name-of-an-identity",
        ] {
            assert!(!is_spoofable(name), "{name}");
        }
    }
}
