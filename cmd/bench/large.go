package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// large is the most memory that the daemon took for large mails, in bytes: half of them are long texts, half bring a file that does not
// compress.
type large struct {
	Mails  int   `json:"mails"`
	Size   int   `json:"size"`
	Memory int64 `json:"memory"`
}

// largeMails writes large mails to the daemon, all at once.
func (f *figures) largeMails(ctx context.Context, w *world, d *daemon, g *generator, o options) (err error) {
	if o.Large == 0 {
		return nil
	}
	client, err := dial(ctx, w.imap, deskAddress, w.password)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	// The kernel begins anew with the most that a process took (proc_pid_clear_refs(5)).
	if err := os.WriteFile(filepath.Join("/proc", strconv.Itoa(d.command.Process.Pid), "clear_refs"), []byte("5"), 0); err != nil {
		return err
	}
	for i := range o.Large {
		raw := g.largeText(o.LargeSize)
		if i%2 == 1 {
			raw = g.largeFile(o.LargeSize)
		}
		if err := appendMail(client, raw); err != nil {
			return fmt.Errorf("large mail %d: %w", i, err)
		}
	}
	f.written += o.Large
	if err := d.rest(ctx, f.written); err != nil {
		return err
	}
	memory, err := d.memory()
	f.Large = large{Mails: o.Large, Size: o.LargeSize, Memory: memory.peak}
	return err
}

func (g *generator) largeText(size int) []byte {
	small := g.mix
	defer func() { g.mix = small }()
	g.MinSize, g.MaxSize = size, size
	return g.request()
}

func (g *generator) largeFile(size int) []byte {
	head, body, _ := strings.Cut(string(g.request()), "Content-Type: text/plain; charset=utf-8")
	var b strings.Builder
	b.Grow(size + len(head) + len(body))
	b.WriteString(head + "Content-Type: multipart/mixed; boundary=limit\r\n\r\n--limit\r\nContent-Type: text/plain; charset=utf-8" + body)
	b.WriteString("\r\n--limit\r\nContent-Type: application/zip; name=datos.zip\r\nContent-Disposition: attachment; filename=datos.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	line := make([]byte, 57)
	for b.Len() < size {
		for i := range line {
			line[i] = byte(g.random.Uint32())
		}
		b.WriteString(base64.StdEncoding.EncodeToString(line) + "\r\n")
	}
	b.WriteString("--limit--\r\n")
	return []byte(b.String())
}
