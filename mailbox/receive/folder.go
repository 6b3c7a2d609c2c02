package receive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// otherNames returns the names that a folder may have on this server: under the personal namespace, as where every folder
// lives below INBOX (RFC 2342), and with the hierarchy delimiter in place of a slash.
func (s *session) otherNames(ctx context.Context, name string) []string {
	if !s.caps.Has(imap.CapNamespace) {
		return nil
	}
	var prefix, delimiter string
	err := s.step(ctx, "NAMESPACE", s.acc.Timing.Step, func() error {
		data, err := s.client.Namespace().Wait()
		if err == nil && len(data.Personal) > 0 {
			prefix = data.Personal[0].Prefix
			if data.Personal[0].Delim != 0 {
				delimiter = string(data.Personal[0].Delim)
			}
		}
		return err
	})
	if err != nil {
		return nil // the name as it is has to do; a broken connection shows in the next step
	}
	local := name
	if delimiter != "" {
		local = strings.ReplaceAll(name, "/", delimiter)
	}
	var names []string
	for _, other := range []string{prefix + name, local, prefix + local} {
		if other != name && !slices.Contains(names, other) {
			names = append(names, other)
		}
	}
	return names
}

// status returns how many messages a folder holds.
func (s *session) status(ctx context.Context, name string) (uint32, error) {
	var count *uint32
	err := s.step(ctx, "look at folder "+name, 2*s.acc.Timing.Step, func() error {
		data, err := s.client.Status(name, &imap.StatusOptions{NumMessages: true}).Wait()
		if err == nil {
			count = data.NumMessages
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	if count == nil {
		return 0, fmt.Errorf("look at folder %s: %w", name, errUncounted)
	}
	return *count, nil
}

var errUncounted = errors.New("the server does not say how many mails it holds")

// find returns the name by which the server knows a folder and how many messages it holds. The error is a refusal where
// there is none.
func (s *session) find(ctx context.Context, name string) (string, uint32, error) {
	count, err := s.status(ctx, name)
	if err == nil || errors.Is(err, errUncounted) {
		return name, count, err
	}
	if refusal(err) == nil {
		return "", 0, err
	}
	for _, other := range s.otherNames(ctx, name) {
		if count, err := s.status(ctx, other); err == nil || errors.Is(err, errUncounted) {
			return other, count, err
		}
	}
	return "", 0, err
}

// ensure returns the name by which the server knows a folder, made where it was missing.
func (s *session) ensure(ctx context.Context, name string) (found string, made bool, err error) {
	found, _, err = s.find(ctx, name)
	if err == nil || errors.Is(err, errUncounted) {
		return found, false, nil
	}
	if refusal(err) == nil {
		return "", false, err
	}
	first := s.create(ctx, name)
	if first == nil {
		return name, true, nil
	}
	if refusal(first) == nil {
		return "", false, first
	}
	for _, other := range s.otherNames(ctx, name) {
		if err := s.create(ctx, other); err == nil {
			return other, true, nil
		}
	}
	return "", false, first
}

// create makes a folder and shows it to mail programs, most of which list subscribed ones only.
func (s *session) create(ctx context.Context, name string) error {
	err := s.step(ctx, "make folder "+name, s.acc.Timing.Step, func() error {
		return s.client.Create(name, nil).Wait()
	})
	if answer := refusal(err); answer != nil && answer.Code == imap.ResponseCodeAlreadyExists {
		return nil
	}
	if err != nil {
		return err
	}
	err = s.step(ctx, "subscribe to folder "+name, s.acc.Timing.Step, func() error {
		return s.client.Subscribe(name).Wait()
	})
	if refusal(err) != nil {
		return nil // it is there, which is enough
	}
	return err
}
