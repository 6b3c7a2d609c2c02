package register

import (
	"math/rand/v2"
	"testing"

	"radicado/mailbox"
)

// lengthen makes the log longer by so many pages or a few more, and waits for what follows from it.
func (f *fixture) lengthen(t *testing.T, pages int, uid uint32) {
	t.Helper()
	raw := make([]byte, pages*4096*100/99)
	rand.NewChaCha8([32]byte{byte(uid)}).Read(raw) // which nobody can compress
	check(t, f.Take(t.Context(), "soporte", 7, uid, []mailbox.Arrival{arrival("soporte", uid, string(raw))}))
	f.checkpoints.wait.Wait()
}

func (f *fixture) progress(t *testing.T) progress {
	t.Helper()
	p, err := checkpoint(t.Context(), f.writer, "NOOP")
	check(t, err)
	return p
}

func TestLogIsFoldedIntoTheFile(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.take(t, "soporte", 1)
	f.lengthen(t, checkpointPages/2, 2)
	if p := f.progress(t); p.folded != 0 || p.log < checkpointPages/2 {
		t.Errorf("half of the pages: %+v", p)
	}
	f.lengthen(t, checkpointPages/2, 3)
	if p := f.progress(t); p.folded != p.log || p.log < checkpointPages {
		t.Errorf("enough pages: %+v; want all of them in the file", p)
	}
	f.take(t, "soporte", 4)
	if p := f.progress(t); p.log > 100 {
		t.Errorf("the next commit: %+v; want a log that begins anew", p)
	}
}

func TestLogIsFoldedWhenTheReaderIsGone(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.take(t, "soporte", 1)
	f.view(t, func(r *Reader) error {
		_, err := r.Tally() // from here on the reader needs the file as it is
		check(t, err)
		f.lengthen(t, checkpointPages, 2)
		if p := f.progress(t); p.folded == p.log {
			t.Errorf("beside a reader: %+v; want pages that are in the log alone", p)
		}
		return nil
	})
	f.lengthen(t, checkpointPages/2, 3)
	if p := f.progress(t); p.folded == p.log {
		t.Errorf("half of the pages later: %+v; want no further try", p)
	}
	f.lengthen(t, checkpointPages/2, 4)
	if p := f.progress(t); p.folded != p.log {
		t.Errorf("without a reader: %+v; want all of them in the file", p)
	}
}
