package main

import (
	"net/netip"
	"net/url"
	"time"

	"filippo.io/age"

	"radicado/mailbox/clamd"
	"radicado/mailbox/trust"
	"radicado/tickets"
	"radicado/tickets/calendar"
	"radicado/tickets/monitor"
)

// settingsFile is the settings as they stand in the TOML file: plain values, not yet checked. A field without a default
// tag defaults to its zero value. config.example.toml says what each key means.
type settingsFile struct {
	Desk         deskSection           `toml:"desk"`
	Register     registerSection       `toml:"register"`
	Mailbox      []mailboxSection      `toml:"mailbox"`
	SMTP         smtpSection           `toml:"smtp"`
	Trust        trustSection          `toml:"trust"`
	Person       []personSection       `toml:"person"`
	Templates    templatesSection      `toml:"templates"`
	Procedure    procedureSection      `toml:"procedure"`
	People       peopleSection         `toml:"people"`
	Calendar     calendarSection       `toml:"calendar"`
	Resource     []resourceSection     `toml:"resource"`
	Schedule     scheduleSection       `toml:"schedule"`
	Reports      reportsSection        `toml:"reports"`
	SLA          slaSection            `toml:"sla"`
	PriorityRule []priorityRuleSection `toml:"priority_rule"`
	Log          logSection            `toml:"log"`
	Confirm      confirmSection        `toml:"confirm"`
	OAuth        oauthSection          `toml:"oauth"`
	Scan         scanSection           `toml:"scan"`
	Limits       limitsSection         `toml:"limits"`
	Retention    retentionSection      `toml:"retention"`
	Backup       backupSection         `toml:"backup"`
	Monitor      monitorSection        `toml:"monitor"`
	Board        boardSection          `toml:"board"`
}

type confirmSection struct {
	Unproven bool     `toml:"unproven"`
	Commands []string `toml:"commands"`
	Bulk     int      `toml:"bulk"`
	Valid    string   `toml:"valid"`
}

type scanSection struct {
	Address   string `toml:"clamd"`
	Timeout   string `toml:"scan_timeout"`
	OnFailure string `toml:"on_failure"`
}

type limitsSection struct {
	Address int `toml:"per_address"`
	Staff   int `toml:"per_staff"`
	Domain  int `toml:"per_domain"`
	Ticket  int `toml:"per_request"`
}

type deskSection struct {
	Name            string   `toml:"name"`
	Organisation    string   `toml:"organisation"`
	Address         string   `toml:"address"`
	OtherAddresses  []string `toml:"other_addresses"`
	TimeZone        string   `toml:"time_zone"`
	Language        string   `toml:"language"`
	NumberPrefix    string   `toml:"number_prefix"`
	ReopenDays      int      `toml:"reopen_days"`
	ListRows        int      `toml:"list_rows"`
	OfficialDomains []string `toml:"official_domains"`
	RefuseStrangers bool     `toml:"refuse_strangers"`
	PlusAddresses   bool     `toml:"plus_addresses"`
	AcceptedLists   []string `toml:"accepted_lists"`
	AutoAssign      bool     `toml:"auto_assign"`
}

type registerSection struct {
	Path string `toml:"path"`
}

// secretKeys is where a secret is found: one of three places, never the settings themselves.
type secretKeys struct {
	File       string `toml:"password_file"`
	Env        string `toml:"password_env"`
	Credential string `toml:"password_credential"`
}

type mailboxSection struct {
	Name              string `toml:"name"`
	Address           string `toml:"address"`
	TLS               string `toml:"tls"`
	InsecurePlaintext bool   `toml:"insecure_plaintext"`
	CAFile            string `toml:"ca_file"`
	Username          string `toml:"username"`
	secretKeys
	OAuth            bool   `toml:"oauth"`
	Folder           string `toml:"folder"`
	ProcessedFolder  string `toml:"processed_folder"`
	QuarantineFolder string `toml:"quarantine_folder"`
	LeaveInPlace     bool   `toml:"leave_in_place"`
	MaxSize          string `toml:"max_size"`
	Poll             string `toml:"poll"`
	IdleCheck        string `toml:"idle_check"`
	Since            string `toml:"since"`
	Timeout          string `toml:"timeout"`
}

type smtpSection struct {
	Address           string `toml:"address"`
	TLS               string `toml:"tls"`
	InsecurePlaintext bool   `toml:"insecure_plaintext"`
	CAFile            string `toml:"ca_file"`
	Username          string `toml:"username"`
	secretKeys
	OAuth       bool   `toml:"oauth"`
	Hello       string `toml:"hello"`
	Connections int    `toml:"connections"`
	Timeout     string `toml:"timeout"`
	GiveUpAfter string `toml:"give_up_after"`
}

