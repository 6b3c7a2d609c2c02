package main

import (
	"strings"
	"testing"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// TestDoubt shows what an answer to a notice of before says about the numbers of now.
func TestDoubt(t *testing.T) {
	given := map[tickets.Number]string{"SS-2026-000007": "impresora", "SS-2026-000008": "correo", "SS-2026-000009": ""}
	for name, tt := range map[string]struct {
		subject        string
		filed, answers tickets.Number
		want           string
	}{
		"as it was":                      {"Re: [SS-2026-000007] Impresora", "SS-2026-000007", "SS-2026-000007", ""},
		"a number that nobody has":       {"Re: [SS-2026-000010] Red", "", "SS-2026-000010", "no mail got that number"},
		"of somebody else":               {"Re: [SS-2026-000007] Impresora", "SS-2026-000011", "SS-2026-000007", "is no party"},
		"set aside":                      {"Re: [SS-2026-000007] Impresora", "", "SS-2026-000007", ""},
		"under the subject of another":   {"Re: [SS-2026-000007] Correo #asignar Ana", "SS-2026-000007", "SS-2026-000007", "what is SS-2026-000008 now"},
		"under a subject of one's own":   {"Sobre lo de ayer", "SS-2026-000007", "SS-2026-000007", ""},
		"of a request without a subject": {"Re: [SS-2026-000009]", "SS-2026-000009", "SS-2026-000009", ""},
	} {
		m := register.Message{From: mailbox.Address{Addr: "ana@min.example"}, Subject: tt.subject, Ticket: tt.filed}
		if got := doubt(m, tt.answers, given); (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
