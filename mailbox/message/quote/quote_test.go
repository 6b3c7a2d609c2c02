package quote

import (
	"strings"
	"testing"

	"radicado/mailbox/message/htmltext"
)

const said = "Sigue sin imprimir.\n\n¿Pueden venir antes de las 3?"

// History behind the answer, as mail clients write it: nothing of it is left, and nothing of the answer is missing.
func TestHistoryIsCut(t *testing.T) {
	for name, history := range map[string]string{
		"Gmail es":                   "El lun, 3 nov 2025 a las 10:12, Mesa de Servicios (<soporte@example.org>) escribió:\n\n> Buenos días.\n> Apáguela.",
		"Gmail es-419":               "El lun, 3 de nov. de 2025, 10:12 a. m., Mesa de Servicios <soporte@example.org> escribió:\n\n> Apáguela.",
		"Gmail en tres líneas":       "El lun, 3 nov 2025 a las 10:12, Mesa de Servicios de la Dirección de\nTecnologías y Comunicaciones (<\nsoporte@example.org>) escribió:\n\n> Apáguela.",
		"Gmail antiguo":              "2016-03-03 17:21 GMT-05:00 Mesa de Servicios <soporte@example.org>:\n\n> Apáguela.",
		"Gmail en":                   "On Mon, Nov 3, 2025 at 10:12 AM Mesa <soporte@example.org> wrote:\n\n> Apáguela.",
		"Gmail pt":                   "Em seg., 3 de nov. de 2025 às 10:12, Mesa <soporte@example.org> escreveu:\n\n> Apáguela.",
		"Gmail fr":                   "Le lun. 3 nov. 2025 à 10:12, Mesa <soporte@example.org> a écrit :\n\n> Apáguela.",
		"Gmail de":                   "Am Mo., 3. Nov. 2025 um 10:12 Uhr schrieb Mesa <soporte@example.org>:\n\n> Apáguela.",
		"Gmail it":                   "Il giorno lun 3 nov 2025 alle ore 10:12 Mesa <soporte@example.org> ha scritto:\n\n> Apáguela.",
		"Gmail nl":                   "Op ma 3 nov 2025 om 10:12 schreef Mesa <soporte@example.org>:\n\n> Apáguela.",
		"Gmail pl":                   "pon., 3 lis 2025 o 10:12 Mesa <soporte@example.org> napisał(a):\n\n> Apáguela.",
		"Gmail ru":                   "пн, 3 нояб. 2025 г. в 10:12, Mesa <soporte@example.org>:\n\n> Apáguela.",
		"Gmail ja":                   "2025年11月3日(月) 10:12 Mesa <soporte@example.org>:\n\n> Apáguela.",
		"Apple":                      "> El 3 nov 2025, a las 10:12, Mesa <soporte@example.org> escribió:\n> \n> Apáguela.",
		"Apple Mail":                 "El 3 nov 2025, a las 10:12, Mesa <soporte@example.org> escribió:\n\nApáguela.",
		"Yahoo":                      "El lunes, 3 de noviembre de 2025, 10:12:31 GMT-5, Mesa <soporte@example.org> escribió: \n \n Apáguela.",
		"Thunderbird":                "El 3/11/2025 a las 10:12, Mesa de Servicios escribió:\n> Apáguela.",
		"Roundcube":                  "El 2025-11-03 10:12, Mesa escribió:\n> Apáguela.",
		"Outlook es":                 "De: Mesa <soporte@example.org>\nEnviado el: lunes, 3 de noviembre de 2025 10:12\nPara: Gloria\nAsunto: Impresora\n\nApáguela.",
		"Outlook web":                "________________________________\nDe: Mesa <soporte@example.org>\nEnviado: lunes, 3 de noviembre de 2025 10:12 a. m.\nPara: Gloria <gloria@example.net>\nCc: Otro <otro@example.net>;\n Uno Más <mas@example.net>\nAsunto: Impresora\n\nApáguela.",
		"Outlook en":                 "From: Mesa <soporte@example.org>\nSent: Monday, November 3, 2025 10:12 AM\nTo: Gloria\nSubject: RE: Impresora\n\nApáguela.",
		"Outlook en negrillas":       "*De:* Mesa <soporte@example.org>\n*Enviado el:* lunes, 3 de noviembre de 2025 10:12\n*Para:* Gloria\n*Asunto:* Impresora\n\nApáguela.",
		"Mensaje original":           "-----Mensaje original-----\nDe: Mesa [mailto:soporte@example.org]\nEnviado el: lunes\nPara: Gloria\nAsunto: Impresora\n\nApáguela.",
		"Mensaje original sin datos": "-------- Mensaje original --------\n\nApáguela.",
		"Samsung":                    "-------- Mensaje original --------\nDe: Mesa <soporte@example.org>\nFecha: 3/11/25 10:12 a. m. (GMT-05:00)\nPara: Gloria <gloria@example.net>\nAsunto: Impresora\n\nApáguela.",
		"Zimbra":                     "De: \"Mesa\" <soporte@example.org>\nPara: \"Gloria\" <gloria@example.net>\nEnviados: Lunes, 3 de Noviembre 2025 10:12:31\nAsunto: Impresora\n\nApáguela.",
		"Notes":                      "De: \tMesa/TI\nPara: \tGloria\nFecha: \t03/11/2025 10:12 a.m.\nAsunto: \tImpresora\n____________________\n\nApáguela.",
		"Zoho":                       "---- El lun, 03 nov 2025 10:12:31 -0500 Mesa<soporte@example.org> escribió ----\n\nApáguela.",
		"Reply marker":               "-- Responda por encima de esta línea --\n\nApáguela.",
		"GroupWise":                  ">>> Mesa <soporte@example.org> 03/11/2025 10:12 >>>\nApáguela.",
		"Yahoo en el teléfono":       "El lun., 3 de nov. de 2025 a la(s) 10:12 a. m., Mesa<soporte@example.org> escribió:   Apáguela.",
		"Hotmail":                    "________________________________\n> Date: Mon, 3 Nov 2025 10:12:00 -0500\n> From: soporte@example.org\n> To: gloria@example.net\n> Subject: x\n> \n> Apáguela.",
		"Gmail hu":                   "Mesa <soporte@example.org> ezt írta (időpont: 2025. nov. 3., H, 10:12):\n\n> Apáguela.",
		"Gmail zh":                   "Mesa <soporte@example.org> 于2025年11月3日周一 10:12写道：\n\n> Apáguela.",
		"Gmail ko":                   "2025년 11월 3일 (월) 오전 10:12, Mesa <soporte@example.org>님이 작성:\n\n> Apáguela.",
		"Gmail tr":                   "Mesa <soporte@example.org>, 3 Kas 2025 Pzt, 10:12 tarihinde şunu yazdı:\n\n> Apáguela.",
		"QQ":                         "------------------ 原始邮件 ------------------\n发件人: \"Mesa\"<soporte@example.org>;\n发送时间: 2025年11月3日(星期一) 上午10:12\n收件人: \"Gloria\"<gloria@example.net>;\n主题: x\n\nApáguela.",
		"Lotus":                      "-----Mesa <soporte@example.org> escribió: -----\nPara: gloria@example.net\nDe: Mesa <soporte@example.org>\nFecha: 03/11/2025 10:12AM\nAsunto: x\n\nApáguela.",
		"Gmail nb":                   "man. 3. nov. 2025 kl. 10:12 skrev Mesa <soporte@example.org\n>:\n\n> Apáguela.",
	} {
		t.Run(name, func(t *testing.T) {
			if r := Split(Mail{Text: said + "\n\n" + history}); r.New != said {
				t.Errorf("new text is %q", r.New)
			}
		})
	}
}

