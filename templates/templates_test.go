package templates

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

var update = flag.Bool("update", false, "write the golden files")

func testSettings() Settings {
	return Settings{
		Desk:         mailbox.Address{Name: "Mesa de servicios", Addr: "soporte@example.org"},
		Organisation: "Ministerio de Ejemplo",
		DeskName:     "Mesa de servicios",
		Footer:       "Teléfono (601) 555 0100, ext. 100\nLunes a viernes, 8:00 a. m. a 5:00 p. m.",
		Location:     time.FixedZone("Bogotá", -5*60*60),
	}
}

func load(t testing.TB) *Set {
	t.Helper()
	set, err := Load("", testSettings())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func render(t testing.TB, set *Set, n tickets.Notice) Mail {
	t.Helper()
	mail, err := set.Render(n)
	if err != nil {
		t.Fatal(err)
	}
	return mail
}

// TestGolden shows what every notice looks like; "go test -update" writes the files anew.
func TestGolden(t *testing.T) {
	set := load(t)
	for _, lang := range Langs() {
		notices := map[string]tickets.Notice{"receipt_refused": problemNotice(lang)}
		for _, kind := range tickets.NoticeKinds() {
			notices[string(kind)] = fullNotice(kind, lang)
			notices[string(kind)+"_bare"] = bareNotice(kind, lang)
		}
		for name, n := range notices {
			mail := render(t, set, n)
			golden(t, filepath.Join("testdata", lang, name+".txt.golden"), "Subject: "+mail.Subject+"\n\n"+mail.Text)
			golden(t, filepath.Join("testdata", lang, name+".html.golden"), mail.HTML)
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", file, got)
	}
}
