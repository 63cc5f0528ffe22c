-- What clients sent, where all nodes count it; a window is as `model::budget::Window` writes it. Every request changes its
-- row, `expires_at` only once in a minute: PostgreSQL then leaves the indexes alone.

CREATE TABLE budget_windows (
    key TEXT_C PRIMARY KEY,
    counted TEXT NOT NULL,
    expires_at BIGINT NOT NULL
) TABLE_END;
CREATE INDEX budget_windows_by_end ON budget_windows (expires_at);
