package main

import (
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"radicado/mailbox"
	"radicado/mailbox/clamd"
	"radicado/mailbox/trust"
	"radicado/tickets"
	"radicado/tickets/command"
)

// checker collects what is wrong with the values of a file.
type checker struct {
	problems []settingsError
}

func (c *checker) wrong(key, format string, args ...any) {
	c.problems = append(c.problems, settingsError{key: key, message: fmt.Sprintf(format, args...)})
}

// checkSettings turns the values of a file into the terms of the program, or says everything that is wrong with them.
func checkSettings(f settingsFile) (*settings, []settingsError) {
	c := &checker{}
	s := &settings{file: f}
	c.desk(s)
	c.require("register.path", f.Register.Path, "the file that holds the register")
	c.fromRoot("register.path", f.Register.Path)
	c.calendar(s)
	c.people(s)
	c.officials(s)
	c.resources(s)
	c.sla(s)
	c.priorityRules(s)
	c.schedules(s)
	c.reports(s)
	c.allMailboxes(s)
	c.smtp(s)
	c.trust(s)
	c.procedure(s)
	c.confirm(s)
	c.oauth(s)
	c.scan(s)
	c.limits(s)
	c.retention(s)
	c.backup(s)
	c.monitor(s)
	c.board(s)
	if f.Templates.Folder != "" {
		if info, err := os.Stat(f.Templates.Folder); err != nil || !info.IsDir() {
			c.wrong("templates.folder", "found %q, expected a folder that exists", f.Templates.Folder)
		}
	}
	c.oneOf("log.format", f.Log.Format, "text", "json")
	c.oneOf("log.level", f.Log.Level, "debug", "info", "warn", "error")
	return s, c.problems
}

var prefixShape = regexp.MustCompile(`^[A-Z][A-Z0-9]{0,9}$`)

func (c *checker) desk(s *settings) {
	d := s.file.Desk
	c.address("desk.address", d.Address)
	for i, a := range d.OtherAddresses {
		c.address(fmt.Sprintf("desk.other_addresses[%d]", i), a)
	}
	location, err := time.LoadLocation(d.TimeZone)
	if err != nil || d.TimeZone == "" {
		c.wrong("desk.time_zone", `found %q, expected a name such as "America/Bogota"`, d.TimeZone)
	}
	s.location = location
	c.oneOf("desk.language", d.Language, "es", "en")
	if !prefixShape.MatchString(d.NumberPrefix) {
		c.wrong("desk.number_prefix", `found %q, expected one to ten capital letters and digits, such as "SS"`, d.NumberPrefix)
	}
	c.atLeast("desk.reopen_days", d.ReopenDays, 0)
	c.atLeast("desk.list_rows", d.ListRows, 1)
	s.policy = &tickets.Policy{
		OfficialDomains: lower(d.OfficialDomains), RefuseStrangers: d.RefuseStrangers, Lists: lower(d.AcceptedLists),
		Own: append([]string{d.Address}, d.OtherAddresses...), ReopenDays: d.ReopenDays, Lang: d.Language, MaxRows: d.ListRows,
		AutoAssign: d.AutoAssign,
	}
	if d.RefuseStrangers && len(d.OfficialDomains) == 0 {
		c.wrong("desk.official_domains", "found none, expected at least one where refuse_strangers is true")
	}
}

func (c *checker) people(s *settings) {
	owner := map[string]string{} // address to the key of the person who has it
	for i, p := range s.file.Person {
		key := fmt.Sprintf("person[%d]", i)
		c.require(key+".name", p.Name, "the name of the person")
		c.oneOf(key+".role", p.Role, string(tickets.RoleCoordinator), string(tickets.RoleTechnician), string(tickets.RoleVendor), roleOfficial)
		if p.Language != "" {
			c.oneOf(key+".language", p.Language, "es", "en")
		}
		c.atLeast(key+".max_load", p.MaxLoad, 0)
		if len(p.Addresses) == 0 {
			c.wrong(key+".addresses", "found none, expected at least one mail address")
		}
		for j, a := range p.Addresses {
			at := fmt.Sprintf("%s.addresses[%d]", key, j)
			c.address(at, a)
			if other, taken := owner[strings.ToLower(a)]; taken {
				c.wrong(at, "found %q, which %s has already: an address belongs to one person", a, other)
			}
			owner[strings.ToLower(a)] = key
			if s.policy.IsOwn(mailbox.Address{Addr: a}) {
				c.wrong(at, "found %q, which is the address of the desk itself", a)
			}
		}
		own := c.ownHours(key+".hours", p.Hours, s.calendarConfig)
		if p.Role == roleOfficial {
			continue
		}
		s.policy.People = append(s.policy.People, tickets.Person{Calendar: own, Name: p.Name, Addresses: p.Addresses, Aliases: p.Aliases,
			Role: tickets.Role(p.Role), Lang: p.Language, Skills: p.Skills, MaxLoad: p.MaxLoad,
			Terms: c.terms(key, p.vendorKeys, tickets.Role(p.Role))})
	}
	if len(s.policy.People.With(tickets.RoleCoordinator)) == 0 {
		c.wrong("person", `found no person with role = "coordinator", expected at least one: nobody could act on a request`)
	}
}

