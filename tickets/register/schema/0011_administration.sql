-- Who gave a mail that was set aside, or could not be handled, another chance, and whether it is to pass for one that a person wrote.

ALTER TABLE arrivals ADD COLUMN requeued_by TEXT; -- NULL: nobody
ALTER TABLE arrivals ADD COLUMN genuine INTEGER NOT NULL DEFAULT 0;
