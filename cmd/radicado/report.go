package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
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

// reportMaker makes reports.
type reportMaker struct {
	sheets *sheetMaker
	domain string // of Content-IDs
}

// madeReport is a report with all that goes with it.
type madeReport struct {
	figures *report.Figures
	charts  []chart.Chart // those that show something
	pngs    [][]byte      // of the charts
	name    string        // of the file of the register, "" where it is too large
	xlsx    []byte
}

// make makes a report of the register as it is now.
func (m reportMaker) make(r *register.Reader, view tickets.ReportView, lang string) (*madeReport, error) {
	period := view.Period.In(m.sheets.organisation.Zone)
	q := report.Query{Period: period, Now: view.At}
	rows := register.Filter{From: period.From, To: q.Until(), Technician: view.Technician}
	if view.Technician != "" {
		p, known := m.sheets.policy.People.Find(view.Technician)
		if !known { // who was in the settings when the report was asked for
			p = tickets.Person{Name: view.Technician, Addresses: []string{view.Technician}}
		}
		q.Technician = &p
	}
	made := new(madeReport)
	var err error
	if made.figures, err = report.Collect(q, m.sheets.policy, r.Cases(q.Since(), q.Until(), q.NeedsEvents)); err != nil {
		return nil, fmt.Errorf("report of %s: %w", period, err)
	}
	for _, c := range chart.All(made.figures, lang) {
		if c.Empty {
			continue
		}
		png, err := c.PNG()
		if err != nil {
			return nil, fmt.Errorf("report of %s: %w", period, err)
		}
		made.charts, made.pngs = append(made.charts, c), append(made.pngs, png)
	}
	var file bytes.Buffer
	if _, err = m.sheets.register(&file, form.XLSX, r, rows, view.At); err != nil {
		return nil, fmt.Errorf("register for the report of %s: %w", period, err)
	}
	if file.Len() <= maxAttached {
		made.name, made.xlsx = "registro-"+fileName(period)+".xlsx", file.Bytes()
	}
	return made, nil
}

// fileName is a period as it may stand in the name of a file.
func fileName(p tickets.Period) string { return strings.ReplaceAll(p.String(), "..", "_") }

// shown is the report as templates show it; url says where the picture of a chart is.
func (r *madeReport) shown(url func(i int) string) *templates.Report {
	shown := &templates.Report{Figures: r.figures, Register: r.name}
	for i, c := range r.charts {
		shown.Pictures = append(shown.Pictures, templates.Picture{ID: c.ID, URL: url(i), Alt: c.Alt, Width: c.Width, Height: c.Height})
	}
	return shown
}

// contentID names a picture within a mail.
func (m reportMaker) contentID(c chart.Chart, view tickets.ReportView) string {
	return fmt.Sprintf("%s.%d@%s", c.ID, view.At.UnixMilli(), m.domain)
}

// enclosure is the report as it goes by mail.
func (m reportMaker) enclosure(r *register.Reader, n tickets.Notice) (outbox.Enclosure, error) {
	view := *n.Data.Report
	made, err := m.make(r, view, n.Lang)
	if err != nil {
		return outbox.Enclosure{}, err
	}
	e := outbox.Enclosure{Report: made.shown(func(i int) string { return "cid:" + m.contentID(made.charts[i], view) })}
	for i, c := range made.charts {
		e.Files = append(e.Files, mailbox.File{Name: c.ID + ".png", Type: "image/png", Content: made.pngs[i], Inline: true, ID: m.contentID(c, view)})
	}
	if made.name != "" {
		e.Files = append(e.Files, mailbox.File{Name: made.name, Type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Content: made.xlsx})
	}
	return e, nil
}

// enclose fetches what goes with a notice: the form where it is promised, and the report that it asks for.
func (w *shift) enclose(ctx context.Context, n tickets.Notice) (e outbox.Enclosure, err error) {
	if n.Data.Form == "" && n.Data.Report == nil {
		return e, nil
	}
	err = w.register.View(ctx, func(r *register.Reader) error {
		if n.Data.Report != nil {
			if e, err = w.reports.enclosure(r, n); err != nil {
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
		lang := cmp.Or(c.Lang, s.file.Desk.Language)
		made, err := reportMaker{sheets: sheets}.make(r, view, lang)
		if err != nil {
			return err
		}
		files, err := c.files(s, made, view, lang)
		if err != nil {
			return err
		}
		if len(files) == 0 && c.JSON {
			return printJSON(console.out, made.figures)
		}
		if len(files) == 0 {
			mail, err := made.mail(s, view, lang)
			if err == nil {
				_, err = io.WriteString(console.out, printable(mail.Text))
			}
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

// mail is the report as a mail would show it, with the pictures within the page.
func (r *madeReport) mail(s *settings, view tickets.ReportView, lang string) (templates.Mail, error) {
	texts, err := templates.Load(s.file.Templates.Folder, s.templates())
	if err != nil {
		return templates.Mail{}, fmt.Errorf("templates.folder: %w", err)
	}
	n := tickets.Notice{Kind: tickets.NoticeReport, Lang: lang, To: s.from(), Data: tickets.NoticeData{Role: tickets.RoleCoordinator, Report: &view}}
	return texts.RenderReport(n, r.shown(func(i int) string {
		return "data:image/png;base64," + base64.StdEncoding.EncodeToString(r.pngs[i])
	}))
}

// files lists what is to be written.
func (c *reportCommand) files(s *settings, made *madeReport, view tickets.ReportView, lang string) (files []mailbox.File, err error) {
	add := func(path string, content []byte) { files = append(files, mailbox.File{Name: path, Content: content}) }
	if made.name == "" && (c.XLSX != "" || c.Out != "") {
		return nil, fmt.Errorf(`the register of the period is too large to go with a report: write it by "radicado export --from %s --to %s"`,
			view.Period.From.Format(time.DateOnly), view.Period.Last().Format(time.DateOnly))
	}
	if c.XLSX != "" {
		add(c.XLSX, made.xlsx)
	}
	if c.HTML == "" && c.Out == "" {
		return files, nil
	}
	mail, err := made.mail(s, view, lang)
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
	name := "informe-" + fileName(view.Period)
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
