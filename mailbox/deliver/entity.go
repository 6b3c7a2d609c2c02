package deliver

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"slices"
	"strings"

	"radicado/mailbox"
)

// entity is the content of a mail or of one of its parts (RFC 2045 section 2.4). It writes itself straight to where it goes:
// go-mail holds each part in buffers of its own, which costs more than all else about a mail.
type entity struct {
	header textproto.MIMEHeader
	write  func(io.Writer) error
}

// contentOf returns what the mail says: the text, the HTML as its alternative, with the pictures of the HTML and the files
// around them as needed.
func contentOf(m mailbox.Outgoing) (entity, error) {
	said := []entity{textEntity("text/plain", cleanBody(m.Text))}
	if m.HTML != "" {
		said = append(said, textEntity("text/html", cleanBody(m.HTML)))
	}
	related := []entity{multi("alternative", said)}
	var attached []entity
	for _, file := range m.Files {
		e, err := fileEntity(file)
		if err != nil {
			return entity{}, fmt.Errorf("file %q: %w", file.Name, err)
		}
		if file.Inline {
			related = append(related, e)
		} else {
			attached = append(attached, e)
		}
	}
	return multi("mixed", append([]entity{multi("related", related)}, attached...)), nil
}

// textEntity returns a text as quoted-printable.
func textEntity(mediaType, text string) entity {
	return entity{
		header: textproto.MIMEHeader{"Content-Type": {mediaType + "; charset=UTF-8"}, "Content-Transfer-Encoding": {"quoted-printable"}},
		write: func(w io.Writer) error {
			encoder := quotedprintable.NewWriter(w)
			_, err := io.WriteString(encoder, text)
			return errors.Join(err, encoder.Close())
		},
	}
}

// multi returns parts as one entity; a single one needs nothing around it.
func multi(subtype string, parts []entity) entity {
	if len(parts) == 1 {
		return parts[0]
	}
	boundary := multipart.NewWriter(io.Discard).Boundary()
	return entity{
		header: textproto.MIMEHeader{"Content-Type": {"multipart/" + subtype + ";\r\n boundary=" + boundary}},
		write: func(w io.Writer) error {
			writer := multipart.NewWriter(w)
			err := writer.SetBoundary(boundary)
			for _, p := range parts {
				part, failed := writer.CreatePart(p.header)
				if err = errors.Join(err, failed); err != nil {
					return err
				}
				if err := p.write(part); err != nil {
					return err
				}
			}
			return writer.Close()
		},
	}
}

// maxMediaType bounds a media type: two names of 127 characters (RFC 6838 section 4.2). A longer one would not fit on a line.
const maxMediaType = 2*127 + len("/")

// fileEntity returns an attached file, or a picture that the HTML shows.
func fileEntity(file mailbox.File) (entity, error) {
	name := fileName(file.Name)
	mediaType, _, err := mime.ParseMediaType(file.Type)
	if err != nil || !strings.Contains(mediaType, "/") || len(mediaType) > maxMediaType {
		mediaType = "application/octet-stream"
	}
	header := make(textproto.MIMEHeader)
	// RFC 2231; and for old programs that do not know it, the name as an encoded word in the Content-Type.
	header.Set("Content-Type", fmt.Sprintf(`%s; name="%s"`, mediaType, mime.QEncoding.Encode("UTF-8", name)))
	header.Set("Content-Transfer-Encoding", "base64")
	disposition := "attachment"
	if file.Inline {
		if !identifier.MatchString(file.ID) {
			return entity{}, fmt.Errorf("%q is not a Content-ID", file.ID)
		}
		disposition = "inline"
		header.Set("Content-ID", "<"+file.ID+">")
	}
	header.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": name}))
	return entity{header, func(w io.Writer) error { return writeBase64(w, file.Content) }}, nil
}

// writeBase64 writes content in lines of 76 characters (RFC 2045 section 6.8).
func writeBase64(w io.Writer, content []byte) error {
	var line []byte
	for piece := range slices.Chunk(content, 57) {
		line = append(base64.StdEncoding.AppendEncode(line[:0], piece), "\r\n"...)
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}
