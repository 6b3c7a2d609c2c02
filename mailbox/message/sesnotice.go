package message

import (
	"encoding/json"
	"strings"

	"radicado/mailbox"
)

// sesNotice is what Amazon SES tells of a mail by way of SNS, as JSON in a text.
type sesNotice struct {
	Type    string `json:"notificationType"`
	Event   string `json:"eventType"`
	Message string `json:"Message"` // the notice once more encoded, where SNS wraps it
	Mail    struct {
		Destination []string `json:"destination"`
		Headers     struct {
			MessageID string `json:"messageId"`
		} `json:"commonHeaders"`
	} `json:"mail"`
	Bounce struct {
		Type       string `json:"bounceType"`
		Recipients []struct {
			Address    string `json:"emailAddress"`
			Status     string `json:"status"`
			Diagnostic string `json:"diagnosticCode"`
		} `json:"bouncedRecipients"`
	} `json:"bounce"`
}

// sesReport reads such a notice.
func (b *body) sesReport(m *mailbox.Message, _ Options) (mailbox.Class, string) {
	start := strings.IndexByte(m.Text, '{')
	if start < 0 || start > 100 || !strings.Contains(m.Text, "notificationType") && !strings.Contains(m.Text, `"eventType"`) {
		return "", ""
	}
	notice, ok := parseNotice(m.Text[start:])
	if !ok {
		return "", ""
	}
	switch notice.Type + notice.Event {
	case "Complaint":
		return mailbox.ClassFeedback, "a complaint as Amazon SES tells of it"
	case "Delivery":
		return mailbox.ClassReceipt, "a delivery as Amazon SES tells of it"
	case "Bounce":
		bounce := mailbox.Bounce{Permanent: notice.Bounce.Type != "Transient"}
		for _, r := range notice.Bounce.Recipients {
			bounce.Recipients = addAddress(bounce.Recipients, statusAddress(r.Address))
			if bounce.Status == "" {
				bounce.Status, bounce.Diagnostic = enhancedStatus(r.Status+" "+r.Diagnostic), oneLine(cutType(r.Diagnostic))
			}
		}
		if ids := messageIDs(notice.Mail.Headers.MessageID); len(ids) > 0 {
			bounce.MessageID = ids[0]
		}
		m.Bounce = &bounce
		return mailbox.ClassBounce, "a bounce as Amazon SES tells of it"
	}
	return "", ""
}

func parseNotice(text string) (sesNotice, bool) {
	var notice sesNotice
	// SNS breaks lines inside strings, which JSON does not allow.
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\n!", ""), "\n", "")
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&notice); err != nil {
		return notice, false
	}
	if notice.Type == "" && notice.Event == "" && notice.Message != "" {
		var inner sesNotice
		if err := json.Unmarshal([]byte(notice.Message), &inner); err != nil {
			return notice, false
		}
		return inner, true
	}
	return notice, true
}
