-- Retention of what was imported: until now nothing was noted of the files that those mails brought.

UPDATE messages SET attached = 1 WHERE attached = 0 AND id IN (SELECT message FROM events WHERE message IS NOT NULL AND json_array_length(data, '$.files') > 0);

-- When a vendor first answered is noted in the request, because figures need it after its events were erased: the requests are built anew
-- from their events, as after every migration (rebuild.go).

-- Whether the file keeps the words of what a run erased. Of older runs it is not known, so that the next one makes sure.
ALTER TABLE retentions ADD COLUMN forgotten_at INTEGER; -- when the full-text index was merged and the log emptied; NULL: still to be done