// TestReplyMarkers finds every marker, which is looked for by a part of it, however it is written and wherever on its line.
func TestReplyMarkers(t *testing.T) {
	for _, words := range replyMarkers {
		for _, line := range []string{words, "##- " + strings.ToUpper(words[:1]) + words[1:] + " -##"} {
			if r := Split(Mail{Text: said + "\n\n" + line + "\n\nApáguela."}); r.New != said {
				t.Errorf("%q: new text is %q", line, r.New)
			}
		}
	}
	for _, line := range []string{"REPLY ABOVE THIS LINE", "RESPONDA POR ENCIMA DE ESTA LÍNEA", "RESPONDA ARRIBA DE ESTA LÍNEA"} {
		if r := Split(Mail{Text: said + "\n\n" + line + "\n\nApáguela."}); r.New != said {
			t.Errorf("%q: new text is %q", line, r.New)
		}
	}
}

func TestWhatPeopleWriteIsKept(t *testing.T) {
	for name, text := range map[string]string{
		"una frase como atribución":    "El lunes, cuando llegué, el técnico me escribió:\n\"mañana le llevo el teclado\"\ny nada.",
		"dos rótulos sin datos":        "De: la oficina 101.\nAsunto: teclado\n\nNo sirve la eñe. Para: que lo cambien.",
		"un error citado":              "Sale este error:\n\n> ORA-00942: la tabla o vista no existe\n\n¿Qué hago?",
		"un error citado al final":     "Sale este error:\n\n> ORA-00942: la tabla o vista no existe",
		"solo una cita":                "> Hola.\n\n> Otra línea.",
		"documento confidencial":       "Buenas.\n\nEste documento es confidencial y no lo puedo abrir en la impresora nueva.",
		"antes de imprimir":            "Buenas.\n\nAntes de imprimir sale un mensaje de papel atascado.",
		"formulario bajo una línea":    "Solicito revisión.\n\n----------\nEquipo: HP 1020\nPlaca: 4471",
		"solo la firma":                "--\nGloria",
		"advertencia":                  "El servidor muestra esto.\n\nAdvertencia: disco C casi lleno",
		"frase con enviado desde":      "No llegó.\n\nEnviado desde mi oficina, ayer, con el mensajero",
		"viñetas":                      "Necesito:\n- teclado\n- ratón",
		"nombre y luego una petición":  "Buenas tardes,\nGloria Pabón\nel computador de mi oficina no prende desde el lunes",
		"el nombre dentro de la frase": "Habla Gloria Pabón de la oficina 302.\nNo hay red.",
	} {
		t.Run(name, func(t *testing.T) {
			if r := Split(Mail{Text: text, Author: "Gloria Pabón"}); r.New != text || len(r.Cuts) != 0 {
				t.Errorf("new text is %q, cuts %+v", r.New, r.Cuts)
			}
		})
	}
}

