"""PyJWT with its own JWKS client verifies our tokens."""

import jwt

from server import dev

with dev() as server:
    token = server.signed_up("user@example.com")["access_token"]
    keys = jwt.PyJWKClient(f"{server.base_url}/.well-known/jwks.json")
    key = keys.get_signing_key_from_jwt(token)
    audience = jwt.decode(token, options={"verify_signature": False})["aud"]
    wanted = {"algorithms": ["RS256"], "audience": audience, "issuer": "rakomi.com"}

    claims = jwt.decode(token, key, **wanted)
    order = "iss sub aud tenant_id email sid iat exp jti rkm_env roles permissions".split()
    assert list(claims) == order, claims
    assert claims["exp"] == claims["iat"] + 900 and claims["rkm_env"] == "test", claims
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"

    head, body, signature = token.split(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    for wrong_token, wrong_wanted, error in [
        (f"{head}.{body}.{flipped}", wanted, jwt.InvalidSignatureError),
        (token, {**wanted, "issuer": "https://rakomi.com"}, jwt.InvalidIssuerError),
        (token, {**wanted, "audience": "another"}, jwt.InvalidAudienceError),
    ]:
        try:
            jwt.decode(wrong_token, key, **wrong_wanted)
        except error:
            continue
        raise AssertionError(f"PyJWT should have raised {error.__name__}")
print("PyJWT verifies the token and refuses a changed signature, issuer and audience")
