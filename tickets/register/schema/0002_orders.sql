-- What was ordered by proven mails: a digest of sender, date, subject and text, so that a mail that comes again under another
-- Message-ID is known again.

CREATE TABLE orders (
    digest  BLOB PRIMARY KEY CHECK (length(digest) = 32),
    message INTEGER NOT NULL REFERENCES messages (id)
) STRICT, WITHOUT ROWID;
