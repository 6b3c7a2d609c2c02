// Package message reads mail: from the raw bytes of one mail it makes the mailbox.Message that the rest of the program
// works with — who wrote, what about, what they said now, which files came along, and whether it was a person at all.
// It reads anything and never fails; what was wrong with a mail is listed in the message. It does no I/O, keeps nothing
// between mails, proves nothing about the sender, and knows nothing of tickets.
package message

import (
	"bytes"
	"fmt"
	"strings"

	"radicado/mailbox"
)

// Options are what the reader must know of this installation to tell its own mail and its own server's marks from
// others'. The zero value serves.
type Options struct {
	Own             []string // addresses of the desk, its mailboxes and the sender of its notices, in any letter case
	Instance        string   // value of the X-Radicado header on our own notices, "" for none known
	MessageIDDomain string   // what stands behind the @ of our own Message-IDs and of nobody else's, "" for none
	SpamHeader      string   // header by which our server marks spam with "yes", beside the well-known ones
	Files           bool     // also fill in Attachment.Content, which takes memory
	HTML            bool     // also sanitise the HTML body into Message.HTML, which takes longer than all the rest
}

// readerFailed begins the defect of a mail that tripped the reader.
const readerFailed = "the reader failed"

// Read reads one mail, or only its header. It never fails: a mail that trips the reader is read by its header alone and
// says so in Defects.
func Read(raw []byte, opt Options) *mailbox.Message { return guarded(raw, opt, read) }

// guarded reads a mail with the reader given, and by its header alone where that one panics.
func guarded(raw []byte, opt Options, reader func([]byte, Options) *mailbox.Message) (m *mailbox.Message) {
	defer func() {
		if r := recover(); r != nil {
			m = readHeader(raw)
			m.Defects = append(m.Defects, fmt.Sprintf(readerFailed+", only the header was read: %v", r))
		}
	}()
	return reader(raw, opt)
}

func read(raw []byte, opt Options) *mailbox.Message {
	var d defects
	s := splitter{defects: &d}
	root := s.split(wholeLines(raw), "text/plain", 0)
	m := &mailbox.Message{Header: root.header}
	readFields(m, &d)
	b := body{root: root, keep: opt.Files}
	b.gather(root, &d)
	b.finish(m, opt)
	if m.Beyond != nil {
		d.add("more text than is read: the rest is only in the mail itself")
	}
	m.Defects = d.list
	return m
}

// wholeLines gives a mail whose lines end in a bare CR the line ends of this system.
func wholeLines(raw []byte) []byte {
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') >= 0 {
		return bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	return raw
}

// readHeader reads the fields alone.
func readHeader(raw []byte) *mailbox.Message {
	var d defects
	m := &mailbox.Message{Class: mailbox.ClassPerson, ClassReason: "nothing marks it as automatic"}
	m.Header, _ = splitHeader(raw, d.add)
	readFields(m, &d)
	m.Defects = d.list
	return m
}

// readFields fills in what the header says.
func readFields(m *mailbox.Message, d *defects) {
	h := m.Header
	m.Subject = decodeHeader(h.Get("Subject"))
	m.Authors = addresses(h, "From")
	m.From, _ = usable(m.Authors)
	if m.From.IsZero() && len(m.Authors) > 0 {
		m.From = m.Authors[0]
	}
	if sender := addresses(h, "Sender"); len(sender) > 0 {
		m.Sender, _ = usable(sender)
	}
	if m.From.Addr == "" || !strings.Contains(m.From.Addr, "@") {
		d.add("no usable From address")
	}
	if len(h.Values("From")) > 1 {
		d.add("more than one From field")
	}
	m.ReplyTo = addresses(h, "Reply-To")
	m.To = addresses(h, "To")
	m.Cc = addresses(h, "Cc")
	m.Date = parseDate(h.Get("Date"))
	if m.Date.IsZero() {
		d.add("no readable Date")
	}
	if ids := messageIDs(h.Get("Message-ID")); len(ids) > 0 {
		m.MessageID = ids[0]
	}
	m.InReplyTo = messageIDs(h.Get("In-Reply-To"))
	m.References = messageIDs(h.Get("References"))
}

// messageIDs returns the identifiers of RFC 5322 section 3.6.4 without their angle brackets, each once.
func messageIDs(value string) []string {
	var ids []string
	seen := map[string]bool{}
	add := func(id string) {
		id = strings.Join(strings.Fields(id), "")
		if id != "" && !seen[id] && len(ids) < maxAddresses {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	rest := value
	for {
		_, after, ok := strings.Cut(rest, "<")
		if !ok {
			break
		}
		id, tail, closed := strings.Cut(after, ">")
		if !closed {
			id, tail = after, ""
		}
		add(id)
		rest = tail
	}
	if len(ids) == 0 { // identifiers without brackets
		for _, word := range strings.Fields(value) {
			if strings.Contains(word, "@") {
				add(strings.Trim(word, "<>,;\"()"))
			}
		}
	}
	return ids
}
