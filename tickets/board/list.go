package board

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"radicado/tickets"
	"radicado/tickets/register"
)

const (
	columnRows = 25   // of a column of the board
	listRows   = 50   // of a page of a list
	maxMatches = 5000 // requests, the latest, in which words are looked for on the board; the list looks in all
)

// boardBody is what the board shows.
type boardBody struct {
	Choices
	Columns []column
	Total   int
	Late    int
}

// column is the requests of a state.
type column struct {
	State tickets.State
	Rows  []shownRow
	Total int
	Late  int
	All   string // address of the list with all of them
}

// shownRow is a row at the moment at which it is shown.
type shownRow struct {
	*row
	Late bool
	*page
}

// Choices is the filter with what may be chosen.
type Choices struct {
	Staff       bool
	Filter      filter
	Page        string // path of the form
	States      []tickets.State
	Technicians []choice
	Priorities  []tickets.Priority
	Offices     []string
	AsList      string
}

type choice struct{ Value, Label string }

func (p *page) choices(f filter, path string, states []tickets.State) Choices {
	c := Choices{Staff: p.Staff(), Filter: f, Page: path, States: states, Priorities: priorities[:len(priorities)-1], Offices: p.board.standing.offices(), AsList: f.path("/lista")}
	for _, t := range p.desk.Policy.People.With(tickets.RoleTechnician) {
		c.Technicians = append(c.Technicians, choice{t.Address().Key(), t.Name})
	}
	return c
}

// showBoard shows staff what stands, by state, and everybody else the own requests.
func (p *page) showBoard() error {
	if !p.Viewer.Role.Staff() {
		return p.showList()
	}
	f := readFilter(p.request.URL.Query(), p.desk.zone())
	matches := map[int64]bool{}
	err := p.view(func(r *register.Reader) error {
		if err := p.board.standing.refresh(r, p.desk, p.now); err != nil || f.Words == "" {
			return err
		}
		found, err := r.Matching(f.Words, maxMatches)
		for _, key := range found {
			matches[key] = true
		}
		return err
	})
	if err != nil {
		return err
	}
	states := slices.DeleteFunc(tickets.States(), tickets.State.Final)
	body := boardBody{Choices: p.choices(f, "/", states)}
	at := map[tickets.State]int{}
	for _, s := range states {
		if f.State == "" || f.State == s {
			only := f
			only.State, only.Page = s, 1
			at[s] = len(body.Columns)
			body.Columns = append(body.Columns, column{State: s, All: only.path("/lista")})
		}
	}
	for _, r := range p.board.standing.choose(f, matches, p.now) {
		i, shown := at[r.State]
		if !shown {
			continue
		}
		c := &body.Columns[i]
		late := r.late(p.now)
		c.Total++
		body.Total++
		if late {
			c.Late++
			body.Late++
		}
		if len(c.Rows) < columnRows {
			c.Rows = append(c.Rows, shownRow{r, late, p})
		}
	}
	return p.renderLive("board", http.StatusOK, p.say("board"), "/vivo", body)
}

// listBody is a page of a list.
type listBody struct {
	Choices
	Rows           []shownRow
	Total          int
	Many           bool // more than were counted
	Previous, Next string
	Heading        string
}

// showList shows requests line by line, also those that ended, latest first.
func (p *page) showList() error {
	f := readFilter(p.request.URL.Query(), p.desk.zone())
	body := listBody{Heading: p.say(map[bool]string{true: "list", false: "mine"}[p.Viewer.Role.Staff()])}
	if p.Viewer.Role == tickets.RoleVendor {
		f = filter{Page: f.Page}
		body.Heading = p.say("cases")
	}
	err := p.view(func(r *register.Reader) error {
		if p.Viewer.Role.Staff() {
			if err := p.board.standing.refresh(r, p.desk, p.now); err != nil {
				return err
			}
		}
		if f.Late && p.Viewer.Role.Staff() {
			return p.lateRows(r, f, &body)
		}
		found, total, err := r.List(f.query(p.Viewer, p.desk.Policy.People), listRows, (f.Page-1)*listRows)
		if err != nil {
			return err
		}
		body.Total, body.Many = total, total >= register.MaxTotal
		for _, t := range found {
			shown, err := p.shown(r, t)
			if err != nil {
				return err
			}
			body.Rows = append(body.Rows, shown)
		}
		return nil
	})
	if err != nil {
		return err
	}
	body.Choices = p.choices(f, "/lista", tickets.States())
	if !p.Viewer.Role.Staff() {
		body.Offices = nil
	}
	step := f
	if step.Page = f.Page - 1; step.Page > 0 {
		body.Previous = step.path("/lista")
	}
	if step.Page = f.Page + 1; f.Page*listRows < body.Total && step.Page <= maxPage {
		body.Next = step.path("/lista")
	}
	return p.renderLive("list", http.StatusOK, body.Heading, "/vivo", body)
}

// lateRows lists what is overdue, which the register does not know.
func (p *page) lateRows(r *register.Reader, f filter, body *listBody) error {
	matches := map[int64]bool{}
	found, err := r.Matching(f.Words, maxMatches)
	if err != nil {
		return err
	}
	for _, key := range found {
		matches[key] = true
	}
	late := p.board.standing.choose(f, matches, p.now)
	body.Total = len(late)
	late = late[min((f.Page-1)*listRows, len(late)):]
	for _, row := range late[:min(listRows, len(late))] {
		body.Rows = append(body.Rows, shownRow{row, true, p})
	}
	return nil
}

// shown is a request as a line of a list, as the viewer may see it.
func (p *page) shown(r *register.Reader, t *tickets.Ticket) (shownRow, error) {
	role, ok := p.Viewer.RoleIn(t)
	if !ok {
		return shownRow{}, register.ErrNotFound // the register and the domain disagree on who may see it
	}
	if role == tickets.RoleVendor {
		look, err := p.look(r, t)
		if err != nil {
			return shownRow{}, err
		}
		look.Ticket.State = ""
		if look.Waits {
			look.Ticket.State = tickets.WaitingVendor
		}
		return shownRow{&row{TicketView: look.Ticket}, false, p}, nil
	}
	v := p.desk.Policy.Row(t, role, p.now)
	line := &row{TicketView: v, due: v.SolutionDue}
	if line.due.IsZero() || !v.ResponseDue.IsZero() && v.ResponseDue.Before(line.due) {
		line.due = cmp.Or(v.ResponseDue, v.SolutionDue)
	}
	line.Requester = cmp.Or(t.Requester.Name, t.Requester.Addr)
	return shownRow{line, v.Late, p}, nil
}

// Due is when the next term of the row ends.
func (s shownRow) Due() string {
	switch {
	case s.due.IsZero() && s.Stopped && s.State.Open():
		return s.say("stopped")
	case s.due.IsZero():
		return ""
	case s.row.late(s.now):
		return sayf(s.Lang, "late since", []any{span(s.Lang, s.now.Sub(s.due))})
	}
	return sayf(s.Lang, "due in", []any{span(s.Lang, s.due.Sub(s.now))})
}

// DueAt is the moment of it.
func (s shownRow) DueAt() string {
	if s.due.IsZero() {
		return ""
	}
	return s.speak.Date(s.due)
}

// Age says how long ago the request was registered.
func (s shownRow) Age() string { return span(s.Lang, s.now.Sub(s.RegisteredAt)) }

// requestNumber reads the number in the path.
func (p *page) requestNumber() tickets.Number {
	return tickets.Number(strings.ToUpper(p.request.PathValue("number")))
}
