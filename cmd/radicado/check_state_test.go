package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCheckFindsWhatRunRefuses plants one fault at a time, and one that is none, in what a daemon has left.
func TestCheckFindsWhatRunRefuses(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	o.start()
	o.stop()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	path := func(name string) string { return filepath.Join(o.folder, name) }
	write := func(name, content string, mode os.FileMode) {
		if err := os.WriteFile(path(name), []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		content, err := os.ReadFile(path(name))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	key, reg := read("key"), read("register.db")
	for name, tt := range map[string]struct {
		plant func()
		more  string // settings
		want  string
		fails bool
	}{
		"all well":         {func() {}, "", "ok      register: " + path("register.db") + ": can be opened", false},
		"the first start":  {func() { o.remove("key"); o.remove("register.db") }, "", "none yet: it is made when the daemon first runs", false},
		"an open key":      {func() { write("key", key, 0o644) }, "", "FAILED  trust: " + path("key") + ": keyring", true},
		"an empty key":     {func() { write("key", "", 0o600) }, "", "holds no key", true},
		"no register":      {func() { write("register.db", strings.Repeat("no register ", 1000), 0o600) }, "", "register is damaged", true},
		"a newer register": {func() { o.alter("PRAGMA user_version = 9999") }, "", "FAILED  register: " + path("register.db"), true},
		"an older one":     {func() { o.alter("PRAGMA user_version = 10") }, "", "ok      register: " + path("register.db") + ": of an older version", false},
		"a file for a folder of backups": {func() { write("copias", "", 0o600) }, fmt.Sprintf("[backup]\nfolder = %q\n", path("copias/noche")),
			"FAILED  backup: " + path("copias/noche"), true},
		"a board's address that is taken": {func() {}, fmt.Sprintf("[board]\nlisten = %q\n", listener.Addr()), "FAILED  board: " + listener.Addr().String(), true},
	} {
		write("key", key, 0o600)
		write("register.db", reg, 0o600)
		o.more = tt.more + "[limits]\nper_address = 1000\n"
		config := o.config()
		tt.plant()
		before := tree(t, o.folder)
		status, said := says(t, "check", "-config", config)
		if (status != 0) != tt.fails || !strings.Contains(said, tt.want) || strings.Contains(said, "FAILED") != tt.fails {
			t.Errorf("%s: status %d, want %q of:\n%s", name, status, tt.want, said)
		}
		if after := tree(t, o.folder); !slices.Equal(after, before) {
			t.Errorf("%s: the check made %q of %q", name, after, before)
		}
	}
}

// remove removes a file of the office.
func (o *office) remove(name string) {
	o.t.Helper()
	if err := os.Remove(filepath.Join(o.folder, name)); err != nil {
		o.t.Fatal(err)
	}
}

// TestCheckBesideADaemon finds the address of the board taken by the daemon itself.
func TestCheckBesideADaemon(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	o := newOffice(t, newInProcess(t))
	o.more = fmt.Sprintf("[board]\nlisten = %q\n", address)
	o.start()
	status, said := says(t, "check", "-config", filepath.Join(o.folder, "settings.toml"))
	if status != 0 || !strings.Contains(said, "ok      board: "+address+": taken") {
		t.Errorf("status %d:\n%s", status, said)
	}
}
