package mailtest

import "testing"

func TestDiff(t *testing.T) {
	const golden = "Date: *\nMessage-ID: <*@ministerio.example>\nSubject: uno\n dos\nContent-Type: multipart/mixed; boundary=A\n\n" +
		"--A\nfirst\n**\nlast\n--A--\n"
	tests := []struct{ name, got, want string }{
		{"same, in another form", "Subject: uno dos\r\nContent-Type: multipart/mixed;\r\n boundary=\"x1\"\r\nDate: Mon\r\nMessage-ID: <1@ministerio.example>\r\n\r\n" +
			"--x1\r\nfirst\r\na\r\nb\r\nlast\r\n--x1--\r\n", ""},
		{"another subject, a field more, a field less", "Subject: tres\nContent-Type: multipart/mixed; boundary=A\nMessage-ID: <1@ministerio.example>\nX-More: 1\n\n" +
			"--A\nfirst\nlast\n--A--\n", "- Date: *\n- Subject: uno dos\n+ Subject: tres\n+ X-More: 1"},
		{"wildcard does not reach", "Subject: uno dos\nContent-Type: multipart/mixed; boundary=A\nDate: Mon\nMessage-ID: <1@example.org>\n\n" +
			"--A\nfirst\nlast\n--A--\n", "- Message-ID: <*@ministerio.example>\n+ Message-ID: <1@example.org>"},
		{"body", "Subject: uno dos\nContent-Type: multipart/mixed; boundary=A\nDate: Mon\nMessage-ID: <1@ministerio.example>\n\n" +
			"--A\nanother\nlast\n--A--\n", "body line 2:\n- first\n+ another"},
		{"body too short", "Subject: uno dos\nContent-Type: multipart/mixed; boundary=A\nDate: Mon\nMessage-ID: <1@ministerio.example>\n\n" +
			"--A\n", "body line 2:\n- first\n+ (end)"},
	}
	for _, tt := range tests {
		if got := Diff([]byte(golden), []byte(tt.got)); got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}
