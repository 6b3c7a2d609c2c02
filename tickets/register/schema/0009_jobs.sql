-- When a job last did its work, which is later than its due time where the daemon was down: what a digest tells is newer.

ALTER TABLE jobs ADD COLUMN ran_at INTEGER;

-- What the daily digest asks for.

CREATE INDEX arrivals_quarantined ON arrivals (settled_at) WHERE state = 'quarantined';
ALTER TABLE outbox ADD COLUMN failed_at INTEGER;
UPDATE outbox SET failed_at = next_at WHERE state = 'failed';
CREATE INDEX outbox_failed ON outbox (failed_at) WHERE state = 'failed';

-- Reconciliation of the mailboxes with the ledger: what was found out about each mail that was moved, once, and the books.

ALTER TABLE arrivals ADD COLUMN whereabouts TEXT CHECK (whereabouts IN ('found', 'missing', 'unverifiable'));
CREATE INDEX arrivals_unchecked ON arrivals (mailbox, internal_date) WHERE moved_at IS NOT NULL AND whereabouts IS NULL;

CREATE TABLE books (
    id       INTEGER PRIMARY KEY,
    mailbox  TEXT NOT NULL,
    at       INTEGER NOT NULL,
    balanced INTEGER NOT NULL,
    body     TEXT NOT NULL -- JSON
) STRICT;
CREATE INDEX books_mailbox ON books (mailbox, at);
CREATE INDEX books_unbalanced ON books (at) WHERE balanced = 0;
