package message

import (
	"strings"

	"radicado/mailbox"
)

// verdict says what a mail is, and why; "" where it is nothing of that kind.
type verdict func(*mailbox.Message, Options) (mailbox.Class, string)

// classify says what kind of mail it is. The order matters: what names itself in a structured way goes before what must
// be told from words, and what must not be answered before everything else.
func (b *body) classify(m *mailbox.Message, opt Options) {
	verdicts := []verdict{
		b.loop, b.feedback, b.reported, b.sesReport, b.answeredEvent, b.unstructuredBounce, b.autoReplied, b.titled, b.marked, b.listed,
		b.generated, b.bulk,
	}
	for _, judge := range verdicts {
		if class, reason := judge(m, opt); class != "" {
			m.Class, m.ClassReason = class, reason
			return
		}
	}
	m.Class, m.ClassReason = mailbox.ClassPerson, "nothing marks it as automatic"
}

// loop: a mail of our own.
func (b *body) loop(m *mailbox.Message, opt Options) (mailbox.Class, string) {
	if value := strings.TrimSpace(m.Header.Get("X-Radicado")); value != "" && opt.Instance != "" && value == opt.Instance {
		return mailbox.ClassLoop, "X-Radicado is that of this installation"
	}
	if opt.MessageIDDomain != "" && strings.HasSuffix(strings.ToLower(m.MessageID), "@"+strings.ToLower(opt.MessageIDDomain)) {
		return mailbox.ClassLoop, "Message-ID is one of ours"
	}
	for _, own := range opt.Own {
		for _, author := range m.Authors {
			if author.Key() != "" && author.Key() == (mailbox.Address{Addr: own}).Key() {
				return mailbox.ClassLoop, "From is the desk itself: " + own
			}
		}
	}
	return "", ""
}

// feedback: an abuse report (RFC 5965).
func (b *body) feedback(m *mailbox.Message, _ Options) (mailbox.Class, string) {
	if b.report.feedback != nil {
		return mailbox.ClassFeedback, "it has a message/feedback-report part"
	}
	if b.report.kind == "feedback-report" {
		return mailbox.ClassFeedback, "its report-type is feedback-report"
	}
	subject := strings.ToLower(m.Subject)
	if strings.HasPrefix(subject, "complaint about message from ") && len(b.messages) > 0 {
		return mailbox.ClassFeedback, "the subject of Microsoft's abuse reports, with the mail attached"
	}
	if strings.HasPrefix(subject, "unsubscribe") && strings.Contains(m.Text, "sent this email to unsubscribe from the message") {
		return mailbox.ClassFeedback, "a mail program's request to unsubscribe"
	}
	return "", ""
}

// reported: a multipart/report of a delivery or a display.
func (b *body) reported(m *mailbox.Message, _ Options) (mailbox.Class, string) {
	if b.report.receipt != nil || b.report.kind == "disposition-notification" {
		return mailbox.ClassReceipt, "it has a disposition notification (RFC 8098)"
	}
	if b.report.status == nil && len(b.messages) > 0 && bounceSender(m) != "" {
		// A gateway has put the report into a mail of its own.
		var inner body
		inner.gather(b.messages[0], &defects{})
		b.report = inner.report
	}
	if b.report.status == nil {
		return "", ""
	}
	bounce, action := readStatus(b.report.status)
	b.complete(m, &bounce)
	switch action {
	case "delayed":
		m.Bounce = &bounce
		return mailbox.ClassDelay, "a delivery report says that it is delayed"
	case "delivered", "relayed", "expanded", "deliverable":
		return mailbox.ClassReceipt, "a delivery report says that it was " + action
	}
	m.Bounce = &bounce
	return mailbox.ClassBounce, "a delivery report says that it failed"
}

// answeredEvent: a calendar's answer to an invitation.
func (b *body) answeredEvent(_ *mailbox.Message, _ Options) (mailbox.Class, string) {
	if b.calendar != nil && (b.calendar.Method == "REPLY" || b.calendar.Method == "COUNTER") {
		return mailbox.ClassCalendar, "a calendar's answer to an invitation: METHOD " + b.calendar.Method
	}
	return "", ""
}

// marked: spam, as the server before us says.
func (b *body) marked(m *mailbox.Message, opt Options) (mailbox.Class, string) {
	names := []string{"X-Spam-Flag", "X-Spam"}
	if opt.SpamHeader != "" {
		names = append(names, opt.SpamHeader)
	}
	for _, name := range names {
		if value := strings.ToLower(strings.TrimSpace(m.Header.Get(name))); value == "yes" || value == "true" || strings.HasPrefix(value, "yes,") {
			return mailbox.ClassSpam, name + " says yes"
		}
	}
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(m.Header.Get("X-Spam-Status"))), "yes") {
		return mailbox.ClassSpam, "X-Spam-Status says yes"
	}
	if report := m.Header.Get("X-Forefront-Antispam-Report"); strings.Contains(report, "SFV:SPM") || strings.Contains(report, "SFV:SKB") {
		return mailbox.ClassSpam, "X-Forefront-Antispam-Report marks it as spam"
	}
	return "", ""
}

// listed: by way of a mailing list (RFC 2919, RFC 2369).
func (b *body) listed(m *mailbox.Message, _ Options) (mailbox.Class, string) {
	h := m.Header
	for _, name := range []string{"List-Id", "List-Post", "X-BeenThere", "X-Mailman-Version", "Mailing-List", "X-Mailing-List", "X-ML-Name", "X-Ml-Name", "X-Listname", "X-Listprocessor-Version", "X-List", "X-Majordomo", "X-Google-Group-Id", "List-Archive"} {
		if value, _ := field(h, name); value != "" {
			return mailbox.ClassList, name + " is there"
		}
	}
	if precedence(h) == "list" {
		return mailbox.ClassList, "Precedence is list"
	}
	if sender := strings.ToLower(m.Sender.Addr); strings.HasPrefix(sender, "owner-") || strings.Contains(sender, "-owner@") || strings.Contains(sender, "-admin@lists") || strings.Contains(sender, "-bounces@") {
		return mailbox.ClassList, "Sender is a mailing list's: " + m.Sender.Addr
	}
	return "", ""
}

// bulk: a newsletter, or what else is sent to many at once.
func (b *body) bulk(m *mailbox.Message, _ Options) (mailbox.Class, string) {
	h := m.Header
	precedence := precedence(h)
	for _, name := range []string{"List-Unsubscribe", "List-Unsubscribe-Post", "X-Campaign", "X-CampaignId", "X-Mailchimp-Id", "X-MC-User", "Feedback-ID"} {
		if value, _ := field(h, name); value != "" && (name != "Feedback-ID" || precedence != "") {
			return mailbox.ClassNewsletter, name + " is there"
		}
	}
	if precedence == "bulk" || precedence == "junk" {
		return mailbox.ClassNewsletter, "Precedence is " + precedence
	}
	return "", ""
}

func precedence(h mailbox.Header) string {
	value := h.Get("Precedence")
	if value == "" {
		value = h.Get("X-Precedence")
	}
	return strings.ToLower(strings.Trim(value, " \t\"'"))
}
