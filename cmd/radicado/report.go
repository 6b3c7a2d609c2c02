package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"radicado/mailbox"
	"radicado/templates"
	"radicado/tickets"
	"radicado/tickets/form"
	"radicado/tickets/outbox"
	"radicado/tickets/register"
	"radicado/tickets/report"
	"radicado/tickets/report/chart"
)

// maxAttached bounds the register that goes with a report, in bytes: mail servers refuse mails of some ten megabytes or more.
const maxAttached = 6 << 20

// madeReport is a report with all that goes with it.
type madeReport struct {
	view    tickets.ReportView
	query   report.Query
	figures *report.Figures
	charts  []chart.Chart // those that show something
	pngs    [][]byte      // of the charts
	name    string        // of the file of the register, "" for none
	xlsx    []byte
}

// report makes the figures of a report of the register as it is now.
func (m *sheetMaker) report(r *register.Reader, view tickets.ReportView) (*madeReport, error) {
	made := &madeReport{view: view, query: report.Query{Period: view.Period.In(m.organisation.Zone), Now: view.At}}
	if view.Technician != "" {
		p, known := m.policy.People.Find(view.Technician)
		if !known { // who was in the settings when the report was asked for
			p = tickets.Person{Name: view.Technician, Addresses: []string{view.Technician}}
		}
		made.query.Technician = &p
	}
	q := made.query
	var err error
	made.figures, err = report.Collect(q, m.policy, r.Cases(q.Since(), q.Until(), q.NeedsEvents))
	if err != nil {
		return nil, fmt.Errorf("report of %s: %w", q.Period, err)
	}
	return made, nil
}

// draw draws the charts.
func (m *sheetMaker) draw(made *madeReport, lang string) error {
	for _, c := range chart.All(made.figures, lang) {
		if c.Empty {
			continue
		}
		png, err := m.pictures.png(c)
		if err != nil {
			return fmt.Errorf("report of %s: %w", made.query.Period, err)
		}
		made.charts, made.pngs = append(made.charts, c), append(made.pngs, png)
	}
	return nil
}

// pictures remembers the charts that were drawn last: a report goes to several people in the same minute, and its pictures are some
// tenths of a second of work. Its zero value remembers none.
type pictures struct {
	mu    sync.Mutex
	drawn []picture // latest last
}

type picture struct {
	chart chart.Chart
	png   []byte
}

// maxPictures is how many are remembered: those of a report in both languages.
const maxPictures = 18

// png draws a chart, or returns what was drawn of the same one. Nobody may change it.
func (p *pictures) png(c chart.Chart) ([]byte, error) {
	p.mu.Lock() // while it draws too: who wants the same picture is best off with that
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.drawn, func(d picture) bool { return reflect.DeepEqual(d.chart, c) }); i >= 0 {
		return p.drawn[i].png, nil
	}
	png, err := c.PNG()
	if err != nil {
		return nil, err
	}
	if len(p.drawn) == maxPictures {
		p.drawn = slices.Delete(p.drawn, 0, 1)
	}
	p.drawn = append(p.drawn, picture{c, png})
	return png, nil
}

// addRegister adds the requests that were registered in the period.
func (m *sheetMaker) addRegister(made *madeReport, r *register.Reader) error {
	q := made.query
	rows := register.Filter{From: q.Period.From, To: q.Until()}
	if q.Technician != nil {
		rows.Technicians = q.Technician.Addresses
	}
	var file bytes.Buffer
	if _, err := m.register(&file, form.XLSX, r, rows, q.Now); err != nil {
		return fmt.Errorf("register for the report of %s: %w", q.Period, err)
	}
	made.name, made.xlsx = "registro-"+fileName(q.Period)+".xlsx", file.Bytes()
	return nil
}

// fileName is a period as it may stand in the name of a file.
func fileName(p tickets.Period) string { return strings.ReplaceAll(p.String(), "..", "_") }

