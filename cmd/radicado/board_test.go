package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"radicado/mailbox/mailtest"
)

// visitor is somebody's browser at the board of an office.
type visitor struct {
	o *office
	http.Client
}

func (o *office) visitor() *visitor {
	o.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	v := &visitor{o, http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: patience}}
	o.t.Cleanup(v.CloseIdleConnections)
	return v
}

// asks sends a form, or with none asks for a page, and returns what the board shows.
func (v *visitor) asks(address string, form url.Values) (status int, body string) {
	v.o.t.Helper()
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(v.o.ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		v.o.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := v.Do(r)
	if err != nil {
		v.o.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		v.o.t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// TestBoardByMail signs in by the link that comes by mail, and is signed out by the administrator.
func TestBoardByMail(t *testing.T) {
	o := newOffice(t, newInProcess(t))
	o.more = "[board]\nlisten = \"127.0.0.1:0\"\n"
	o.start()
	o.writes(o.pedro, "Impresora no imprime", "No imprime desde ayer.")
	o.gets(o.pedro, 1)
	at := o.program.board.URL()
	v := o.visitor()
	if status, body := v.asks(at+"/entrar", url.Values{"correo": {o.pedro.Addr}}); status != http.StatusOK || !strings.Contains(body, "Revise su correo") {
		t.Fatalf("asking for a link is answered %d:\n%s", status, body)
	}
	link := regexp.MustCompile(`http://\S+/entrar/(\S+)`).FindStringSubmatch(mailtest.TextOf(o.gets(o.pedro, 2), "text/plain"))
	if link == nil {
		t.Fatal("the mail has no link")
	}
	if status, body := v.asks(link[0], url.Values{}); status != http.StatusOK || !strings.Contains(body, "Impresora no imprime") {
		t.Fatalf("the link leads to %d:\n%s", status, body)
	}
	token := link[1]
	files, err := filepath.Glob(filepath.Join(o.folder, "register.db*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(token)) {
			t.Errorf("%s holds the token of the link", filepath.Base(name))
		}
	}
	if strings.Contains(o.logs.String(), token) {
		t.Error("the log holds the token of the link")
	}

	o.desks = "organisation = \"Otro Ministerio\"\n"
	if err := o.program.reload(o.ctx, o.reread()); err != nil {
		t.Fatal(err)
	}
	if _, body := v.asks(at+"/", nil); !strings.Contains(body, "Otro Ministerio") || !strings.Contains(body, "Impresora no imprime") {
		t.Errorf("after a reload the board shows:\n%s", body)
	}

	config := filepath.Join(o.folder, "settings.toml")
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"sessions"}, 0, o.pedro.Addr},
		{[]string{"revoke", o.pedro.Addr}, 0, "1 sessions"},
		{[]string{"revoke", "1"}, 1, "no session 1"},
	} {
		status, out, errs := say(t, "", append(append([]string{"board"}, c.args...), "-config", config)...)
		if status != c.status || !strings.Contains(out+errs, c.says) {
			t.Errorf("%s: %d\n%s%s", c.args, status, out, errs)
		}
	}
	if _, body := v.asks(at+"/", nil); !strings.Contains(body, "Enviarme un enlace") {
		t.Errorf("after the session was revoked the board shows:\n%s", body)
	}
}
