package deliver

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"radicado/mailbox/oauth"
)

func TestCheck(t *testing.T) {
	serverTLS, clientTLS := certificate(t)
	tests := []struct {
		name   string
		script script
		change func(*Server)
		want   string // a letter for each finding, the last advice
	}{
		{"all well", script{"EHLO": {"250-fake.example\n250-AUTH PLAIN\n250-SIZE 1000\n250 STARTTLS"}}, func(*Server) {}, "+++ "},
		{"all well, STARTTLS", script{}, func(s *Server) { s.TLS, s.TLSConfig = StartTLS, clientTLS }, "++++ "},
		{"no login wanted", script{}, func(s *Server) { s.Password = nil }, "++ "},
		{"nobody there", script{}, func(s *Server) { s.Address = "127.0.0.1:1" }, "- See that the address and port are right"},
		{"no such name", script{}, func(s *Server) {
			s.Password = func(context.Context) (string, error) {
				return "", &net.DNSError{Err: "no such host", Name: "tokens.example.org", IsNotFound: true}
			}
		}, "++- The name of the server is not known"},
		{"turned away", script{"banner": {"554 no"}}, func(*Server) {}, "+- The server turns this machine away"},
		{"not SMTP", script{"banner": {"+OK POP3 ready"}}, func(*Server) {}, "+- The server does not answer as an SMTP server"},
		{"plain where TLS is expected", script{}, func(s *Server) { s.TLS = Implicit }, "+- The server does not speak TLS from the first byte"},
		{"no STARTTLS", script{"EHLO": {"250 x"}}, func(s *Server) { s.TLS = StartTLS }, "++- Set TLS to implicit"},
		{"unknown authority", script{}, func(s *Server) { s.TLS = StartTLS }, "++- The certificate is signed by an authority"},
		{"password wrong", script{"AUTH": {"535 5.7.8 no"}}, func(*Server) {}, "++- See that user name and password are right"},
		{"token refused", script{"EHLO": {"250-x\n250 AUTH XOAUTH2"}, "AUTH": {"535 5.7.3 no"}}, func(s *Server) {
			s.Mechanism, s.Password = OAuth, func(context.Context) (string, error) { return "ya29.token", nil }
		}, "++- The token was refused"},
		{"no token given", script{}, func(s *Server) {
			s.Mechanism, s.Password = OAuth, func(context.Context) (string, error) { return "", oauth.ErrRefused }
		}, "++- The token was refused"},
		{"no file to be opened", script{}, func(s *Server) {
			s.Password = func(context.Context) (string, error) {
				return "", &fs.PathError{Op: "open", Path: "/etc/clave", Err: syscall.EMFILE}
			}
		}, "++- No more files may be opened here"},
		{"DNS is away", script{}, func(s *Server) {
			s.Password = func(context.Context) (string, error) {
				return "", &net.DNSError{Err: "server misbehaving", Name: "tokens.example.org", IsTemporary: true}
			}
		}, "++- The DNS of this machine does not answer"},
		{"login later", script{"AUTH": {"454 later"}}, func(*Server) {}, "++- The server cannot check logins"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeServer(t, tt.script, serverTLS)
			server := plain(f)
			server.Timeout = 2 * time.Second
			tt.change(&server)
			var got, advice string
			for _, finding := range Check(t.Context(), server) {
				got += map[bool]string{true: "+", false: "-"}[finding.OK]
				advice = finding.Advice
				if finding.What == "" || finding.OK != (finding.Advice == "") || !finding.OK && finding.Detail == "" {
					t.Errorf("finding %+v", finding)
				}
				if strings.Contains(fmt.Sprint(finding), secret) {
					t.Errorf("the secret leaks: %+v", finding)
				}
			}
			if got += " " + advice; !strings.HasPrefix(got, tt.want) || strings.HasSuffix(tt.want, "+ ") && got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if _, commands, _ := f.seen(); strings.Contains(commands, "MAIL") {
				t.Errorf("it sent: %s", commands)
			}
		})
	}
}
