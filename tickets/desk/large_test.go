package desk

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"radicado/tickets/register"
)

// TestPreparedMailsAreSmall has nothing left of a large mail in memory, once it was read, but the part of its text that is used.
func TestPreparedMailsAreSmall(t *testing.T) {
	for name, body := range map[string]string{
		"text": complaintOf(20 << 20),
		"file": "--b\r\n\r\nVa el informe.\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n" + strings.Repeat("0123456789abcdef\r\n", 20<<20/18) + "--b--\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			fields := []string{"Message-ID: <1@x.example>"}
			if name == "file" {
				fields = append(fields, "Content-Type: multipart/mixed; boundary=b")
			}
			f.take("a", mail("pedro@ministerio.example", "Va el informe", body, fields...))
			body = ""
			var claimed []register.Arrival
			if err := f.register.Update(context.Background(), func(tx *register.Tx) (err error) {
				claimed, err = tx.ClaimArrivals(1)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			before := heap()
			p, err := f.prepare(context.Background(), claimed[0])
			if err != nil || p.empty != "" {
				t.Fatal(err, p.empty)
			}
			if grown := heap() - before; grown > 4<<20 {
				t.Errorf("%d bytes of the mail stay in memory", grown)
			}
			runtime.KeepAlive(p)
		})
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func complaintOf(size int) string {
	var text strings.Builder
	for n := 0; text.Len() < size; n++ {
		fmt.Fprintf(&text, "La impresora %d de la oficina %d no imprime.\r\n", n, n%700)
	}
	return text.String()
}