func TestSignaturesAreCut(t *testing.T) {
	for name, signature := range map[string]string{
		"guiones":             "-- \nGloria Pabón\nOficina 302",
		"nombre":              "Gloria Inés Pabón Rivas\nTécnico Administrativo\nTel. 601 555 0142 Ext. 3021",
		"nombre abreviado":    "Gloria P.",
		"mayúsculas":          "GLORIA PABÓN\nCarrera 8 No. 10-65 Piso 2",
		"teléfono":            "Enviado desde mi iPhone",
		"Outlook":             "Obtener Outlook para Android<https://aka.example/x>",
		"inglés":              "Sent from my Samsung Galaxy smartphone.",
		"aviso":               "AVISO LEGAL: La información contenida en este mensaje es confidencial.",
		"aviso sin título":    "Este mensaje y sus anexos son confidenciales y para uso exclusivo de su destinatario. Si lo recibió por error, elimínelo.",
		"ambiente":            "Antes de imprimir este mensaje, piense en el medio ambiente.",
		"antivirus":           "Libre de virus. www.avast.com",
		"lista":               "_______________________________________________\nlista mailing list\nlista@listas.example.org\nhttps://listas.example.org/lista",
		"firma y aviso":       "Gloria Pabón\nOficina 302\n\nNOTA DE CONFIDENCIALIDAD: este correo es reservado.\n\nP Antes de imprimir piense en el ambiente.",
		"teléfono y firma":    "--\nGloria\n\nEnviado desde mi iPad",
		"confidencialidad en": "This email is confidential and intended solely for the addressee. If you are not the intended recipient, delete it and notify the sender.",
	} {
		t.Run(name, func(t *testing.T) {
			if r := Split(Mail{Text: said + "\n\n" + signature, Author: "Gloria Pabón"}); r.New != said {
				t.Errorf("new text is %q, cuts %+v", r.New, r.Cuts)
			}
			history := "\n\nDe: Mesa <soporte@example.org>\nEnviado: lunes 3 de noviembre de 2025\nPara: Gloria\nAsunto: x\n\nviejo"
			if r := Split(Mail{Text: said + "\n\n" + signature + history, Author: "Gloria Pabón"}); r.New != said {
				t.Errorf("before a quoted mail: new text is %q, cuts %+v", r.New, r.Cuts)
			}
		})
	}
}

