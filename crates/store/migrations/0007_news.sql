-- Whether there is news for the caches: one row, which gets a new random number with whatever is announced to other
-- nodes. A node that hears nothing looks at it.
CREATE TABLE news (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    told BIGINT NOT NULL
) TABLE_END;
INSERT INTO news (one, told) VALUES (1, 0);
