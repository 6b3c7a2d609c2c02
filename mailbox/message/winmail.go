package message

import (
	"radicado/mailbox"
	"radicado/mailbox/message/htmltext"
	"radicado/mailbox/message/tnef"
)

// tnef opens a winmail.dat: its files become attachments, its text the body where the mail has no other.
func (b *body) tnef(p *part, d *defects) bool {
	stream, err := tnef.Parse(p.content(d))
	if err != nil {
		d.add("winmail.dat that cannot be read: " + err.Error())
		if len(stream.Files) == 0 && stream.Text == nil && stream.HTML == nil {
			return false
		}
	}
	for _, f := range stream.Files {
		name, kind := oneLine(decodeCharset(f.Name8, stream.Charset)+f.Name), f.Type
		if kind == "" {
			kind = typeByName(name)
		}
		b.files = append(b.files, b.holding(mailbox.Attachment{Name: name, Type: kind, ContentID: f.ContentID, Inline: f.ContentID != ""}, f.Content))
	}
	switch {
	case stream.HTML != nil:
		b.textFree = append(b.textFree, htmltext.Convert(decodeBytes(b.markup(stream.HTML), metaCharset(stream.HTML))).Text)
	case stream.Text != nil:
		b.textFree = append(b.textFree, normalise(decodeCharset(clip(b, stream.Text), stream.Charset)))
	case stream.RTFUnicode:
		b.textFree = append(b.textFree, decodeText(clip(b, stream.RTF), "utf-8"))
	case len(stream.RTF) > 0:
		b.textFree = append(b.textFree, decodeText(clip(b, stream.RTF), stream.Charset))
	}
	return true
}
