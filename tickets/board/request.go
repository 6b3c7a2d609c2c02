package board

import (
	"bytes"
	"cmp"
	"errors"
	"html/template"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"radicado/mailbox"
	"radicado/mailbox/message"
	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/register"
)

const (
	maxRests    = 60      // mails of a request whose rest is shown on its page; the others stand behind a link
	maxRestSize = 4 << 20 // bytes of a mail, likewise
	maxHeld     = 10      // machines of an official that are looked up for the links
)

// requestBody is a request with its history.
type requestBody struct {
	tickets.Look
	Row     shownRow
	Entries []entryBody
	Actions []templates.Action
	Answer  template.URL
	HasForm bool
}

// entryBody is a line of the history with what there is to open.
type entryBody struct {
	tickets.Entry
	Rest   string // of its mail: what is quoted, signed or forwarded
	Mail   string // address of the whole mail
	Files  []fileBody
	Number tickets.Number
}

// Brief reports whether the entry says a word or two that a command set, and not what somebody wrote.
func (e entryBody) Brief() bool {
	switch e.Kind {
	case "prioritised", "assigned", "typed", "equipped", "followed", "entered", "reserved", "returned", "referred", "duplicate", "joined", "separated":
		return e.Text != ""
	}
	return false
}

type fileBody struct {
	tickets.File
	Path string
}

// showRequest shows a request.
func (p *page) showRequest() error {
	number := p.requestNumber()
	var body requestBody
	err := p.view(func(r *register.Reader) error {
		t, err := r.Ticket(number)
		if err != nil {
			return err
		}
		if body.Look, err = p.look(r, t); err != nil {
			return err
		}
		if body.Row, err = p.shown(r, t); err != nil {
			return err
		}
		return p.addEntries(r, &body)
	})
	if err != nil {
		return err
	}
	body.Actions = p.speak.Actions(number, body.Role, body.Links)
	body.Answer = template.URL(p.speak.Answer(number, body.Ticket.Subject)) // percent-encoded by RFC 6068
	body.HasForm = body.Role != tickets.RoleVendor
	return p.renderLive("request", http.StatusOK, string(number), "/vivo?solicitud="+string(number), body)
}

// look asks what the viewer may see of a request. It fails with register.ErrNotFound where that is nothing.
func (p *page) look(r *register.Reader, t *tickets.Ticket) (tickets.Look, error) {
	role, ok := p.Viewer.RoleIn(t)
	if !ok {
		return tickets.Look{}, register.ErrNotFound
	}
	d := tickets.Dossier{Case: tickets.Case{Ticket: t}}
	var err error
	if d.Events, err = r.History(t.Number); err != nil {
		return tickets.Look{}, err
	}
	if role == tickets.RoleVendor {
		d.Told, err = p.told(r, t.Number)
	} else if role.Staff() {
		err = p.addSituation(r, &d)
	}
	if err != nil {
		return tickets.Look{}, err
	}
	look, ok := p.desk.Policy.Look(p.Viewer, d, p.now)
	if !ok {
		return look, register.ErrNotFound
	}
	return look, nil
}

// told returns the notices about a request that went to the viewer.
func (p *page) told(r *register.Reader, n tickets.Number) ([]tickets.Told, error) {
	rows, err := r.Notices(n)
	if err != nil {
		return nil, err
	}
	var told []tickets.Told
	for _, row := range rows {
		if slices.Contains(p.Viewer.Keys(), row.Notice.To.Key()) {
			told = append(told, tickets.Told{At: row.CreatedAt, Notice: row.Notice})
		}
	}
	return told, nil
}

// addSituation adds what the links of staff depend on.
func (p *page) addSituation(r *register.Reader, d *tickets.Dossier) (err error) {
	if d.Situation, err = r.Situation(p.now); err != nil {
		return err
	}
	var keys []string
	for _, a := range d.Ticket.Assets {
		keys = append(keys, tickets.AssetKey(a.Plate))
	}
	if d.Found.Assets, err = r.AssetsByKeys(keys); err != nil {
		return err
	}
	d.Found.Held, err = r.AssetsOf(d.Ticket.Requester.Addr, maxHeld)
	return err
}

func (p *page) addEntries(r *register.Reader, body *requestBody) error {
	rests := 0
	for _, e := range body.Look.Entries {
		one := entryBody{Entry: e, Number: body.Ticket.Number}
		for i, f := range e.Files {
			one.Files = append(one.Files, fileBody{f, mailPath(body.Ticket.Number, e.Source) + "/archivos/" + strconv.Itoa(i)})
		}
		if e.Message != 0 {
			one.Mail = mailPath(body.Ticket.Number, e.Message)
			if rests++; rests <= maxRests {
				m, err := p.readMail(r, e.Message, p.desk.Reader, maxRestSize)
				if err != nil && !errors.Is(err, register.ErrRemoved) && !errors.Is(err, register.ErrNotFound) {
					return err
				}
				if err != nil {
					one.Mail = ""
				} else if m != nil {
					one.Rest = restOf(m)
				}
			}
		}
		body.Entries = append(body.Entries, one)
	}
	return nil
}

func mailPath(n tickets.Number, id int64) string {
	return "/solicitudes/" + string(n) + "/mensajes/" + strconv.FormatInt(id, 10)
}

// readMail reads a stored mail again; nil where it is larger than limit.
func (p *page) readMail(r *register.Reader, id int64, how message.Options, limit int) (*mailbox.Message, error) {
	stored, err := r.Message(id)
	if err != nil {
		return nil, err
	}
	raw, err := r.LoadRaw(stored.Digest)
	if err != nil {
		return nil, err
	}
	if len(raw) > limit {
		return nil, nil
	}
	return message.Read(raw, how), nil
}