// minIdleCheck keeps a mistyped time from keeping the mail server busy.
const minIdleCheck = 50 * time.Millisecond

func (c *checker) allMailboxes(s *settings) {
	if len(s.file.Mailbox) == 0 {
		c.wrong("mailbox", "found none, expected at least one [[mailbox]]")
	}
	named := map[string]bool{}
	for i, m := range s.file.Mailbox {
		key := fmt.Sprintf("mailbox[%d]", i)
		c.require(key+".name", m.Name, "a name of your choice, unique and never changed: the register knows the mailbox by it")
		if named[m.Name] && m.Name != "" {
			c.wrong(key+".name", "found %q twice, expected a name of its own for each mailbox", m.Name)
		}
		named[m.Name] = true
		c.server(key, m.Address, m.TLS, m.InsecurePlaintext, m.CAFile)
		c.require(key+".username", m.Username, "the name to log in with")
		c.secret(key, m.secretKeys, true, m.OAuth)
		c.require(key+".folder", m.Folder, `a folder, such as "INBOX"`)
		if !m.LeaveInPlace {
			c.require(key+".processed_folder", m.ProcessedFolder, "a folder for what was handled")
			c.require(key+".quarantine_folder", m.QuarantineFolder, "a folder for what was set aside")
			if m.ProcessedFolder == m.Folder || m.QuarantineFolder == m.Folder {
				c.wrong(key+".folder", "found %q also as processed or quarantine folder, expected three different folders", m.Folder)
			}
		}
		c.schedule(key+".poll", m.Poll)
		one := mailboxSettings{section: m, secret: secret{m.secretKeys, os.Getenv},
			maxSize: c.size(key+".max_size", m.MaxSize), timeout: c.duration(key+".timeout", m.Timeout)}
		if m.Since != "" {
			since, err := time.ParseInLocation("2006-01-02", m.Since, orUTC(s.location))
			if err != nil {
				c.wrong(key+".since", `found %q, expected a day such as "2026-11-23"`, m.Since)
			}
			one.since = since
		}
		if m.IdleCheck != "" {
			one.check = c.duration(key+".idle_check", m.IdleCheck)
			if one.check > 0 && one.check < minIdleCheck {
				c.wrong(key+".idle_check", `found %q, expected "50ms" or more`, m.IdleCheck)
			}
		}
		if m.OAuth {
			one.tokens = s.newTokens(m.Username)
		}
		s.mailboxes = append(s.mailboxes, one)
	}
}

func (c *checker) smtp(s *settings) {
	m := s.file.SMTP
	c.server("smtp", m.Address, m.TLS, m.InsecurePlaintext, m.CAFile)
	c.secret("smtp", m.secretKeys, m.Username != "", m.OAuth)
	c.atLeast("smtp.connections", m.Connections, 1)
	s.smtpSecret = secret{m.secretKeys, os.Getenv}
	s.smtpTimeout = c.duration("smtp.timeout", m.Timeout)
	s.giveUpAfter = c.duration("smtp.give_up_after", m.GiveUpAfter)
}

func (c *checker) trust(s *settings) {
	t := s.file.Trust
	c.oneOf("trust.server", t.Server, string(trust.ServerGeneric), string(trust.ServerMicrosoft365), string(trust.ServerGoogle))
	s.trust = trust.Policy{Server: trust.Server(t.Server), Authority: t.Authority, Hosts: t.Hosts, Below: t.Below,
		Strict: t.Strict, VerifyDKIM: t.VerifyDKIM, OwnDomains: s.policy.OfficialDomains}
	s.trust.Accept = c.methods("trust.accept", t.Accept)
	s.acceptByRole = map[tickets.Role][]trust.Method{}
	for role, section := range map[tickets.Role]trustRole{
		tickets.RoleCoordinator: t.Role.Coordinator, tickets.RoleTechnician: t.Role.Technician, tickets.RoleRequester: t.Role.Requester,
	} {
		if len(section.Accept) > 0 {
			s.acceptByRole[role] = c.methods(fmt.Sprintf("trust.role.%s.accept", role), section.Accept)
		}
	}
	s.policy.CommandAge = c.duration("trust.command_age", t.CommandAge)
	for i, network := range t.Internal {
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			c.wrong(fmt.Sprintf("trust.internal[%d]", i), `found %q, expected a network such as "10.0.0.0/8"`, network)
		}
		s.trust.Internal = append(s.trust.Internal, prefix)
	}
	c.require("trust.key_file", t.KeyFile, "the file that keeps the key of our Message-IDs; it is made at the first start")
	c.fromRoot("trust.key_file", t.KeyFile)
}

