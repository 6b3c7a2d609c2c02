package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/mattn/go-sqlite3"

	"radicado/tickets/register"
)

// release is stamped by the build: -ldflags "-X main.release=1.2.3".
var release string

type versionCommand struct {
	jsonFlag
}

// Run prints the version.
func (v *versionCommand) Run(c console) error {
	sqlite, _, _ := sqlite3.Version()
	schema, err := register.Schema()
	if err != nil {
		return err
	}
	if v.JSON {
		return json.NewEncoder(c.out).Encode(map[string]any{"version": version(), "commit": commit(), "go": runtime.Version(),
			"sqlite": sqlite, "schema": schema})
	}
	_, err = fmt.Fprintf(c.out, "radicado %s (commit %s, %s, SQLite %s, schema %d)\n", version(), orDash(commit()), runtime.Version(), sqlite, schema)
	return err
}

// commit is what the program was built from, "" where nobody knows.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(len(s.Value), 12)]
		}
	}
	return ""
}

// version names the build: its release, else the commit that it was built from.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+changes"
		}
	}
	if revision == "" {
		return "development"
	}
	return revision + dirty
}
