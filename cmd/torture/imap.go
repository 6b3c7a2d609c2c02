package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"radicado/cmd/torture/audit"
)

// imapVerbs are what the daemon says to a mailbox.
var imapVerbs = []string{"AUTHENTICATE", "SELECT", "FETCH", "FETCH BODY", "SEARCH", "MOVE"}

// imapTroubleOf is the plan of the i-th trouble with the mailbox.
func imapTroubleOf(seed uint64, i int) trouble {
	random := dice(seed, "imap", i)
	verb := imapVerbs[random.IntN(len(imapVerbs))]
	when := []phase{before, after}[random.IntN(2)]
	t := trouble{mails: 2 + random.IntN(12), times: 1 + random.IntN(2)}
	refusal := []string{"NO [UNAVAILABLE] come back later", "NO [SERVERBUG] something broke", "NO no", "BAD what"}[random.IntN(4)]
	list := []trouble{
		{name: "cut in mid-literal", wire: point{"imap", "FETCH BODY", within}, deed: deed{kind: cut}},
		{name: "cut", wire: point{"imap", verb, when}, deed: deed{kind: cut}},
		{name: "BYE", wire: point{"imap", verb, before}, deed: deed{kind: answer, reply: "* BYE shutting down"}},
		{name: "NO", wire: point{"imap", verb, before}, deed: deed{kind: answer, reply: "TAG " + refusal}},
		{name: "quota", wire: point{"imap", "MOVE", before}, deed: deed{kind: answer, reply: "TAG NO [OVERQUOTA] Quota exceeded"}},
		{name: "slow drip", wire: point{"imap", "FETCH BODY", before}, deed: deed{kind: slow, wait: time.Second}},
		{name: "wrong literal size", wire: point{"imap", "FETCH BODY", literal},
			deed: deed{kind: misstate, reply: []string{"-7", "+1", "+900", "=0", "=1", "=4294967296", "=18446744073709551617"}[random.IntN(7)]}},
		{name: "silence", wire: point{"imap", verb, when}, deed: deed{kind: silent, wait: 6 * time.Second}},
		{name: "UIDVALIDITY", act: renewMailbox},
		{name: "expunge in between", act: expungeBetween},
		{name: "folder gone", act: folderGone},
		{name: "restart in IDLE", act: restartInIdle},
	}
	chosen := list[random.IntN(len(list))]
	chosen.mails, chosen.times = t.mails, t.times
	return chosen
}

func imapTroubles(ctx context.Context, r *run, o *office, until time.Time) error {
	if err := o.configure(); err != nil {
		return err
	}
	return o.bear(ctx, r, until, func(i int) trouble { return imapTroubleOf(r.seed, i) }, nil)
}

// renewMailbox has the server forget its UIDs, as after a restored backup.
func renewMailbox(ctx context.Context, _ *run, o *office, _ *rand.Rand) error {
	o.stopped = true
	if err := o.site.script(ctx, "dovecot", "stop"); err != nil {
		return err
	}
	forgotten, err := filepath.Glob(filepath.Join(o.site.maildir(o.desk), "dovecot*"))
	if err != nil {
		return err
	}
	for _, path := range forgotten {
		if filepath.Base(path) == "dovecot-uidlist" || strings.HasPrefix(filepath.Base(path), "dovecot.index") {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return o.site.script(ctx, "dovecot", "start")
}

func restartInIdle(ctx context.Context, _ *run, o *office, _ *rand.Rand) error {
	idle := make(chan struct{}, 1)
	o.imap.set(func(p point) deed {
		if p.verb == "IDLE" {
			select {
			case idle <- struct{}{}:
			default:
			}
		}
		return deed{}
	})
	select {
	case <-idle:
	case <-time.After(3 * time.Second):
	case <-ctx.Done():
	}
	o.imap.set(nil)
	o.stopped = true
	return o.site.restartIMAP(ctx)
}

// expungeBetween has somebody delete a mail that the daemon has just seen in the listing.
func expungeBetween(ctx context.Context, _ *run, o *office, random *rand.Rand) error {
	id := fmt.Sprintf("<%s.%d@torture.example>", o.name, len(o.sent))
	listed := make(chan struct{}, 1)
	o.imap.set(func(p point) deed {
		if p == (point{"imap", "FETCH", after}) {
			_ = o.site.files(o.desk, func(folder, path string) error {
				raw, err := os.ReadFile(path)
				if err == nil && folder == "INBOX" && bytes.Contains(raw, []byte(id)) {
					_ = os.Remove(path)
				}
				return nil
			})
			select {
			case listed <- struct{}{}:
			default:
			}
		}
		return deed{}
	})
	defer o.imap.set(nil)
	if err := o.writeOne(ctx, random, o.people[0], func(s *audit.Sent) { s.Optional = true }); err != nil {
		return err
	}
	if err := o.write(ctx, random, 3); err != nil {
		return err
	}
	select {
	case <-listed:
	case <-time.After(2 * time.Second):
	case <-ctx.Done():
	}
	return nil
}

// folderGone renames the folder that processed mails go to.
func folderGone(_ context.Context, _ *run, o *office, _ *rand.Rand) error {
	client, err := imapclient.DialInsecure(o.site.imap, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Login(o.desk, password).Wait(); err != nil {
		return err
	}
	// Where there is none yet, it could not go.
	_ = client.Rename("Procesados", fmt.Sprint("Archivo", time.Now().UnixNano()), nil).Wait()
	return nil
}
