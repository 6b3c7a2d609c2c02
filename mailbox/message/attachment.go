package message

import (
	"crypto/sha256"
	"mime"
	"strings"

	"radicado/mailbox"
)

// disposition reads Content-Disposition (RFC 2183). "" where there is none.
func disposition(h mailbox.Header) (string, map[string]string) {
	value := h.Get("Content-Disposition")
	if strings.TrimSpace(value) == "" {
		return "", nil
	}
	return parseParams(value)
}

// fileName returns the name that the mail gives a part, "" where it gives none.
func fileName(p *part) string {
	_, params := disposition(p.header)
	for _, name := range []string{params["filename"], p.params["name"], params["name"], p.params["filename"]} {
		if name = strings.TrimSpace(decodeParam(name)); name != "" {
			return name
		}
	}
	return ""
}

// file takes a part as an attachment.
func (b *body) file(p *part, d *defects) {
	kind, _ := disposition(p.header)
	a := mailbox.Attachment{
		Name:      fileName(p),
		Type:      p.kind,
		ContentID: strings.Trim(strings.TrimSpace(p.header.Get("Content-ID")), "<>"),
		Inline:    kind == "inline",
	}
	switch {
	case len(p.children) > 0: // a mail inside this one
		a = b.holding(a, p.children[0].raw)
		if a.Name == "" {
			a.Name = messageName(p.children[0].header)
		}
	case b.keep:
		a = b.holding(a, p.content(d))
	default:
		a.Size, a.Digest = p.measure(d)
	}
	if a.Name == "" && p.kind == "text/calendar" {
		a.Name = "invitation.ics"
	}
	if a.Size == 0 && a.Name == "" {
		return
	}
	b.files = append(b.files, a)
}

// holding returns an attachment with what it holds.
func (b *body) holding(a mailbox.Attachment, content []byte) mailbox.Attachment {
	a.Size, a.Digest = int64(len(content)), sha256.Sum256(content)
	if b.keep {
		a.Content = content
	}
	return a
}

// messageName makes a file name of the subject of an attached mail.
func messageName(h mailbox.Header) string {
	subject := []rune(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, decodeHeader(h.Get("Subject"))))
	if len(subject) == 0 {
		return "message.eml"
	}
	return string(subject[:min(len(subject), 80)]) + ".eml"
}

// maxUUFiles bounds how many files are taken out of one text.
const maxUUFiles = 100

// cutUUEncoded takes the files out of a text that holds them uuencoded, as mailers before MIME did, and returns the rest.
func (b *body) cutUUEncoded(text string) string {
	if !strings.Contains(text, "\nend") || !strings.Contains(text, "begin ") {
		return text
	}
	last := strings.LastIndex(text, "\nend") // no file ends behind it
	files := 0
	var kept strings.Builder
	for rest := text; rest != ""; {
		line, after, _ := strings.Cut(rest, "\n")
		if name, ok := uuBegin(line); ok && uuLine(after) && files < maxUUFiles && len(text)-len(after) <= last {
			if end := strings.Index(after, "\nend"); end >= 0 {
				_, content, _ := uudecode([]byte(rest[:len(line)+1+end+4]))
				b.files = append(b.files, b.holding(mailbox.Attachment{Name: decodeParam(name), Type: typeByName(name)}, content))
				files++
				rest = strings.TrimPrefix(after[end+4:], "\n")
				continue
			}
		}
		kept.WriteString(line)
		if len(line) < len(rest) {
			kept.WriteByte('\n')
		}
		rest = after
	}
	return kept.String()
}

// uuLine reports whether the text goes on with a uuencoded line.
func uuLine(s string) bool {
	line, _, _ := strings.Cut(s, "\n")
	if line == "" {
		return false
	}
	n := int(line[0]-' ') & 0x3f
	want := (n + 2) / 3 * 4
	return len(line)-1 >= want-2 && len(line)-1 <= want+2
}

func typeByName(name string) string {
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		if kind := mime.TypeByExtension(strings.ToLower(name[dot:])); kind != "" {
			kind, _, _ = strings.Cut(kind, ";")
			return kind
		}
	}
	return "application/octet-stream"
}
