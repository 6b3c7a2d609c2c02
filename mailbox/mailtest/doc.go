// Package mailtest is the mail world of a small ministry in one process: an IMAP server, an SMTP server that delivers
// into it and says who proved to be whom, people who write as Outlook and Gmail do, and a comparison of mails with
// golden ones. The demo and the tests run the real daemon against it over loopback.
//
// It knows the protocols and nothing of requests, of the register or of the daemon's settings, and it does not import
// testing: the program itself uses it.
package mailtest
