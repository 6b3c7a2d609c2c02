package register

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"radicado/mailbox"
)

// Digest is the SHA-256 of a mail's bytes.
type Digest [sha256.Size]byte

// DigestOf returns the digest under which a mail is stored.
func DigestOf(raw []byte) Digest { return sha256.Sum256(raw) }

// Trace names the mail in the log.
func (d Digest) Trace() string { return mailbox.TraceOf(d) }

// maxMail is the largest mail that is unpacked, far above any size cap: a damaged frame must not claim all memory.
const maxMail = 1 << 30

// A mail of more than largeMail bytes is packed and unpacked in pieces of pieceSize bytes.
const (
	largeMail = 1 << 20
	pieceSize = 512 << 10
)

// newEncoder returns an encoder of so many threads, each of which takes more than a mebibyte.
func newEncoder(w io.Writer, threads int) (*zstd.Encoder, error) {
	// The checksum is left out because the digest of the mail is there; a small window keeps the memory at rest small. So does the fastest
	// level, whose tables also leave the processor's cache to others, for a twentieth more bytes.
	return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithEncoderConcurrency(threads),
		zstd.WithWindowSize(256<<10), zstd.WithLowerEncoderMem(true))
}

func newDecoder(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxMail), zstd.WithDecoderLowmem(true))
}

// packed is a mail as it is stored.
type packed struct {
	digest  Digest
	size    int
	codec   string
	content []byte
	large   []byte // a large mail, which is compressed while it is stored: it need not be in memory twice
}

func (r *Register) pack(raw []byte) packed {
	p := packed{digest: DigestOf(raw), size: len(raw), codec: "zstd"}
	if len(raw) > largeMail {
		p.large = raw
	} else if p.content = r.encoder.EncodeAll(raw, make([]byte, 0, len(raw)/2)); len(p.content) >= len(raw) {
		p.codec, p.content = "none", raw
	}
	if p.content == nil { // nil would be NULL
		p.content = []byte{}
	}
	return p
}

// Packed is a mail that was compressed before the transaction that keeps it, which others wait for; a large one is compressed there.
type Packed struct{ packed }

// Digest is that of the mail.
func (p Packed) Digest() Digest { return p.digest }

// Pack compresses a mail for Keep.
func (r *Register) Pack(raw []byte) Packed { return Packed{r.pack(raw)} }

// Keep stores a mail that came by no mailbox.
func (tx *Tx) Keep(p Packed) error {
	_, err := tx.store(p.packed)
	return err
}

// unpack returns the mail. Whether it is the one that was stored is not looked at.
func unpack(decoder *zstd.Decoder, p packed) ([]byte, error) {
	switch p.codec {
	case "none":
		return p.content, nil
	case "zstd":
		return decoder.DecodeAll(p.content, make([]byte, 0, min(p.size, maxMail)))
	}
	return nil, fmt.Errorf("unknown codec %q", p.codec)
}

// unpackLarge returns a mail that comes in pieces. It has a decoder of its own: each holds on to what it last decoded.
func unpackLarge(p packed, source io.Reader) ([]byte, error) {
	switch p.codec {
	case "none":
	case "zstd":
		decoder, err := newDecoder(source)
		if err != nil {
			return nil, err
		}
		defer decoder.Close()
		source = decoder
	default:
		return nil, fmt.Errorf("unknown codec %q", p.codec)
	}
	raw := make([]byte, min(p.size, maxMail))
	_, err := io.ReadFull(source, raw)
	return raw, err
}

// pieceReader reads the pieces of a large mail one after the other.
type pieceReader struct {
	reader *Reader
	raw    int64
	piece  int // that was read last
	buffer []byte
	rest   []byte
	failed error // of the register
}

// Read implements io.Reader.
func (p *pieceReader) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		p.piece++
		found, err := collect(p.reader, p.keep, "SELECT content FROM pieces WHERE raw = ?1 AND piece = ?2", p.raw, p.piece)
		if err != nil {
			p.failed = err
			return 0, err
		}
		if len(found) == 0 {
			return 0, io.EOF
		}
		p.rest = found[0]
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// keep reads a piece into the memory of the one before.
func (p *pieceReader) keep(row scanner) ([]byte, error) {
	var content sql.RawBytes
	err := row.Scan(&content)
	p.buffer = append(p.buffer[:0], content...)
	return p.buffer, err
}