// A name below a closing formula is not news; the formula is the author's and stays.
func TestNameBelowClosingFormula(t *testing.T) {
	r := Split(Mail{Text: said + "\n\nCordialmente,\n\nJulián Mosquera\nAnalista nivel 1"})
	if r.New != said+"\n\nCordialmente," {
		t.Errorf("new text is %q", r.New)
	}
}

func TestInterleavedAnswersKeepTheirQuestions(t *testing.T) {
	text := "Respondo abajo.\n\nEl 3/11/2025 a las 9:15, Mesa escribió:\n> ¿Qué equipo es?\nEl de la ventanilla.\n> ¿Prende?\nNo.\n> Gracias"
	want := "Respondo abajo.\n\n\n> ¿Qué equipo es?\nEl de la ventanilla.\n> ¿Prende?\nNo."
	if r := Split(Mail{Text: text}); r.New != want {
		t.Errorf("new text is %q", r.New)
	}
}

func TestAnswerBelowTheQuote(t *testing.T) {
	if r := Split(Mail{Text: "El 3/11/2025 a las 9:15, Mesa escribió:\n>\n> ¿Qué equipo es?\n\n" + said}); r.New != said {
		t.Errorf("new text is %q", r.New)
	}
}

func TestForwardsInTheText(t *testing.T) {
	const body = "Jefe, el equipo se apaga.\n\nFabio"
	for name, c := range map[string]struct {
		text       string
		forwarding bool
		from       string
		subject    string
	}{
		"Gmail":       {"---------- Forwarded message ---------\nDe: Fabio <fabio@example.net>\nDate: lun, 3 nov 2025 a las 7:40\nSubject: Equipo\nTo: Jefe <jefe@example.org>\n\n\n" + body, false, "Fabio <fabio@example.net>", "Equipo"},
		"Thunderbird": {"-------- Mensaje reenviado --------\nAsunto: \tEquipo\nFecha: \tMon, 3 Nov 2025 07:40:00 -0500\nDe: \tFabio <fabio@example.net>\nPara: \tjefe@example.org\n\n\n" + body, false, "Fabio <fabio@example.net>", "Equipo"},
		"Apple":       {"Inicio del mensaje reenviado:\n\n> De: Fabio <fabio@example.net>\n> Asunto: Equipo\n> Fecha: 3 de noviembre de 2025, 7:40:00 COT\n> Para: jefe@example.org\n> \n> Jefe, el equipo se apaga.\n> \n> Fabio", false, "Fabio <fabio@example.net>", "Equipo"},
		"Outlook":     {"De: Fabio <fabio@example.net>\nEnviado: lunes, 3 de noviembre de 2025 7:40\nPara: Jefe\nAsunto: Equipo\n\n" + body, true, "Fabio <fabio@example.net>", "Equipo"},
		"Yahoo":       {"   ----- Mensaje reenviado ----- De: Fabio <fabio@example.net>Para: \"jefe@example.org\" <jefe@example.org>Enviado: lunes, 3 de noviembre de 2025, 07:40:00 GMT-5Asunto: Equipo\n " + body, false, "Fabio <fabio@example.net>", "Equipo"},
		"Outlook Mac": {"El 3/11/2025 7:40, \"Fabio\" <fabio@example.net> escribió:\n\n" + body, true, "<fabio@example.net>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, message := range []string{"", "Por favor registrar a su nombre."} {
				r := Split(Mail{Text: strings.TrimLeft(message+"\n\n", "\n") + c.text, Forwarding: c.forwarding})
				if r.Forward == nil {
					t.Fatalf("no forward, new text %q", r.New)
				}
				if f := r.Forward; f.Header.From != c.from || f.Header.Subject != c.subject || f.Text != body {
					t.Errorf("forward is %+v", f)
				}
				if r.New != message {
					t.Errorf("new text is %q, want %q", r.New, message)
				}
			}
		})
	}
	if r := Split(Mail{Text: said + "\n\nDe: Mesa <soporte@example.org>\nEnviado: lunes, 3 de noviembre de 2025 7:40\nPara: Gloria\nAsunto: x\n\nviejo"}); r.Forward != nil {
		t.Errorf("an answer is taken for a forward: %+v", r.Forward)
	}
}

