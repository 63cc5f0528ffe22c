-- The processes that serve this database together, each until when it counts as alive, in the database's own time.
CREATE TABLE nodes (
    id BYTES PRIMARY KEY,
    alive_until BIGINT NOT NULL
) TABLE_END;

-- Who is sending a mail: what a node that died was sending is sent by another.
ALTER TABLE outbox ADD COLUMN claimed_by BYTES;
CREATE INDEX outbox_claimed ON outbox (claimed_by) WHERE claimed_by IS NOT NULL;
