package register

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"radicado/mailbox"
	"radicado/tickets"
)

const (
	maxIndexed     = 256 << 10 // bytes of a column that are searched; a ticket with more is found by its beginning
	maxSearchWords = 16
	prefixLetters  = 4 // from so many letters on a word finds also longer words
)

// document is what a ticket is found by.
type document struct {
	public   string // what the requester may see
	internal string // what only staff may see
	people   string // tokens of those who may see the public part
}

// index keeps the ticket's new document for the end of the transaction: SQLite would otherwise write a segment of the
// full-text index at every savepoint.
func (tx *Tx) index(id int64, t *tickets.Ticket, events []tickets.Event) error {
	doc, err := tx.document(id, events[0].Seq == 1)
	if err != nil {
		return err
	}
	tx.level.docs[id] = doc.with(t, events)
	return nil
}

func (tx *Tx) document(id int64, isNew bool) (doc document, err error) {
	for l := tx.level; l != nil; l = l.parent {
		if doc, pending := l.docs[id]; pending {
			return doc, nil
		}
	}
	if isNew {
		return document{}, nil
	}
	return tx.storedDocument(id)
}

func (r *Reader) storedDocument(id int64) (doc document, err error) {
	err = r.row("SELECT public, internal, people FROM words WHERE docid = ?1", []any{id}, &doc.public, &doc.internal, &doc.people)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return doc, err
}

// with adds the words of events, one after the other, so that replaying them all at once gives the same document.
func (d document) with(t *tickets.Ticket, events []tickets.Event) document {
	for _, e := range events {
		public, internal := wordsOf(e.Fact)
		if e.Seq == 1 {
			public = append(public, string(t.Number))
		}
		d.public, d.internal = add(d.public, public), add(d.internal, internal)
	}
	people := []string{personToken(t.Requester.Key())}
	for _, f := range t.Followers {
		people = append(people, personToken(f.Key()))
	}
	d.people = strings.Join(people, " ")
	return d
}

// stands reports whether the stored document is the one that the events say, though an earlier version may have stored it: that one
// kept the whole text, and so less of a long one.
func (d document) stands(said document) bool {
	same := func(stored, said string) bool {
		words := once(stored)
		if len(stored) > maxIndexed-utf8.UTFMax { // the last word was cut off, and whole it may be one of those before
			words = words[:strings.LastIndexByte(strings.TrimSuffix(words, " "), ' ')+1]
			return strings.HasPrefix(said, words)
		}
		return words == said
	}
	return same(d.public, said.public) && same(d.internal, said.internal) && d.people == said.people
}

// add adds the words of what was said to those of text.
func add(text string, more []string) string {
	return searchable(once(valid(text + "\n" + strings.Join(more, "\n"))))
}

// searchable returns the beginning of a long text.
func searchable(text string) string {
	if len(text) <= maxIndexed {
		return text
	}
	end := maxIndexed
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// wordsOf returns what a fact says, apart for the requester and for staff.
func wordsOf(fact tickets.Fact) (public, internal []string) {
	var said []string
	switch f := fact.(type) {
	case *tickets.RegisteredFact:
		said = append([]string{f.Subject, f.Text, f.Requester.Name, f.Requester.Addr}, fileNames(f.Files)...)
		return append(said, f.Office, f.Telephone), []string{f.Note}
	case *tickets.AnsweredFact:
		said = append(fileNames(f.Files), f.Text)
	case *tickets.UnprovenFact:
		said = append(fileNames(f.Files), f.From.Name, f.From.Addr, f.Text)
	case *tickets.NotedFact:
		said = append(fileNames(f.Files), f.Text)
	case *tickets.AutomaticFact:
		said = []string{f.Text}
	case *tickets.UndeliveredFact:
		said = f.Recipients
	case *tickets.WaitedFact:
		said = []string{f.Text}
	case *tickets.ResolvedFact:
		said = []string{f.Text}
	case *tickets.ClosedFact:
		said = []string{f.Text}
	case *tickets.ReopenedFact:
		said = []string{f.Text}
	case *tickets.RejectedFact:
		said = []string{f.Text}
	case *tickets.DiagnosedFact, *tickets.PlannedFact:
		said = []string{tickets.Said(f)}
	case *tickets.SurveyedFact:
		said = []string{f.Comment}
	case *tickets.SteppedFact:
		said = []string{f.Note}
	case *tickets.UnsolvedFact, *tickets.VendorWrittenFact:
		said = []string{tickets.Said(f)}
	case *tickets.VendorAnsweredFact:
		said = append(fileNames(f.Files), f.Text, f.Case)
	case *tickets.EquippedFact:
		said = []string{f.Asset.Plate, f.Asset.Serial, f.Asset.Name()}
	}
	if fact.Internal() {
		return nil, said
	}
	return said, nil
}

func fileNames(files []tickets.File) []string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name
	}
	return names
}

