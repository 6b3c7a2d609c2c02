package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"

	"radicado/mailbox/trust"
	"radicado/tickets/register"
)

// checkState tries whether the daemon could open what it keeps, and makes none of it.
func checkState(ctx context.Context, s *settings, say func(finding)) {
	say(checkFolder("register", s.file.Register.Path))
	say(checkRegister(ctx, s))
	say(checkFolder("trust", s.file.Trust.KeyFile))
	say(checkKeys(s))
	if s.file.Backup.Schedule != "" {
		say(checkBackups(s))
	}
}

// checkRegister opens the register as it is, where there is one.
func checkRegister(ctx context.Context, s *settings) finding {
	f := finding{Where: "register", What: s.file.Register.Path, OK: true}
	err := hasRegister(s)
	if errors.Is(err, os.ErrNotExist) {
		f.Detail = "none yet: it is made when the daemon first runs"
		return f
	}
	if err == nil {
		options := s.registerOptions(false)
		options.AsIs = true
		var reg *register.Register
		if reg, err = register.Open(ctx, s.file.Register.Path, options); err == nil {
			err = reg.Close()
		}
	}
	switch {
	case err == nil:
		f.Detail = "can be opened; radicado verify looks at all that is in it"
		return f
	case errors.Is(err, register.ErrOlder):
		f.Detail = "of an older version: the daemon brings it up to date when it starts"
		return f
	case errors.Is(err, register.ErrNewer):
		f.Advice = "install the version that wrote it, or a later one"
	case errors.Is(err, register.ErrDamaged):
		f.Advice = "keep the file, and make a register of a backup: radicado restore"
	default:
		f.Advice = "give it to the user that the daemon runs as, and say this as that user or as root"
	}
	f.OK, f.Detail = false, err.Error()
	return f
}

// checkKeys reads the key of the notices, where there is one.
func checkKeys(s *settings) finding {
	path := s.file.Trust.KeyFile
	f := finding{Where: "trust", What: path, OK: true, Detail: "can be read"}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		f.Detail = "none yet: it is made when the daemon first runs"
	} else if _, err := trust.OpenKeyring(path, rand.Reader); err != nil {
		f.OK, f.Detail = false, err.Error()
		f.Advice = "mend what the error says; a file that is lost lies in encrypted backups: radicado restore BACKUP --identity KEY --secrets FOLDER"
	}
	return f
}

// checkBackups tries whether backups can be kept, also where their folder has still to be made.
func checkBackups(s *settings) finding {
	folder := s.backupOptions().Folder
	f := finding{Where: "backup", What: folder, OK: true, Detail: "can be written"}
	near := folder
	for _, err := os.Stat(near); err != nil && near != filepath.Dir(near); _, err = os.Stat(near) {
		near = filepath.Dir(near)
		f.Detail = "none yet: it can be made in " + near
	}
	if err := tryFolder(near); err != nil {
		f.OK, f.Detail = false, err.Error()
		f.Advice = "make the folder and give it to the user that the daemon runs as; under systemd, name it in ReadWritePaths="
	}
	return f
}

// checkBoard finds out whether the board can be served. Who has the address already is not known: a daemon that runs on the register is
// taken at its word.
func checkBoard(s *settings) finding {
	f := finding{Where: "board", What: s.file.Board.Listen, OK: true, Detail: "free: no daemon serves there now"}
	err := tryListen(s.file.Board.Listen)
	switch {
	case err != nil && checkDaemon(s)[0].Severity == well:
		f.Detail = "taken, as it should be where the running daemon serves there: " + err.Error()
	case err != nil:
		f.OK, f.Detail, f.Advice = false, err.Error(), "set board.listen to an address of this machine that is free"
	}
	return f
}

// tryListen tries whether an address is free.
func tryListen(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return listener.Close()
}
