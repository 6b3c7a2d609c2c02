package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

type probeCommand struct {
	configFlag
	Ready bool `help:"Ask whether it can serve, not just whether it is alive."`
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// Run asks the running daemon how it is, and fails where it is not well.
func (p *probeCommand) Run(ctx context.Context, c console) error {
	s, err := readSettings(p.Config)
	if err != nil {
		return err
	}
	address := s.file.Monitor.Listen
	if address == "" {
		return errors.New("the daemon cannot be asked: monitor.listen is empty")
	}
	path := "/healthz"
	if p.Ready {
		path = "/readyz"
	}
	well, answer, err := ask(ctx, address, path)
	if err != nil {
		return fmt.Errorf("%w: is it running?", err)
	}
	if _, err := fmt.Fprint(c.out, answer); err != nil {
		return err
	}
	if !well {
		return errFailed
	}
	return nil
}

// ask asks a daemon one question over HTTP.
func ask(ctx context.Context, address, path string) (well bool, answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return false, "", fmt.Errorf("asking the daemon at %s: %w", address, err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // and no proxy
	response, err := client.Do(request)
	if err != nil {
		return false, "", fmt.Errorf("asking the daemon: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return false, "", fmt.Errorf("asking the daemon at %s: %w", address, err)
	}
	return response.StatusCode == http.StatusOK, string(body), nil
}
