package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/trust"
	"radicado/tickets"
)

// roleProver asks of each role the proofs that the settings want of it: who can close any request should prove more than who
// can close his or her own.
type roleProver struct {
	policy    *tickets.Policy
	byRole    map[tickets.Role]*trust.Verifier
	everybody *trust.Verifier
}

// newProver returns the prover that the settings ask for.
func newProver(s *settings, keys *trust.Keyring, now func() time.Time) (*roleProver, error) {
	p := &roleProver{policy: s.policy, byRole: map[tickets.Role]*trust.Verifier{}}
	verifier := func(policy trust.Policy) (*trust.Verifier, error) { return trust.New(policy, resolver(s), keys, now) }
	var errs []error
	var err error
	if p.everybody, err = verifier(s.trust); err != nil {
		errs = append(errs, fmt.Errorf("[trust]: %w", err))
	}
	for role, accept := range s.acceptByRole {
		policy := s.trust
		policy.Accept = accept
		if p.byRole[role], err = verifier(policy); err != nil {
			errs = append(errs, fmt.Errorf("[trust.role.%s]: %w", role, err))
		}
	}
	return p, errors.Join(errs...)
}

// Prove implements desk.Prover. The role is the one that the mail claims, which is the one that has to be proven.
func (p *roleProver) Prove(ctx context.Context, raw []byte, m *mailbox.Message) mailbox.Proof {
	if v, special := p.byRole[p.policy.Identify(m, mailbox.Proof{}).Role]; special {
		return v.Prove(ctx, raw, m)
	}
	return p.everybody.Prove(ctx, raw, m)
}
