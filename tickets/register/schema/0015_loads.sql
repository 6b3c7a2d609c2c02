-- How many open tickets each technician has, and, with technician '', how many nobody has: kept as they change, because nearly
-- every mail asks for it, and thousands may be open.

CREATE TABLE loads (
    technician TEXT PRIMARY KEY,
    open       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO loads (technician, open) SELECT technician, count(*) FROM tickets WHERE open = 1 GROUP BY technician;

CREATE TRIGGER loads_registered AFTER INSERT ON tickets WHEN NEW.open = 1
BEGIN
    INSERT INTO loads (technician, open) VALUES (NEW.technician, 1)
        ON CONFLICT (technician) DO UPDATE SET open = open + 1;
END;

CREATE TRIGGER loads_changed AFTER UPDATE OF open, technician ON tickets
WHEN NEW.open <> OLD.open OR NEW.technician <> OLD.technician
BEGIN
    UPDATE loads SET open = open - 1 WHERE technician = OLD.technician AND OLD.open = 1;
    DELETE FROM loads WHERE technician = OLD.technician AND open = 0; -- nobody is named whose work is done
    INSERT INTO loads (technician, open) SELECT NEW.technician, 1 WHERE NEW.open = 1
        ON CONFLICT (technician) DO UPDATE SET open = open + 1;
END;
