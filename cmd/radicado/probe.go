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
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return fmt.Errorf("asking the daemon at %s: %w", address, err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // and no proxy
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("asking the daemon: %w: is it running?", err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(c.out, io.LimitReader(response.Body, maxAnswer)); err != nil {
		return fmt.Errorf("asking the daemon at %s: %w", address, err)
	}
	if response.StatusCode != http.StatusOK {
		return errFailed
	}
	return nil
}
