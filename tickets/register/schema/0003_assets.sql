-- Equipment: one row a machine, as it was last imported.

CREATE TABLE assets (
    plate      TEXT PRIMARY KEY, -- capital letters and digits alone
    serial     TEXT NOT NULL,    -- likewise, '' where unknown
    holder     TEXT NOT NULL,    -- address in lower case of the official in charge, '' for none
    vendor     TEXT NOT NULL,    -- likewise of who gives the warranty
    body       TEXT NOT NULL,    -- the whole machine as JSON
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX assets_serial ON assets (serial) WHERE serial <> '';
CREATE INDEX assets_holder ON assets (holder, plate) WHERE holder <> '';

-- A vendor's own case number finds the request, when a mail of the vendor names no number of ours.
CREATE INDEX tickets_case ON tickets (json_extract(body, '$.claim.case_key')) WHERE json_extract(body, '$.claim.case_key') IS NOT NULL;