// shown is the report as templates show it; url says where the picture of a chart is.
func (r *madeReport) shown(url func(i int) string) *templates.Report {
	shown := &templates.Report{Figures: r.figures}
	for i, c := range r.charts {
		shown.Pictures = append(shown.Pictures, templates.Picture{ID: c.ID, URL: url(i), Alt: c.Alt, Width: c.Width, Height: c.Height})
	}
	return shown
}

// contentID names the picture of a chart within a mail.
func (r *madeReport) contentID(i int) string {
	return fmt.Sprintf("%s.%d@informe.radicado", r.charts[i].ID, r.view.At.UnixMilli())
}

// enclosure is the report as it goes by mail.
func (m *sheetMaker) enclosure(r *register.Reader, n tickets.Notice) (outbox.Enclosure, error) {
	made, err := m.report(r, *n.Data.Report)
	if err != nil {
		return outbox.Enclosure{}, err
	}
	if err := errors.Join(m.draw(made, n.Lang), m.addRegister(made, r)); err != nil {
		return outbox.Enclosure{}, err
	}
	e := outbox.Enclosure{Report: made.shown(func(i int) string { return "cid:" + made.contentID(i) })}
	for i, c := range made.charts {
		e.Files = append(e.Files, mailbox.File{Name: c.ID + ".png", Type: "image/png", Content: made.pngs[i], Inline: true, ID: made.contentID(i)})
	}
	if e.Report.TooLarge = len(made.xlsx) > maxAttached; e.Report.TooLarge {
		return e, nil
	}
	e.Report.Register = made.name
	e.Files = append(e.Files, mailbox.File{Name: made.name, Type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Content: made.xlsx})
	return e, nil
}

// enclose fetches what goes with a notice: the form where it is promised, and the report that it asks for.
func (w *shift) enclose(ctx context.Context, n tickets.Notice) (e outbox.Enclosure, err error) {
	if n.Data.Form == "" && n.Data.Report == nil {
		return e, nil
	}
	err = w.register.View(ctx, func(r *register.Reader) error {
		if n.Data.Report != nil {
			if e, err = w.sheets.enclosure(r, n); err != nil {
				return err
			}
		}
		if n.Data.Form == "" {
			return nil
		}
		pdf, err := w.sheets.pdf(r, n.Data.Form, time.Now())
		e.Files = append(e.Files, mailbox.File{Name: string(n.Data.Form) + ".pdf", Type: "application/pdf", Content: pdf})
		return err
	})
	return e, err
}

type reportCommand struct {
	configFlag
	jsonFlag
	Period     []string `arg:"" optional:"" help:"Such as 2026-10, octubre 2026, last month, 2026-W47, 2026-T3, 2026 or 2026-10-01..2026-10-15; by default this month."`
	Technician string   `help:"Only the requests of the technician with this address." placeholder:"ADDRESS"`
	Lang       string   `help:"es or en; by default that of the desk." enum:",es,en" default:"" placeholder:"LANG"`
	HTML       string   `help:"Write a page with the charts in it to this file." type:"path" placeholder:"FILE"`
	XLSX       string   `help:"Write the register of the period to this file." type:"path" placeholder:"FILE"`
	Out        string   `help:"Write page, text, figures as JSON, charts and register into this folder, which is made where it is missing." type:"path" placeholder:"FOLDER"`
}

// Run prints the report of a period, or writes it to files.
func (c *reportCommand) Run(ctx context.Context, console console) error {
	return viewRegister(ctx, c.Config, func(s *settings, r *register.Reader) error {
		now := time.Now()
		view, err := c.view(s, now)
		if err != nil {
			return err
		}
		sheets, err := newSheetMaker(s)
		if err != nil {
			return err
		}
		made, err := sheets.report(r, view)
		if err != nil {
			return err
		}
		if c.XLSX != "" || c.Out != "" {
			if err := sheets.addRegister(made, r); err != nil {
				return err
			}
		}
		lang := cmp.Or(c.Lang, s.file.Desk.Language)
		if c.HTML == "" && c.XLSX == "" && c.Out == "" {
			return c.print(console.out, s, made, lang)
		}
		files, err := c.files(s, sheets, made, lang)
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := writeFile(f.Name, f.Content); err != nil {
				return err
			}
			fmt.Fprintln(console.out, f.Name)
		}
		return nil
	})
}

