-- Coordination: who is absent, who was assigned a request last, which resources are out, which jobs have run.

-- Absences are no events of a ticket. A row is never changed but to take it back, once.
CREATE TABLE absences (
    id          INTEGER PRIMARY KEY,
    person      TEXT NOT NULL,    -- address in lower case
    from_at     INTEGER NOT NULL,
    to_at       INTEGER NOT NULL, -- not included
    given_at    INTEGER NOT NULL,
    message     INTEGER REFERENCES messages (id), -- by which it was said
    taken_at    INTEGER,          -- when it was taken back
    taken_by    INTEGER REFERENCES messages (id),
    CHECK (from_at < to_at)
) STRICT;
CREATE INDEX absences_standing ON absences (to_at) WHERE taken_at IS NULL;

CREATE TRIGGER absences_kept BEFORE DELETE ON absences
BEGIN
    SELECT RAISE(ABORT, 'absences are kept');
END;

CREATE TRIGGER absences_unaltered BEFORE UPDATE ON absences
WHEN NOT (OLD.taken_at IS NULL AND NEW.taken_at IS NOT NULL AND NEW.id = OLD.id AND NEW.person = OLD.person
    AND NEW.from_at = OLD.from_at AND NEW.to_at = OLD.to_at AND NEW.given_at = OLD.given_at AND NEW.message IS OLD.message)
BEGIN
    SELECT RAISE(ABORT, 'absences are kept as they were given');
END;

-- When a technician was last assigned a request, for whoever has been idle longest. It follows from the events.
CREATE TABLE assignments (
    technician TEXT PRIMARY KEY, -- address in lower case
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the tickets hold of the technical resources. It follows from the tickets.
CREATE TABLE reservations (
    ticket   INTEGER NOT NULL REFERENCES tickets (id),
    resource TEXT NOT NULL,              -- folded name
    units    INTEGER NOT NULL CHECK (units > 0),
    due_at   INTEGER,                    -- when it should be back, NULL for at closure
    PRIMARY KEY (ticket, resource)
) STRICT, WITHOUT ROWID;
CREATE INDEX reservations_resource ON reservations (resource, units);
CREATE INDEX reservations_due ON reservations (due_at) WHERE due_at IS NOT NULL;

-- The last due time of each job that was handled, so that none is handled twice and none is lost while the daemon is down.
CREATE TABLE jobs (
    name     TEXT PRIMARY KEY,
    last_due INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
