// Package form prints: the form "Servicios de soporte" of one request as PDF, and the register of many as XLSX and CSV. It
// takes plain values, ready for people to read, and gives back bytes. It must not know the register, the settings or the
// rules of the desk; above all it leaves nothing out, so that who calls it decides what the reader may see.
package form

import (
	"errors"
	"time"
)

// Title is the name of the form, as the procedure has it.
const Title = "Servicios de soporte"

// Organisation is whose form it is.
type Organisation struct {
	Name string         // "Ministerio de Ejemplo"
	Desk string         // "Mesa de servicios", below the name
	Logo []byte         // PNG or JPEG, nil for none
	Zone *time.Location // in which dates are written
}

// Sheet is everything that the form has. What is empty is printed as a line to write on.
type Sheet struct {
	Number   string
	State    string
	Kind     string // of request
	Priority string
	Subject  string
	Text     string // what the official wrote
	Made     time.Time

	Registered  time.Time
	FirstAnswer time.Time
	Resolved    time.Time
	Closed      time.Time
	DueAnswer   time.Time
	DueSolution time.Time

	Official    Official
	Equipment   Equipment
	Coordinator string
	Technician  string

	Diagnosis   string
	Instruction Instruction
	Plan        string
	Solution    string
	Vendor      Vendor

	Times        Times
	Satisfaction int // from 1 to 5, 0 for no answer
	Comment      string
	History      []Entry
}

// Official is who asked.
type Official struct {
	Name      string
	Address   string // of mail
	Office    string // dependencia
	Telephone string
}

// Equipment is the machine that the request is about.
type Equipment struct {
	Plate       string
	Serial      string
	Description string
	Warranty    string // "vigente", "vencida", "desconocida"
	WarrantyEnd time.Time
	Vendor      string
}

// Instruction is the checklist that was followed.
type Instruction struct {
	Name  string
	Steps []Step
}

// Step is one step of an instruction.
type Step struct {
	Text string
	Done bool
	By   string
	At   time.Time
}

// Vendor is who was written to under warranty, and its own number of the case.
type Vendor struct {
	Name string
	Case string
}

// Times are working times. What has not happened yet, by the dates of the sheet, is left empty.
type Times struct {
	FirstAnswer time.Duration
	Solution    time.Duration
	Waiting     time.Duration // for the official or the vendor; not counted in Solution
}

// Entry is a line of what happened to the request.
type Entry struct {
	At   time.Time
	Who  string
	Text string
}

func (o Organisation) check() error {
	if o.Zone == nil {
		return errors.New("the organisation has no time zone")
	}
	return nil
}