// restOf returns what the new text of a mail leaves out.
func restOf(m *mailbox.Message) string {
	var parts []string
	for _, c := range m.Cuts {
		parts = append(parts, strings.TrimSpace(c.Text))
	}
	return strings.TrimSpace(strings.Join(parts, "\n\n"))
}

// entryOf returns the entry of a request's history that lets the viewer have a mail, or what came with it.
func (p *page) entryOf(r *register.Reader, has func(tickets.Entry) bool) (tickets.Entry, error) {
	t, err := r.Ticket(p.requestNumber())
	if err != nil {
		return tickets.Entry{}, err
	}
	look, err := p.look(r, t)
	if err != nil {
		return tickets.Entry{}, err
	}
	if i := slices.IndexFunc(look.Entries, has); i >= 0 {
		return look.Entries[i], nil
	}
	return tickets.Entry{}, register.ErrNotFound
}

func (p *page) pathNumber(name string) int64 {
	n, err := strconv.ParseInt(p.request.PathValue(name), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// mailPolicy is of a page that shows the HTML of a mail: nothing runs, nothing is loaded, nothing leads out of the frame.
const mailPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'self'; frame-ancestors 'self'; form-action 'none'; base-uri 'none'"

// anySize is the limit for what somebody asks for by itself.
const anySize = 1 << 30

// sendMail shows a mail with its format: sanitised, in a frame that can do nothing.
func (p *page) sendMail() error {
	id := p.pathNumber("message")
	var m *mailbox.Message
	err := p.view(func(r *register.Reader) error {
		e, err := p.entryOf(r, func(e tickets.Entry) bool { return e.Message == id && id > 0 })
		if err != nil {
			return err
		}
		shown := p.desk.Reader
		shown.HTML = true
		m, err = p.readMail(r, e.Message, shown, anySize)
		return err
	})
	if err != nil {
		return err
	}
	p.writer.Header().Set("Content-Security-Policy", mailPolicy)
	// bluemonday has taken out of it whatever runs or loads.
	return p.renderBare("mail", struct {
		Message *mailbox.Message
		HTML    template.HTML
	}{m, template.HTML(m.HTML)})
}

// renderBare writes a page without the frame of the others.
func (p *page) renderBare(name string, body any) error {
	var out bytes.Buffer
	if err := p.desk.pages[p.Lang][name].ExecuteTemplate(&out, "bare", frame{page: p, Name: name, Body: body}); err != nil {
		return err
	}
	p.writer.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := out.WriteTo(p.writer)
	return err
}

// sendFile sends a file that came with a mail.
func (p *page) sendFile() error {
	id, at := p.pathNumber("message"), p.pathNumber("file")
	var name, kind string
	var content []byte
	err := p.view(func(r *register.Reader) error {
		e, err := p.entryOf(r, func(e tickets.Entry) bool {
			return e.Source == id && id > 0 && at >= 0 && at < int64(len(e.Files))
		})
		if err != nil {
			return err
		}
		whole := p.desk.Reader
		whole.Files = true
		m, err := p.readMail(r, e.Source, whole, anySize)
		if err != nil {
			return err
		}
		files := slices.DeleteFunc(m.Attachments, func(a mailbox.Attachment) bool { return a.Inline })
		if at >= int64(len(files)) {
			return register.ErrNotFound // left in the mailbox: the mail was too large
		}
		a := files[at]
		if a.Name != e.Files[at].Name || a.Size != e.Files[at].Size {
			return register.ErrNotFound // a newer reader reads the mail otherwise: better none than another
		}
		name, kind, content = a.Name, a.Type, a.Content
		return nil
	})
	if err != nil {
		return err
	}
	p.sendDownload(name, kind, content)
	return nil
}

// sendForm sends the form of a request.
func (p *page) sendForm() error {
	number := p.requestNumber()
	var pdf []byte
	err := p.view(func(r *register.Reader) error {
		t, err := r.Ticket(number)
		if err != nil {
			return err
		}
		if role, ok := p.Viewer.RoleIn(t); !ok || role == tickets.RoleVendor {
			return register.ErrNotFound
		}
		pdf, err = p.desk.Form(r, number, p.now)
		return err
	})
	if err != nil {
		return err
	}
	p.sendDownload(string(number)+".pdf", "application/pdf", pdf)
	return nil
}

// plainTypes are the types that a browser may be told: none of them runs, and all are saved, not shown.
var plainTypes = []string{"application/pdf", "image/png", "image/jpeg", "image/gif", "text/plain", "text/csv", "application/zip"}

// sendDownload sends bytes to be saved, whatever they are. They come from strangers: the browser must neither show them nor guess
// what they are.
func (p *page) sendDownload(name, kind string, content []byte) {
	if !slices.Contains(plainTypes, kind) {
		kind = "application/octet-stream"
	}
	h := p.writer.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", disposition(name))
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	if _, err := p.writer.Write(content); err != nil {
		p.board.options.Log.Debug("board: a client has gone", "error", err)
	}
}

// disposition names a file to be saved (RFC 6266, RFC 8187). A name is no path, has no control characters, and none that turn the
// direction of writing, which hide what a file is.
func disposition(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r == '/' || r == '\\' || r == ':':
			return '_'
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, name)
	name = strings.TrimLeft(clip(name, 180), ". ")
	return cmp.Or(mime.FormatMediaType("attachment", map[string]string{"filename": cmp.Or(name, "adjunto")}), "attachment")
}
