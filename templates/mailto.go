package templates

import (
	"net/url"
	"strings"

	"radicado/mailbox"
)

// mailtoLink returns the address of a mail to the desk with that subject (RFC 6068). Everything but letters and digits is
// percent-encoded: Outlook cuts a subject at a bare #, some telephones at a bracket, and a plus sign is a plus sign there, so
// that a space must be %20.
func mailtoLink(desk mailbox.Address, subject string) string {
	link := "mailto:" + strings.ReplaceAll(percentEncode(desk.Addr), "%40", "@")
	if subject != "" {
		link += "?subject=" + percentEncode(oneLine(subject))
	}
	return link
}

func percentEncode(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// target returns what somebody types who cannot follow a link: the subject of a mail, else the address itself.
func target(link string) string {
	if strings.HasPrefix(link, "mailto:") {
		return mailtoSubject(link)
	}
	return link
}

// mailtoSubject returns the subject that a link of mailtoLink carries, "" for any other link.
func mailtoSubject(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "mailto" {
		return ""
	}
	return u.Query().Get("subject")
}
