-- Backups: the last that was verified and the last that failed.

CREATE TABLE backups (
    outcome  TEXT PRIMARY KEY CHECK (outcome IN ('verified', 'failed')),
    at       INTEGER NOT NULL, -- of the copy, or of the failure
    file     TEXT NOT NULL,    -- '' where it failed
    size     INTEGER NOT NULL, -- bytes
    failures INTEGER NOT NULL, -- in a row
    error    TEXT NOT NULL     -- '' where it was verified
) STRICT, WITHOUT ROWID;

-- Numbers that no request of this register has and none will get: they went out in notices that a restored backup does not know.

CREATE TABLE gaps (
    year     INTEGER NOT NULL,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (year, first),
    CHECK (first BETWEEN 1 AND last)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER gaps_kept BEFORE DELETE ON gaps
BEGIN
    SELECT RAISE(ABORT, 'gaps are kept');
END;

CREATE TRIGGER gaps_unaltered BEFORE UPDATE ON gaps
BEGIN
    SELECT RAISE(ABORT, 'gaps are kept as they were recorded');
END;
