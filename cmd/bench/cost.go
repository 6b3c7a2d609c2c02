package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	costMails   = 200 // of each kind
	costDigests = 10
)

// costs is the processor time that one of a kind takes, in milliseconds, with its notices. Compared between a small register and a
// large one it says whether the desk grows slower with the years.
type costs struct {
	Request float64 `json:"request"`
	Answer  float64 `json:"answer"`
	List    float64 `json:"list"`
	Search  float64 `json:"search"`
	Digest  float64 `json:"digest"`
}

// cost writes mails of each kind to the daemon, one kind after the other.
func (f *figures) cost(ctx context.Context, w *world, d *daemon, g *generator, folder string, o options) (err error) {
	client, err := dial(ctx, w.imap, deskAddress, w.password)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	for _, kind := range []struct {
		name string
		next func() []byte
		cost *float64
	}{
		{"requests", g.request, &f.Costs.Request},
		{"answers", g.answer, &f.Costs.Answer},
		{"lists", func() []byte { return g.mail(coordinatorAddress, "#lista") }, &f.Costs.List},
		{"searches", func() []byte { return g.mail(coordinatorAddress, "#buscar "+g.pick(nouns)) }, &f.Costs.Search},
	} {
		before, err := d.cpu()
		if err != nil {
			return err
		}
		for range costMails {
			if err := appendMail(client, kind.next()); err != nil {
				return fmt.Errorf("%s: %w", kind.name, err)
			}
		}
		f.written += costMails
		if err := d.rest(ctx, f.written); err != nil {
			return err
		}
		after, err := d.cpu()
		if err != nil {
			return err
		}
		*kind.cost = milliseconds(after-before) / costMails
	}
	return f.digest(ctx, w, d, folder, o)
}

// digest lets the daemon send the digest every second. The first one is not counted: it comes with the reading of the settings.
func (f *figures) digest(ctx context.Context, w *world, d *daemon, folder string, o options) error {
	latest, err := d.count(ctx, "SELECT coalesce(max(id), 0) FROM outbox")
	if err != nil {
		return err
	}
	text := settingsText(w, folder, o) + "[schedule]\ndigest = \"@every 1s\"\n"
	if err := os.WriteFile(d.settings, []byte(text), 0o600); err != nil {
		return err
	}
	if err := d.command.Process.Signal(syscall.SIGHUP); err != nil {
		return err
	}
	sent := func() (int64, error) {
		return d.count(ctx, "SELECT count(*) FROM outbox WHERE id > ?1 AND kind = 'digest' AND state = 'sent'", latest)
	}
	var first int64
	if err := d.until(ctx, "a digest", func() (_ bool, err error) { first, err = sent(); return first > 0, err }); err != nil {
		return err
	}
	before, err := d.cpu()
	if err != nil {
		return err
	}
	var last int64
	if err := d.until(ctx, "digests", func() (_ bool, err error) { last, err = sent(); return last >= first+costDigests, err }); err != nil {
		return err
	}
	after, err := d.cpu()
	f.Costs.Digest = milliseconds(after-before) / float64(last-first)
	return err
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
