-- What an administrator answers by a command on the machine counts as the desk's first answer: the requests are built anew from their
-- events, as after every migration (rebuild.go).

SELECT 1;