type trustSection struct {
	Server     string   `toml:"server"`
	Authority  []string `toml:"authority"`
	Hosts      []string `toml:"hosts"`
	Internal   []string `toml:"internal"`
	Below      bool     `toml:"below"`
	Strict     bool     `toml:"strict"`
	Accept     []string `toml:"accept"`
	VerifyDKIM bool     `toml:"verify_dkim"`
	KeyFile    string   `toml:"key_file"`
	CommandAge string   `toml:"command_age"`

	Role trustRoles `toml:"role"`
}

// trustRoles is what is asked of a role instead of what is asked of everybody.
type trustRoles struct {
	Coordinator trustRole `toml:"coordinator"`
	Technician  trustRole `toml:"technician"`
	Requester   trustRole `toml:"requester"`
}

type trustRole struct {
	Accept []string `toml:"accept"`
}

type personSection struct {
	Name      string   `toml:"name"`
	Role      string   `toml:"role"`
	Addresses []string `toml:"addresses"`
	Aliases   []string `toml:"aliases"`
	Language  string   `toml:"language"`
	Skills    []string `toml:"skills"`
	MaxLoad   int      `toml:"max_load"`
	vendorKeys
	Hours     []string `toml:"hours"`
	Office    string   `toml:"office"`
	Telephone string   `toml:"telephone"`
}

type templatesSection struct {
	Folder string `toml:"folder"`
}

type logSection struct {
	Format string `toml:"format"`
	Level  string `toml:"level"`
}

// defaultSettings is what a key has that the file does not name.
func defaultSettings() settingsFile {
	return settingsFile{
		Desk:      deskSection{Name: "Mesa de servicios", TimeZone: "America/Bogota", Language: "es", NumberPrefix: "SS", ReopenDays: 5, ListRows: 50},
		Register:  registerSection{Path: "/var/lib/radicado/register.db"},
		SMTP:      smtpSection{TLS: "starttls", Connections: 2, Timeout: "1m", GiveUpAfter: "5d"},
		Trust:     trustSection{Accept: []string{"dmarc", "dkim"}, KeyFile: "/var/lib/radicado/reply.key", CommandAge: "7d"},
		Procedure: defaultProcedure(),
		Calendar:  defaultCalendar(),
		SLA:       defaultSLA(),
		Schedule:  defaultSchedule(),
		Reports:   defaultReports(),
		Log:       logSection{Format: "text", Level: "info"},
		Confirm:   confirmSection{Valid: "2h"},
		Scan:      scanSection{Timeout: "30s", OnFailure: "accept"},
		Monitor:   defaultMonitor(),
		Board:     boardSection{Session: "12h"},
		Limits:    limitsSection{Address: 20, Staff: 300, Domain: 100, Ticket: 60},
		Backup:    backupSection{Schedule: "30 2 * * *", Daily: 14, Weekly: 8, Monthly: 12},
	}
}

// defaultMailbox is what a mailbox has that its section does not name.
func defaultMailbox() mailboxSection {
	return mailboxSection{TLS: "implicit", Folder: "INBOX", ProcessedFolder: "Procesados", QuarantineFolder: "Cuarentena",
		MaxSize: "50MB", Poll: "@every 5m", Timeout: "1m"}
}

// settings is the checked form of the settings, in the terms of the program.
type settings struct {
	path        string // of the file that they stand in
	file        settingsFile
	location    *time.Location
	policy      *tickets.Policy
	mailboxes   []mailboxSettings
	smtpSecret  secret
	smtpTimeout time.Duration
	giveUpAfter time.Duration
	trust       trust.Policy
	retention   tickets.Retention

	acceptByRole   map[tickets.Role][]trust.Method // where a role has its own
	calendarConfig calendar.Config                 // of which those of technicians are made
	recipients     []*age.X25519Recipient          // who can read backups
	scanner        *clamd.Scanner                  // nil for none
	boardURL       *url.URL                        // nil: where the board listens
	boardProxies   []netip.Prefix
	boardSession   time.Duration
	limits         monitor.Limits
}

// mailboxSettings is one mailbox in the terms of the program.
type mailboxSettings struct {
	section mailboxSection
	secret  secret
	maxSize int64     // bytes
	since   time.Time // zero: from the first connection on
	timeout time.Duration
	check   time.Duration // between looks during IDLE; 0 for none
	tokens  *tokens       // nil where a password serves
}
