package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"radicado/mailbox"
	"radicado/mailbox/mailtest"
	"radicado/tickets/register"
)

type demoCommand struct {
	Folder string        `help:"Where settings, register and sent mails are kept." default:"demo" type:"path"`
	Keep   bool          `help:"Leave the servers and the daemon running at the end, for any mail client to join in."`
	Limit  time.Duration `help:"Give up on a step of the story after so long." default:"30s"`
	Logs   bool          `help:"Show the daemon's log too."`
}

// demoPassword is of everybody in the demo; the servers listen on loopback alone.
const demoPassword = "demo"

// demoPeople is everybody in the order in which they are listed.
var demoPeople = []string{"pedro", "sofia", "marta", "ana", "luis", "venta"}

// demo is the story being told: real servers, the real daemon, people who write mails.
type demo struct {
	console  console
	folder   string
	site     *mailtest.Site
	desk     mailtest.Person
	people   map[string]mailtest.Person
	limit    time.Duration
	ahead    atomic.Int64 // how far the daemon's clock is ahead of the real one, in nanoseconds
	location *time.Location
	seen     int // mails of the desk that were shown already

	mu sync.Mutex // the terminal
}

// Run tells the story.
func (d *demoCommand) Run(ctx context.Context, c console) (err error) {
	if err := freshFolder(d.Folder); err != nil {
		return err
	}
	site, err := mailtest.NewSite(mailtest.SiteOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.Close()) }()
	story := &demo{console: c, folder: d.Folder, site: site, limit: d.Limit}
	if err := story.settle(); err != nil {
		return err
	}
	s, err := story.settings()
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	if d.Logs {
		log, _ = newLog(s.file.Log, c.err)
	}
	story.location = s.location
	p, err := newProgram(ctx, s, pace{now: story.now}, log)
	if err != nil {
		return err
	}
	if err := story.furnish(ctx, p); err != nil {
		return errors.Join(err, p.Close())
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.Run(running) }()
	err = story.tell(ctx)
	if err == nil {
		err = story.close(ctx, p, s, d.Keep)
	}
	stop()
	return errors.Join(err, <-ended, p.Close())
}

// settle gives everybody a mailbox.
func (d *demo) settle() error {
	d.desk = mailtest.Person{Name: "Mesa de servicios", Addr: "soporte@ministerio.example", Password: demoPassword}
	d.people = map[string]mailtest.Person{
		"pedro": {Name: "Pedro Páramo", Addr: "pedro.paramo@ministerio.example", Client: mailtest.Outlook},
		"sofia": {Name: "Sofía Vergel", Addr: "sofia.vergel@ministerio.example", Client: mailtest.Gmail},
		"marta": {Name: "Marta Ruiz", Addr: "marta.ruiz@ministerio.example", Client: mailtest.Outlook},
		"ana":   {Name: "Ana María Gómez", Addr: "ana.gomez@ministerio.example", Client: mailtest.Gmail},
		"luis":  {Name: "Luis Caicedo", Addr: "luis.caicedo@ministerio.example", Client: mailtest.Outlook},
		"venta": {Name: "Impresoras del Valle S. A.", Addr: "servicio@impresoras.example", Client: mailtest.Outlook},
	}
	if err := d.site.Add(d.desk, "Procesados", "Cuarentena"); err != nil {
		return err
	}
	for key, p := range d.people {
		p.Password = demoPassword
		d.people[key] = p
		if err := d.site.Add(p); err != nil {
			return err
		}
	}
	return nil
}

