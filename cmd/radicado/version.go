package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
)

// release is stamped by the build: -ldflags "-X main.release=1.2.3".
var release string

type versionCommand struct {
	jsonFlag
}

// Run prints the version.
func (v *versionCommand) Run(c console) error {
	if v.JSON {
		return json.NewEncoder(c.out).Encode(map[string]string{"version": version(), "go": runtime.Version()})
	}
	_, err := fmt.Fprintf(c.out, "radicado %s (%s)\n", version(), runtime.Version())
	return err
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
