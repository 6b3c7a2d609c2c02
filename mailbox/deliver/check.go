package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"

	"radicado/mailbox/oauth"
)

// Finding is one thing that Check looked at.
type Finding struct {
	What   string // "connect to mx.example.org:465"
	OK     bool
	Detail string // what was seen
	Advice string // what to do about it, "" where OK
}

// Check connects to the server, encrypts and logs in as Send does, without sending anything, and returns what it found
// in that order. It ends at the first step that fails.
func Check(ctx context.Context, server Server) []Finding {
	if server.Timeout <= 0 {
		server.Timeout = DefaultTimeout
	}
	l, failure := dial(ctx, server)
	if l != nil {
		defer func() { _ = l.quit() }()
	}
	var findings []Finding
	for _, step := range checks(server) {
		f := Finding{What: step.what, OK: true}
		if failure != nil && slices.Contains(step.stages, failure.stage) {
			f.OK = false
			f.Detail = oneLine(failure.login.redact(failure.err.Error()))
			f.Advice = advice(server, failure)
			return append(findings, f)
		}
		if l != nil && step.detail != nil {
			f.Detail = step.detail(l)
		}
		findings = append(findings, f)
	}
	return findings
}

// check is a step of Check.
type check struct {
	what   string
	stages []Stage
	detail func(*link) string // nil for none
}

// checks returns the steps in the order in which dial takes them.
func checks(server Server) []check {
	list := []check{{"connect to " + server.Address, []Stage{StageConnect}, nil}}
	encrypt := check{"encrypt the connection", []Stage{StageTLS}, encryption}
	greet := check{"be greeted as an SMTP client", []Stage{StageBanner, StageHello}, offer}
	switch server.TLS {
	case Implicit:
		list = append(list, encrypt, greet)
	case StartTLS:
		list = append(list, greet, encrypt)
	case None:
		list = append(list, greet)
	}
	if server.Password != nil {
		list = append(list, check{"log in as " + server.Username, []Stage{StageLogin}, nil})
	}
	return list
}

// offer returns what the server calls itself and what matters to us of what it offers.
func offer(l *link) string {
	detail := oneLine(l.client.HelloResponse())
	if ok, size := l.client.Extension("SIZE"); ok && size != "" && size != "0" {
		detail += ", mails up to " + size + " bytes"
	}
	if ok, _ := l.client.Extension("SMTPUTF8"); ok {
		detail += ", internationalised addresses"
	}
	return detail
}

func encryption(l *link) string {
	state, ok := l.client.TLSConnectionState()
	if !ok {
		return "not encrypted"
	}
	return fmt.Sprintf("%s, %s", tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite))
}

// advice says what to do about a failure.
func advice(server Server, f *failure) string {
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		record   tls.RecordHeaderError
		lookup   *net.DNSError
	)
	switch {
	case errors.Is(f.err, context.Canceled):
		return "Run the check again and let it finish."
	case errors.As(f.err, &unknown):
		return "The certificate is signed by an authority that this machine does not know. Set the CA file to that of the server's authority."
	case errors.As(f.err, &hostname):
		return "The certificate is for another name. Set the address to the name in the certificate."
	case errors.As(f.err, &invalid):
		return "Have the certificate of the server renewed, and see that the clock of this machine is right."
	case errors.As(f.err, &record):
		return "The server does not speak TLS from the first byte on this port. Set TLS to starttls (usually port 587), or the port to 465."
	case errors.Is(f.err, syscall.EMFILE), errors.Is(f.err, syscall.ENFILE):
		return "No more files may be opened here, connections among them. Let the service open more (LimitNOFILE of its unit)."
	case errors.As(f.err, &lookup) && !lookup.IsNotFound:
		return "The DNS of this machine does not answer. See that it is reached, and try again."
	case errors.As(f.err, &lookup):
		return "The name of the server is not known to the DNS of this machine. See that it is spelt right."
	}
	switch reply := replyOf(f.err); f.stage {
	case StageConnect:
		return "See that the address and port are right, that the server runs, and that no firewall is between."
	case StageBanner, StageHello:
		if reply != nil {
			return "The server turns this machine away. Ask its administrator to let this machine submit mail."
		}
		if server.TLS != Implicit {
			return "The server does not answer as an SMTP server. If the port is 465, set TLS to implicit."
		}
		return "The server does not answer as an SMTP server. See that the port is right."
	case StageTLS:
		if errors.Is(f.err, errNoStartTLS) {
			return "Set TLS to implicit (usually port 465), or have STARTTLS switched on at the server. Mail is not sent in the clear."
		}
		return "See that TLS is set as the server wants it: implicit usually on port 465, starttls on 587."
	case StageLogin:
		switch {
		case reply != nil && reply.Code/100 == 4:
			return "The server cannot check logins at the moment. Try again later."
		case errors.Is(f.err, oauth.ErrRefused), reply != nil && (server.Mechanism == XOAUTH2 || server.Mechanism == OAuth):
			return "The token was refused. See that the application may send mail as this user, and that SMTP AUTH is enabled for the mailbox."
		case reply != nil:
			return "See that user name and password are right, and whether the provider wants an application password or OAuth 2.0."
		}
		return "See that the password can be read or a token be had, and that the way to log in is one that the server offers."
	}
	return ""
}
