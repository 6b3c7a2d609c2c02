package main

import (
	"context"
	"fmt"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// furnish puts a printer under warranty into the equipment register of the demo.
func (d *demo) furnish(ctx context.Context, p *program) error {
	pedro, vendor := d.people["pedro"], d.people["venta"]
	err := p.register.Update(ctx, func(tx *register.Tx) error {
		_, err := tx.PutAssets([]tickets.Asset{{Plate: "20451", Serial: "CNB7K4R1", What: "Impresora", Brand: "Láser", Model: "M428", Office: "Contratación",
			Holder: mailbox.Address{Name: pedro.Name, Addr: pedro.Addr}, Vendor: mailbox.Address{Name: vendor.Name, Addr: vendor.Addr},
			Contract: "CT-118", Warranty: "2099-12-31"}})
		return err
	})
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}

func (d *demo) tellFirstLevel(ctx context.Context) error {
	d.say("\n── First level: a solution on file is suggested, and sent by one tap ──")
	if err := d.writes(ctx, "pedro", "No me escuchan en la reunión", "En la videoconferencia el micrófono no funciona."); err != nil {
		return err
	}
	if err := d.expect(ctx, "pedro", "marta"); err != nil {
		return err
	}
	return d.steps(ctx, step{"marta", "#solucion videoconferencia", "", []string{"pedro", "marta"}})
}

func (d *demo) tellInstruction(ctx context.Context) error {
	d.say("\n── An adjustment to an application follows its instruction, step by step ──")
	if err := d.writes(ctx, "sofia", "Ajuste en el reporte de nómina", "Falta la columna de la dependencia."); err != nil {
		return err
	}
	if err := d.expect(ctx, "sofia", "marta"); err != nil {
		return err
	}
	return d.steps(ctx,
		step{"marta", "#asignar Luis #instructivo ajustes", "", []string{"sofia", "luis", "marta"}},
		step{"luis", "#paso 1", "", []string{"luis"}},
		step{"luis", "#solucion", "Ya quedó.", []string{"luis"}}, // refused: steps are left
	)
}

func (d *demo) tellWarranty(ctx context.Context) error {
	d.say("\n── No solution, and under warranty: the vendor is written to; its answer is threaded in ──")
	if err := d.writes(ctx, "pedro", "La impresora 20451 no enciende", "Huele a quemado."); err != nil {
		return err
	}
	if err := d.expect(ctx, "pedro", "marta"); err != nil {
		return err
	}
	return d.steps(ctx,
		step{"marta", "#prioridad alta #asignar Ana", "", []string{"pedro", "ana", "marta"}},
		step{"ana", "#sin-solucion", "La fuente está quemada.", []string{"venta", "pedro", "marta", "ana"}},
		step{"venta", "", "Su caso INC-00421 fue creado. Vamos el jueves.", []string{"ana"}},
		step{"ana", "#solucion", "El proveedor cambió la fuente; se imprimió una página de prueba.", []string{"pedro", "marta", "ana"}},
		step{"pedro", "", "Muchas gracias.", []string{"pedro", "ana", "marta"}},
		step{"pedro", "#encuesta 5", "", []string{"pedro"}},
	)
}
