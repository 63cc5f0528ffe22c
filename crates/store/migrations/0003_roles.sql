-- Roles of a realm, what they permit, and who has them. Roles and permissions are few per realm, assignments grow with
-- the users.

CREATE TABLE roles (
    id BYTES PRIMARY KEY,
    project BYTES NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    environment TEXT_C NOT NULL,
    name TEXT_C NOT NULL,
    superuser BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (project, environment, name)
) TABLE_END;

CREATE TABLE permissions (
    id BYTES PRIMARY KEY,
    project BYTES NOT NULL,
    environment TEXT_C NOT NULL,
    role BYTES NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    resource TEXT_C NOT NULL,
    action TEXT_C NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (role, resource, action)
) TABLE_END;
CREATE INDEX permissions_by_realm ON permissions (project, environment);

-- `configured` says that the role stands in the configuration and not in the table above, which is why `role`
-- references nothing.
CREATE TABLE role_assignments (
    id BYTES PRIMARY KEY,
    project BYTES NOT NULL,
    environment TEXT_C NOT NULL,
    user_id BYTES NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role BYTES NOT NULL,
    configured BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (user_id, role)
) TABLE_END;
CREATE INDEX role_assignments_by_age ON role_assignments (project, environment, configured, created_at, id);
CREATE INDEX role_assignments_by_change ON role_assignments (project, environment, configured, updated_at, id);
CREATE INDEX role_assignments_of_role_by_age ON role_assignments (role, created_at, id);
CREATE INDEX role_assignments_of_role_by_change ON role_assignments (role, updated_at, id);

-- Deleted roles whose assignments, which mean nothing any more, are still being deleted in batches.
CREATE TABLE departed_roles (
    role BYTES PRIMARY KEY
) TABLE_END;
