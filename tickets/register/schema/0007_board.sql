-- The board: lists by office and by vendor, and who is signed in. Of tokens there are digests alone: whoever reads this file
-- cannot sign in.

CREATE INDEX tickets_office ON tickets (json_extract(body, '$.office'), registered_at) WHERE json_extract(body, '$.office') IS NOT NULL;
CREATE INDEX tickets_vendor ON tickets (lower(json_extract(body, '$.claim.vendor.addr')), registered_at)
    WHERE lower(json_extract(body, '$.claim.vendor.addr')) IS NOT NULL;

CREATE TABLE board_links (
    digest     BLOB PRIMARY KEY CHECK (length(digest) = 32), -- SHA-256 of the token in the link
    browser    BLOB CHECK (length(browser) = 32),            -- SHA-256 of the cookie of the browser that asked; NULL: any browser
    person     TEXT NOT NULL,                                -- address in lower case
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX board_links_person ON board_links (person, created_at);
CREATE INDEX board_links_expired ON board_links (expires_at);

CREATE TABLE board_sessions (
    id         INTEGER PRIMARY KEY,
    digest     BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256 of the cookie
    person     TEXT NOT NULL,                                    -- address in lower case
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;
CREATE INDEX board_sessions_person ON board_sessions (person) WHERE ended_at IS NULL;
CREATE INDEX board_sessions_expired ON board_sessions (expires_at);