// The HTML of mail clients tells where a quoted mail begins that has no words to tell it.
func TestMarksOfTheHTML(t *testing.T) {
	for name, source := range map[string]string{
		"Gmail":          `<div>Listo</div><div class="gmail_quote"><div class="gmail_attr">algo raro</div><blockquote class="gmail_quote">viejo</blockquote></div>`,
		"Outlook web":    `<div>Listo</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>Ngannou:</b> x</div><div>viejo</div>`,
		"Outlook mobile": `<div>Listo</div><div id="ms-outlook-mobile-signature">Obtener otra cosa</div><div id="mail-editor-reference-message-container">viejo</div>`,
		"Yahoo":          `<div>Listo</div><div class="yahoo_quoted" id="yahoo_quoted_123"><div>viejo</div></div>`,
		"signature":      `<div>Listo</div><div class="gmail_signature">Gloria, la de archivo</div>`,
	} {
		t.Run(name, func(t *testing.T) {
			d := htmltext.Convert([]byte(source))
			if r := Split(Mail{Text: d.Text, Marks: d.Marks}); r.New != "Listo" {
				t.Errorf("text %q, marks %+v: new text is %q", d.Text, d.Marks, r.New)
			}
		})
	}
}

// A line drawn above some words is also a matter of taste.
func TestADrawnLineAloneCutsNothing(t *testing.T) {
	d := htmltext.Convert([]byte(`<p>Uno</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p>Dos</p></div><p>Tres</p>`))
	if r := Split(Mail{Text: d.Text, Marks: d.Marks}); r.New != "Uno\n\nDos\n\nTres" {
		t.Errorf("new text is %q", r.New)
	}
}

// Memoranda and forms have the labels of a mail's header, and are what somebody writes.
func TestLabelsAreNoHeader(t *testing.T) {
	for _, text := range []string{
		"MEMORANDO\n\nPARA: Oficina de TI\nDE: Talento Humano\nASUNTO: Usuario nuevo\nFECHA: 24 de noviembre de 2026\n\nDe manera atenta solicito crear el usuario.\n\nAna Torres",
		"Necesito el VPN para estas comisiones:\n\nDesde: Bogotá\nA: Cali\nFecha: 12/12/2026\n\nLuego viajo a Leticia sin conexión.",
		"Solicito crear un usuario con estos datos:\n\nDe: Contratos\nPara: Gloria\nFecha: 01/12/2026\nAsunto: Acceso a SIIF\n\nEl usuario debe tener perfil de consulta.",
		"Buen día\n\nEnviado: 5 equipos\nRecibido: 3 equipos\nAsunto: faltan 2 equipos\nDe: almacén central\n\nPor favor revisar el faltante",
	} {
		if r := Split(Mail{Text: text}); !strings.Contains(r.New, text[len(text)-20:]) {
			t.Errorf("of %q the new text is %q", text, r.New)
		}
	}
}

// Time grows with the size and no faster, also where every line looks like the beginning of something.
func TestHostileTextIsReadInTime(t *testing.T) {
	for _, line := range []string{
		"El 3/11/2025 10:12, X <x@example.org> escribió:\n> a\nb\n", "De: a@example.org\n", "-- \n", ">\n", "Este mensaje\n", "On 1/1/2025 wrote:\nx\n",
		"> una línea citada que es bastante larga como para estar partida\ny sigue\n", "Gracias\nAna\n", "_____\n", "https://example.org/a_b_c\n> x\n",
		"Sent from my iPhone\n", "---------- Forwarded message ---------\n", "a: b\n", "On 1/1/2025 <\n",
		"On a, b wrote:\n", "El lunes, Ana escribió:\n",
	} {
		Split(Mail{Text: strings.Repeat(line, 400_000/len(line)), Author: "Ana"})
	}
}
