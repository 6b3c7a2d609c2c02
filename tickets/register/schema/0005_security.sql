-- Commands that wait for the person in whose name they came. Of the code there is a digest alone: whoever reads this file
-- cannot answer.

CREATE TABLE confirmations (
    id         INTEGER PRIMARY KEY,
    digest     BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256 of the code
    message    INTEGER NOT NULL REFERENCES messages (id),        -- that holds the commands
    ticket     INTEGER NOT NULL REFERENCES tickets (id),
    person     TEXT NOT NULL,                                    -- address asked, in lower case
    commands   TEXT NOT NULL,                                    -- JSON
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    used_by    INTEGER REFERENCES messages (id)
) STRICT;

-- Floods: from what notices are held back, and when the coordinators were told.

CREATE TABLE withholdings (
    scope   TEXT PRIMARY KEY,
    notices INTEGER NOT NULL, -- held back so far
    last_at INTEGER NOT NULL,
    told_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_domain ON outbox (substr(recipient, instr(recipient, '@') + 1), created_at);

-- Addresses that refused notices, until a mail comes from them.

CREATE TABLE failing (
    address    TEXT PRIMARY KEY, -- in lower case
    failures   INTEGER NOT NULL,
    dead       INTEGER NOT NULL, -- nothing is sent there
    status     TEXT NOT NULL,
    diagnostic TEXT NOT NULL,
    last_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
