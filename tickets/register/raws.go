package register

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"fmt"

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

// largeMail is from how many bytes on a mail's memory is worth some work to give it back.
const largeMail = 1 << 20

func newEncoder() (*zstd.Encoder, error) {
	// The checksum is left out because the digest of the mail is there; a small window keeps the memory at rest small.
	return zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithEncoderConcurrency(2),
		zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
}

func newDecoder() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxMail), zstd.WithDecoderLowmem(true))
}

// packed is a mail as it is stored.
type packed struct {
	digest  Digest
	size    int
	codec   string
	content []byte
}

func (r *Register) pack(raw []byte) packed {
	p := packed{digest: DigestOf(raw), size: len(raw), codec: "zstd"}
	room := len(raw) / 2
	if len(raw) > largeMail { // files in base64, as a rule, which come to three quarters: room is not made for them twice
		room = len(raw) / 5 * 4
	}
	p.content = r.encoder.EncodeAll(raw, make([]byte, 0, room))
	if len(p.content) >= len(raw) {
		p.codec, p.content = "none", raw
	}
	if p.content == nil { // nil would be NULL
		p.content = []byte{}
	}
	return p
}

// Packed is a mail that was compressed before the transaction that keeps it, which others wait for.
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

// unpack returns the mail, in memory of its own, and makes sure that it is the one that was stored.
func unpack(decoder *zstd.Decoder, p packed) ([]byte, error) {
	raw := p.content
	switch p.codec {
	case "removed":
		return nil, ErrRemoved
	case "none":
		raw = bytes.Clone(raw)
	case "zstd":
		// A decoder holds on to what it last decoded. That of a large mail goes with it.
		if p.size > largeMail {
			one, err := newDecoder()
			if err != nil {
				return nil, err
			}
			defer one.Close()
			decoder = one
		}
		var err error
		if raw, err = decoder.DecodeAll(p.content, make([]byte, 0, min(p.size, maxMail))); err != nil {
			return nil, fmt.Errorf("%w: mail %x: %w", ErrDamaged, p.digest[:8], err)
		}
	default:
		return nil, fmt.Errorf("mail %x: unknown codec %q", p.digest[:8], p.codec)
	}
	if DigestOf(raw) != p.digest {
		return nil, fmt.Errorf("%w: mail %x has other content", ErrDamaged, p.digest[:8])
	}
	return raw, nil
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
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return inserted(result, err)
	}
	var codec string
	if err := tx.row("SELECT id, codec FROM raws WHERE digest = ?1", []any{p.digest[:]}, &id, &codec); err != nil {
		return 0, err
	}
	if codec == "removed" {
		_, err = tx.exec("UPDATE raws SET codec = ?2, content = ?3 WHERE id = ?1", id, p.codec, p.content)
	}
	return id, err
}

// inserted returns the id of the row that a statement has added.
func inserted(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// LoadRaw returns a stored mail byte for byte. It fails with ErrNotFound, with ErrRemoved after retention, and with
// ErrDamaged where the file no longer holds what was stored.
func (r *Reader) LoadRaw(digest Digest) ([]byte, error) {
	mails, err := collect(r, func(row scanner) ([]byte, error) {
		p := packed{digest: digest}
		var content sql.RawBytes // one copy less of what may be large; unpack leaves it alone
		if err := row.Scan(&p.size, &p.codec, &content); err != nil {
			return nil, err
		}
		p.content = content
		return unpack(r.decoder, p)
	}, "SELECT size, codec, content FROM raws WHERE digest = ?1", digest[:])
	if err == nil && len(mails) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("mail %x: %w", digest[:8], err)
	}
	return mails[0], nil
}