// print prints the report as text, or its figures for programs.
func (c *reportCommand) print(w io.Writer, s *settings, made *madeReport, lang string) error {
	if c.JSON {
		return printJSON(w, made.figures)
	}
	mail, err := made.mail(s, lang)
	if err == nil {
		_, err = io.WriteString(w, printable(mail.Text))
	}
	return err
}

// view reads what is asked for.
func (c *reportCommand) view(s *settings, now time.Time) (tickets.ReportView, error) {
	written := strings.Join(c.Period, " ")
	period, problem := tickets.ParsePeriod(written, now.In(s.location))
	if problem != nil {
		reason := "found %q, expected a period"
		switch problem.Code {
		case tickets.ProblemPeriodFuture:
			reason = "%q has not begun yet: name a period"
		case tickets.ProblemPeriodOrder:
			reason = "%q ends before it begins: write the earlier day first"
		}
		return tickets.ReportView{}, fmt.Errorf(reason+` such as "%s"`, written, strings.Join(problem.Choices, `", "`))
	}
	view := tickets.ReportView{Period: period, At: now}
	if c.Technician != "" {
		p, known := s.policy.People.Find(c.Technician)
		if !known || p.Role != tickets.RoleTechnician {
			return tickets.ReportView{}, fmt.Errorf("--technician: found %q, expected the address of a technician of the settings", c.Technician)
		}
		view.Technician = p.Address().Key()
	}
	return view, nil
}

// mail is the report as a mail would show it, with the pictures that were drawn within the page.
func (r *madeReport) mail(s *settings, lang string) (templates.Mail, error) {
	texts, err := templates.Load(s.file.Templates.Folder, s.templates())
	if err != nil {
		return templates.Mail{}, fmt.Errorf("templates.folder: %w", err)
	}
	n := tickets.Notice{Kind: tickets.NoticeReport, Lang: lang, To: s.from(), Data: tickets.NoticeData{Role: tickets.RoleCoordinator, Report: &r.view}}
	return texts.RenderReport(n, r.shown(func(i int) string {
		return "data:image/png;base64," + base64.StdEncoding.EncodeToString(r.pngs[i])
	}))
}

// files lists what is to be written.
func (c *reportCommand) files(s *settings, sheets *sheetMaker, made *madeReport, lang string) (files []mailbox.File, err error) {
	add := func(path string, content []byte) { files = append(files, mailbox.File{Name: path, Content: content}) }
	if c.XLSX != "" {
		add(c.XLSX, made.xlsx)
	}
	if c.HTML == "" && c.Out == "" {
		return files, nil
	}
	if err := sheets.draw(made, lang); err != nil {
		return nil, err
	}
	mail, err := made.mail(s, lang)
	if err != nil {
		return nil, err
	}
	if c.HTML != "" {
		add(c.HTML, []byte(mail.HTML))
	}
	if c.Out == "" {
		return files, nil
	}
	if err := os.MkdirAll(c.Out, 0o750); err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	figures, err := json.MarshalIndent(made.figures, "", "  ")
	if err != nil {
		return nil, err
	}
	name := "informe-" + fileName(made.query.Period)
	add(filepath.Join(c.Out, name+".html"), []byte(mail.HTML))
	add(filepath.Join(c.Out, name+".txt"), []byte(mail.Text))
	add(filepath.Join(c.Out, name+".json"), figures)
	add(filepath.Join(c.Out, made.name), made.xlsx)
	for i, one := range made.charts {
		svg, err := one.SVG()
		if err != nil {
			return nil, err
		}
		add(filepath.Join(c.Out, one.ID+".png"), made.pngs[i])
		add(filepath.Join(c.Out, one.ID+".svg"), svg)
	}
	return files, nil
}