// personToken stands for an address in the index as a word that nobody searches for.
func personToken(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "xqp" + hex.EncodeToString(sum[:8])
}

// writeDocuments writes the documents of all tickets that the transaction has changed so far, in the order of their ids,
// which is the one that the index takes without a break. Writing one twice does no harm.
func (tx *Tx) writeDocuments() error {
	docs := map[int64]document{}
	for l := tx.level; l != nil; l = l.parent {
		for id, doc := range l.docs {
			if _, newer := docs[id]; !newer {
				docs[id] = doc
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(docs)) {
		doc := docs[id]
		_, err := tx.exec("INSERT OR REPLACE INTO words (docid, public, internal, people, shard) VALUES (?1, ?2, ?3, ?4, ?5)",
			id, doc.public, doc.internal, doc.people, shardOf(id))
		if err != nil {
			return fmt.Errorf("index ticket %d/%d: %w", year(id), serial(id), err)
		}
	}
	return nil
}

// Search returns the tickets in which all the words occur, latest first, at most limit. Letter case and accents do not
// matter; the last word and words of four letters or more find longer words too. With a visibleTo, an address, only
// tickets of that person are searched, and only what that person may see of them.
func (r *Reader) Search(words, visibleTo string, limit int) ([]*tickets.Ticket, error) {
	match, column := matchStaff(words), matchColumn(visibleTo)
	if visibleTo != "" {
		match = matchPublic(words, key(visibleTo))
	}
	if match == "" {
		return nil, nil
	}
	found, err := latest(r, scanTicket, "SELECT "+wholeTicket+` FROM words CROSS JOIN tickets t ON t.id = words.docid
		WHERE `+column+` MATCH ?1 AND words.shard = ?2 ORDER BY words.docid DESC LIMIT ?3`, match, limit)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

// Search is Reader's Search; it finds also what this transaction has changed.
func (tx *Tx) Search(words, visibleTo string, limit int) ([]*tickets.Ticket, error) {
	if err := tx.writeDocuments(); err != nil {
		return nil, err
	}
	return tx.Reader.Search(words, visibleTo, limit)
}

// matchStaff returns the words as an expression of the full-text index, "" where there is nothing to search for.
func matchStaff(words string) string { return strings.Join(searchTerms(words), " ") }

// matchColumn is what an expression is matched with where it names no column itself: all, or for a person the public one. To name that
// before each word would not do: what is one word here can be two for SQLite, and the name would hold for the first alone.
func matchColumn(visibleTo string) string {
	if visibleTo == "" {
		return "words"
	}
	return "words.public"
}

// matchPublic returns the words as matchStaff does, for matchColumn of the person.
func matchPublic(words, key string) string {
	terms := searchTerms(words)
	if len(terms) == 0 {
		return ""
	}
	return strings.Join(terms, " ") + " people:" + personToken(key)
}

// searchTerms returns the words that people typed as terms of the index. Only letters and digits are left, in lower case,
// so that nothing can be read as an operator.
func searchTerms(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsNumber(c) && !unicode.Is(unicode.Mn, c)
	})
	words = slices.DeleteFunc(words, func(w string) bool { return !strings.ContainsFunc(w, wordRune) })
	if long := slices.DeleteFunc(slices.Clone(words), isParticle); len(long) > 0 {
		words = long
	}
	words = words[:min(len(words), maxSearchWords)]
	for i, w := range words {
		letters := utf8.RuneCountInString(w)
		if letters >= prefixLetters || i == len(words)-1 && letters >= 2 {
			words[i] = w + "*"
		}
	}
	return words
}

func wordRune(c rune) bool { return unicode.IsLetter(c) || unicode.IsNumber(c) }

// isParticle reports whether the word is so common in Spanish or English that it says nothing about a request.
func isParticle(w string) bool {
	switch w {
	case "a", "al", "con", "de", "del", "el", "en", "es", "la", "las", "los", "mi", "para", "por", "que", "se", "su", "un", "una", "y",
		"an", "and", "at", "for", "in", "is", "my", "of", "on", "the", "to":
		return true
	}
	return false
}

func key(addr string) string { return mailbox.Address{Addr: addr}.Key() }
