package message

import (
	"slices"
	"testing"
	"time"

	"radicado/mailbox"
)

func TestDecodeHeader(t *testing.T) {
	for in, want := range map[string]string{
		"Impresora":                                     "Impresora",
		"=?UTF-8?Q?Se=C3=B1or_D=C3=ADaz?=":              "Señor Díaz",
		"=?utf-8?B?U2XDsW9y?= =?utf-8?B?YQ==?=":         "Señora",
		"=?utf-8?Q?=C3?= =?utf-8?Q?=B1?=":               "ñ",
		"=?iso-8859-1?q?a=F1o?= nuevo":                  "año nuevo",
		"=?iso-8859-1*es?Q?a=F1o?=":                     "año",
		"a =?utf-8?Q?b?= c =?utf-8?Q?d?= =?utf-8?Q?e?=": "a b c de",
		"=?utf-8?Q?hola mundo?=":                        "hola mundo",
		"=?utf-8?B?U2XDsW9yYQ?=":                        "Señora",
		"=?utf-7?Q?Fr+APY-sche?=":                       "Frösche",
		"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=":            "日本",
		"=?desconocido?Q?=F1?=":                         "ñ",
		"Cañ\xf3n":                                      "Cañón",
		"Garc\xeda":                                     "García",
		"García":                                        "García",
		"a\tb\x00c":                                     "a b c",
		"=?no":                                          "=?no",
		"1 =? 2 ?= 3":                                   "1 =? 2 ?= 3",
	} {
		if got := decodeHeader(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestDecodeCharset(t *testing.T) {
	for _, c := range []struct{ label, in, want string }{
		{"utf-8", "a\xc3\xb1o", "año"},
		{"us-ascii", "a\xc3\xb1o", "año"},
		{"", "a\xf1o", "año"},
		{"iso-8859-1", "a\xf1o \x93x\x94", "año “x”"},
		{"iso-8859-1", "a\xc3\xb1o", "año"},
		{"utf-8", "a\xf1o", "año"},
		{"x-inventado", "a\xf1o", "año"},
		{"\"windows-1252\"", "\x80", "€"},
		{"cp1252", "\x80", "€"},
		{"koi8-r", "\xf0\xd2\xc9", "При"},
		{"gb2312", "\xc4\xe3", "你"},
		{"utf-16le", "a\x00\xf1\x00", "añ"},
		{"", "\xef\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe2\xe0\xf8\xe8 \xe4\xe5\xeb\xe0 \xf1\xe5\xe3\xee\xe4\xed\xff", "привет, как ваши дела сегодня"},
		{"utf-8", "a\x00b", "ab"},
	} {
		if got := decodeCharset([]byte(c.in), c.label); got != c.want {
			t.Errorf("%q as %s: got %q, want %q", c.in, c.label, got, c.want)
		}
	}
}

func TestParseAddresses(t *testing.T) {
	type a = mailbox.Address
	for in, want := range map[string][]a{
		"ana@example.org":                        {{Addr: "ana@example.org"}},
		"Ana <ana@example.org>":                  {{Name: "Ana", Addr: "ana@example.org"}},
		`"Díaz, Ana" <ana@example.org>`:          {{Name: "Díaz, Ana", Addr: "ana@example.org"}},
		`"Ana \"la\" Díaz" <ana@example.org>`:    {{Name: `Ana "la" Díaz`, Addr: "ana@example.org"}},
		"ana@example.org (Ana Díaz)":             {{Name: "Ana Díaz", Addr: "ana@example.org"}},
		"a@x.org, B <b@x.org>; c@x.org":          {{Addr: "a@x.org"}, {Name: "B", Addr: "b@x.org"}, {Addr: "c@x.org"}},
		"Grupo: a@x.org, b@x.org;, c@x.org":      {{Addr: "a@x.org"}, {Addr: "b@x.org"}, {Addr: "c@x.org"}},
		"undisclosed-recipients:;":               nil,
		"<ana@example.org":                       {{Addr: "ana@example.org"}},
		"Ana ana@example.org":                    {{Name: "Ana", Addr: "ana@example.org"}},
		"<@r1,@r2:ana@example.org>":              {{Addr: "ana@example.org"}},
		"=?utf-8?Q?D=C3=ADaz=2C_Ana?= <a@x.org>": {{Name: "Díaz, Ana", Addr: "a@x.org"}},
		"'Ana' <a@x.org>":                        {{Name: "Ana", Addr: "a@x.org"}},
		"<mailto:a@x.org>":                       {{Addr: "a@x.org"}},
		"ana @ example . org":                    {{Addr: "ana@example.org"}},
		`"ana@example.org" <ana@example.org>`:    {{Name: "ana@example.org", Addr: "ana@example.org"}},
		"Ana <ana@example.org> <otra>":           {{Name: "Ana", Addr: "ana@example.org"}},
		`"john doe"@example.org`:                 {{Addr: `"john doe"@example.org`}},
		"=?utf-8?Q?Ana_=3Ca@x.org=3E?=":          {{Name: "Ana", Addr: "a@x.org"}}, // the whole address is encoded
		`"=?<"@example.org`:                      {{Addr: `"=?<"@example.org`}},    // no encoded word, and reads the same when decoded
		"":                                       nil,
	} {
		if got := parseAddresses(in); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestQuotedSender(t *testing.T) {
	for in, want := range map[string]mailbox.Address{
		"Ana <ana@example.org>":        {Name: "Ana", Addr: "ana@example.org"},
		"Ana [mailto:ana@example.org]": {Name: "Ana", Addr: "ana@example.org"},
		"Ana<mailto:ana@example.org> <ana@example.org<mailto:ana@example.org>> on behalf of x@y.z": {Name: "Ana", Addr: "ana@example.org"},
		"ana@example.org":           {Addr: "ana@example.org"},
		"\"Ana\" <ana@example.org>": {Name: "Ana", Addr: "ana@example.org"},
		"Ana Díaz":                  {Name: "Ana Díaz"},
		"ana@example.org (Ana)":     {Name: "Ana", Addr: "ana@example.org"},
		"*Ana* <ana@example.org>":   {Name: "Ana", Addr: "ana@example.org"},
	} {
		if got := quotedSender(in); got != want {
			t.Errorf("%q: got %+v, want %+v", in, got, want)
		}
	}
}

func TestFileNames(t *testing.T) {
	for in, want := range map[string]string{
		`attachment; filename="informe.pdf"`:                                        "informe.pdf",
		`attachment; filename=informe final.pdf`:                                    "informe final.pdf",
		`attachment; filename*=UTF-8''dise%C3%B1o.pdf`:                              "diseño.pdf",
		`attachment; filename*=iso-8859-1'es'dise%F1o.pdf`:                          "diseño.pdf",
		`attachment; filename*="iso-8859-1''dise%F1o.pdf"`:                          "diseño.pdf",
		`attachment; filename*0*=UTF-8''dise%C3; filename*1*=%B1o; filename*2=.pdf`: "diseño.pdf",
		`attachment; filename*1="b.pdf"; filename*0="a"`:                            "ab.pdf",
		`attachment; filename="=?utf-8?Q?dise=C3=B1o.pdf?="`:                        "diseño.pdf",
		"attachment; filename=\"dise\xf1o.pdf\"":                                    "diseño.pdf",
		`attachment; filename="sin cerrar.pdf`:                                      "sin cerrar.pdf",
		`attachment; filename="a.pdf"; filename="b.pdf"`:                            "a.pdf",
		`attachment;; filename="a.pdf";`:                                            "a.pdf",
	} {
		p := &part{header: mailbox.Header{{Name: "Content-Disposition", Value: in}}}
		if got := fileName(p); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestParseDate(t *testing.T) {
	want := time.Date(2025, 11, 3, 15, 12, 31, 0, time.UTC)
	for _, in := range []string{
		"Mon, 3 Nov 2025 10:12:31 -0500", "Mon, 03 Nov 2025 10:12:31 -0500 (COT)", "3 Nov 2025 15:12:31 GMT", "Mon,  3 Nov 2025 15:12:31", "Mon Nov 3 15:12:31 2025",
		"03 Nov 2025 15:12:31 +0000", "Mon, 3 Nov 2025 15:12:31 UT", "Mon, 3 Nov 25 15:12:31 GMT", "mon, 3 nov 2025 10:12:31 EST", "2025-11-03 15:12:31", "2025-11-03T10:12:31-05:00", "Mon, 3 Nov 2025 10:12:31 -05:00",
	} {
		if got := parseDate(in); !got.Equal(want) {
			t.Errorf("%q: got %v", in, got)
		}
	}
	for _, in := range []string{"", "ayer", "Mon, 31 Feb 2025 10:12:31 -0500", "Mon, 3 Nov 2025 25:12:31 -0500", "Mon, 99 Nov 2025 10:12:31 -0500"} {
		if got := parseDate(in); !got.IsZero() {
			t.Errorf("%q: got %v", in, got)
		}
	}
}

func TestForwardingSubject(t *testing.T) {
	for subject, want := range map[string]bool{
		"RV: Silla": true, "Fwd: Silla": true, "FW: RE: Silla": true, "[Fwd: Silla]": true, "[SS-2025-000042] RV: Silla": true, "WG: x": true, "İLT: x": true, "Silla (fwd)": true, "转发：x": true,
		"RE: RV: Silla": false, "Re: Fwd: Silla": false, "Silla": false, "RV reunión": false, "Re: [SS-2025-000042] RV: Silla": false, "": false, "Reenviado ayer: nada": false,
	} {
		if got := forwardingSubject(subject); got != want {
			t.Errorf("%q: got %v", subject, got)
		}
	}
}
