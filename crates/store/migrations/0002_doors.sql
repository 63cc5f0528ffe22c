-- What the other doors need: host names that lead to a project, and sessions that end when they are not used.

CREATE TABLE project_hosts (
    host TEXT_C PRIMARY KEY,
    project BYTES NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    environment TEXT_C NOT NULL
) TABLE_END;
CREATE INDEX project_hosts_by_project ON project_hosts (project);

ALTER TABLE sessions ADD COLUMN idle_until BIGINT;
