package register

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"radicado/mailbox"
	"radicado/tickets"
)

// serials returns the serials of tickets.
func serials(t testing.TB, found []*tickets.Ticket) string {
	t.Helper()
	var s []string
	for _, ticket := range found {
		id, ok := ticketID(ticket.Number)
		if !ok {
			t.Fatalf("number %q", ticket.Number)
		}
		s = append(s, fmt.Sprint(serial(id)))
	}
	return strings.Join(s, " ")
}

func TestSearch(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		first, err := register(tx, ana, "La impresora no IMPRIME", "Se atascó el papel en la Dirección de Gestión; año 2019.")
		check(t, err)
		second, err := register(tx, luis, "Re: Sesión caduca", "cafe\u0301 derramado sobre el portátil <luis.pc>\r\ncon 'comillas' y \"dobles\"")
		check(t, err)
		check(t, appendFacts(tx, first, first.Number, coordinator, 0, &tickets.AnsweredFact{Text: "Traiga el tóner", Files: []tickets.File{{Name: "guía.pdf"}}}))
		check(t, appendFacts(tx, second, second.Number, coordinator, 0, &tickets.NotedFact{Text: "sospecho de la fuente"}))
		return appendFacts(tx, first, first.Number, coordinator, 0, &tickets.NotedFact{Text: "máquina fuera de garantía"})
	})
	for _, test := range []struct{ words, visibleTo, want string }{
		{"impresora", "", "1"},
		{"IMPRESORA", "", "1"},
		{"ímprésórá", "", "1"},
		{"impre", "", "1"}, // the beginning of a word
		{"direccion gest", "", "1"},
		{"ano 2019", "", "1"},
		{"café", "", "2"},       // written with a combining accent in the mail
		{"cafe\u0301", "", "2"}, // and in the search
		{"cafe", "", "2"},
		{"sesion", "", "2"},
		{"toner", "", "1"},           // of an answer
		{"guia pdf", "", "1"},        // name of a file
		{"impresora toner", "", "1"}, // words of different events
		{"impresora café", "", ""},   // every word must occur
		{"la impresora", "", "1"},
		{"una impresora de la direccion", "", "1"}, // particles say nothing
		{"gomez", "", "1"},                         // name of the requester
		{"luis", "", "2"},
		{"min example org", "", "2 1"}, // latest first
		{"SS-2026-000001", "", "1"},
		{"imp pap", "", ""}, // short words are whole words, but for the last
		{"la", "", "2 1"},   // particles are searched for where there is nothing else
		{"", "", ""},
		{"¿?", "", ""},
		{"garantia", "", "1"}, // a note
		{"fuente", "", "2"},
		{"garantia", ana.Addr, ""}, // not for the requester
		{"fuente", luis.Addr, ""},
		{"impresora", ana.Addr, "1"},
		{"impresora toner", "ANA.GOMEZ@min.example.org ", "1"},
		{"impresora", luis.Addr, ""},
		{"impresora", "nadie@min.example.org", ""},
		{"impresora garantia", ana.Addr, ""},
		{personToken(ana.Key()), "", "1"}, // harmless: only staff can search for it
	} {
		f.view(t, func(r *Reader) error {
			found, err := r.Search(test.words, test.visibleTo, 10)
			if got := serials(t, found); err != nil || got != test.want {
				t.Errorf("%q for %q: found %q, %v; want %q", test.words, test.visibleTo, got, err, test.want)
			}
			return nil
		})
	}
}

// TestSearchOfAWordThatSQLiteDivides: some combining signs end a word of the full-text index. What follows them must not be looked for in
// what only staff may see.
func TestSearchOfAWordThatSQLiteDivides(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		first, err := register(tx, ana, "La impresora no imprime", "Se atascó el papel.")
		check(t, err)
		return appendFacts(tx, first, first.Number, coordinator, 0, &tickets.NotedFact{Text: "funcionaria conflictiva"})
	})
	for _, test := range []struct{ words, visibleTo, want string }{
		{"impresora\u0332conflictiva", "", "1"},
		{"impresora\u0332papel", ana.Addr, "1"},
		{"impresora\u0332conflictiva", ana.Addr, ""},
		{"impresora\u0332confl", ana.Addr, ""},
		{"impresora\u0332\u0332confl imprime", ana.Addr, ""},
		{"impresora\u0488conflictiva", ana.Addr, ""}, // an enclosing sign ends a word here too
		{"impresora\u0332gomez", ana.Addr, "1"},
		{"impresora\u0332gomez", luis.Addr, ""},
	} {
		f.view(t, func(r *Reader) error {
			found, err := r.Search(test.words, test.visibleTo, 10)
			if got := serials(t, found); err != nil || got != test.want {
				t.Errorf("%+q for %q: found %q, %v; want %q", test.words, test.visibleTo, got, err, test.want)
			}
			listed, _, err := r.List(Filter{Words: test.words, Person: test.visibleTo}, 10, 0)
			if got := serials(t, listed); err != nil || got != test.want {
				t.Errorf("%+q for %q: listed %q, %v; want %q", test.words, test.visibleTo, got, err, test.want)
			}
			return nil
		})
	}
}

