-- A large mail is kept in pieces (raws.go): SQLite holds a value whole in memory, and several times over while it is written or read.
CREATE TABLE pieces (
    raw     INTEGER NOT NULL REFERENCES raws (id),
    piece   INTEGER NOT NULL, -- 1, 2, …: what follows raws.content, in this order
    content BLOB NOT NULL,
    PRIMARY KEY (raw, piece)
) STRICT;
