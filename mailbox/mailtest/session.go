package mailtest

import (
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// session is one IMAP connection. It mends what imapmemserver (v2.0.0-beta.8) does that no server in use does; each
// method says what.
type session struct {
	*imapmemserver.UserSession // nil before login
	server                     *IMAP
	account                    *account
}

var (
	_ imapserver.SessionMove      = (*session)(nil)
	_ imapserver.SessionNamespace = (*session)(nil)
)

// Login implements imapserver.Session.
func (s *session) Login(username, password string) error {
	account := s.server.account(username)
	if account == nil {
		return imapserver.ErrAuthFailed
	}
	if err := account.user.Login(account.name, password); err != nil {
		return err
	}
	s.account = account
	s.UserSession = imapmemserver.NewUserSession(account.user)
	return nil
}

// Close implements imapserver.Session.
func (s *session) Close() error {
	defer s.server.sessions.Done()
	return s.UserSession.Close()
}

// Idle reports every change, also one that came after the last command and before this one, which imapmemserver keeps to
// itself until the next change.
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	for {
		changed := s.server.changed.next()
		if err := s.UserSession.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-stop:
			return nil
		}
	}
}

// Fetch answers only for mails that the client was told of. imapmemserver answers "* 0 FETCH" for the others, and there is
// no message 0 (RFC 3501 section 2.3.1.2).
func (s *session) Fetch(w *imapserver.FetchWriter, numSet imap.NumSet, options *imap.FetchOptions) error {
	uids, ok := numSet.(imap.UIDSet)
	if !ok {
		return s.UserSession.Fetch(w, numSet, options)
	}
	known, err := s.Search(imapserver.NumKindSeq, &imap.SearchCriteria{UID: []imap.UIDSet{uids}}, &imap.SearchOptions{})
	if err != nil {
		return err
	}
	return s.UserSession.Fetch(w, known.All, options)
}

// Append implements imapserver.Session.
func (s *session) Append(mailbox string, r imap.LiteralReader, options *imap.AppendOptions) (*imap.AppendData, error) {
	defer s.server.changed.fire()
	return s.UserSession.Append(mailbox, r, options)
}

// Store implements imapserver.Session.
func (s *session) Store(w *imapserver.FetchWriter, numSet imap.NumSet, flags *imap.StoreFlags, options *imap.StoreOptions) error {
	defer s.server.changed.fire()
	return s.UserSession.Store(w, numSet, flags, options)
}

// Expunge implements imapserver.Session.
func (s *session) Expunge(w *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	defer s.server.changed.fire()
	return s.UserSession.Expunge(w, uids)
}

// Copy leaves COPYUID out where nothing was copied: imapmemserver writes one with empty sets, which is not in the grammar
// (RFC 4315 section 4).
func (s *session) Copy(numSet imap.NumSet, dest string) (*imap.CopyData, error) {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	defer s.server.changed.fire()
	return s.copy(numSet, dest)
}

func (s *session) copy(numSet imap.NumSet, dest string) (*imap.CopyData, error) {
	data, err := s.UserSession.Copy(numSet, dest)
	if err != nil || len(data.SourceUIDs) == 0 {
		return nil, err
	}
	return data, nil
}

// Move is COPY, STORE and UID EXPUNGE in one step (RFC 6851 section 3.3). imapmemserver answers a UID that is gone with an
// ungrammatical COPYUID, and announces the expunged numbers twice, the first time wrongly; the poll that follows every
// command announces them once and rightly. It
// speaks last: a connection that breaks under its answer must not leave the mail in both mailboxes.
func (s *session) Move(w *imapserver.MoveWriter, numSet imap.NumSet, dest string) error {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	defer s.server.changed.fire()
	data, err := s.copy(numSet, dest)
	if err != nil || data == nil {
		return err
	}
	deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := s.UserSession.Store(nil, data.SourceUIDs, deleted, nil); err != nil {
		return err
	}
	uids := data.SourceUIDs
	if err := s.UserSession.Expunge(nil, &uids); err != nil {
		return err
	}
	return w.WriteCopyData(data)
}