func TestSearchSeesTheTransactionItself(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		ticket, err := register(tx, ana, "impresora", "x")
		check(t, err)
		find := func(word, want string) {
			t.Helper()
			found, err := tx.Search(word, "", 10)
			if got := serials(t, found); err != nil || got != want {
				t.Errorf("%s: found %q, %v; want %q", word, got, err, want)
			}
			listed, total, err := tx.List(Filter{Words: word}, 10, 0)
			if got := serials(t, listed); err != nil || got != want || total != len(listed) {
				t.Errorf("%s: listed %q of %d, %v; want %q", word, got, total, err, want)
			}
		}
		find("impresora", "1")
		_ = tx.Nested(func() error {
			check(t, appendFacts(tx, ticket.Clone(), ticket.Number, coordinator, 0, &tickets.NotedFact{Text: "rodillo"}))
			_, err := register(tx, luis, "impresora", "y")
			check(t, err)
			find("impresora", "2 1")
			find("rodillo", "1")
			return errPlanted
		})
		find("impresora", "1")
		find("rodillo", "")
		return nil
	})
	f.sound(t)
}

// TestSearchGoesThroughTheShards compares what is found in several shards of the full-text index with a look at every ticket.
func TestSearchGoesThroughTheShards(t *testing.T) {
	f := open(t)
	words := []string{"impresora", "pantalla", "correo"}
	var all []*tickets.Ticket // latest first
	for i := range 60 {
		if i%15 == 14 {
			f.clock.advance(366 * 24 * time.Hour) // a year begins a shard
		}
		var text []string
		for bit, word := range words {
			if i&(1<<bit) != 0 {
				text = append(text, word)
			}
		}
		f.update(t, func(tx *Tx) error {
			ticket, err := register(tx, []mailbox.Address{ana, luis}[i/8%2], "asunto", strings.Join(text, " "))
			check(t, err)
			if i%5 == 0 {
				check(t, appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.ClosedFact{}))
			}
			all = slices.Insert(all, 0, ticket)
			return nil
		})
	}
	numbers := func(list []*tickets.Ticket) (numbers []tickets.Number) {
		for _, ticket := range list {
			numbers = append(numbers, ticket.Number)
		}
		return numbers
	}
	rapid.Check(t, func(rt *rapid.T) {
		asked := rapid.SliceOfNDistinct(rapid.SampledFrom(append(words, "asun")), 1, 3, rapid.ID).Draw(rt, "words")
		person := rapid.SampledFrom([]string{"", ana.Addr}).Draw(rt, "person")
		closed := rapid.Bool().Draw(rt, "closed")
		limit, offset := rapid.IntRange(1, 70).Draw(rt, "limit"), rapid.IntRange(0, 40).Draw(rt, "offset")
		filter := Filter{Words: strings.Join(asked, " "), Person: person}
		if closed {
			filter.States = []tickets.State{tickets.Closed}
		}
		var fits, listed []*tickets.Ticket
		for _, ticket := range all {
			if slices.ContainsFunc(asked, func(word string) bool { return !strings.Contains(ticket.Subject+" "+ticket.Text, word) }) ||
				person != "" && ticket.Requester.Addr != person {
				continue
			}
			fits = append(fits, ticket)
			if filter.fits(ticket) {
				listed = append(listed, ticket)
			}
		}
		f.view(t, func(r *Reader) error {
			found, err := r.Search(filter.Words, person, limit)
			check(t, err)
			if want := numbers(fits[:min(limit, len(fits))]); !slices.Equal(numbers(found), want) {
				rt.Fatalf("%q of %q: found %q, want %q", filter.Words, person, numbers(found), want)
			}
			page, total, err := r.List(filter, limit, offset)
			check(t, err)
			want := listed[min(offset, len(listed)):]
			if want := numbers(want[:min(limit, len(want))]); total != len(listed) || !slices.Equal(numbers(page), want) {
				rt.Fatalf("%+v: %q of %d, want %q of %d", filter, numbers(page), total, want, len(listed))
			}
			return nil
		})
	})
	f.sound(t)
}

func TestHugeTextIsIndexedByItsBeginning(t *testing.T) {
	f := open(t)
	f.update(t, func(tx *Tx) error {
		var text strings.Builder
		for i := range maxIndexed / 8 {
			fmt.Fprintf(&text, "ñandú%d ", i)
		}
		ticket, err := register(tx, ana, "principio", text.String()+" final")
		check(t, err)
		return appendFacts(tx, ticket, ticket.Number, coordinator, 0, &tickets.AnsweredFact{Text: "posteriormente"})
	})
	f.view(t, func(r *Reader) error {
		for word, want := range map[string]string{"principio": "1", "final": "", "posteriormente": ""} {
			if found, err := r.Search(word, "", 10); err != nil || serials(t, found) != want {
				t.Errorf("%s: %v, %v", word, serials(t, found), err)
			}
		}
		return nil
	})
	f.sound(t)
}

