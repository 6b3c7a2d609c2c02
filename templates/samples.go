package templates

import (
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

// samples returns notices with which Load tries every template: each kind full, bare, and in every state and problem, so that
// a mistake in any branch is found.
func samples() []tickets.Notice {
	var list []tickets.Notice
	for _, lang := range Langs() {
		for _, kind := range tickets.NoticeKinds() {
			list = append(list, fullNotice(kind, lang), bareNotice(kind, lang))
		}
		for _, kind := range tickets.ScopeKinds() {
			n := fullNotice(tickets.NoticeWithheld, lang)
			n.Data.Withheld.Kind = kind
			list = append(list, n)
		}
		for _, reason := range []tickets.EscalationReason{tickets.EscalatedLate, tickets.EscalatedUnknown} {
			n := fullNotice(tickets.NoticeEscalation, lang)
			n.Data.Reason = reason
			list = append(list, n)
		}
		for _, state := range tickets.States() {
			n := fullNotice(tickets.NoticeStatus, lang)
			n.Data.Ticket.State = state
			list = append(list, n)
		}
		list = append(list, withRole(fullNotice(tickets.NoticeReopened, lang), tickets.RoleRequester),
			withRole(fullNotice(tickets.NoticeStatus, lang), tickets.RoleCoordinator),
			withRole(fullNotice(tickets.NoticeOverdue, lang), tickets.RoleTechnician), problemNotice(lang), reportReceipt(lang))
	}
	return list
}

// sampleLink is a link to sign in.
const sampleLink = "https://radicado.example.org/entrar/abcdefghijklmnopqrst"

// recipientRole is the role of whom a kind of notice mostly goes to.
func recipientRole(kind tickets.NoticeKind) tickets.Role {
	switch kind {
	case tickets.NoticeNewRequest, tickets.NoticeReceipt, tickets.NoticeUnproven, tickets.NoticeUndelivered, tickets.NoticeAbsence, tickets.NoticeDeadline,
		tickets.NoticeConfirm, tickets.NoticeWithheld, tickets.NoticeDigest, tickets.NoticeUnbalanced, tickets.NoticeReport:
		return tickets.RoleCoordinator
	case tickets.NoticeClaim, tickets.NoticeVendorMessage, tickets.NoticeVendorReminder:
		return tickets.RoleVendor
	case tickets.NoticeWorklist, tickets.NoticeVendorAnswer, tickets.NoticeEscalation, tickets.NoticeAssignment, tickets.NoticeReassigned, tickets.NoticeIncoming, tickets.NoticeNote, tickets.NoticeReopened:
		return tickets.RoleTechnician
	}
	return tickets.RoleRequester
}

func withRole(n tickets.Notice, role tickets.Role) tickets.Notice {
	n.Data.Role = role
	n.Data.Links = nil
	if role.Staff() {
		n.Data.Links = sampleLinks()
	}
	return n
}

// bareNotice has only what the kind cannot be without.
func bareNotice(kind tickets.NoticeKind, lang string) tickets.Notice {
	n := tickets.Notice{Kind: kind, Lang: lang, To: mailbox.Address{Addr: "alguien@example.org"}}
	n.Data.Role = recipientRole(kind)
	switch kind {
	case tickets.NoticeReceipt:
		n.Data.Receipt = &tickets.Receipt{Items: []tickets.Item{{Problem: &tickets.Problem{Code: tickets.ProblemMissingText}}}}
	case tickets.NoticeUndelivered:
		n.Data.Failure = new(tickets.UndeliveredFact)
	case tickets.NoticeUnproven:
	case tickets.NoticeReport:
		n.Data.Report = &tickets.ReportView{Period: samplePeriod(), At: samplePeriod().To}
	case tickets.NoticeSignIn:
		n.Data.SignIn = &tickets.SignIn{Until: sampleAbsence().From, Link: sampleLink}
	case tickets.NoticeAbsence:
		n.Data.Absence = &tickets.AbsenceView{Name: "Carlos Ruiz", Ended: true}
	case tickets.NoticeDeadline:
		n.Data.Ticket = &tickets.TicketView{Number: tickets.FormatNumber("SS", 2026, 42), State: tickets.Registered, Stopped: true}
		n.Data.Alerts = []tickets.Alert{{Clock: tickets.ClockSolution, Due: sampleAbsence().Last}}
	case tickets.NoticeWithheld:
		n.Data.Withheld = &tickets.Scope{Kind: tickets.ScopeDead, Value: "rosalba.pena@example.org"}
	case tickets.NoticeDigest:
		n.Data.Digest = &tickets.Digest{Day: sampleAbsence().From}
	case tickets.NoticeWorklist:
		n.Data.Worklist = &tickets.Worklist{Day: sampleAbsence().From}
	case tickets.NoticeUnbalanced:
		n.Data.Books = &tickets.Books{Mailbox: "soporte", At: sampleAbsence().From, Unread: make([]tickets.Astray, 21)}
	case tickets.NoticeConfirm:
		n.Data.Confirmation = &tickets.Confirmation{Ticket: tickets.FormatNumber("SS", 2026, 42), Commands: []string{"#cerrar"}, Code: "abcde-fghij-klmno-pqrst"}
	default:
		n.Data.Ticket = &tickets.TicketView{Number: tickets.FormatNumber("SS", 2026, 42), State: tickets.Registered}
	}
	return n
}

// fullNotice has all that a notice of the kind can have.
func fullNotice(kind tickets.NoticeKind, lang string) tickets.Notice {
	n := tickets.Notice{Kind: kind, Lang: lang, To: mailbox.Address{Name: "Rosalba Peña Ordóñez", Addr: "rosalba.pena@example.org"}}
	n.Data = tickets.NoticeData{
		Role: recipientRole(kind), Recipient: "Rosalba Peña Ordóñez", Ticket: sampleTicket(), From: "Luz Marina Cárdenas",
		ReopenDays: 15,
	}
	d := &n.Data
	staff := d.Role.Staff()
	if staff {
		d.Links = sampleLinks()
		d.Ticket.Linked = tickets.FormatNumber("SS", 2026, 17)
	}
	switch kind {
	case tickets.NoticeNewRequest, tickets.NoticeUnproven:
		d.Unproven = true
		d.Proof = "no DKIM signature of example.org and SPF fails"
		d.Ticket.Resources = nil
		d.Staff, d.Nobody = sampleStaff(), true
		d.Resources = []tickets.ResourceView{{Name: "Portátil de préstamo", Free: 3, Stock: 5}, {Name: "Multímetro", Stock: 1}}
		d.Ticket.Note = "Luz Marina: me llegó a mí por error, la reenvío."
		d.Ticket.OnBehalfBy = "jorge.mesa@example.org"
		for _, code := range tickets.RemarkCodes() {
			d.Ticket.Remarks = append(d.Ticket.Remarks, tickets.Remark{Code: code, Value: "2"})
		}
		d.Ticket.Technician, d.Ticket.State, d.Ticket.Priority = "", tickets.Registered, tickets.Unassessed
		d.Similar = []tickets.TicketView{{Number: tickets.FormatNumber("SS", 2026, 40), Subject: "Impresora atascada", State: tickets.Registered, RegisteredAt: d.Ticket.RegisteredAt}}
		d.Articles = []tickets.ArticleView{{Name: "impresora-atasco", Title: "Qué hacer si la impresora no imprime"}}
		d.Held = []tickets.AssetView{sampleAsset(tickets.CoverageExpired), sampleAsset(tickets.CoverageUnknown)}
		d.Ticket.Files = append(d.Ticket.Files, tickets.File{Name: "actualización.docm", Type: "application/octet-stream", Size: 48_213})
	case tickets.NoticeAcknowledgement:
		d.Ticket.Resources = nil
		d.Ticket.Remarks = []tickets.Remark{{Code: tickets.RemarkIncomplete}}
		d.Ticket.Technician, d.Ticket.State, d.Ticket.Priority = "", tickets.Registered, tickets.Unassessed
	case tickets.NoticeReport:
		d.Report = &tickets.ReportView{Period: samplePeriod(), At: samplePeriod().To}
	case tickets.NoticeUndelivered:
		d.Failure = &tickets.UndeliveredFact{Recipients: []string{"rosalba.pena@example.org"}, Status: "5.1.1", Permanent: true,
			Diagnostic: "550 5.1.1 <rosalba.pena@example.org>: Recipient address rejected: User unknown"}
	case tickets.NoticeReceipt:
		d.Receipt = sampleReceipt(d.Ticket)
	case tickets.NoticeAbsence:
		d.Absence = sampleAbsence()
	case tickets.NoticeDeadline:
		d.Alerts = []tickets.Alert{{Clock: tickets.ClockResponse, Due: sampleAbsence().From, Breached: true}, {Clock: tickets.ClockSolution, Due: sampleAbsence().Last},
			{Clock: tickets.ClockResponse, Due: sampleAbsence().Last}, {Clock: tickets.ClockSolution, Due: sampleAbsence().From, Breached: true}}
		d.Ticket.ResponseDue, d.Ticket.Late = sampleAbsence().From, true
	case tickets.NoticeOverdue:
		d.Overdue = d.Ticket.Resources
	case tickets.NoticeDigest:
		d.Ticket, d.Links, d.Digest = nil, nil, sampleDigest(d.Ticket)
	case tickets.NoticeWorklist:
		d.Ticket, d.Links, d.Worklist = nil, nil, sampleWorklist(d.Ticket)
	case tickets.NoticeUnbalanced:
		books := sampleBooks()
		d.Ticket, d.Links, d.Books = nil, nil, &books
	case tickets.NoticeResolved, tickets.NoticeClosed:
		d.Ticket.State = tickets.Closed
		d.Form = d.Ticket.Number
		for _, score := range []string{"5", "4", "3", "2", "1"} {
			d.Links = append(d.Links, tickets.Link{Verb: tickets.VerbSurvey, Arg: score})
		}
		if kind == tickets.NoticeResolved {
			d.Ticket.State = tickets.Resolved
		}
		d.Ticket.Solution = "Se cambió el rodillo de la bandeja 2 y se imprimieron diez páginas de prueba.\n\nSi vuelve a atascarse, apague la impresora y avísenos."
	}
	switch kind {
	case tickets.NoticeConfirm:
		d.Text, d.Links = "Ya quedó.", nil
		d.Confirmation = &tickets.Confirmation{Message: 7, Ticket: d.Ticket.Number, Commands: []string{"#cerrar", "#prioridad baja"},
			Until: d.Ticket.ChangedAt.Add(time.Hour), Code: "abcde-fghij-klmno-pqrst"}
	case tickets.NoticeSignIn:
		d.Ticket = nil
		d.SignIn = &tickets.SignIn{Nonce: "7", Until: sampleAbsence().From, Link: sampleLink}
	case tickets.NoticeWithheld:
		d.Withheld = &tickets.Scope{Kind: tickets.ScopeAddress, Value: "rosalba.pena@example.org"}
	case tickets.NoticeUnproven:
		d.From, d.Text = "Luz Marina Cárdenas <luz.cardenas@example.org>", "Ciérrenla, por favor."
		d.Commands = []string{"#cerrar", "#prioridad baja"}
	case tickets.NoticeClaim, tickets.NoticeVendorMessage, tickets.NoticeVendorReminder, tickets.NoticeEscalation:
		d.Text = "El técnico lo atiende de 8:00 a 17:00."
		d.Reason = tickets.EscalatedSilent
		d.Letter = &tickets.Letter{Asset: sampleAsset(tickets.CoverageValid), Fault: d.Ticket.Text, Diagnosis: "El fusor no calienta.", Contact: "Carlos Ruiz",
			Place: "Oficina de Contratos, Rosalba Peña Ordóñez", Case: "INC-00421", Since: d.Ticket.RegisteredAt, Reminders: 2}
	case tickets.NoticeDuplicate:
		d.Other, d.Ticket.State = tickets.FormatNumber("SS", 2026, 41), tickets.Duplicate
	case tickets.NoticeInstruction:
		d.Ticket.Instruction, d.Steps, d.Next = "Desarrollo de software", sampleSteps(d.Ticket.RegisteredAt), 2
	case tickets.NoticeVendorAnswer:
		d.Text, d.Ticket.State, d.Ticket.Vendor, d.Ticket.Case = "Caso INC-00421: vamos el jueves.", tickets.WaitingVendor, "Impresoras del Valle S. A.", "INC-00421"
	case tickets.NoticeQuestion, tickets.NoticeReminder:
		d.Text = "¿El atasco ocurre con todas las hojas o solo con las de tamaño oficio?"
	case tickets.NoticeRejected:
		d.Text = "La impresora es de uso personal. La mesa solo atiende equipos del inventario."
	case tickets.NoticeAnswer, tickets.NoticeIncoming, tickets.NoticeNote, tickets.NoticeAssignment, tickets.NoticeReopened:
		d.Text = "Sigue igual esta mañana.\nAdjunto una foto del mensaje que aparece."
		d.Files = []tickets.File{{Name: "foto.jpg", Type: "image/jpeg", Size: 1_240_000}}
	}
	return n
}

func sampleSteps(at time.Time) []tickets.StepView {
	return []tickets.StepView{
		{N: 1, Text: "Levantar los requerimientos", Role: "Técnico", Done: true, By: "Carlos Ruiz", At: at, Note: "acta firmada"},
		{N: 2, Text: "Obtener la aprobación", Role: "Coordinador"},
	}
}

func sampleAsset(c tickets.Coverage) tickets.AssetView {
	return tickets.AssetView{Plate: "10482", Serial: "CNB7K4R1", Name: "Impresora Láser M428", Holder: "Rosalba Peña Ordóñez <rosalba.pena@example.org>",
		Office: "Oficina de Contratos", Vendor: "Impresoras del Valle S. A.", Contract: "CT-2024-118", Coverage: c, Warranty: "2026-12-31"}
}

func sampleTicket() *tickets.TicketView {
	at := time.Date(2026, time.November, 23, 15, 5, 0, 0, time.UTC)
	return &tickets.TicketView{
		Number: tickets.FormatNumber("SS", 2026, 42), Subject: "La impresora del segundo piso no imprime", State: tickets.InService,
		Priority: tickets.High, Requester: "Rosalba Peña Ordóñez <rosalba.pena@example.org>", Technician: "Carlos Ruiz",
		Assets: []tickets.AssetView{sampleAsset(tickets.CoverageValid)},
		Type:   "Equipos", Diagnosis: "El rodillo de la bandeja 2 está gastado.", Plan: "Cambiar el rodillo el martes.",
		Text: "Buenos días:\n\nDesde ayer la impresora del segundo piso (placa 10482) no imprime. La pantalla dice:\n\n" +
			"    Atasco en la bandeja 2\n\nYa la apagué y la prendí dos veces.\n\nGracias,\nRosalba Peña\nOficina de Contratos, ext. 2214",
		Resources:   []tickets.Held{{Resource: "Portátil de préstamo", Units: 2, Due: at.AddDate(0, 0, 8)}, {Resource: "Multímetro", Units: 1}},
		SolutionDue: at.AddDate(0, 0, 2),
		Office:      "Oficina de Contratos", Telephone: "ext. 2214",
		Files:        []tickets.File{{Name: "pantalla de la impresora.jpg", Type: "image/jpeg", Size: 842_113}},
		RegisteredAt: at, ChangedAt: at.Add(50 * time.Minute),
	}
}

func sampleAbsence() *tickets.AbsenceView {
	from := time.Date(2026, time.December, 1, 5, 0, 0, 0, time.UTC)
	return &tickets.AbsenceView{Name: "Carlos Ruiz", From: from, Last: from.AddDate(0, 0, 5).Add(-time.Minute), Open: 3}
}

func sampleStaff() []tickets.StaffView {
	return []tickets.StaffView{
		{Name: "Carlos Ruiz", Skills: []string{"impresoras", "redes"}, Suited: true, Present: true, Open: 3, Max: 5, Chosen: true},
		{Name: "Ángela Niño", Present: true, Open: 1},
		{Name: "Diego Mora", Skills: []string{"impresoras"}, Suited: true, Open: 5, Max: 5, Back: sampleAbsence().Last},
	}
}

func sampleLinks() []tickets.Link {
	return []tickets.Link{
		{Verb: tickets.VerbPriority, Arg: string(tickets.Critical)}, {Verb: tickets.VerbPriority, Arg: string(tickets.High)},
		{Verb: tickets.VerbPriority, Arg: string(tickets.Medium)}, {Verb: tickets.VerbPriority, Arg: string(tickets.Low)},
		{Verb: tickets.VerbAssign, Arg: "auto"}, {Verb: tickets.VerbAssign, Arg: "Carlos Ruiz"}, {Verb: tickets.VerbAssign, Arg: "Ángela Niño"},
		{Verb: tickets.VerbTake}, {Verb: tickets.VerbNote}, {Verb: tickets.VerbWait}, {Verb: tickets.VerbSolve},
		{Verb: tickets.VerbReject}, {Verb: tickets.VerbResource}, {Verb: tickets.VerbReturn, Arg: "Portátil de préstamo"}, {Verb: tickets.VerbClose}, {Verb: tickets.VerbReopen},
	}
}

func sampleReceipt(t *tickets.TicketView) *tickets.Receipt {
	other := *t
	other.Number, other.Subject, other.Technician = tickets.FormatNumber("SS", 2026, 41), "No abre el SIIF desde el portátil nuevo", ""
	other.Priority, other.State = tickets.Unassessed, tickets.Registered
	return &tickets.Receipt{
		Applied: true,
		Items: []tickets.Item{
			{Command: "#prioridad alta", Verb: tickets.VerbPriority, Value: string(tickets.High), Number: t.Number},
			{Command: "#asignar ruiz", Verb: tickets.VerbAssign, Value: "Carlos Ruiz", Number: t.Number},
			{Command: "#estado", Verb: tickets.VerbStatus, Number: t.Number, Rows: []tickets.TicketView{*t}, History: []tickets.Line{
				{At: t.RegisteredAt, Kind: "registered", By: "Rosalba Peña Ordóñez"},
				{At: t.RegisteredAt.Add(20 * time.Minute), Kind: "prioritised", By: "Luz Marina Cárdenas", Text: string(tickets.High)},
				{At: t.RegisteredAt.Add(21 * time.Minute), Kind: "assigned", By: "Luz Marina Cárdenas", Text: "Carlos Ruiz"},
				{At: t.RegisteredAt.Add(50 * time.Minute), Kind: "answered", By: "Carlos Ruiz", Text: "Buenos días. Voy en una hora."},
			}},
			{Command: "#paso 1", Verb: tickets.VerbStep, Value: "1", Steps: sampleSteps(t.RegisteredAt)},
			{Command: "#ausente 1/12..5/12", Verb: tickets.VerbAway, Absence: sampleAbsence()},
			{Command: "#recurso portátil 2", Verb: tickets.VerbResource, Value: "Portátil de préstamo", Units: 2, Due: sampleAbsence().Last},
			{Command: "#devolver", Verb: tickets.VerbReturn, Value: "Multímetro", Units: 1},
			{Command: "#lista", Verb: tickets.VerbList, Rows: []tickets.TicketView{*t, other}, More: 7},
		},
		NoteKept: true,
		Help: []tickets.Verb{tickets.VerbPriority, tickets.VerbAssign, tickets.VerbWait, tickets.VerbNote, tickets.VerbSolve,
			tickets.VerbClose, tickets.VerbReject, tickets.VerbStatus, tickets.VerbList, tickets.VerbSearch, tickets.VerbHelp},
	}
}

// reportReceipt answers a technician's #informe for a month that goes on.
func reportReceipt(lang string) tickets.Notice {
	n := bareNotice(tickets.NoticeReceipt, lang)
	n.To.Name, n.Data.Role = "Carlos Ruiz", tickets.RoleTechnician
	n.Data.Report = &tickets.ReportView{Period: samplePeriod(), At: samplePeriod().From.Add(460 * time.Hour), Technician: "carlos.ruiz@example.org"}
	n.Data.Receipt = &tickets.Receipt{Applied: true, Items: []tickets.Item{{Command: "#informe 2026-10", Verb: tickets.VerbReport, Report: n.Data.Report}}}
	return n
}

// problemNotice is a receipt in which every problem occurs, with all that a problem can say.
func problemNotice(lang string) tickets.Notice {
	n := fullNotice(tickets.NoticeReceipt, lang)
	expired := sampleAsset(tickets.CoverageExpired)
	n.Data.Receipt = &tickets.Receipt{NoteKept: true, Help: n.Data.Receipt.Help}
	for _, code := range []tickets.ProblemCode{tickets.ProblemUnknownWord, tickets.ProblemForbidden, tickets.ProblemNoTicket,
		tickets.ProblemNoSuchTicket, tickets.ProblemState, tickets.ProblemMissingArgument, tickets.ProblemUnknownArgument,
		tickets.ProblemAmbiguous, tickets.ProblemMissingText, tickets.ProblemTextTwice, tickets.ProblemNothingToDo,
		tickets.ProblemTooLate, tickets.ProblemContradiction, tickets.ProblemAddress,
		tickets.ProblemUnknownAsset, tickets.ProblemWarranty, tickets.ProblemNoVendor, tickets.ProblemNoAsset, tickets.ProblemSeveralAssets,
		tickets.ProblemNoClaim, tickets.ProblemNoInstruction, tickets.ProblemUnfinished, tickets.ProblemItself, tickets.ProblemOtherState,
		tickets.ProblemNoAnswer, tickets.ProblemNothingToUndo, tickets.ProblemIrrevocable, tickets.ProblemOvertaken, tickets.ProblemPeriod, tickets.ProblemPeriodOrder,
		tickets.ProblemPeriodPast, tickets.ProblemPeriodFuture, tickets.ProblemNotAbsent, tickets.ProblemAbsentAlready, tickets.ProblemAbsent,
		tickets.ProblemNobody, tickets.ProblemExhausted, tickets.ProblemQuantity, tickets.ProblemNotHeld, tickets.ProblemLevels, tickets.ProblemCodeUseless} {
		n.Data.Receipt.Items = append(n.Data.Receipt.Items, tickets.Item{Command: "#cerar hoy", Problem: &tickets.Problem{
			Code: code, Value: "cerar", Nearest: "cerrar", Choices: []string{"crítica", "alta", "media", "baja"}, State: tickets.Closed, Asset: &expired,
			From: sampleAbsence().From, Last: sampleAbsence().Last, Staff: sampleStaff(), Free: 1, Stock: 5}})
	}
	n.Data.Receipt.Items = append(n.Data.Receipt.Items, tickets.Item{Command: "#tomar", Verb: tickets.VerbTake})
	return n
}
