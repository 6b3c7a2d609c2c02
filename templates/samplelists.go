package templates

import (
	"time"

	"radicado/mailbox"
	"radicado/tickets"
)

// sampleTask is a request in a list.
func sampleTask(t *tickets.TicketView, change func(*tickets.TaskView), links ...tickets.Link) tickets.TaskView {
	v := tickets.TaskView{TicketView: tickets.TicketView{Number: t.Number, Subject: t.Subject, State: t.State, Priority: t.Priority, Requester: t.Requester,
		Office: t.Office, Telephone: t.Telephone, Technician: t.Technician, SolutionDue: t.SolutionDue, RegisteredAt: t.RegisteredAt, ChangedAt: t.ChangedAt}}
	change(&v)
	v.Links = append(links, tickets.Link{Verb: tickets.VerbStatus})
	return v
}

// sampleTasks is requests in each of the situations that a list can show.
func sampleTasks(t *tickets.TicketView) (late, today, unassigned, vendor, asked tickets.TaskView) {
	late = sampleTask(t, func(v *tickets.TaskView) { v.Late, v.ResponseDue = true, t.RegisteredAt.Add(2*time.Hour) })
	today = sampleTask(t, func(v *tickets.TaskView) {
		v.Number, v.Subject, v.Priority = tickets.FormatNumber("SS", 2026, 43), "No abre el SIIF desde el portátil nuevo", tickets.Critical
	})
	unassigned = sampleTask(t, func(v *tickets.TaskView) {
		v.Number, v.Subject, v.Technician = tickets.FormatNumber("SS", 2026, 44), "", ""
		v.State, v.Priority, v.SolutionDue = tickets.Registered, tickets.Unassessed, time.Time{}
	}, sampleLinks()[:6]...)
	vendor = sampleTask(t, func(v *tickets.TaskView) {
		v.Number, v.State, v.Stopped, v.SolutionDue = tickets.FormatNumber("SS", 2026, 38), tickets.WaitingVendor, true, time.Time{}
		v.Vendor, v.Case, v.Since, v.Reminders = "Impresoras del Valle S. A.", "INC-00421", t.RegisteredAt, 2
	}, tickets.Link{Verb: tickets.VerbVendor})
	asked = sampleTask(t, func(v *tickets.TaskView) {
		v.Number, v.State, v.Stopped, v.SolutionDue = tickets.FormatNumber("SS", 2026, 39), tickets.WaitingRequester, true, time.Time{}
		v.Since, v.Reminders = t.RegisteredAt, 1
	}, tickets.Link{Verb: tickets.VerbNote}, tickets.Link{Verb: tickets.VerbSolve})
	return late, today, unassigned, vendor, asked
}

func sampleLoans(t *tickets.TicketView) tickets.Shown[tickets.LoanView] {
	task := sampleTask(t, func(*tickets.TaskView) {}, tickets.Link{Verb: tickets.VerbReturn, Arg: "Portátil de préstamo"})
	return tickets.Shown[tickets.LoanView]{Rows: []tickets.LoanView{
		{TaskView: task, Resource: "Portátil de préstamo", Units: 2, Due: t.RegisteredAt, Overdue: true},
		{TaskView: task, Resource: "Multímetro", Units: 1, Due: t.SolutionDue},
		{TaskView: task, Resource: "Cable", Units: 1},
	}}
}

func sampleDigest(t *tickets.TicketView) *tickets.Digest {
	at := t.RegisteredAt
	late, today, unassigned, vendor, _ := sampleTasks(t)
	one := func(v tickets.TaskView, more int) tickets.Shown[tickets.TaskView] {
		return tickets.Shown[tickets.TaskView]{Rows: []tickets.TaskView{v}, More: more}
	}
	d := &tickets.Digest{
		Day: at, Open: 23, Dead: 3, Absences: []tickets.AbsenceView{*sampleAbsence()}, Books: []tickets.Books{sampleBooks()},
		Overdue: one(late, 0), Today: one(today, 0), Unassigned: one(unassigned, 12), Vendors: one(vendor, 0), Loans: sampleLoans(t),
		States: []tickets.StateTally{{State: tickets.Registered, Count: 14, Oldest: at}, {State: tickets.InService, Count: 8, Oldest: at.AddDate(0, -1, 0)}, {State: tickets.WaitingVendor, Count: 1, Oldest: at}},
		Ages:   []tickets.AgeTally{{Count: 3}, {From: 1, To: 3, Count: 9}, {From: 4, To: 7, Count: 6}, {From: 16, Count: 5}},
		Failing: tickets.Shown[tickets.FailingAddress]{Rows: []tickets.FailingAddress{
			{Addr: "rosalba.pena@example.org", Failures: 1, Dead: true, Status: "5.1.1", Diagnostic: "550 5.1.1 User unknown", At: at},
			{Addr: "jorge.mesa@example.org", Failures: 2, At: at}}},
		Failed: tickets.Shown[tickets.Undelivered]{Rows: []tickets.Undelivered{{Kind: tickets.NoticeStatus, Ticket: t.Number, To: "rosalba.pena@example.org", At: at, Error: "550 5.1.1 User unknown"}}},
		Queued: tickets.Shown[tickets.Undelivered]{Rows: []tickets.Undelivered{{Kind: tickets.NoticeReceipt, To: "carlos.ruiz@example.org", At: at}}},
	}
	for i, cause := range []tickets.QuarantineCause{tickets.CauseStranger, tickets.CauseUnreadable, tickets.CauseHarmful} {
		q := tickets.Quarantined{ID: int64(311 + i), Mailbox: "soporte", Cause: cause, Reason: "sender outside the domains of officials", At: at}
		if cause != tickets.CauseUnreadable {
			q.From, q.Subject = mailbox.Address{Name: "Ventas", Addr: "ventas@proveedor.example"}.String(), "Ofertas de noviembre"
		}
		d.Quarantine.Rows = append(d.Quarantine.Rows, q)
	}
	return d
}

func sampleWorklist(t *tickets.TicketView) *tickets.Worklist {
	late, today, _, vendor, asked := sampleTasks(t)
	return &tickets.Worklist{Day: t.RegisteredAt, Absences: []tickets.AbsenceView{*sampleAbsence()}, Loans: sampleLoans(t),
		Todo:    tickets.Shown[tickets.TaskView]{Rows: []tickets.TaskView{late, today}, More: 1},
		Waiting: tickets.Shown[tickets.TaskView]{Rows: []tickets.TaskView{asked, vendor}}}
}

func sampleBooks() tickets.Books {
	at := sampleAbsence().From
	mail := tickets.Astray{UID: 812, Date: at, Size: 48_213, From: "Rosalba Peña Ordóñez <rosalba.pena@example.org>", Subject: "La impresora no imprime"}
	unknown, moved, strange := tickets.Astray{UID: 813, Date: at, Size: 1_200}, mail, tickets.Astray{UID: 90, Size: 5_000, Folder: tickets.FolderQuarantine}
	moved.Folder = tickets.FolderProcessed
	return tickets.Books{Mailbox: "soporte", At: at, Arrivals: 4211, Inbox: 3, Processed: 4100, Quarantine: 96, Unverifiable: 2,
		Untaken: []tickets.Astray{unknown}, Unread: []tickets.Astray{unknown}, Unhandled: []tickets.Astray{mail}, Unmoved: []tickets.Astray{mail},
		Missing: []tickets.Astray{moved}, Unknown: []tickets.Astray{strange}}
}
