-- Times are Unix milliseconds in UTC. A ticket's id is year * 1000000000 + serial, so that the number, the row and the
-- full-text document share one key that grows in the order of registration.

PRAGMA application_id = 1380009033; -- "RADI"

CREATE TABLE migrations (
    version    INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    program    TEXT NOT NULL, -- the version that applied it
    applied_at INTEGER NOT NULL
) STRICT;

-- Ledger: every mail byte for byte, and where it lay.

CREATE TABLE raws (
    id      INTEGER PRIMARY KEY,
    digest  BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256 of the mail
    size    INTEGER NOT NULL,                                 -- bytes of the mail
    codec   TEXT NOT NULL CHECK (codec IN ('zstd', 'none', 'removed')),
    content BLOB,
    CHECK ((content IS NULL) = (codec = 'removed'))
) STRICT;

CREATE TABLE mailboxes (
    name    TEXT PRIMARY KEY,
    cut_off INTEGER NOT NULL -- older mails are left to an import
) STRICT, WITHOUT ROWID;

CREATE TABLE positions (
    mailbox     TEXT NOT NULL REFERENCES mailboxes (name),
    uidvalidity INTEGER NOT NULL,
    uid         INTEGER NOT NULL, -- the highest that was seen
    PRIMARY KEY (mailbox, uidvalidity)
) STRICT, WITHOUT ROWID;

-- The raw mail is part of the key: a server that gives a UID to another mail, against RFC 3501, must not make us lose it.
CREATE TABLE arrivals (
    id            INTEGER PRIMARY KEY,
    mailbox       TEXT NOT NULL REFERENCES mailboxes (name),
    uidvalidity   INTEGER NOT NULL,
    uid           INTEGER NOT NULL,
    raw           INTEGER NOT NULL REFERENCES raws (id),
    internal_date INTEGER,
    taken_at      INTEGER NOT NULL,
    size          INTEGER NOT NULL, -- bytes of the whole mail, also where truncated
    truncated     INTEGER NOT NULL,
    structure     TEXT,             -- JSON of the parts that were left, where truncated
    state         TEXT NOT NULL DEFAULT 'taken' CHECK (state IN ('taken', 'processed', 'quarantined')),
    reason        TEXT,
    attempts      INTEGER NOT NULL DEFAULT 0,
    message       INTEGER REFERENCES messages (id),
    settled_at    INTEGER,
    moved_at      INTEGER,
    UNIQUE (mailbox, uidvalidity, uid, raw)
) STRICT;
CREATE INDEX arrivals_pending ON arrivals (id) WHERE state = 'taken';
CREATE INDEX arrivals_unmoved ON arrivals (mailbox, uidvalidity, uid) WHERE state <> 'taken' AND moved_at IS NULL;

-- Messages: one row a distinct mail.

CREATE TABLE messages (
    id           INTEGER PRIMARY KEY,
    identity     BLOB NOT NULL UNIQUE,
    raw          INTEGER NOT NULL REFERENCES raws (id),
    message_id   TEXT NOT NULL, -- without angle brackets, '' where absent
    from_name    TEXT NOT NULL,
    from_addr    TEXT NOT NULL,
    subject      TEXT NOT NULL,
    class        TEXT NOT NULL,
    class_reason TEXT NOT NULL,
    proven       INTEGER NOT NULL,
    proof        TEXT NOT NULL,
    proof_reason TEXT NOT NULL,
    received_at  INTEGER NOT NULL,
    ticket       INTEGER REFERENCES tickets (id),
    text         TEXT NOT NULL, -- what was said now
    defects      TEXT           -- JSON
) STRICT;
CREATE INDEX messages_raw ON messages (raw);
CREATE INDEX messages_message_id ON messages (message_id) WHERE message_id <> '';
CREATE INDEX messages_ticket ON messages (ticket) WHERE ticket IS NOT NULL;

-- Tickets: what their events add up to.

