-- What is listed most is what is open: in its order and by what it is asked for, without a look at the tickets themselves.

CREATE INDEX tickets_open ON tickets (registered_at) WHERE open = 1;
CREATE INDEX tickets_urgent ON tickets (priority, registered_at) WHERE open = 1;
DROP INDEX tickets_load;
CREATE INDEX tickets_load ON tickets (technician, registered_at) WHERE open = 1;
