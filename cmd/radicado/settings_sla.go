package main

import (
	"time"

	"radicado/tickets"
)

type slaSection struct {
	WarnPercent int          `toml:"warn_percent"`
	Critical    termsSection `toml:"critical"`
	High        termsSection `toml:"high"`
	Medium      termsSection `toml:"medium"`
	Low         termsSection `toml:"low"`
}

type termsSection struct {
	Response string `toml:"response"`
	Solution string `toml:"solution"`
}

type priorityRuleSection struct {
	Senders  []string `toml:"senders"`
	Offices  []string `toml:"offices"`
	Words    []string `toml:"words"`
	Priority string   `toml:"priority"`
	Impact   string   `toml:"impact"`
	Urgency  string   `toml:"urgency"`
}

// defaultSLA is what a desk with one shift can keep; a working day of the default calendar has eight hours.
func defaultSLA() slaSection {
	return slaSection{WarnPercent: 80, Critical: termsSection{"1h", "4h"}, High: termsSection{"2h", "8h"},
		Medium: termsSection{"4h", "24h"}, Low: termsSection{"8h", "40h"}}
}

// sla reads within which working time requests should be answered and solved.
func (c *checker) sla(s *settings) {
	k := s.file.SLA
	if k.WarnPercent < 0 || k.WarnPercent > 99 {
		c.wrong("sla.warn_percent", "found %d, expected 1 to 99, or 0 for no warning", k.WarnPercent)
	}
	s.policy.WarnPercent = k.WarnPercent
	s.policy.Terms = map[tickets.Priority]tickets.Terms{}
	for priority, terms := range map[tickets.Priority]termsSection{tickets.Critical: k.Critical, tickets.High: k.High, tickets.Medium: k.Medium, tickets.Low: k.Low} {
		key := "sla." + string(priority)
		s.policy.Terms[priority] = tickets.Terms{Response: c.workingTime(key+".response", terms.Response), Solution: c.workingTime(key+".solution", terms.Solution)}
	}
}

// workingTime reads "90m" or "24h" of working time; "" is no limit. Days would mean different things to different people.
func (c *checker) workingTime(key, value string) time.Duration {
	if value == "" {
		return 0
	}
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 || d > 10_000*time.Hour {
		c.wrong(key, `found %q, expected working time such as "90m" or "24h", or "" for no limit`, value)
		return 0
	}
	return d
}

// priorityRules reads which priority new requests have before anybody looks at them.
func (c *checker) priorityRules(s *settings) {
	levels := []string{"", string(tickets.LevelHigh), string(tickets.LevelMedium), string(tickets.LevelLow)}
	for i, r := range s.file.PriorityRule {
		key := keyOf("priority_rule", i, "")
		c.oneOf(key+".priority", r.Priority, "", string(tickets.Critical), string(tickets.High), string(tickets.Medium), string(tickets.Low))
		c.oneOf(key+".impact", r.Impact, levels...)
		c.oneOf(key+".urgency", r.Urgency, levels...)
		if r.Priority == "" && r.Impact == "" && r.Urgency == "" {
			c.wrong(key, "found no priority, impact or urgency, expected one of them")
		}
		if r.Priority != "" && (r.Impact != "" || r.Urgency != "") {
			c.wrong(key+".priority", "found also impact or urgency, expected one or the other: the priority follows from impact and urgency")
		}
		if len(r.Senders) == 0 && len(r.Offices) == 0 && len(r.Words) == 0 {
			c.wrong(key, "found no senders, offices or words, expected one of them: the rule would fit every request")
		}
		s.policy.PriorityRules = append(s.policy.PriorityRules, tickets.PriorityRule{Senders: r.Senders, Offices: r.Offices, Words: r.Words,
			Priority: tickets.Priority(r.Priority), Impact: tickets.Level(r.Impact), Urgency: tickets.Level(r.Urgency)})
	}
}
