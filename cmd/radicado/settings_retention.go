package main

import (
	"context"
	"time"

	"radicado/tickets/register"
	"radicado/tickets/schedule"
)

type retentionSection struct {
	Years       int    `toml:"anonymise_after_years"`
	Mails       string `toml:"raw_mail_after"`
	Attachments string `toml:"attachments_after"`
}

// retention reads how long personal data is kept.
func (c *checker) retention(s *settings) {
	r := s.file.Retention
	c.atLeast("retention.anonymise_after_years", r.Years, 0)
	s.retention.Years = r.Years
	if r.Mails != "" {
		s.retention.Mails = c.duration("retention.raw_mail_after", r.Mails)
	}
	if r.Attachments != "" {
		s.retention.Attachments = c.duration("retention.attachments_after", r.Attachments)
	}
	// Whatever comes later than what it is part of would never come: that is not what was meant.
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	years := begin.AddDate(r.Years, 0, 0).Sub(begin)
	if s.retention.Mails > years && r.Years > 0 {
		c.wrong("retention.raw_mail_after", "found %q, expected less than the %d years of anonymise_after_years, when the mails go as well", r.Mails, r.Years)
	}
	if limit := s.retention.Mails; limit > 0 && s.retention.Attachments > limit {
		c.wrong("retention.attachments_after", "found %q, expected less than raw_mail_after, %q, when the attachments go as well", r.Attachments, r.Mails)
	} else if limit == 0 && r.Years > 0 && s.retention.Attachments > years {
		c.wrong("retention.attachments_after", "found %q, expected less than the %d years of anonymise_after_years, when the attachments go as well", r.Attachments, r.Years)
	}
}

// retentionJob erases what is past its time.
func (w *shift) retentionJob(now func() time.Time) schedule.Job {
	return schedule.Job{Name: jobRetention, Spec: w.settings.file.Schedule.Retention, Work: func(ctx context.Context, _ time.Time) (func(*register.Tx) error, error) {
		erased, err := w.register.Retain(ctx, w.settings.retention.Expiry(now()), "schedule", nil)
		for _, e := range erased {
			w.log.Info("retention has erased", "what", string(e.What), "rows", e.Rows)
		}
		return nil, err
	}}
}