CREATE TABLE counters (
    year INTEGER PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

CREATE TABLE tickets (
    id            INTEGER PRIMARY KEY,
    number        TEXT NOT NULL,
    version       INTEGER NOT NULL,
    state         TEXT NOT NULL,
    open          INTEGER NOT NULL, -- the desk still owes work
    priority      TEXT NOT NULL,
    requester     TEXT NOT NULL,    -- address in lower case
    technician    TEXT NOT NULL,    -- likewise, '' for none
    subject       TEXT NOT NULL,
    registered_at INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL,
    resolved_at   INTEGER,
    closed_at     INTEGER,
    body          TEXT NOT NULL     -- the whole ticket as JSON
) STRICT;
CREATE INDEX tickets_registered ON tickets (registered_at);
CREATE INDEX tickets_state ON tickets (state, registered_at);
CREATE INDEX tickets_priority ON tickets (priority, registered_at);
CREATE INDEX tickets_requester ON tickets (requester, registered_at);
CREATE INDEX tickets_technician ON tickets (technician, registered_at);
CREATE INDEX tickets_load ON tickets (technician) WHERE open = 1;

-- Events: append-only, one hash chain over the whole register. Salt, actor and data may be erased, and only erased, so
-- that personal data can go while the chain still holds over their digests.

CREATE TABLE events (
    id           INTEGER PRIMARY KEY,
    ticket       INTEGER NOT NULL REFERENCES tickets (id),
    seq          INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    at           INTEGER NOT NULL,
    message      INTEGER REFERENCES messages (id),
    salt         BLOB,
    actor        TEXT,          -- JSON
    data         TEXT,          -- JSON
    actor_digest BLOB NOT NULL, -- SHA-256 of salt and actor
    data_digest  BLOB NOT NULL, -- SHA-256 of salt and data
    hash         BLOB NOT NULL,
    UNIQUE (ticket, seq),
    CHECK ((salt IS NULL) = (actor IS NULL) AND (salt IS NULL) = (data IS NULL))
) STRICT;

CREATE TRIGGER events_consecutive BEFORE INSERT ON events
WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM events)
BEGIN
    SELECT RAISE(ABORT, 'events are appended one after the other');
END;

CREATE TRIGGER events_kept BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

CREATE TRIGGER events_unaltered BEFORE UPDATE ON events
WHEN NOT (NEW.salt IS NULL AND NEW.actor IS NULL AND NEW.data IS NULL
    AND NEW.id = OLD.id AND NEW.ticket = OLD.ticket AND NEW.seq = OLD.seq AND NEW.kind = OLD.kind AND NEW.at = OLD.at
    AND NEW.message IS OLD.message AND NEW.actor_digest = OLD.actor_digest AND NEW.data_digest = OLD.data_digest
    AND NEW.hash = OLD.hash)
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

-- Search: one document a ticket; docid is the ticket's id, newest first. There is no ranking, so no statistics are kept.

CREATE VIRTUAL TABLE words USING fts4 (
    public,   -- what the requester may see
    internal, -- what only staff may see
    people,   -- tokens of those who may see the public part
    tokenize=unicode61 "remove_diacritics=2",
    matchinfo=fts3,
    order=desc
);

INSERT INTO words (words) VALUES ('automerge=8');

-- Outbox: notices, committed with the events that caused them.

CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY,
    message_id  TEXT NOT NULL UNIQUE, -- without angle brackets; fixed for all attempts
    ticket      INTEGER REFERENCES tickets (id),
    kind        TEXT NOT NULL,
    recipient   TEXT NOT NULL,        -- address in lower case
    name        TEXT NOT NULL,        -- of the recipient
    address     TEXT NOT NULL,        -- as written
    lang        TEXT NOT NULL,
    data        TEXT NOT NULL,        -- JSON
    in_reply_to TEXT NOT NULL,
    refs        TEXT,                 -- JSON
    cause       INTEGER REFERENCES messages (id),
    created_at  INTEGER NOT NULL,
    next_at     INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    state       TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed', 'dropped')),
    last_error  TEXT NOT NULL DEFAULT '',
    last_code   INTEGER NOT NULL DEFAULT 0,
    sent_at     INTEGER
) STRICT;
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'queued';
CREATE INDEX outbox_thread ON outbox (ticket, recipient) WHERE ticket IS NOT NULL;
CREATE INDEX outbox_recipient ON outbox (recipient, created_at);
