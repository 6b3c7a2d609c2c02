-- Retention: what was erased, and what is still to be. Erasing keeps the row, and takes out of it what names or describes people.

ALTER TABLE tickets ADD COLUMN erased_at INTEGER; -- NULL again as soon as something happens to the ticket
CREATE INDEX tickets_expiring ON tickets (closed_at) WHERE closed_at IS NOT NULL AND erased_at IS NULL;

ALTER TABLE messages ADD COLUMN erased_at INTEGER;
ALTER TABLE messages ADD COLUMN attached INTEGER NOT NULL DEFAULT 0; -- files that the mail brought, pictures in its text included
UPDATE messages SET attached = 1 WHERE id IN (SELECT message FROM events WHERE message IS NOT NULL AND json_array_length(data, '$.files') > 0);
CREATE INDEX messages_unfiled ON messages (received_at) WHERE ticket IS NULL AND erased_at IS NULL;

CREATE INDEX raws_kept ON raws (id) WHERE codec <> 'removed';
CREATE INDEX arrivals_raw ON arrivals (raw);
CREATE INDEX arrivals_message ON arrivals (message) WHERE message IS NOT NULL;
CREATE INDEX orders_message ON orders (message);

ALTER TABLE outbox ADD COLUMN erased_at INTEGER;
CREATE INDEX outbox_kept ON outbox (created_at) WHERE erased_at IS NULL;

-- Of an absence, whose it was may be erased, and nothing else.
DROP TRIGGER absences_unaltered;
CREATE TRIGGER absences_unaltered BEFORE UPDATE ON absences
WHEN NOT (NEW.id = OLD.id AND NEW.from_at = OLD.from_at AND NEW.to_at = OLD.to_at AND NEW.given_at = OLD.given_at AND NEW.message IS OLD.message
    AND (NEW.person = OLD.person AND OLD.taken_at IS NULL AND NEW.taken_at IS NOT NULL
        OR NEW.person = '' AND NEW.taken_at IS OLD.taken_at AND NEW.taken_by IS OLD.taken_by))
BEGIN
    SELECT RAISE(ABORT, 'absences are kept as they were given');
END;

-- Each run that erased something. There are no names in it.
CREATE TABLE retentions (
    id                 INTEGER PRIMARY KEY,
    at                 INTEGER NOT NULL,
    cause              TEXT NOT NULL,    -- the schedule, or a command
    personal_before    INTEGER,          -- what ended before was erased; NULL: nothing
    mails_before       INTEGER,
    attachments_before INTEGER,
    erased             TEXT NOT NULL     -- JSON: rows by kind
) STRICT;
