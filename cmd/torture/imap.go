package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"radicado/cmd/torture/audit"
)

// imapVerbs are what the daemon says to a mailbox.
var imapVerbs = []string{"LOGIN", "SELECT", "FETCH", "FETCH BODY", "SEARCH", "MOVE"}

// imapList is what may go wrong with the mailbox.
func imapList(random *rand.Rand) []trouble {
	verb := imapVerbs[random.IntN(len(imapVerbs))]
	when := []phase{before, after}[random.IntN(2)]
	refusal := []string{"NO [UNAVAILABLE] come back later", "NO [SERVERBUG] something broke", "NO no", "BAD what"}[random.IntN(4)]
	announce := func(name string, sizes ...string) trouble {
		return trouble{name: name, wire: point{"imap", "FETCH BODY", literal}, deed: deed{kind: misstate, reply: sizes[random.IntN(len(sizes))]}}
	}
	return []trouble{
		{name: "cut in mid-literal", wire: point{"imap", "FETCH BODY", within}, deed: deed{kind: cut}},
		{name: "cut", wire: point{"imap", verb, when}, deed: deed{kind: cut}},
		{name: "BYE", wire: point{"imap", verb, before}, deed: deed{kind: answer, reply: "* BYE shutting down"}},
		{name: "NO", wire: point{"imap", verb, before}, deed: deed{kind: answer, reply: "TAG " + refusal}},
		{name: "quota", wire: point{"imap", "MOVE", before}, deed: deed{kind: answer, reply: "TAG NO [OVERQUOTA] Quota exceeded"}},
		{name: "slow drip", wire: point{"imap", "FETCH BODY", before}, deed: deed{kind: slow, wait: time.Second}},
		announce("literal too short", "-7", "=0", "=1"),
		announce("literal too long", "+1", "+900"),
		announce("literal of absurd size", "=4294967296", "=18446744073709551617"),
		{name: "silence", wire: point{"imap", verb, when}, deed: deed{kind: silent, wait: 6 * time.Second}},
		{name: "UIDVALIDITY", act: renewMailbox},
		{name: "expunge in between", act: expungeBetween},
		{name: "folder gone", act: folderGone},
		{name: "restart in IDLE", act: restartInIdle},
	}
}

// imapTroubleOf is the plan of the i-th trouble with the mailbox.
func imapTroubleOf(seed uint64, i int) trouble { return deal(seed, "imap", i, imapList, 12, 2) }

func imapTroubles(ctx context.Context, r *run, o *office, until time.Time) error {
	if err := o.configure(); err != nil {
		return err
	}
	return o.bear(ctx, r, until, func(i int) trouble { return imapTroubleOf(r.seed, i) }, nil)
}

// stopIMAP stops Dovecot, and notes which mails it leaves in two folders: its MOVE is a copy and a removal, and the daemon will
// move once more what is still in the inbox.
func (o *office) stopIMAP(ctx context.Context) error {
	o.stops++
	_, before := o.imap.waiting("MOVE")
	if err := o.site.StopIMAP(ctx); err != nil {
		return err
	}
	o.imap.drop() // Dovecot's own processes have ended, or are about to
	o.until(ctx, func() bool { open, _ := o.imap.waiting("MOVE"); return open == 0 })
	if _, deserted := o.imap.waiting("MOVE"); deserted == before {
		return nil // it was not moving anything
	}
	return o.noteHalved()
}

// noteHalved notes which mails lie in the inbox and in another folder.
func (o *office) noteHalved() error {
	mails, err := o.site.mails(o.desk)
	inbox, elsewhere := map[[sha256.Size]byte]bool{}, map[[sha256.Size]byte]bool{}
	for _, m := range mails {
		if m.Folder == "INBOX" {
			inbox[sha256.Sum256(m.Raw)] = true
		} else {
			elsewhere[sha256.Sum256(m.Raw)] = true
		}
	}
	for digest := range inbox {
		if elsewhere[digest] {
			o.halved[digest]++
		}
	}
	return err
}

