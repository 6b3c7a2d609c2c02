package form

import (
	"fmt"
	"io"
	"strconv"
)

// PDF writes the form of one request. The same sheet and organisation give the same bytes. Nothing is written where it
// fails: the organisation has no time zone, its logo cannot be read, the sheet has no number or a satisfaction that does not exist.
func PDF(w io.Writer, s Sheet, o Organisation) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("form of %s: %w", s.Number, err)
	}
	if err := o.check(); err != nil {
		return fmt.Errorf("form of %s: %w", s.Number, err)
	}
	var logo *logoImage
	if len(o.Logo) > 0 {
		l, err := readLogo(o.Logo)
		if err != nil {
			return fmt.Errorf("form of %s: %w", s.Number, err)
		}
		logo = &l
	}
	// How many pages there are is known when all are printed; an ordinary form has one, and a second round is rare.
	p := newPrinter(s, o, logo, 1)
	p.print()
	if pages := p.pdf.PageNo(); pages > 1 {
		p = newPrinter(s, o, logo, pages)
		p.print()
	}
	if err := p.pdf.Output(w); err != nil {
		return fmt.Errorf("form of %s: %w", s.Number, err)
	}
	return nil
}

func (s Sheet) check() error {
	switch {
	case s.Number == "":
		return fmt.Errorf("the sheet has no number")
	case s.Made.IsZero():
		return fmt.Errorf("the sheet does not say when it was made")
	case s.Satisfaction < 0 || s.Satisfaction > 5:
		return fmt.Errorf("satisfaction %d: it runs from 1 to 5", s.Satisfaction)
	}
	return nil
}

func (p *printer) print() {
	p.newPage()
	p.request()
	p.service()
	p.outcome()
	p.history()
	p.signatures()
	p.footer()
}

// header prints whose form it is, its title and the number, at the top of every page.
func (p *printer) header() {
	const height, side = 17.0, 42.0
	y := topMargin
	p.frame(margin, y, contentWidth, height)
	p.pdf.Line(margin+side, y, margin+side, y+height)
	p.pdf.Line(margin+contentWidth-side, y, margin+contentWidth-side, y+height)
	if p.logo != nil {
		width, tall := side-4, height-3
		if width/tall > p.logo.aspect {
			width = tall * p.logo.aspect
		} else {
			tall = width / p.logo.aspect
		}
		p.pdf.Image("logo", margin+(side-width)/2, y+(height-tall)/2, width, tall, false, p.logo.format, 0, "")
	}
	middle, width := margin+side, contentWidth-2*side
	p.put(middle, y+1.8, width, "C", bold, 9.5, p.fit(p.org.Name, width-4, bold, 9.5))
	p.put(middle, y+6.1, width, "C", regular, 8, p.fit(p.org.Desk, width-4, regular, 8))
	p.put(middle, y+10.4, width, "C", bold, 12.5, Title)
	right, inner := margin+contentWidth-side, side-2*padding
	p.label(right+padding, y+1.4, "Solicitud n.º")
	p.put(right, y+4.8, side, "C", bold, 11, p.fit(p.sheet.Number, inner, bold, 11))
	p.put(right, y+11.4, side, "C", regular, 8.5, p.fit(p.sheet.State, inner, regular, 8.5))
	p.y = y + height + 2
}

func (p *printer) footer() {
	y := bottom + 3
	p.put(margin, y, 0, "L", regular, 7, "Documento generado el "+dateTime(p.sheet.Made, p.org.Zone))
	if p.boxed {
		p.put(margin, y, contentWidth, "C", regular, 7, string(unknown)+" carácter que este formato no puede mostrar")
	}
	p.put(margin, y, contentWidth, "R", regular, 7, fmt.Sprintf("Página %d de %d", p.pdf.PageNo(), max(p.total, p.pdf.PageNo())))
}

// fit shortens a value that must stay on one line.
func (p *printer) fit(s string, width float64, style string, size float64) string {
	s = cell(s)
	p.pdf.SetFont(family, style, size)
	if p.pdf.GetStringWidth(s) <= width {
		return s
	}
	head, _ := p.breakWord(s, width-p.pdf.GetStringWidth("…"))
	return head + "…"
}

// request prints steps 1 to 3 of the procedure: reception, registration, coordination.
func (p *printer) request() {
	s, zone := p.sheet, p.org.Zone
	p.section("1. Solicitud y coordinación", 20)
	p.row(field{"Fecha de registro", dateTime(s.Registered, zone), 3}, field{"Tipo de solicitud", s.Kind, 5},
		field{"Prioridad", s.Priority, 2}, field{"Técnico asignado", s.Technician, 4})
	p.row(field{"Funcionario solicitante", s.Official.Name, 5}, field{"Dependencia", s.Official.Office, 4.4}, field{"Teléfono", s.Official.Telephone, 2.8})
	p.row(field{"Correo electrónico", s.Official.Address, 5}, field{"Asunto", s.Subject, 7.2})
	p.block("Descripción de la solicitud", s.Text)

	e := s.Equipment
	p.section("2. Equipo y garantía", 12)
	p.row(field{"Placa", e.Plate, 2.4}, field{"Serial", e.Serial, 3}, field{"Descripción del equipo", e.Description, 6.8})
	p.row(field{"Garantía", e.Warranty, 2.4}, field{"Vence", date(e.WarrantyEnd, zone), 3}, field{"Proveedor del equipo", e.Vendor, 6.8})
}

