package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/desk"
	"radicado/tickets/register"
	"radicado/tickets/schedule"
)

type reportsSection struct {
	Weekly     string   `toml:"weekly"`
	Monthly    string   `toml:"monthly"`
	Recipients []string `toml:"recipients"`
}

// defaultReports sends reports on the morning after the week or month.
func defaultReports() reportsSection {
	return reportsSection{Weekly: "0 7 * * 1", Monthly: "0 7 1 * *"}
}

// reports reads when reports are sent, and to whom. They name officials, so that they stay within the ministry.
func (c *checker) reports(s *settings) {
	k := s.file.Reports
	for key, spec := range map[string]string{"reports.weekly": k.Weekly, "reports.monthly": k.Monthly} {
		if spec != "" {
			c.schedule(key, spec)
		}
	}
	for i, a := range k.Recipients {
		key := fmt.Sprintf("reports.recipients[%d]", i)
		c.address(key, a)
		switch address := (mailbox.Address{Addr: a}); {
		case !strings.Contains(a, "@"):
		case s.policy.IsOwn(address):
			c.wrong(key, "found %q, which is the address of the desk itself", a)
		case !s.policy.Official(address):
			c.wrong(key, "found %q, expected an address of desk.official_domains: a report names officials", a)
		default:
			s.policy.ReportTo = append(s.policy.ReportTo, address)
		}
	}
}

// reportJobs is the reports that are sent by themselves.
func (s *settings) reportJobs(d *desk.Desk) []schedule.Job {
	var jobs []schedule.Job
	for _, one := range []struct {
		name, spec string
		unit       tickets.PeriodUnit
	}{{"weekly report", s.file.Reports.Weekly, tickets.PeriodWeek}, {"monthly report", s.file.Reports.Monthly, tickets.PeriodMonth}} {
		if one.spec == "" {
			continue
		}
		jobs = append(jobs, schedule.Job{Name: one.name, Spec: one.spec, Run: func(_ context.Context, tx *register.Tx, due time.Time) error {
			return d.Report(tx, one.unit, due)
		}})
	}
	return jobs
}