func (c *checker) methods(key string, names []string) []trust.Method {
	var methods []trust.Method
	for i, name := range names {
		c.oneOf(fmt.Sprintf("%s[%d]", key, i), name, trustMethods()...)
		methods = append(methods, trust.Method(name))
	}
	return methods
}

// confirm reads which commands must be confirmed by reply.
func (c *checker) confirm(s *settings) {
	section := s.file.Confirm
	s.policy.Confirm = tickets.Confirming{Unproven: section.Unproven, Bulk: section.Bulk, Valid: c.duration("confirm.valid", section.Valid)}
	c.atLeast("confirm.bulk", section.Bulk, 0)
	grammar := command.New(s.file.Desk.NumberPrefix)
	for i, word := range section.Commands {
		read := grammar.Read("#" + strings.TrimPrefix(word, "#")).Commands
		if len(read) != 1 || read[0].Verb == "" || read[0].Verb == tickets.VerbConfirm || read[0].Arg != "" {
			c.wrong(fmt.Sprintf("confirm.commands[%d]", i), `found %q, expected a command without argument, such as "#rechazar"`, word)
			continue
		}
		s.policy.Confirm.Verbs = append(s.policy.Confirm.Verbs, read[0].Verb)
	}
}

// scan reads where the virus scanner is.
func (c *checker) scan(s *settings) {
	section := s.file.Scan
	timeout := c.duration("scan.scan_timeout", section.Timeout)
	c.oneOf("scan.on_failure", section.OnFailure, "accept", "quarantine")
	if section.Address == "" {
		return
	}
	var err error
	if s.scanner, err = clamd.New(section.Address, timeout); err != nil {
		c.wrong("scan.clamd", "found %q, %v", section.Address, err)
	}
}

func (c *checker) limits(s *settings) {
	l := s.file.Limits
	for key, value := range map[string]int{"per_address": l.Address, "per_staff": l.Staff, "per_domain": l.Domain, "per_request": l.Ticket} {
		c.atLeast("limits."+key, value, 0)
	}
	s.policy.Limits = tickets.Limits{Address: l.Address, Staff: l.Staff, Domain: l.Domain, Ticket: l.Ticket}
}

// trustMethods lists what trust.accept may name.
func trustMethods() []string {
	var names []string
	for _, m := range []trust.Method{trust.MethodDMARC, trust.MethodDKIM, trust.MethodAuth, trust.MethodSPF, trust.MethodARC,
		trust.MethodCompAuth, trust.MethodInternal, trust.MethodToken} {
		names = append(names, string(m))
	}
	return names
}

// server checks where and how a mail server is reached.
func (c *checker) server(key, address, tls string, insecure bool, caFile string) {
	c.oneOf(key+".tls", tls, "implicit", "starttls", "none")
	host, port, err := net.SplitHostPort(address)
	if n, portErr := strconv.Atoi(port); err != nil || host == "" || portErr != nil || n < 1 || n > 65535 {
		c.wrong(key+".address", `found %q, expected host:port, such as "mail.example.org:993"`, address)
		return
	}
	if tls == "none" && !insecure && !loopback(host) {
		c.wrong(key+".tls", `found "none" for %s, expected "implicit" or "starttls": the password and every mail would cross the network in the clear. `+
			`If that is really wanted, set insecure_plaintext = true`, host)
	}
	if caFile != "" {
		if _, err := os.Stat(caFile); err != nil {
			c.wrong(key+".ca_file", "found %q, expected a file of PEM certificates that can be read", caFile)
		}
	}
}