// TestDocumentOfAnEarlierVersion takes documents with the whole text, as they were once stored, for what they are.
func TestDocumentOfAnEarlierVersion(t *testing.T) {
	f := open(t)
	const text = "La impresora de la oficina, la de la Dirección, no imprime: la impresora."
	var long strings.Builder
	for i := range maxIndexed / 4 {
		fmt.Fprintf(&long, "la ñandú%d ", i)
	}
	store := func(tx *Tx, ticket *tickets.Ticket, text string) {
		t.Helper()
		id := KeyOf(ticket.Number)
		doc, err := tx.document(id, false)
		check(t, err)
		doc.public = strings.Join([]string{ticket.Subject, text, ana.Name, ana.Addr, "", "", string(ticket.Number)}, "\n")
		tx.level.docs[id] = document{searchable(doc.public), doc.internal, doc.people}
	}
	var short, huge *tickets.Ticket
	f.update(t, func(tx *Tx) (err error) {
		short, err = register(tx, ana, "impresora", text)
		check(t, err)
		store(tx, short, text)
		huge, err = register(tx, ana, "huge", long.String())
		check(t, err)
		store(tx, huge, long.String())
		return nil
	})
	f.sound(t)
	f.update(t, func(tx *Tx) error {
		return appendFacts(tx, short, short.Number, coordinator, 0, &tickets.AnsweredFact{Text: "La impresora imprime."})
	})
	f.sound(t)
	f.view(t, func(r *Reader) error {
		doc, err := r.storedDocument(KeyOf(short.Number))
		if words := strings.Fields(doc.public); err != nil || len(words) != len(slices.Compact(slices.Sorted(slices.Values(words)))) || !strings.HasSuffix(doc.public, " ") {
			t.Errorf("after an answer the words are %q, %v", doc.public, err)
		}
		return nil
	})
}

// FuzzSearch shows that nothing that people type is a syntax error, and that a requester never finds another's ticket.
func FuzzSearch(f *testing.F) {
	for _, seed := range []string{"a AND", "\"", "NEAR/3 x", "x OR (", "public:x", "*", "-x", "^a", "a*b*", "\x00", "𞤀", "ª º ²", "\u0301", "ǅ İ ß", "people:xqp*",
		strings.Repeat("a b ", 500), strings.Repeat("z", 5000), "ก็", "한국어", "١٢٣", "\u02b0word", "\ufb01n"} {
		f.Add(seed)
	}
	fix := open(f)
	fix.update(f, func(tx *Tx) error {
		_, err := register(tx, ana, "asunto", "texto secreto de ana")
		return err
	})
	f.Fuzz(func(t *testing.T, words string) {
		fix.view(t, func(r *Reader) error {
			if _, err := r.Search(words, "", 3); err != nil {
				t.Errorf("%q: %v", words, err)
			}
			found, err := r.Search(words, luis.Addr, 3)
			if err != nil || len(found) != 0 {
				t.Errorf("%q for another: found %d, %v", words, len(found), err)
			}
			if _, _, err := r.List(Filter{Words: words}, 3, 0); err != nil {
				t.Errorf("%q listed: %v", words, err)
			}
			return nil
		})
	})
}

func TestWordsOfEveryFactAreFound(t *testing.T) {
	for _, fact := range []tickets.Fact{
		&tickets.AnsweredFact{Text: "palabra"}, &tickets.UnprovenFact{Text: "palabra"}, &tickets.NotedFact{Text: "palabra"},
		&tickets.AutomaticFact{Text: "palabra"}, &tickets.UndeliveredFact{Recipients: []string{"palabra@x"}}, &tickets.WaitedFact{Text: "palabra"},
		&tickets.ResolvedFact{Text: "palabra"}, &tickets.ClosedFact{Text: "palabra"}, &tickets.ReopenedFact{Text: "palabra"},
		&tickets.RejectedFact{Text: "palabra"}, &tickets.RegisteredFact{Text: "palabra"},
		&tickets.RegisteredFact{Requester: mailbox.Address{Name: "palabra"}},
	} {
		public, internal := wordsOf(fact)
		all := strings.Join(slices.Concat(public, internal), " ")
		if !strings.Contains(all, "palabra") {
			t.Errorf("%s: words are lost", fact.Kind())
		}
		if fact.Internal() && len(public) > 0 {
			t.Errorf("%s: the requester finds %q", fact.Kind(), public)
		}
	}
	if public, internal := wordsOf(&tickets.RegisteredFact{Note: "palabra"}); slices.Contains(public, "palabra") || !slices.Contains(internal, "palabra") {
		t.Error("the requester finds the note for staff")
	}
}
