package procedure_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radicado/tickets"
	"radicado/tickets/procedure"
)

func TestBuiltIn(t *testing.T) {
	instructions, err := procedure.Instructions("")
	if err != nil {
		t.Fatal(err)
	}
	titles := map[string]string{}
	for _, in := range instructions {
		titles[in.Name] = in.Title
		if len(in.Steps) < 5 {
			t.Errorf("%s has %d steps", in.Name, len(in.Steps))
		}
		for _, s := range in.Steps {
			if s.Role == "" {
				t.Errorf("%s: nobody is responsible for %q", in.Name, s.Text)
			}
		}
	}
	for name, title := range map[string]string{"desarrollo": "Desarrollo de software", "adquisicion": "Adquisición de hardware y software", "ajustes": "Ajustes a aplicaciones existentes"} {
		if titles[name] != title {
			t.Errorf("%s is %q, want %q", name, titles[name], title)
		}
	}
	articles, err := procedure.Articles("")
	if err != nil {
		t.Fatal(err)
	}
	library := tickets.NewLibrary(articles)
	for asked, want := range map[string]string{
		"No imprime la impresora del segundo piso":         "impresora-atasco",
		"Olvidé la clave del correo":                       "clave-correo",
		"Mi computador está muy lento":                     "equipo-lento",
		"No me escuchan en las reuniones de Teams":         "videoconferencia",
		"Estamos sin internet en toda la oficina":          "internet-red",
		"Solicito permiso para el viernes en la tarde":     "",
		"Cotización de sillas ergonómicas para la oficina": "",
	} {
		got := ""
		if fits := library.Suggest(tickets.GistOf(asked)); len(fits) > 0 {
			got = fits[0].Name
		}
		if got != want {
			t.Errorf("%q: suggested %q, want %q", asked, got, want)
		}
	}
}

func TestFolder(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("desarrollo.toml", "\ufefftitulo = \"Propio\"\ninformar = [\"jefe@x.example\"]\n[[paso]]\ntexto = \"Uno\"\n")
	write("mudanza.toml", "titulo = \"Mudanza de equipos\"\n[[paso]]\ntexto = \"Uno\"\ninformar = [\"almacen@x.example\"]\n")
	write("LEAME.txt", "no es un instructivo")
	list, err := procedure.Instructions(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, in := range list {
		names = append(names, in.Name)
		if in.Name == "desarrollo" && (in.Title != "Propio" || !slices.Equal(in.Inform, []string{"jefe@x.example"})) {
			t.Errorf("the built-in one was not replaced: %+v", in)
		}
	}
	if !slices.Equal(names, []string{"adquisicion", "ajustes", "desarrollo", "mudanza"}) {
		t.Errorf("names %v", names)
	}
}

func TestBadFiles(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"x.toml", "titulo = \"X\"\n", "found no [[paso]]"},
		{"x.toml", "[[paso]]\ntexto = \"Uno\"\n", "titulo: found nothing"},
		{"x.toml", "titulo = \"X\"\n[[paso]]\n", "paso 1: texto: found nothing"},
		{"x.toml", "titulo = \"X\"\npasos = 3\n[[paso]]\ntexto = \"Uno\"\n", "unknown key"},
		{"x.toml", "titulo = ", "x.toml"},
		{"x.toml", "titulo = \"X\"\ninformar = [\"jefe\"]\n[[paso]]\ntexto = \"Uno\"\n", `found "jefe", expected a mail address`},
		{"x.toml", "titulo = \"Desarrollo de Software\"\n[[paso]]\ntexto = \"Uno\"\n", "is that of"},
		{"Mi Guía.toml", "titulo = \"X\"\n", "expected small letters"},
		{"x.md", "Sin título\n", "expected a title"},
		{"x.md", "# Título\n", "found no text below the title"},
		{"x.md", "# Título\nPalabras: a, b\n", "found no text below the title"},
	}
	for _, tt := range tests {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, tt.name), []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := procedure.Instructions(folder)
		if strings.HasSuffix(tt.name, ".md") {
			_, err = procedure.Articles(folder)
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %q: %v, want %q", tt.name, tt.text, err, tt.want)
		}
	}
	if _, err := procedure.Articles("/does/not/exist"); err == nil {
		t.Error("a folder that does not exist was accepted")
	}
}
