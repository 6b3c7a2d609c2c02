PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE migrations (
    version    INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    program    TEXT NOT NULL, -- the version that applied it
    applied_at INTEGER NOT NULL
) STRICT;
INSERT INTO migrations VALUES(1,'register','radicado test',1772460000000);
CREATE TABLE raws (
    id      INTEGER PRIMARY KEY,
    digest  BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256 of the mail
    size    INTEGER NOT NULL,                                 -- bytes of the mail
    codec   TEXT NOT NULL CHECK (codec IN ('zstd', 'none', 'removed')),
    content BLOB,
    CHECK ((content IS NULL) = (codec = 'removed'))
) STRICT;
INSERT INTO raws VALUES(1,X'82a5d978e378223033d5c3927a960c9480e62f80f3e7ea0c5bb443d15f1cf305',246,'zstd',X'28b52ffd0000f50100540346726f6d3a20616e610d0a5375626a6563743a20496d707265736f72610d0a0d0a4e6f20696d7072696d652e0d0a47726163696173015418032be56b');
INSERT INTO raws VALUES(2,X'd4637ae71525a8a07a95495b6015587da3e5cca794a75018df884a75c2457364',14,'none',X'5375626a6563743a20780d0a0d0a');
CREATE TABLE mailboxes (
    name    TEXT PRIMARY KEY,
    cut_off INTEGER NOT NULL -- older mails are left to an import
) STRICT, WITHOUT ROWID;
INSERT INTO mailboxes VALUES('a',1772459400000);
CREATE TABLE positions (
    mailbox     TEXT NOT NULL REFERENCES mailboxes (name),
    uidvalidity INTEGER NOT NULL,
    uid         INTEGER NOT NULL, -- the highest that was seen
    PRIMARY KEY (mailbox, uidvalidity)
) STRICT, WITHOUT ROWID;
INSERT INTO positions VALUES('a',7,2);
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
INSERT INTO arrivals VALUES(1,'a',7,1,1,1772460000000,1772460000000,246,0,NULL,'processed','',1,1,1772460000000,1772460000000);
INSERT INTO arrivals VALUES(2,'a',7,2,2,1772460000000,1772460000000,14,1,'[{"Name":"plano.pdf","Type":"application/pdf","Size":1073741824}]','taken',NULL,0,NULL,NULL,NULL);
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
INSERT INTO messages VALUES(1,X'6964656e74697479',1,'m1@min.example.org','Ana Gómez','Ana.Gomez@min.example.org','Impresora','person','',0,'','',1772460000000,2026000000001,'No imprime.','["no Date"]');
CREATE TABLE counters (
    year INTEGER PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;
INSERT INTO counters VALUES(2026,2);
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
INSERT INTO tickets VALUES(2026000000001,'SS-2026-000001',6,'closed',0,'high','ana.gomez@min.example.org','pedro@desk.example.org','Impresora',1772460000000,1772460000000,1772460000000,1772460000000,'{"number":"SS-2026-000001","version":6,"state":"closed","priority":"high","subject":"Impresora","text":"No imprime.","files":[{"name":"foto.png","type":"image/png","size":9}],"requester":{"name":"Ana Gómez","addr":"Ana.Gomez@min.example.org"},"technician":{"name":"Pedro Técnico","addr":"pedro@desk.example.org"},"solution":"Se cambió el tóner.","registered_at":"2026-03-02T14:00:00Z","resolved_at":"2026-03-02T14:00:00Z","closed_at":"2026-03-02T14:00:00Z","changed_at":"2026-03-02T14:00:00Z"}');
INSERT INTO tickets VALUES(2026000000002,'SS-2026-000002',1,'registered',1,'','luis@min.example.org','','Correo',1772460000000,1772460000000,NULL,NULL,'{"number":"SS-2026-000002","version":1,"state":"registered","subject":"Correo","text":"No llega.","requester":{"name":"Luis Peña","addr":"luis@min.example.org"},"lang":"es","registered_at":"2026-03-02T14:00:00Z","changed_at":"2026-03-02T14:00:00Z"}');
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
INSERT INTO events VALUES(1,2026000000001,1,'registered',1772460000000,1,X'acebbc0c1a6cf8b5f6ae5623560251e4','{"role":"requester","addr":"ana.gomez@min.example.org"}','{"requester":{"name":"Ana Gómez","addr":"Ana.Gomez@min.example.org"},"subject":"Impresora","text":"No imprime.","files":[{"name":"foto.png","type":"image/png","size":9}]}',X'e0dc5ab742225680593b3da55955a15b439eb7019a9747316149ff67e1bec5f2',X'd5f6a87b87d4b130cc15a120290de45e78de27e71a01843fc5896fe7726e4f0f',X'b878c2a6f7d9bd3681c011c47002f30b1355e3a7cb94dee3d0df871c56425bde');
INSERT INTO events VALUES(2,2026000000001,2,'prioritised',1772460000000,NULL,X'35fcbe9236c22e8999563f6c4fbff238','{"role":"coordinator","addr":"coord@desk.example.org","name":"Carmen"}','{"priority":"high"}',X'e0ed1553c1e9608084dccbc0d83e771b44f00c366389579a176d6f2d77f8e8cf',X'1a84c29101026b18a3d344c659fa70551bf8aaa8f7339ca753d0573254d5bf10',X'74ce9484cc897847dd5809fb5e1c79362b2ce1c178ffa9e7f4be9eb7113aaf77');
INSERT INTO events VALUES(3,2026000000001,3,'assigned',1772460000000,NULL,X'7e8f8c71cbbf14faae8a03ee459b8e4b','{"role":"coordinator","addr":"coord@desk.example.org","name":"Carmen"}','{"technician":{"name":"Pedro Técnico","addr":"pedro@desk.example.org"}}',X'03973a3a8fab0b60d8c21dba7b74ade3f70c921c8760f4cb200f811ce04cd88e',X'f4e789efed84e035475374eba66414e4a8dab6f850a7a150f3c708d60ff5b8f1',X'ff82cf80d0b9d48ddb15110a055a12ebd7c3e7e24d8018ea2d83ebb341bbd971');
INSERT INTO events VALUES(4,2026000000001,4,'noted',1772460000000,NULL,X'f8db76eb6d5427716518e425834e3560','{"role":"coordinator","addr":"coord@desk.example.org","name":"Carmen"}','{"text":"Es la del segundo piso."}',X'ab6876412e7c47d2c56ffb2015c144d6ae6211df41ffd185801f5f95e31da50d',X'2798f18797685234bd98fa5a1eec3379805d0e57475a11a3f512c79f503c4114',X'a61c26d24f6f0be3ffa994c521a0d9fbd0da685c4110885ef011fcb73e795b2b');
INSERT INTO events VALUES(5,2026000000001,5,'resolved',1772460000000,NULL,X'36c80e595eb5e2f8342ba9df4e6c73fe','{"role":"coordinator","addr":"coord@desk.example.org","name":"Carmen"}','{"text":"Se cambió el tóner."}',X'956d44687b31af7312fa1166853cec0198bc18ecfaca34ea57d0f6b19d70e4df',X'3bc272006125c47e0fa5959f0e2787fbeb3c3de14b195dd450f1c46f9cf779ef',X'765bff2b9a21e6a93f269e32d36717b566e14ef765dbd7b67af1fbc39553b919');
INSERT INTO events VALUES(6,2026000000001,6,'closed',1772460000000,NULL,X'e24d9a84d8b1ed4396778b1038b84b09','{"role":"coordinator","addr":"coord@desk.example.org","name":"Carmen"}','{}',X'83142a7e3d574b666d1aa829c6b9031310588638546728b8d9ea2776dcfbbb7b',X'0b7eb2866eff4f113c87cf5d6fc67ee70866b35e5e1437ffdc88f035fd3eacf4',X'7909ffa147f44123f1940ef2d429e59da8764d28e2a7e280236012f342969cb1');
INSERT INTO events VALUES(7,2026000000002,1,'registered',1772460000000,NULL,X'edcad7d2adb3ff5cac56fbc1b5c70475','{"role":"requester","addr":"luis@min.example.org","name":"Luis Peña"}','{"requester":{"name":"Luis Peña","addr":"luis@min.example.org"},"subject":"Correo","text":"No llega.","lang":"es"}',X'58efd2cf748a53215ba5c6c6334b9da6381191c658cf4e17faac0c9bbe46d0af',X'ca888ab3e5517c0217ded896511c34cc3661e1494eea9f450d17d77abddba2f9',X'd912fae8158b41bbadade9938be543218d984efd233ff7622fc9373c493a756c');
PRAGMA writable_schema=ON;
INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','words','words',0,'CREATE VIRTUAL TABLE words USING fts4 (
    public,   -- what the requester may see
    internal, -- what only staff may see
    people,   -- tokens of those who may see the public part
    tokenize=unicode61 "remove_diacritics=2",
    matchinfo=fts3,
    order=desc
)');
CREATE TABLE IF NOT EXISTS 'words_content'(docid INTEGER PRIMARY KEY, 'c0public', 'c1internal', 'c2people');
INSERT INTO words_content VALUES(2026000000001,replace('Impresora\nNo imprime.\nAna Gómez\nAna.Gomez@min.example.org\nfoto.png\nSS-2026-000001\nSe cambió el tóner.','\n',char(10)),'Es la del segundo piso.','xqp0e57ccd69f2d5f30');
INSERT INTO words_content VALUES(2026000000002,replace('Correo\nNo llega.\nLuis Peña\nluis@min.example.org\nSS-2026-000002','\n',char(10)),'','xqp04ada5cdbe4c2977');
CREATE TABLE IF NOT EXISTS 'words_segments'(blockid INTEGER PRIMARY KEY, block BLOB);
CREATE TABLE IF NOT EXISTS 'words_segdir'(level INTEGER,idx INTEGER,start_block INTEGER,leaves_end_block INTEGER,end_block INTEGER,root BLOB,PRIMARY KEY(level, idx));
INSERT INTO words_segdir VALUES(0,0,0,0,'0 485',X'00063030303030310881c88ab8fb3a10000501320882c88ab8fb3a0d000004323032360b82c88ab8fb3a0c00010f000003616e610981c88ab8fb3a050400000663616d62696f0881c88ab8fb3a120001056f7272656f0882c88ab8fb3a0200000364656c0a81c88ab8fb3a010104000002656c0881c88ab8fb3a13000101730a81c88ab8fb3a01010200010678616d706c650b82c88ab8fb3a0900010a000004666f746f0881c88ab8fb3a0c000005676f6d657a0981c88ab8fb3a0604000009696d707265736f72610881c88ab8fb3a02000403696d650881c88ab8fb3a040000026c610a81c88ab8fb3a0101030001046c6567610882c88ab8fb3a040001037569730982c88ab8fb3a05040000036d696e0b82c88ab8fb3a080001090000026e6f0b82c88ab8fb3a030001030000036f72670b82c88ab8fb3a0a00010b00000470656e610882c88ab8fb3a0600010369736f0a81c88ab8fb3a0101060001026e670881c88ab8fb3a0d00000273650881c88ab8fb3a1100020567756e646f0a81c88ab8fb3a010105000101730b82c88ab8fb3a0b00010e000005746f6e65720881c88ab8fb3a14000013787170303461646135636462653463323937370a82c88ab8fb3a01020200040f6535376363643639663264356633300a81c88ab8fb3a01020200');
CREATE TABLE IF NOT EXISTS 'words_stat'(id INTEGER PRIMARY KEY, value BLOB);
INSERT INTO words_stat VALUES(0,X'021f0502e401');
INSERT INTO words_stat VALUES(2,8);
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
INSERT INTO outbox VALUES(1,'n1@desk.example.org',2026000000001,'status','ana.gomez@min.example.org','Ana Gómez','Ana.Gomez@min.example.org','es','{"role":""}','',NULL,NULL,1772460000000,1772460060000,1,'sent','',0,1772460000000);
INSERT INTO outbox VALUES(2,'n2@desk.example.org',2026000000001,'status','ana.gomez@min.example.org','Ana Gómez','Ana.Gomez@min.example.org','es','{"role":""}','',NULL,NULL,1772460000000,1772460060000,1,'queued','greylisted',451,NULL);
CREATE INDEX arrivals_pending ON arrivals (id) WHERE state = 'taken';
CREATE INDEX arrivals_unmoved ON arrivals (mailbox, uidvalidity, uid) WHERE state <> 'taken' AND moved_at IS NULL;
CREATE INDEX messages_raw ON messages (raw);
CREATE INDEX messages_message_id ON messages (message_id) WHERE message_id <> '';
CREATE INDEX messages_ticket ON messages (ticket) WHERE ticket IS NOT NULL;
CREATE INDEX tickets_registered ON tickets (registered_at);
CREATE INDEX tickets_state ON tickets (state, registered_at);
CREATE INDEX tickets_priority ON tickets (priority, registered_at);
CREATE INDEX tickets_requester ON tickets (requester, registered_at);
CREATE INDEX tickets_technician ON tickets (technician, registered_at);
CREATE INDEX tickets_load ON tickets (technician) WHERE open = 1;
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
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'queued';
CREATE INDEX outbox_thread ON outbox (ticket, recipient) WHERE ticket IS NOT NULL;
CREATE INDEX outbox_recipient ON outbox (recipient, created_at);
PRAGMA writable_schema=OFF;
PRAGMA application_id=1380009033;
PRAGMA user_version=1;
COMMIT;
