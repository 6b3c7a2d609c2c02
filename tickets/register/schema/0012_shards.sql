-- The full-text index is cut into shards: the documents of 50,000 numbers each (shards.go) have lists of words of their own, so that
-- a search reads the latest ones and not those of all the years. FTS4 keeps apart what differs in its languageid.

-- The old table changes its name, not the new one: FTS4 merges under the old name what was written before the change.
ALTER TABLE words RENAME TO unsharded;

CREATE VIRTUAL TABLE words USING fts4 (
    public,   -- what the requester may see
    internal, -- what only staff may see
    people,   -- tokens of those who may see the public part
    tokenize=unicode61 "remove_diacritics=2",
    matchinfo=fts3,
    order=desc,
    languageid=shard
);

INSERT INTO words (words) VALUES ('automerge=8');
INSERT INTO words (docid, public, internal, people, shard)
    SELECT docid, public, internal, people, docid / 50000 FROM unsharded ORDER BY docid;

DROP TABLE unsharded;