// service prints step 4: diagnosis, instruction, plan, vendor.
func (p *printer) service() {
	s := p.sheet
	p.section("3. Servicio", 20)
	p.block("Diagnóstico", s.Diagnosis)
	p.instruction(s.Instruction)
	p.block("Plan de trabajo y ejecución", s.Plan)
	p.row(field{"Proveedor al que se acudió por garantía", s.Vendor.Name, 7}, field{"Número de caso del proveedor", s.Vendor.Case, 5})
}

// instruction prints the checklist: a box, the step, who did it and when.
func (p *printer) instruction(in Instruction) {
	const boxWidth, whoWidth = 6.0, 58.0
	if len(in.Steps) == 0 {
		p.row(field{"Instructivo", in.Name, 1})
		return
	}
	p.need(labelLine + 3*lineHeight)
	flow := p.open("Instructivo")
	if in.Name != "" {
		name := p.fit(in.Name, contentWidth-2*padding, bold, textSize)
		flow.line(lineHeight+0.4, func(y float64) { p.put(margin+padding, y, 0, "L", bold, textSize, name) })
	}
	for i, s := range in.Steps {
		lines := p.wrap(strconv.Itoa(i+1)+". "+oneLine(s.Text, entryRunes), contentWidth-2*padding-boxWidth-whoWidth)
		who := p.wrap(join(cell(s.By), dateTime(s.At, p.org.Zone)), whoWidth-padding)
		for n := range max(len(lines), len(who)) {
			flow.line(lineHeight, func(y float64) {
				if n == 0 {
					p.checkbox(margin+padding+0.4, y+0.3, s.Done)
				}
				if n < len(lines) {
					p.put(margin+padding+boxWidth, y, 0, "L", regular, textSize, lines[n])
				}
				if n < len(who) {
					p.put(margin+contentWidth-whoWidth, y, 0, "L", regular, textSize, who[n])
				}
			})
		}
	}
	flow.close()
}

func (p *printer) checkbox(x, y float64, done bool) {
	const size = 2.8
	p.pdf.SetDrawColor(60, 60, 60)
	p.frame(x, y, size, size)
	if done {
		p.pdf.SetLineWidth(0.45)
		p.pdf.Line(x+0.5, y+1.5, x+1.2, y+2.2)
		p.pdf.Line(x+1.2, y+2.2, x+2.4, y+0.5)
		p.pdf.SetLineWidth(0.2)
	}
	p.pdf.SetDrawColor(120, 120, 120)
}

// outcome prints step 5: the solution, the times and what the official thought of it.
func (p *printer) outcome() {
	s, zone := p.sheet, p.org.Zone
	p.section("4. Solución y cierre", 20)
	p.block("Solución", s.Solution)
	p.row(field{"Primera respuesta", dateTime(s.FirstAnswer, zone), 1}, field{"Plazo de primera respuesta", dateTime(s.DueAnswer, zone), 1},
		field{"Fecha de solución", dateTime(s.Resolved, zone), 1}, field{"Plazo de solución", dateTime(s.DueSolution, zone), 1},
		field{"Fecha de cierre", dateTime(s.Closed, zone), 1})
	var first, solution, waiting, rating string
	if !s.FirstAnswer.IsZero() {
		first = hours(s.Times.FirstAnswer)
	}
	if !s.Resolved.IsZero() {
		solution = hours(s.Times.Solution)
	}
	if s.Times.Waiting > 0 || !s.Resolved.IsZero() {
		waiting = hours(s.Times.Waiting)
	}
	if s.Satisfaction > 0 {
		rating = fmt.Sprintf("%d de 5", s.Satisfaction)
	}
	p.row(field{"Respondida en (tiempo hábil)", first, 1}, field{"Solucionada en (tiempo hábil)", solution, 1},
		field{"En espera (tiempo hábil)", waiting, 1}, field{"Satisfacción", rating, 0.8}, field{"Comentario", s.Comment, 1.2})
}

func (p *printer) history() {
	if len(p.sheet.History) == 0 {
		return
	}
	const whenWidth, whoWidth = 28.0, 42.0
	p.section("5. Actuaciones", 8)
	flow := p.open("")
	flow.label = "Actuaciones"
	lines := 0
	for _, e := range p.sheet.History {
		who := p.fit(e.Who, whoWidth-2, regular, textSize)
		for n, line := range p.wrap(orDash(oneLine(e.Text, entryRunes)), contentWidth-2*padding-whenWidth-whoWidth) {
			if lines++; lines > maxLines {
				flow.line(lineHeight, func(y float64) { p.put(margin+padding, y, 0, "L", regular, textSize, elsewhere) })
				flow.close()
				return
			}
			flow.line(lineHeight, func(y float64) {
				if n == 0 {
					p.put(margin+padding, y, 0, "L", regular, textSize, dateTime(e.At, p.org.Zone))
					p.put(margin+padding+whenWidth, y, 0, "L", regular, textSize, who)
				}
				p.put(margin+padding+whenWidth+whoWidth, y, 0, "L", regular, textSize, line)
			})
		}
	}
	flow.close()
}

// signatures prints three places to sign, all on one page.
func (p *printer) signatures() {
	const height, gap = 22.0, 8.0
	p.need(height)
	width := (contentWidth - 2*gap) / 3
	for i, s := range []struct{ role, name string }{
		{"Funcionario solicitante", p.sheet.Official.Name},
		{"Técnico", p.sheet.Technician},
		{"Coordinación de Servicios Tecnológicos", p.sheet.Coordinator},
	} {
		x := margin + float64(i)*(width+gap)
		p.pdf.Line(x, p.y+13.5, x+width, p.y+13.5)
		p.put(x, p.y+14.2, width, "C", regular, 8.5, p.fit(s.name, width, regular, 8.5))
		p.put(x, p.y+18, width, "C", regular, 7.5, s.role)
	}
	p.y += height
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
