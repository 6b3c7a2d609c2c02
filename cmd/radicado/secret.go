package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// secret is where a password is found. It is read each time it is needed, so that a changed password is taken up without a
// restart, and it never enters the settings.
type secret struct {
	keys secretKeys
	env  func(string) string
}

// none reports whether no place is named.
func (s secret) none() bool { return s.keys == secretKeys{} }

// read returns the password. Its errors name the place, never the content.
func (s secret) read(context.Context) (string, error) {
	switch {
	case s.keys.Env != "":
		value := s.env(s.keys.Env)
		if value == "" {
			return "", fmt.Errorf("environment variable %s is empty: set it to the password", s.keys.Env)
		}
		return value, nil
	case s.keys.Credential != "":
		path, err := s.credential()
		if err != nil {
			return "", err
		}
		return readSecretFile(path)
	case s.keys.File != "":
		return readSecretFile(s.keys.File)
	}
	return "", errors.New("no password: set password_file, password_env or password_credential")
}

// credential returns the path of what systemd hands over, which it does for the daemon and not for whoever is at a terminal.
func (s secret) credential() (string, error) {
	name := s.keys.Credential
	folder := s.env("CREDENTIALS_DIRECTORY")
	if folder == "" {
		return "", fmt.Errorf("systemd credential %[1]q: CREDENTIALS_DIRECTORY is not set. A command said by hand is given it by "+
			"systemd-run --pipe --wait -p User=radicado -p LoadCredential=%[1]s:/etc/radicado/credentials/%[1]s radicado …, with a LoadCredential for each "+
			"that the settings name; the daemon by LoadCredential=%[1]s:… in its unit", name)
	}
	return filepath.Join(folder, name), nil
}

// readAll returns the whole of a secret that is a file, such as a key in JSON.
func (s secret) readAll() (string, error) {
	path := s.keys.File
	switch {
	case s.keys.Env != "":
		return s.read(context.Background())
	case s.keys.Credential != "":
		var err error
		if path, err = s.credential(); err != nil {
			return "", err
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading a key: %w", err)
	}
	return string(data), nil
}

// readSecretFile returns the first line of a file.
func readSecretFile(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading a password: %w", err)
	}
	line, _, _ := strings.Cut(string(data), "\n")
	line = strings.TrimSuffix(line, "\r")
	if line == "" {
		return "", fmt.Errorf("reading a password: %s is empty", path)
	}
	return line, nil
}
