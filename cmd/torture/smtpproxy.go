package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strings"
	"time"
)

// smtpConn is one connection through the proxy.
type smtpConn struct {
	proxy          *proxy
	client, server net.Conn
	in, out        *bufio.Reader
	ended          bool
}

// serveSMTP passes one connection, a command at a time; what the client sends ahead waits.
func serveSMTP(p *proxy, client net.Conn) {
	p.remember(client)
	c := &smtpConn{proxy: p, client: client, in: bufio.NewReader(client)}
	if c.interfered("CONNECT", before, "") {
		return
	}
	server, err := p.dial()
	if err != nil {
		return
	}
	p.remember(server)
	defer p.forget(server)
	c.server, c.out = server, bufio.NewReader(server)
	if !c.pass("CONNECT") {
		return
	}
	for !c.ended {
		line, err := c.in.ReadBytes('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(string(line))), " ")
		if c.interfered(verb, before, string(line)) {
			continue
		}
		if _, err := server.Write(line); err != nil {
			return
		}
		if !c.pass(verb) {
			return
		}
	}
}

// interfered does what is wanted at a point, and reports whether that takes the place of what would have been.
func (c *smtpConn) interfered(verb string, ph phase, said string) bool {
	switch d := c.proxy.at("smtp", verb, ph, said); d.kind {
	case cut:
		c.ended = true
		return true
	case answer:
		_, _ = io.WriteString(c.client, d.reply+"\r\n")
		c.ended = strings.HasPrefix(d.reply, "421")
		return true
	case slow, silent:
		time.Sleep(d.wait)
	}
	return false
}

// pass hands the server's reply to the client, and the mail to the server where that asks for it.
func (c *smtpConn) pass(verb string) bool {
	reply, err := c.reply()
	if err != nil {
		return false
	}
	if c.interfered(verb, after, string(reply)) {
		return !c.ended
	}
	if _, err := c.client.Write(reply); err != nil {
		return false
	}
	if verb != "DATA" || !bytes.HasPrefix(reply, []byte("354")) {
		return true
	}
	body, err := c.body()
	if err != nil {
		return false
	}
	if c.proxy.at("smtp", "BODY", within, "").kind == cut {
		_, _ = c.server.Write(body[:len(body)/2])
		return false
	}
	switch d := c.proxy.at("smtp", "DOT", before, ""); d.kind {
	case cut:
		_, _ = c.server.Write(body[:len(body)-len(".\r\n")])
		return false
	case slow, silent:
		time.Sleep(d.wait)
	}
	if _, err := c.server.Write(body); err != nil {
		return false
	}
	return c.pass("DOT")
}

// reply reads a reply of the server with all its lines.
func (c *smtpConn) reply() ([]byte, error) {
	var all []byte
	for {
		line, err := c.out.ReadBytes('\n')
		all = append(all, line...)
		if err != nil || len(line) < 4 || line[3] != '-' {
			return all, err
		}
	}
}

// body reads a mail up to and with the line that ends it.
func (c *smtpConn) body() ([]byte, error) {
	var all []byte
	for {
		line, err := c.in.ReadBytes('\n')
		all = append(all, line...)
		if err != nil || string(line) == ".\r\n" {
			return all, err
		}
	}
}

// serveSink takes every mail and keeps none.
func serveSink(p *proxy, client net.Conn) {
	p.remember(client)
	c := &smtpConn{proxy: p, client: client, in: bufio.NewReader(client)}
	say := func(text string) bool {
		_, err := io.WriteString(client, text+"\r\n")
		return err == nil
	}
	for ok := say("220 sink"); ok; {
		line, err := c.in.ReadBytes('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(string(line))), " ")
		switch verb {
		case "EHLO":
			ok = say("250-sink\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 SMTPUTF8")
		case "DATA":
			if ok = say("354 go on"); ok {
				if _, err := c.body(); err != nil {
					return
				}
				ok = say("250 2.0.0 taken")
			}
		case "QUIT":
			say("221 bye")
			return
		default:
			ok = say("250 2.0.0 fine")
		}
	}
}