// settings writes the settings that a ministry would write, and reads them as the daemon does.
func (d *demo) settings() (*settings, error) {
	secretFile := filepath.Join(d.folder, "password")
	if err := os.WriteFile(secretFile, []byte(demoPassword+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	text := demoMark + fmt.Sprintf(`[desk]
name = "Mesa de servicios"
organisation = "Ministerio de Ejemplo"
address = "soporte@ministerio.example"
official_domains = ["ministerio.example"]
[monitor]
listen = ""
[register]
path = %q
[[mailbox]]
name = "soporte"
address = %q
tls = "none"
username = "soporte@ministerio.example"
password_file = %q
[smtp]
address = %q
tls = "none"
username = "soporte@ministerio.example"
password_file = %q
[trust]
authority = [%q]
hosts = [%q]
key_file = %q
[[person]]
name = "Marta Ruiz"
role = "coordinator"
addresses = ["marta.ruiz@ministerio.example"]
[[person]]
name = "Ana María Gómez"
role = "technician"
skills = ["impresoras"]
addresses = ["ana.gomez@ministerio.example"]
[[person]]
name = "Luis Caicedo"
role = "technician"
skills = ["redes"]
max_load = 5
addresses = ["luis.caicedo@ministerio.example"]
[[person]]
name = "Impresoras del Valle S. A."
role = "vendor"
addresses = ["servicio@impresoras.example"]
%s`, filepath.Join(d.folder, "register.db"), d.site.IMAP.Addr(), secretFile, d.site.SMTP.Addr(), secretFile,
		d.site.SMTP.Hostname(), d.site.SMTP.Hostname(), filepath.Join(d.folder, "reply.key"), demoCoordination)
	path := filepath.Join(d.folder, "settings.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	return readSettings(path)
}

// say prints a line of the story.
func (d *demo) say(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintf(d.console.out, format+"\n", args...)
}

// writes lets somebody write a new mail to the desk.
func (d *demo) writes(ctx context.Context, who, subject, text string, options ...mailtest.WriteOption) error {
	p := d.people[who]
	return d.submit(ctx, p, p.Write(d.desk.Addr, subject, text, options...), subject, text)
}

// answers lets somebody answer the latest notice in their inbox, with commands behind the subject.
func (d *demo) answers(ctx context.Context, who, commands, text string) error {
	p := d.people[who]
	inbox, err := d.site.IMAP.List(p.Addr, "INBOX")
	if err != nil {
		return err
	}
	if len(inbox) == 0 {
		return fmt.Errorf("demo: %s has nothing to answer", p.Name)
	}
	received := inbox[len(inbox)-1].Raw
	raw, err := p.Reply(received, commands, text)
	if err != nil {
		return err
	}
	return d.submit(ctx, p, raw, mailtest.HeaderOf(raw, "Subject"), text)
}

func (d *demo) submit(ctx context.Context, p mailtest.Person, raw []byte, subject, text string) error {
	d.say("\n✉  %s writes: %s", p.Name, subject)
	d.sayText(text)
	return d.site.Submit(ctx, p, raw)
}

func (d *demo) sayText(text string) {
	if text = strings.TrimSpace(text); text != "" {
		d.say("      %s", strings.ReplaceAll(shorten(text, 200), "\n", "\n      "))
	}
}

// expect waits for the desk's next notices, one to each of the people named, in any order, and shows them.
func (d *demo) expect(ctx context.Context, who ...string) error {
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	for range who {
		n := 0
		m, err := d.site.SMTP.WaitFor(ctx, func(m mailtest.Mail) bool {
			if m.User != d.desk.Addr {
				return false
			}
			n++
			return n > d.seen
		})
		if err != nil {
			return fmt.Errorf("demo: waiting for notices to %s: %w", strings.Join(who, ", "), err)
		}
		d.seen++
		if err := d.keepMail(m); err != nil {
			return err
		}
	}
	return nil
}

// keepMail shows a notice and writes it to the folder.
func (d *demo) keepMail(m mailtest.Mail) error {
	first := ""
	for line := range strings.Lines(m.Text()) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "Cordial saludo") && !strings.HasSuffix(line, ",") {
			first = line
			break
		}
	}
	d.say("   → to %-34s %s", strings.Join(m.To, ", "), m.Subject())
	d.say("      %s", first)
	name := fmt.Sprintf("%02d-%s.eml", d.seen, strings.SplitN(m.To[0], "@", 2)[0])
	if err := os.WriteFile(filepath.Join(d.folder, "sent", name), m.Raw, 0o644); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}

// setAside waits until the desk has put so many mails into quarantine.
func (d *demo) setAside(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	return d.site.IMAP.WaitCount(ctx, d.desk.Addr, "Cuarentena", n)
}

// sayBoard prints where the board is, and a link for each of the people to sign in with. Elsewhere such links go by mail alone.
func (d *demo) sayBoard(ctx context.Context, p *program) error {
	d.say("\nThe board is at %s. Each of these links signs somebody in, once; or ask for one by mail there:", p.board.URL())
	for _, key := range demoPeople {
		link, err := p.board.Invite(ctx, mailbox.Address{Addr: d.people[key].Addr}, 12*time.Hour)
		if err != nil {
			return err
		}
		d.say("  %-28s %s", d.people[key].Name, link)
	}
	return nil
}

// close ends the story with the register, and waits where the servers are to stay up.
func (d *demo) close(ctx context.Context, p *program, s *settings, keep bool) error {
	d.say("\nThe register")
	err := p.register.View(ctx, func(r *register.Reader) error {
		list, _, err := r.List(register.Filter{}, 50, 0)
		if err != nil {
			return err
		}
		return printTickets(d.console.out, list, s.location)
	})
	if err != nil {
		return err
	}
	d.say("\nEvery mail that the desk sent lies in %s", filepath.Join(d.folder, "sent"))
	d.say("Look further with: radicado ticket show SS-%d-000001 -config %s", time.Now().In(s.location).Year(), filepath.Join(d.folder, "settings.toml"))
	if !keep {
		return nil
	}
	d.say("\nThe servers stay up. Join in with any mail client, without encryption:")
	d.say("  IMAP %s   SMTP %s   password %q for everybody", d.site.IMAP.Addr(), d.site.SMTP.Addr(), demoPassword)
	for _, key := range demoPeople {
		d.say("  %-28s %s", d.people[key].Name, d.people[key].Addr)
	}
	if err := d.sayBoard(ctx, p); err != nil {
		return err
	}
	d.say("\nWrite to %s. End with Ctrl-C.", d.desk.Addr)
	<-ctx.Done()
	return nil
}