// renewMailbox has the server forget its UIDs, as after a restored backup.
func renewMailbox(ctx context.Context, o *office, random *rand.Rand) (struck bool, err error) {
	old := o.uidValidity()
	if err := o.stopIMAP(ctx); err != nil {
		return false, err
	}
	forgotten, err := filepath.Glob(filepath.Join(o.site.Maildir(o.desk), "dovecot*"))
	if err != nil {
		return false, err
	}
	for _, path := range forgotten {
		if filepath.Base(path) == "dovecot-uidlist" || strings.HasPrefix(filepath.Base(path), "dovecot.index") {
			if err := os.Remove(path); err != nil {
				return false, err
			}
		}
	}
	if err := o.site.StartIMAP(ctx); err != nil {
		return false, err
	}
	renewed := func() bool {
		now := o.uidValidity()
		return now != "" && now != old
	}
	err = o.keepBusy(ctx, random, renewed)
	return old != "" && renewed(), err
}

// uidValidity is that of the inbox as Dovecot keeps it, "" where it has none yet.
func (o *office) uidValidity() string {
	list, err := os.ReadFile(filepath.Join(o.site.Maildir(o.desk), "dovecot-uidlist"))
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(list), "\n")
	for _, field := range strings.Fields(first) {
		if value, ok := strings.CutPrefix(field, "V"); ok {
			return value
		}
	}
	return ""
}

// restartInIdle restarts Dovecot while the daemon waits for it to say something.
func restartInIdle(ctx context.Context, o *office, _ *rand.Rand) (struck bool, err error) {
	idles := func() bool {
		open, _ := o.imap.waiting("IDLE")
		return open > 0
	}
	idle := o.until(ctx, idles)
	if err := o.stopIMAP(ctx); err != nil {
		return false, err
	}
	return idle, o.site.StartIMAP(ctx)
}

// expungeBetween has somebody delete a mail that the daemon has just seen in the listing.
func expungeBetween(ctx context.Context, o *office, random *rand.Rand) (struck bool, err error) {
	id := fmt.Sprintf("<%s.%d@torture.example>", o.name, len(o.sent))
	remove := func() (gone bool) {
		_ = o.site.files(o.desk, func(folder, path string) error {
			if folder != "INBOX" {
				return nil
			}
			raw, err := os.ReadFile(path)
			if err == nil && bytes.Contains(raw, []byte(id)) {
				gone = os.Remove(path) == nil
			}
			return nil
		})
		return gone
	}
	var written, listed, gone atomic.Bool
	o.imap.set(func(p point, _ string) deed {
		switch {
		case p == point{"imap", "FETCH", before} && written.Load():
			listed.Store(true)
		case p == point{"imap", "FETCH", after} && listed.Load() && !gone.Load() && remove():
			gone.Store(true)
		}
		return deed{}
	})
	o.direct = true
	defer func() { o.direct = false }()
	if err := o.writeOne(ctx, random, o.people[0], func(s *audit.Sent) { s.Optional = true }); err != nil {
		return false, err
	}
	written.Store(true)
	if err := o.write(ctx, random, 3); err != nil {
		return false, err
	}
	handled := func() bool { return gone.Load() || o.site.count(o.desk, "INBOX") == 0 }
	o.until(ctx, handled)
	return gone.Load(), nil
}

// folderGone has somebody rename the folder that processed mails go to, once there is one.
func folderGone(ctx context.Context, o *office, random *rand.Rand) (struck bool, err error) {
	var failure error
	err = o.keepBusy(ctx, random, func() bool {
		struck, failure = o.renameProcessed(ctx)
		return struck || failure != nil
	})
	return struck, errors.Join(err, failure)
}

// renameProcessed renames the folder that processed mails go to, and reports whether there was one. No mail is moved meanwhile: one
// that Dovecot has copied into a folder that is not there any more when the MOVE ends stays in the inbox as well.
func (o *office) renameProcessed(ctx context.Context) (done bool, err error) {
	renamed := make(chan struct{})
	defer close(renamed)
	o.imap.set(func(p point, _ string) deed {
		if p == (point{"imap", "MOVE", before}) {
			<-renamed
		}
		return deed{}
	})
	defer o.imap.set(nil)
	o.until(ctx, func() bool { open, _ := o.imap.waiting("MOVE"); return open == 0 })
	client, err := imapclient.DialInsecure(o.site.IMAP, nil)
	if err != nil {
		return false, err
	}
	defer client.Close()
	if err := client.Login(o.desk, o.site.Password).Wait(); err != nil {
		return false, err
	}
	if client.Rename("Procesados", fmt.Sprint("Archivo", time.Now().UnixNano()), nil).Wait() != nil {
		return false, nil // there is none yet
	}
	return true, o.noteHalved()
}
