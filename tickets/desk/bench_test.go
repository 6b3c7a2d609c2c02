package desk

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// complaint returns some 3 KB of text, another one for each number.
func complaint(n int) string {
	words := strings.Fields(`impresora pantalla teclado correo clave red internet carpeta archivo usuario programa nómina reporte error ventana botón
		permiso contrato oficina piso sala reunión micrófono cámara factura servidor copia página navegador descarga actualización batería cargador`)
	random := rand.New(rand.NewPCG(uint64(n), 1))
	var text strings.Builder
	for text.Len() < 3000 {
		fmt.Fprintf(&text, "La %s de la %s %d no funciona con %s.\r\n", words[random.IntN(len(words))], words[random.IntN(len(words))], random.IntN(5000), words[random.IntN(len(words))])
	}
	return text.String()
}

// BenchmarkDesk takes requests of 3 KB from the ledger to their notices.
func BenchmarkDesk(b *testing.B) {
	f := newFixture(b)
	for start := 0; start < b.N; start += groupMails {
		var raws []string
		for i := start; i < min(start+groupMails, b.N); i++ {
			raws = append(raws, mail(fmt.Sprintf("p%d@ministerio.example", i%100), fmt.Sprint("Solicitud ", i), complaint(i), fmt.Sprintf("Message-ID: <%d@x.example>", i)))
		}
		f.take("a", raws...)
		f.drain()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
