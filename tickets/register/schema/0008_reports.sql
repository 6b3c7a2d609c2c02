-- Reports: the requests that something happened to since a day, and those that were reopened.

CREATE INDEX tickets_changed ON tickets (changed_at, registered_at);
CREATE INDEX events_reopened ON events (ticket) WHERE kind = 'reopened';
