package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"os"
	"strings"
	"unicode/utf8"

	"radicado/mailbox"
	"radicado/tickets"
)

type peopleSection struct {
	File string `toml:"file"`
}

// column is what a column of the directory holds, and the headings that name it.
type column struct {
	key   string
	names []string // folded
}

func directoryColumns() []column {
	return []column{
		{"address", []string{"correo", "correo electronico", "address", "email", "e-mail", "mail"}},
		{"name", []string{"nombre", "nombres", "funcionario", "name"}},
		{"office", []string{"dependencia", "oficina", "office"}},
		{"telephone", []string{"telefono", "extension", "ext", "telephone", "phone"}},
	}
}

// readDirectory reads the officials of a CSV file: a line of headings, then one line an official. It returns everything that is
// wrong with it, by line and column.
func readDirectory(path string) (map[string]tickets.Official, []string) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, []string{err.Error()}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, []string{"it is not in UTF-8: in the spreadsheet program, save it as “CSV UTF-8”"}
	}
	return parseDirectory(data)
}

func parseDirectory(data []byte) (map[string]tickets.Official, []string) {
	r := csv.NewReader(bytes.NewReader(data))
	head, _, _ := bytes.Cut(data, []byte("\n"))
	if bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		r.Comma = ';' // as spreadsheet programs write it where the comma is the decimal separator
	}
	r.FieldsPerRecord = -1
	headings, err := r.Read()
	if err != nil {
		return nil, []string{fmt.Sprintf("it has no line of headings: %v", err)}
	}
	at, problems := placeColumns(headings)
	if len(problems) > 0 {
		return nil, problems
	}
	officials := map[string]tickets.Official{}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return officials, problems
		}
		if err != nil {
			return nil, append(problems, err.Error()) // names line and column itself
		}
		line, _ := r.FieldPos(0)
		cell := func(key string) string {
			if i, has := at[key]; has && i < len(record) {
				return strings.Join(strings.Fields(record[i]), " ")
			}
			return ""
		}
		if strings.Join(record, "") == "" {
			continue
		}
		address := cell("address")
		parsed, err := mail.ParseAddress(address)
		if err != nil || parsed.Address != address {
			problems = append(problems, fmt.Sprintf("line %d, column %q: found %q, expected a mail address", line, headings[at["address"]], address))
			continue
		}
		key := mailbox.Address{Addr: address}.Key()
		if _, twice := officials[key]; twice {
			problems = append(problems, fmt.Sprintf("line %d, column %q: %s stands in an earlier line already", line, headings[at["address"]], address))
		}
		officials[key] = tickets.Official{Name: cell("name"), Office: cell("office"), Telephone: cell("telephone")}
	}
}

// placeColumns returns where each column stands. Columns with other headings are left alone.
func placeColumns(headings []string) (map[string]int, []string) {
	at := map[string]int{}
	var problems []string
	for i, heading := range headings {
		for _, c := range directoryColumns() {
			for _, name := range c.names {
				if tickets.Fold(heading) != name {
					continue
				}
				if _, twice := at[c.key]; twice {
					problems = append(problems, fmt.Sprintf("line 1: the heading %q names a column that is there already", heading))
				}
				at[c.key] = i
			}
		}
	}
	if _, there := at["address"]; !there {
		problems = append(problems, `line 1: found no column "correo" (or "address"), by which officials are known`)
	}
	return at, problems
}

// officials reads the directory of the ministry and the officials among the people of the settings, who come before it.
func (c *checker) officials(s *settings) {
	s.policy.Officials = map[string]tickets.Official{}
	if path := s.file.People.File; path != "" {
		officials, problems := readDirectory(path)
		for _, p := range problems {
			c.wrong("people.file", "found a directory that cannot be used: %s: %s", path, p)
		}
		if officials != nil {
			s.policy.Officials = officials
		}
	}
	for _, p := range s.file.Person {
		if p.Role != roleOfficial {
			continue
		}
		for _, a := range p.Addresses {
			s.policy.Officials[mailbox.Address{Addr: a}.Key()] = tickets.Official{Name: p.Name, Office: p.Office, Telephone: p.Telephone, Lang: p.Language}
		}
	}
}

// roleOfficial is the role in the settings of somebody whom the desk serves.
const roleOfficial = "official"
