package main

import (
	"context"
	"fmt"

	"radicado/mailbox/mailtest"
)

// tell is the story: one step after the other, each with the notices that it causes.
func (d *demo) tell(ctx context.Context) error {
	d.say("A small ministry: officials Pedro and Sofía, coordinator Marta, technicians Ana and Luis, a vendor.")
	d.say("The daemon reads soporte@ministerio.example over IMAP (%s) and sends over SMTP (%s).", d.site.IMAP.Addr(), d.site.SMTP.Addr())
	for _, chapter := range []func(context.Context) error{d.tellService, d.tellReopening, d.tellSlips, d.tellCoordination, d.tellPassing, d.tellFirstLevel, d.tellInstruction, d.tellWarranty,
		d.tellForgery, d.tellReport} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

// step lets somebody write and shows what follows.
type step struct {
	who, commands, text string
	told                []string
}

func (d *demo) steps(ctx context.Context, list ...step) error {
	for _, s := range list {
		if err := d.answers(ctx, s.who, s.commands, s.text); err != nil {
			return err
		}
		if err := d.expect(ctx, s.told...); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) tellService(ctx context.Context) error {
	d.say("\n── Reception, registration, coordination, service ──")
	err := d.writes(ctx, "pedro", "Impresora no imprime", "Buenos días:\n\nLa impresora del segundo piso no imprime desde ayer. Adjunto foto de la pantalla.\n\nGracias.",
		mailtest.Attach("pantalla.png", "image/png", []byte("\x89PNG\r\n\x1a\n")))
	if err != nil {
		return err
	}
	if err := d.expect(ctx, "pedro", "marta"); err != nil {
		return err
	}
	return d.steps(ctx,
		step{"marta", "#prioridad alta #asignar Ana", "Por favor pasar hoy mismo.", []string{"pedro", "ana", "marta"}},
		step{"ana", "#espera", "¿Cuál es la placa de la impresora?", []string{"pedro", "marta", "ana"}},
		step{"pedro", "", "Es la 20451.", []string{"ana"}},
		step{"ana", "#nota", "Rodillo gastado; hay repuesto en bodega.", []string{"marta", "ana"}},
		step{"ana", "#solucion", "Se cambió el rodillo de arrastre y se imprimió una página de prueba.", []string{"pedro", "marta", "ana"}},
	)
}

func (d *demo) tellReopening(ctx context.Context) error {
	d.say("\n── The official is not satisfied: an answer reopens ──")
	return d.steps(ctx,
		step{"pedro", "", "Sigue saliendo la hoja arrugada.", []string{"ana", "marta"}},
		step{"ana", "#solucion", "Se ajustó la guía del papel; quedó en funcionamiento.", []string{"pedro", "marta", "ana"}},
		step{"pedro", "#cerrar", "Ahora sí, muchas gracias.", []string{"pedro", "ana", "marta", "pedro"}},
	)
}

func (d *demo) tellSlips(ctx context.Context) error {
	d.say("\n── A slip of the finger changes nothing and is answered helpfully ──")
	if err := d.writes(ctx, "sofia", "No puedo entrar al correo", "Desde el celular me pide la clave una y otra vez."); err != nil {
		return err
	}
	if err := d.expect(ctx, "sofia", "marta"); err != nil {
		return err
	}
	return d.steps(ctx,
		step{"marta", "#asignar Lusi #cerar", "", []string{"marta"}},
		step{"marta", "#asignar Luis #prio media", "", []string{"sofia", "luis", "marta"}},
	)
}

func (d *demo) tellForgery(ctx context.Context) error {
	d.say("\n── A forger, a newsletter ──")
	marta := d.people["marta"]
	inbox, err := d.site.IMAP.List(d.people["sofia"].Addr, "INBOX")
	if err != nil {
		return err
	}
	forged, err := d.people["sofia"].Reply(inbox[len(inbox)-1].Raw, "#cerrar ya", "", mailtest.From(marta.Name, marta.Addr))
	if err != nil {
		return err
	}
	d.say("\n✉  Somebody pretends to be %s: %s", marta.Name, mailtest.HeaderOf(forged, "Subject"))
	if err := d.site.Forge(ctx, marta.Addr, forged); err != nil {
		return err
	}
	if err := d.expect(ctx, "marta"); err != nil {
		return err
	}
	err = d.writes(ctx, "venta", "Ofertas de noviembre", "Tóner con descuento hasta agotar existencias.",
		mailtest.Field("List-Unsubscribe", "<mailto:baja@impresoras.example>"), mailtest.Field("Precedence", "bulk"))
	if err != nil {
		return err
	}
	if err := d.setAside(ctx, 1); err != nil {
		return fmt.Errorf("demo: waiting for the newsletter to be set aside: %w", err)
	}
	d.say("   (set aside in the folder Cuarentena, unanswered)")
	d.say("\n── The coordinator asks for the list ──")
	if err := d.writes(ctx, "marta", "#lista todas", ""); err != nil {
		return err
	}
	return d.expect(ctx, "marta")
}

func (d *demo) tellReport(ctx context.Context) error {
	d.say("\n── And for the report of the month: figures, charts and the register, in a mail to open in sent/ ──")
	if err := d.writes(ctx, "marta", "#informe", ""); err != nil {
		return err
	}
	return d.expect(ctx, "marta")
}
