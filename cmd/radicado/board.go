package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/trust"
	"radicado/templates"
	"radicado/tickets/board"
	"radicado/tickets/register"
)

type boardSection struct {
	Listen   string   `toml:"listen"`
	URL      string   `toml:"url"`
	Insecure bool     `toml:"insecure_http"`
	Proxies  []string `toml:"proxies"`
	Session  string   `toml:"session"`
}

// board reads where the page is served and how people reach it.
func (c *checker) board(s *settings) {
	b := s.file.Board
	s.boardSession = c.duration("board.session", b.Session)
	for i, network := range b.Proxies {
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			c.wrong(fmt.Sprintf("board.proxies[%d]", i), `found %q, expected a network such as "10.0.0.5/32"`, network)
		}
		s.boardProxies = append(s.boardProxies, prefix)
	}
	secure := false
	if b.URL != "" {
		u, err := url.Parse(b.URL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
			c.wrong("board.url", `found %q, expected an address without a path, such as "https://tablero.ministerio.example"`, b.URL)
		} else {
			u.Host, u.Path = strings.ToLower(u.Host), ""
			s.boardURL, secure = u, u.Scheme == "https"
			if !secure && !loopback(u.Hostname()) && !b.Insecure {
				c.wrong("board.url", "found %q, expected https: the links to sign in would cross the network in the clear. If that is really wanted, set insecure_http = true", b.URL)
			}
		}
	}
	if b.Listen == "" {
		return
	}
	host, port, err := net.SplitHostPort(b.Listen)
	if n, portErr := strconv.Atoi(port); err != nil || portErr != nil || n < 0 || n > 65535 {
		c.wrong("board.listen", `found %q, expected host:port, such as "127.0.0.1:8080", or nothing`, b.Listen)
		return
	}
	if !loopback(host) && !secure && !b.Insecure {
		c.wrong("board.listen", `found %q and no url with https, expected an address of this machine alone, such as "127.0.0.1:8080", behind a server that speaks TLS: `+
			`requests and sessions would cross the network in the clear. If that is really wanted, set insecure_http = true`, b.Listen)
	}
}

// newBoard opens the page where the settings want one.
func (p *program) newBoard(s *settings) error {
	listen := s.file.Board.Listen
	if listen == "" {
		return nil
	}
	var err error
	p.board, err = board.New(p.register, board.Options{Listen: listen, Now: p.pace.now, Log: p.log.With("part", "board")})
	if err != nil {
		return fmt.Errorf("board.listen: %w", err)
	}
	return nil
}

// startBoard serves the page until ctx ends, and calls stop where it fails. The function that it returns waits for the end.
func (p *program) startBoard(ctx context.Context, stop func()) (end func() error) {
	if p.board == nil {
		return func() error { return nil }
	}
	p.log.Info("the board is served", "url", p.board.URL())
	ended := make(chan error, 1)
	go func() {
		defer stop()
		ended <- p.board.Run(ctx)
	}()
	return func() error {
		stop()
		return <-ended
	}
}

// committed tells the page that something may have changed, and others that the daemon is not at rest.
func (p *program) committed() {
	select {
	case p.wrote <- struct{}{}:
	default:
	}
	if p.board != nil {
		p.board.Changed()
	}
}

// boardDesk is the settings in the terms of the page.
func (w *shift) boardDesk(texts *templates.Set, keys *trust.Keyring) board.Desk {
	s := w.settings
	options := s.deskOptions(nil, keys, w.log)
	return board.Desk{Policy: s.policy, Texts: texts, Keys: keys, Reader: options.Reader, Domain: options.Domain, Form: w.sheets.pdf,
		Queued: w.outbox.Kick, URL: s.boardURL, Proxies: s.boardProxies, Session: s.boardSession}
}

// useBoard lets the page show the desk as the shift has it.
func (p *program) useBoard(w *shift) {
	if p.board == nil {
		return
	}
	if err := p.board.Use(w.page); err != nil {
		p.log.Error("the board goes on with the settings that it had", "error", err)
	}
}

type boardCommand struct {
	Sessions boardSessionsCommand `cmd:"" help:"List who is signed in at the board."`
	Revoke   boardRevokeCommand   `cmd:"" help:"Sign somebody out at the board, everywhere."`
}

type boardSessionsCommand struct {
	configFlag
	jsonFlag
}

// shownSession is a session for programs.
type shownSession struct {
	ID      int64     `json:"id"`
	Person  string    `json:"person"`
	Since   time.Time `json:"since"`
	Expires time.Time `json:"expires"`
}

// Run lists the sessions.
func (l *boardSessionsCommand) Run(ctx context.Context, c console) error {
	return viewRegister(ctx, l.Config, func(s *settings, r *register.Reader) error {
		sessions, err := r.Sessions(time.Now())
		if err != nil {
			return err
		}
		shown := []shownSession{}
		for _, one := range sessions {
			shown = append(shown, shownSession{one.ID, one.Person, one.CreatedAt, one.ExpiresAt})
		}
		if l.JSON {
			return printJSON(c.out, shown)
		}
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tPERSON\tSINCE\tUNTIL")
		for _, one := range shown {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", one.ID, printable(one.Person), one.Since.In(s.location).Format("2006-01-02 15:04"), one.Expires.In(s.location).Format("2006-01-02 15:04"))
		}
		return w.Flush()
	})
}

type boardRevokeCommand struct {
	configFlag
	Who string `arg:"" help:"A mail address, or the ID of one session as \"board sessions\" lists it." placeholder:"ADDRESS|ID"`
}

// Run ends sessions.
func (b *boardRevokeCommand) Run(ctx context.Context, c console) (err error) {
	s, err := readSettings(b.Config)
	if err != nil {
		return err
	}
	r, err := openRegister(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	id, notID := strconv.ParseInt(b.Who, 10, 64)
	return r.Update(ctx, func(tx *register.Tx) error {
		if notID == nil {
			if err := tx.EndSession(id); errors.Is(err, register.ErrNotFound) {
				return fmt.Errorf(`there is no session %d: see "radicado board sessions"`, id)
			} else if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "Session %d has ended.\n", id)
			return nil
		}
		ended, err := tx.EndSessionsOf(mailbox.Address{Addr: b.Who}.Key())
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%d sessions of %s have ended, and links that were not used yet no longer serve.\n", ended, b.Who)
		return nil
	})
}
