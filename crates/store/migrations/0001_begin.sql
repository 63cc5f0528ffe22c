-- The words BYTES, TEXT_C and TABLE_END are spelled by the migrator for each database.
-- Times are BIGINT microseconds since 1970 in UTC; ids are the sixteen bytes of a UUIDv7; JSON is TEXT.

-- What belongs to the whole instance: the master key's fingerprint, the epoch that a restore moves.
CREATE TABLE instance (
    name TEXT_C PRIMARY KEY,
    value TEXT NOT NULL
) TABLE_END;

CREATE TABLE projects (
    id BYTES PRIMARY KEY,
    slug TEXT_C NOT NULL UNIQUE,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    disabled_at BIGINT
) TABLE_END;

-- The browser origins that projects list in their settings, by origin: a preflight names no project.
CREATE TABLE allowed_origins (
    origin TEXT_C NOT NULL,
    project BYTES NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    PRIMARY KEY (origin, project)
) TABLE_END;
CREATE INDEX allowed_origins_by_project ON allowed_origins (project);

-- Only hashes of API keys are kept; the hint is their last characters.
CREATE TABLE api_keys (
    id BYTES PRIMARY KEY,
    project BYTES NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    environment TEXT_C NOT NULL,
    kind TEXT_C NOT NULL,
    hash BYTES NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
) TABLE_END;
CREATE INDEX api_keys_by_project ON api_keys (project, created_at);

-- Secret keys, sealed by the master key: signing keys of project x environment x dialect, refresh MAC keys and
-- code peppers of project x environment (dialect is then empty).
CREATE TABLE secret_keys (
    id BYTES PRIMARY KEY,
    project BYTES NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    environment TEXT_C NOT NULL,
    dialect TEXT_C NOT NULL,
    purpose TEXT_C NOT NULL,
    algorithm TEXT_C NOT NULL,
    kid TEXT_C NOT NULL UNIQUE,
    sealed BYTES NOT NULL,
    created_at BIGINT NOT NULL,
    active_from BIGINT NOT NULL,
    retired_at BIGINT,
    expires_at BIGINT,
    revoked_at BIGINT
) TABLE_END;
CREATE INDEX secret_keys_by_realm ON secret_keys (project, environment, dialect, purpose, active_from);

CREATE TABLE user_numbers (
    project BYTES NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    environment TEXT_C NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (project, environment)
) TABLE_END;

CREATE TABLE users (
    id BYTES PRIMARY KEY,
    project BYTES NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    environment TEXT_C NOT NULL,
    number BIGINT NOT NULL,
    email TEXT_C NOT NULL,
    email_typed TEXT NOT NULL,
    email_verified_at BIGINT,
    profile TEXT NOT NULL,
    public_metadata TEXT NOT NULL,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (project, environment, email),
    UNIQUE (project, environment, number)
) TABLE_END;

-- Identifiers other than the e-mail address: values at paths of the profile that the user schema marks.
CREATE TABLE identifiers (
    project BYTES NOT NULL,
    environment TEXT_C NOT NULL,
    path TEXT_C NOT NULL,
    value TEXT_C NOT NULL,
    user_id BYTES NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (project, environment, path, value)
) TABLE_END;
CREATE INDEX identifiers_by_user ON identifiers (user_id);

CREATE TABLE credentials (
    user_id BYTES PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    hash TEXT NOT NULL,
    changed_at BIGINT NOT NULL
) TABLE_END;

-- Consecutive failures of an account: by user id, or by the typed name when there is no such user.
CREATE TABLE login_attempts (
    project BYTES NOT NULL,
    environment TEXT_C NOT NULL,
    account BYTES NOT NULL,
    failures BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (project, environment, account)
) TABLE_END;
CREATE INDEX login_attempts_by_age ON login_attempts (updated_at);

-- One row is one refresh family: the generation `leaf` is the only live one.
CREATE TABLE sessions (
    id BYTES PRIMARY KEY,
    user_id BYTES NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project BYTES NOT NULL,
    environment TEXT_C NOT NULL,
    dialect TEXT_C NOT NULL,
    salt BYTES NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_why TEXT_C,
    leaf BIGINT NOT NULL,
    parent BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    leaf_used_at BIGINT,
    user_agent TEXT,
    ip_hash TEXT NOT NULL,
    CHECK (parent < leaf)
) TABLE_END;
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
CREATE INDEX sessions_not_ended ON sessions (user_id, created_at) WHERE revoked_at IS NULL;
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Mailed one-time secrets, of which only hashes are kept. A row without a user is equal work for an unknown address.
CREATE TABLE mailed_secrets (
    id BYTES PRIMARY KEY,
    user_id BYTES REFERENCES users (id) ON DELETE CASCADE,
    project BYTES NOT NULL,
    environment TEXT_C NOT NULL,
    purpose TEXT_C NOT NULL,
    email TEXT_C NOT NULL,
    token_hash BYTES NOT NULL UNIQUE,
    code_hash BYTES NOT NULL,
    code_failures BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    voided_at BIGINT
) TABLE_END;
CREATE INDEX mailed_secrets_by_user ON mailed_secrets (user_id, purpose, created_at);
CREATE INDEX mailed_secrets_by_end ON mailed_secrets (expires_at);

-- Mail on its way. The payload is sealed, and goes when the mail has gone; `dev` keeps it for its inbox.
CREATE TABLE outbox (
    id BYTES PRIMARY KEY,
    project BYTES NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    environment TEXT_C NOT NULL,
    kind TEXT_C NOT NULL,
    payload BYTES,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    next_attempt_at BIGINT,
    attempts BIGINT NOT NULL,
    last_error TEXT,
    sent_at BIGINT,
    dead_at BIGINT
) TABLE_END;
CREATE INDEX outbox_by_turn ON outbox (next_attempt_at);
CREATE INDEX outbox_by_age ON outbox (created_at);

-- Who did what, when, from where, in the transaction of the act itself.
CREATE TABLE audit (
    id BYTES PRIMARY KEY,
    project BYTES NOT NULL,
    environment TEXT_C NOT NULL,
    at BIGINT NOT NULL,
    act TEXT_C NOT NULL,
    outcome TEXT_C NOT NULL,
    actor TEXT_C NOT NULL,
    user_id BYTES,
    session_id BYTES,
    dialect TEXT_C NOT NULL,
    ip TEXT,
    user_agent TEXT,
    request_id TEXT_C NOT NULL,
    detail TEXT
) TABLE_END;
CREATE INDEX audit_by_user ON audit (user_id, at);
CREATE INDEX audit_by_project ON audit (project, environment, at);
