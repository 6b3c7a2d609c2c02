-- What people write stands in the events, and not a second time in what follows from them. The row of a ticket leaves out the text of its
-- first event (ticketrows.go); that of a message what an event of its ticket says.

ALTER TABLE messages ADD COLUMN said INTEGER NOT NULL DEFAULT 0; -- seq of that event, with text ''; 0: the text is here
