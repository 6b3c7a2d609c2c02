// Package show presents a read mail: as one JSON object a line, for programs and for the scorer, and in words for people
// who want to know what the reader cut and why. It reads nothing and decides nothing.
package show

import (
	"encoding/json"

	"radicado/mailbox"
)

// object is the JSON form of a message. Its names are what programs rely on.
type object struct {
	File        string   `json:"file"`
	Subject     string   `json:"subject"`
	From        string   `json:"from"`
	FromName    string   `json:"from_name,omitempty"`
	MessageID   string   `json:"message_id,omitempty"`
	Text        string   `json:"text"`
	NewText     string   `json:"new_text"`
	Cuts        []cut    `json:"cuts,omitempty"`
	Attachments []file   `json:"attachments"`
	Class       string   `json:"class"`
	ClassReason string   `json:"class_reason"`
	Bounce      *bounce  `json:"bounce,omitempty"`
	Forward     *forward `json:"forward"`
	Calendar    *event   `json:"calendar,omitempty"`
	Encrypted   string   `json:"encrypted,omitempty"`
	Signed      string   `json:"signed,omitempty"`
	Defects     []string `json:"defects"`
}

type cut struct {
	Kind string `json:"kind"`
	Rule string `json:"rule"`
	Text string `json:"text"`
}

type file struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	Inline bool   `json:"inline"`
}

type bounce struct {
	Recipients []string `json:"recipients"`
	Status     string   `json:"status"`
	Permanent  bool     `json:"permanent"`
	Diagnostic string   `json:"diagnostic,omitempty"`
	MessageID  string   `json:"message_id"`
}

type forward struct {
	From    string `json:"from"`
	Name    string `json:"from_name,omitempty"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	Message string `json:"message"`
	Inline  bool   `json:"inline"`
}

type event struct {
	Method  string `json:"method"`
	Summary string `json:"summary"`
	Start   string `json:"start,omitempty"`
}

// JSON returns the message as one JSON object on one line, without a line end. file is the path it was read from.
func JSON(path string, m *mailbox.Message) ([]byte, error) {
	o := object{
		File: path, Subject: m.Subject, From: m.From.Addr, FromName: m.From.Name, MessageID: m.MessageID,
		Text: m.Text, NewText: m.NewText, Attachments: []file{}, Class: string(m.Class), ClassReason: m.ClassReason,
		Encrypted: m.Encrypted, Signed: m.Signed, Defects: m.Defects,
	}
	if m.Class == mailbox.ClassPerson {
		o.Class = "human"
	}
	if o.Defects == nil {
		o.Defects = []string{}
	}
	for _, c := range m.Cuts {
		o.Cuts = append(o.Cuts, cut(c))
	}
	for _, a := range m.Attachments {
		o.Attachments = append(o.Attachments, file{Name: a.Name, Type: a.Type, Size: a.Size, Inline: a.Inline})
	}
	if b := m.Bounce; b != nil {
		o.Bounce = &bounce{Recipients: b.Recipients, Status: b.Status, Permanent: b.Permanent, Diagnostic: b.Diagnostic, MessageID: b.MessageID}
	}
	if f := m.Forward; f != nil {
		o.Forward = &forward{From: f.From.Addr, Name: f.From.Name, Subject: f.Subject, Text: f.Text, Message: f.Message, Inline: f.Inline}
	}
	if c := m.Calendar; c != nil {
		o.Calendar = &event{Method: c.Method, Summary: c.Summary}
		if !c.Start.IsZero() {
			o.Calendar.Start = c.Start.Format("2006-01-02T15:04:05Z07:00")
		}
	}
	return json.Marshal(o)
}
