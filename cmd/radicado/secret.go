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
		folder := s.env("CREDENTIALS_DIRECTORY")
		if folder == "" {
			return "", fmt.Errorf("systemd credential %q: CREDENTIALS_DIRECTORY is not set: add LoadCredential=%s:… to the unit", s.keys.Credential, s.keys.Credential)
		}
		return readSecretFile(filepath.Join(folder, s.keys.Credential))
	case s.keys.File != "":
		return readSecretFile(s.keys.File)
	}
	return "", errors.New("no password: set password_file, password_env or password_credential")
}

// readAll returns the whole of a secret that is a file, such as a key in JSON.
func (s secret) readAll() (string, error) {
	path := s.keys.File
	switch {
	case s.keys.Env != "":
		return s.read(context.Background())
	case s.keys.Credential != "":
		path = filepath.Join(s.env("CREDENTIALS_DIRECTORY"), s.keys.Credential)
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
