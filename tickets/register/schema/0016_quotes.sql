-- Most notices repeat what their request says. The text is left out of their data then: the ticket has it.

ALTER TABLE outbox ADD COLUMN quotes INTEGER NOT NULL DEFAULT 0; -- 1: data lacks the text of the ticket