// pieceWriter stores what is written to it in pieces of pieceSize bytes, the last one when it is closed.
type pieceWriter struct {
	tx    *Tx
	raw   int64
	piece int // that was stored last
	next  []byte
}

// Write implements io.Writer.
func (p *pieceWriter) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := min(len(rest), pieceSize-len(p.next))
		p.next = append(p.next, rest[:n]...)
		rest = rest[n:]
		if len(p.next) == pieceSize {
			if err := p.Close(); err != nil {
				return 0, err
			}
		}
	}
	return len(b), nil
}

// Close implements io.Closer.
func (p *pieceWriter) Close() error {
	if len(p.next) == 0 {
		return nil
	}
	p.piece++
	_, err := p.tx.exec("INSERT INTO pieces (raw, piece, content) VALUES (?1, ?2, ?3)", p.raw, p.piece, p.next)
	p.next = p.next[:0]
	return err
}

// store keeps the mail once for all arrivals that bring it and returns its row. There is no RETURNING: with it, SQLite would
// look through all arrivals for references to the new row.
func (tx *Tx) store(p packed) (id int64, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("store mail %x: %w", p.digest[:8], err)
		}
	}()
	result, err := tx.exec("INSERT INTO raws (digest, size, codec, content) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (digest) DO NOTHING",
		p.digest[:], p.size, p.codec, p.content)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, err
	}
	if n == 1 {
		if id, err = inserted(result, err); err != nil {
			return 0, err
		}
		return id, tx.storeLarge(id, p.large)
	}
	var codec string
	if err := tx.row("SELECT id, codec FROM raws WHERE digest = ?1", []any{p.digest[:]}, &id, &codec); err != nil {
		return 0, err
	}
	if codec != "removed" {
		return id, nil
	}
	if _, err = tx.exec("UPDATE raws SET codec = ?2, content = ?3 WHERE id = ?1", id, p.codec, p.content); err != nil {
		return 0, err
	}
	return id, tx.storeLarge(id, p.large)
}

// storeLarge compresses a large mail into pieces; nil for one that is not.
func (tx *Tx) storeLarge(id int64, raw []byte) error {
	if raw == nil {
		return nil
	}
	pieces := &pieceWriter{tx: tx, raw: id, next: make([]byte, 0, pieceSize)}
	encoder, err := newEncoder(pieces, 2)
	if err == nil {
		_, err = encoder.Write(raw)
		err = errors.Join(err, encoder.Close(), pieces.Close())
	}
	return err
}

// inserted returns the id of the row that a statement has added.
func inserted(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// LargerWaits reports whether a mail of more than that many bytes was taken and is not settled.
func (r *Reader) LargerWaits(bytes int64) (waits bool, err error) {
	err = r.row("SELECT EXISTS (SELECT 1 FROM arrivals WHERE state = 'taken' AND size > ?1)", []any{bytes}, &waits)
	return waits, err
}

// LoadRaw returns a stored mail byte for byte. It fails with ErrNotFound, with ErrRemoved after retention, and with
// ErrDamaged where the file no longer holds what was stored.
func (r *Reader) LoadRaw(digest Digest) ([]byte, error) {
	raw, err := r.loadRaw(digest)
	if err != nil {
		return nil, fmt.Errorf("mail %x: %w", digest[:8], err)
	}
	return raw, nil
}

func (r *Reader) loadRaw(digest Digest) (raw []byte, err error) {
	var id int64
	var p packed
	if err := r.row("SELECT id, size, codec, content FROM raws WHERE digest = ?1", []any{digest[:]}, &id, &p.size, &p.codec, &p.content); err != nil {
		return nil, err
	}
	switch {
	case p.codec == "removed":
		return nil, ErrRemoved
	case p.size <= largeMail:
		raw, err = unpack(r.decoder, p)
	default:
		more := &pieceReader{reader: r, raw: id, rest: p.content}
		if raw, err = unpackLarge(p, more); more.failed != nil {
			return nil, more.failed
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if DigestOf(raw) != digest {
		return nil, fmt.Errorf("%w: other content", ErrDamaged)
	}
	return raw, nil
}
