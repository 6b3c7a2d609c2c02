package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"

	"radicado/mailbox/receive"
	"radicado/tickets/monitor"
)

// account is a mailbox that is to be read, and what the reading depends on.
type account struct {
	receive.Account
	needs needs
}

// needs is everything that a connection to a mailbox depends on: where it is the same, the connection stays.
type needs struct {
	section   mailboxSection
	oauth     oauthSection
	authority [sha256.Size]byte // digest of ca_file
}

// newAccount is the mailbox in the terms of receive.
func (s *settings) newAccount(m mailboxSettings, timing receive.Timing) (account, error) {
	a, err := m.account(timing)
	if err == nil {
		err = a.Validate()
	}
	if err != nil {
		return account{}, err
	}
	n := needs{section: m.section}
	n.section.Poll = "" // when it is looked at, the connection does not care
	if m.section.OAuth {
		n.oauth = s.file.OAuth
	}
	if m.section.CAFile != "" {
		pem, err := os.ReadFile(m.section.CAFile)
		if err != nil {
			return account{}, fmt.Errorf("mailbox %s: ca_file: %w", m.section.Name, err)
		}
		n.authority = sha256.Sum256(pem)
	}
	return account{a, n}, nil
}

// reading is a mailbox being read.
type reading struct {
	receiver *receive.Receiver
	needs    needs
	stop     context.CancelFunc
	ended    chan struct{}
	state    receive.State
}

// readings is the mailboxes being read. They outlive a shift, so that other settings do not cost them their connection.
type readings struct {
	log     *slog.Logger
	monitor *monitor.Monitor

	mu   sync.Mutex
	list map[string]*reading
}

// become reads these mailboxes and no others. A mailbox that is being read as it is wanted is left alone; one that is in trouble
// begins anew, because its password may be another one now.
func (r *readings) become(ctx context.Context, wanted []account, ledger receive.Ledger) {
	byName := map[string]account{}
	for _, a := range wanted {
		byName[a.Name] = a
	}
	r.drop(func(name string, old *reading) bool {
		a, ok := byName[name]
		return !ok || a.needs != old.needs || old.state.Trouble != receive.NoTrouble
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.list == nil {
		r.list = map[string]*reading{}
	}
	for _, a := range wanted {
		if r.list[a.Name] == nil {
			r.list[a.Name] = r.begin(ctx, a, ledger)
		}
	}
}

func (r *readings) begin(ctx context.Context, a account, ledger receive.Ledger) *reading {
	ctx, stop := context.WithCancel(ctx)
	one := &reading{receiver: receive.New(a.Account, ledger, r.log), needs: a.needs, stop: stop, ended: make(chan struct{})}
	one.receiver.Observe = func(s receive.State) {
		r.mu.Lock()
		defer r.mu.Unlock()
		one.state = s
	}
	one.receiver.Took = func(mails int) { r.monitor.Received(a.Name, mails) }
	go func() {
		defer close(one.ended)
		if err := one.receiver.Run(ctx); err != nil { // the account was validated
			r.log.Error("mailbox is not read", "mailbox", a.Name, "error", err)
		}
	}()
	return one
}

// drop ends the reading of some mailboxes, and waits for it.
func (r *readings) drop(which func(name string, one *reading) bool) {
	r.mu.Lock()
	var ending []*reading
	for name, one := range r.list {
		if which(name, one) {
			one.stop()
			ending = append(ending, one)
			delete(r.list, name)
		}
	}
	r.mu.Unlock()
	for _, one := range ending {
		<-one.ended
	}
}

// end ends them all.
func (r *readings) end() {
	r.drop(func(string, *reading) bool { return true })
}

// poke lets a mailbox be looked at now.
func (r *readings) poke(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if one := r.list[name]; one != nil {
		one.receiver.Poke()
	}
}

// retake lets a mailbox be looked at now, and for mails that were passed over.
func (r *readings) retake(name string, uidValidity uint32, uids []uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if one := r.list[name]; one != nil {
		one.receiver.Retake(uidValidity, uids)
	}
}

// figures is how the mailboxes stand, by name.
func (r *readings) figures() []monitor.Mailbox {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []monitor.Mailbox
	for name, one := range r.list {
		s := one.state
		m := monitor.Mailbox{Name: name, Trouble: string(s.Trouble), Err: s.Err, Seen: one.receiver.Seen()}
		if s.Trouble != receive.NoTrouble {
			m.Advice = s.Trouble.Advice()
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b monitor.Mailbox) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
