package desk

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkDesk takes requests of 3 KB from the ledger to their notices.
func BenchmarkDesk(b *testing.B) {
	f := newFixture(b)
	text := strings.Repeat("La impresora del segundo piso no imprime desde ayer.\r\n", 55)
	for start := 0; start < b.N; start += groupMails {
		var raws []string
		for i := start; i < min(start+groupMails, b.N); i++ {
			raws = append(raws, mail(fmt.Sprintf("p%d@ministerio.example", i%100), fmt.Sprint("Solicitud ", i), text, fmt.Sprintf("Message-ID: <%d@x.example>", i)))
		}
		f.take("a", raws...)
		f.drain()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