// loopback reports whether a host is this machine, so that nothing crosses a network.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// secret checks that exactly one place is named where one is needed.
func (c *checker) secret(key string, s secretKeys, needed, oauth bool) {
	named := slices.DeleteFunc([]string{s.File, s.Env, s.Credential}, func(v string) bool { return v == "" })
	switch {
	case oauth && !needed:
		c.wrong(key+".username", "found none, expected one, because tokens are asked for")
	case oauth && len(named) > 0:
		c.wrong(key+".oauth", "found true and a password, expected one of the two")
	case oauth:
	case len(named) > 1:
		c.wrong(key, "found several of password_file, password_env and password_credential, expected one")
	case len(named) == 0 && needed:
		c.wrong(key, "found no password, expected one of password_file, password_env and password_credential")
	case len(named) == 1 && !needed:
		c.wrong(key+".username", "found none, expected one, because a password is named")
	}
	c.fromRoot(key+".password_file", s.File)
}

// fromRoot checks the path of something that the daemon reads or keeps.
func (c *checker) fromRoot(key, path string) {
	if path != "" && !filepath.IsAbs(path) {
		c.wrong(key, "found %q, expected a path from the root: the daemon may start in another folder", path)
	}
}

func (c *checker) require(key, value, expected string) {
	if strings.TrimSpace(value) == "" {
		c.wrong(key, "found nothing, expected %s", expected)
	}
}

func (c *checker) oneOf(key, value string, choices ...string) {
	if !slices.Contains(choices, value) {
		quoted := make([]string, len(choices))
		for i, choice := range choices {
			quoted[i] = strconv.Quote(choice)
		}
		c.wrong(key, "found %q, expected one of %s", value, strings.Join(quoted, ", "))
	}
}

func (c *checker) atLeast(key string, value, least int) {
	if value < least {
		c.wrong(key, "found %d, expected %d or more", value, least)
	}
}

func (c *checker) address(key, value string) {
	if a, err := mail.ParseAddress(value); err != nil || a.Address != value {
		c.wrong(key, `found %q, expected a mail address such as "soporte@ministerio.example"`, value)
	}
}

// schedule checks a cron expression. The parser takes some that never fire and panics on a time zone alone.
func (c *checker) schedule(key, value string) {
	const expected = `expected a cron expression of five fields such as "*/5 * * * *", or "@every 5m"`
	if strings.HasPrefix(value, "TZ=") || strings.HasPrefix(value, "CRON_TZ=") {
		c.wrong(key, "found %q, %s; the time zone is desk.time_zone", value, expected)
		return
	}
	schedule, err := cron.ParseStandard(value)
	if err != nil {
		c.wrong(key, "found %q, %s: %v", value, expected, err)
		return
	}
	if every, ok := schedule.(cron.ConstantDelaySchedule); ok && (every.Delay < time.Second || strings.Contains(value, "-")) {
		c.wrong(key, "found %q, expected a second or more", value)
		return
	}
	// The year does not matter: 29 February is found within the parser's five.
	if schedule.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		c.wrong(key, "found %q, which never comes, %s", value, expected)
	}
}

// duration reads "90s", "5m", "12h" and, because people count in days, "5d".
func (c *checker) duration(key, value string) time.Duration {
	d, err := time.ParseDuration(value)
	if days, cut := strings.CutSuffix(value, "d"); cut {
		n, dayErr := strconv.Atoi(days)
		d, err = time.Duration(n)*24*time.Hour, dayErr
	}
	if err != nil || d <= 0 {
		c.wrong(key, `found %q, expected a time such as "30s", "5m", "12h" or "5d"`, value)
	}
	return d
}

// size reads "512KB", "50MB", "1GB" in powers of 1024.
func (c *checker) size(key, value string) int64 {
	for unit, factor := range map[string]int64{"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30} {
		if digits, cut := strings.CutSuffix(strings.ToUpper(strings.ReplaceAll(value, " ", "")), unit); cut {
			if n, err := strconv.ParseInt(digits, 10, 32); err == nil && n > 0 && n*factor <= 1<<31 {
				return n * factor
			}
		}
	}
	c.wrong(key, `found %q, expected a size such as "50MB", 2GB at most`, value)
	return 0
}

// suggestion names the known key that an unknown one was meant to be.
func suggestion(name string, known map[string]reflect.Type) string {
	if near := tickets.Nearest(name, slices.Sorted(maps.Keys(known))); near != "" {
		return fmt.Sprintf(", expected perhaps %q", near)
	}
	return ", expected one of " + strings.Join(slices.Sorted(maps.Keys(known)), ", ")
}

func lower(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToLower(strings.TrimSpace(s))
	}
	return out
}

// keyOf names an entry of a list, or a key of it.
func keyOf(list string, i int, key string) string {
	at := fmt.Sprintf("%s[%d]", list, i)
	if key != "" {
		at += "." + key
	}
	return at
}

func orUTC(l *time.Location) *time.Location {
	if l == nil {
		return time.UTC
	}
	return l
}
