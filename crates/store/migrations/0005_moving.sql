-- A move of another database into this one (`vestibule migrate --from … --to …`) as long as it is unfinished: one row,
-- which says where from, and how far the rows have come. A database that has it is not served.
CREATE TABLE moving (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    source TEXT NOT NULL,
    -- The table whose rows arrive, the key of the last that has, encoded, and how many have in all tables. No table:
    -- everything has arrived and is to be compared.
    table_name TEXT,
    last_key BYTES,
    arrived BIGINT NOT NULL
) TABLE_END;
