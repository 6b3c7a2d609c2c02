package receive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"radicado/mailbox"
)

// server is one that behaves: the one of the library, in several dresses, or a real one.
type server struct {
	name     string
	address  string
	user     string
	password string
}

// realServer is that of the environment: a server on loopback without TLS, such as .ci/dovecot starts.
func realServer() (server, bool) {
	s := server{
		name:     "real",
		address:  os.Getenv("RADICADO_TEST_IMAP"),
		user:     os.Getenv("RADICADO_TEST_IMAP_USER"),
		password: os.Getenv("RADICADO_TEST_IMAP_PASSWORD"),
	}
	return s, s.address != ""
}

// memoryServer starts the library's server with these capabilities.
func memoryServer(t testing.TB, name string, caps ...imap.Cap) server {
	set := make(imap.CapSet)
	for _, c := range caps {
		set[c] = struct{}{}
	}
	user := imapmemserver.NewUser("prueba@example.org", "secreto")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	memory := imapmemserver.New()
	memory.AddUser(user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return memory.NewSession(), nil, nil
		},
		Caps:         set,
		InsecureAuth: true,
		Logger:       log.New(io.Discard, "", 0),
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-served
	})
	return server{name: name, address: listener.Addr().String(), user: "prueba@example.org", password: "secreto"}
}

// desk is an account on a server with folders of its own.
type desk struct {
	t      testing.TB
	client *imapclient.Client
	acc    Account
}

// newDesk makes a folder on the server, named after the test.
func (srv server) newDesk(t testing.TB) *desk {
	client, err := imapclient.DialInsecure(srv.address, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, client: client}
	d.must(client.Login(srv.user, srv.password).Wait())
	folder := fmt.Sprintf("Mesa-%d", time.Now().UnixNano())
	d.acc = Account{
		Name: "soporte", Address: srv.address, TLS: Plain,
		Username: srv.user,
		Password: func(context.Context) (string, error) { return srv.password, nil },
		Folder:   folder, Processed: folder + "-Gestión", Quarantine: folder + "-Cuarentena",
		Timing: Timing{Step: 10 * time.Second, Idle: time.Minute, Poll: 20 * time.Millisecond, Retry: time.Millisecond, MaxRetry: 20 * time.Millisecond},
	}
	d.must(client.Create(folder, nil).Wait())
	t.Cleanup(func() {
		for _, name := range []string{d.acc.Folder, d.acc.Processed, d.acc.Quarantine} {
			_ = client.Delete(name).Wait() // some tests make no use of them
		}
		_ = client.Close()
	})
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// add puts a mail into the folder.
func (d *desk) add(raw string) {
	d.t.Helper()
	cmd := d.client.Append(d.acc.Folder, int64(len(raw)), nil)
	_, err := io.WriteString(cmd, raw)
	d.must(err)
	d.must(cmd.Close())
	_, err = cmd.Wait()
	d.must(err)
}

// content returns the mails of a folder.
func (d *desk) content(folder string) []string {
	d.t.Helper()
	data, err := d.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	d.must(err)
	defer func() { d.must(d.client.Unselect().Wait()) }()
	if data.NumMessages == 0 {
		return nil
	}
	messages, err := d.client.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{
		Flags: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}},
	}).Collect()
	d.must(err)
	var raws []string
	for _, m := range messages {
		raws = append(raws, string(m.BodySection[0].Bytes))
		if slices.Contains(m.Flags, imap.FlagSeen) {
			d.t.Errorf("a mail was marked as read")
		}
	}
	slices.Sort(raws)
	return raws
}

// TestServers shows the same behaviour with every server that behaves.
func TestServers(t *testing.T) {
	all := []imap.Cap{imap.CapIMAP4rev1, imap.CapIMAP4rev2}
	servers := []server{
		memoryServer(t, "memory", imap.CapIMAP4rev1, imap.CapMove, imap.CapUIDPlus, imap.CapNamespace, imap.CapUnselect),
		memoryServer(t, "memory without MOVE", imap.CapIMAP4rev1, imap.CapUIDPlus, imap.CapUnselect),
		memoryServer(t, "memory without MOVE and UIDPLUS", imap.CapIMAP4rev1, imap.CapUnselect),
		memoryServer(t, "memory of both revisions", all...),
	}
	if srv, ok := realServer(); ok {
		servers = append(servers, srv)
	} else {
		t.Log("RADICADO_TEST_IMAP is not set: no real server is tried")
	}
	behaviours := []struct {
		name string
		test func(*testing.T, server)
	}{
		{"takes what is there and what comes", takesWhatIsThereAndWhatComes},
		{"moves", movesBothWays},
		{"takes large mails by their header", takesLargeMailsByTheirHeader},
		{"leaves in place", leavesInPlace},
		{"reads once", readsOnce},
		{"sees a folder made anew", seesAFolderMadeAnew},
		{"bears others at work", bearsOthersAtWork},
		{"checks and takes stock", checksAndTakesStock},
		{"is refused", isRefused},
	}
	for _, srv := range servers {
		for _, b := range behaviours {
			t.Run(srv.name+"/"+b.name, func(t *testing.T) { b.test(t, srv) })
		}
	}
}

// serverMails are mails that every server keeps as they are.
func serverMails(n int) []string {
	raws := plainMails(n)
	raws[0] = "\r\n"
	if n > 1 {
		raws[1] = "Subject: \xe9\xff ocho bits\r\n\r\n\xa1Hola!\r\n{12}\r\n)\r\n* 1 FETCH (UID 1)\r\n"
	}
	if n > 2 {
		raws[2] = "Subject: largo\r\n\r\n" + strings.Repeat("línea\r\n", 20000)
	}
	return raws
}

func wantRaws(t *testing.T, ledger *testLedger, raws []string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d mails taken", len(raws)), func() bool { return ledger.counted() >= len(raws) })
	for i, a := range ledger.arrivals() {
		if i >= len(raws) || !bytes.Equal(a.Raw, []byte(raws[i])) || a.Truncated || a.InternalDate.IsZero() {
			t.Fatalf("mail %d: %.80q, %d bytes, truncated %v, of %v", i, a.Raw, len(a.Raw), a.Truncated, a.InternalDate)
		}
	}
}

func takesWhatIsThereAndWhatComes(t *testing.T, srv server) {
	d := srv.newDesk(t)
	raws := serverMails(120)
	for _, raw := range raws[:110] {
		d.add(raw)
	}
	ledger := newLedger()
	d.acc.Timing.Poll = time.Minute // IDLE has to do
	run(t, d.acc, ledger)
	wantRaws(t, ledger, raws[:110])
	for _, raw := range raws[110:] {
		d.add(raw)
	}
	wantRaws(t, ledger, raws)
	if got := len(d.content(d.acc.Folder)); got != 120 {
		t.Errorf("%d mails in the folder, want 120", got)
	}
}

func movesBothWays(t *testing.T, srv server) {
	d := srv.newDesk(t)
	raws := serverMails(30)
	for _, raw := range raws {
		d.add(raw)
	}
	ledger := newLedger()
	r := run(t, d.acc, ledger)
	wantRaws(t, ledger, raws)
	uids := make([]uint32, 0, len(raws))
	for _, a := range ledger.arrivals() {
		uids = append(uids, a.UID)
	}
	ledger.settle(ToProcessed, uids[:20]...)
	ledger.settle(ToQuarantine, uids[20:29]...)
	eventually(t, "moved", func() bool { return len(ledger.gone()) == 29 })
	// After a crash between moving and noting, the same is asked for again.
	ledger.settle(ToProcessed, uids[0])
	eventually(t, "noted again", func() bool { return len(ledger.gone()) == 30 })
	ledger.settle(ToProcessed, uids[29], uids[1])
	eventually(t, "the rest moved", func() bool { return len(ledger.gone()) == 32 })
	r.stop()
	for folder, want := range map[string][]string{
		d.acc.Folder: nil, d.acc.Processed: append(slices.Clone(raws[:20]), raws[29]), d.acc.Quarantine: slices.Clone(raws[20:29]),
	} {
		slices.Sort(want)
		if got := d.content(folder); !slices.Equal(got, want) {
			t.Errorf("%s holds %d mails, want %d", folder, len(got), len(want))
		}
	}
	if r.log.count("level=WARN") > 0 {
		t.Error("warnings where all went well")
	}
}

func takesLargeMailsByTheirHeader(t *testing.T, srv server) {
	d := srv.newDesk(t)
	const header = "Subject: grande\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	d.add(plainMail(0))
	d.add(header + "--b\r\n\r\ncuerpo\r\n--b\r\nContent-Type: application/pdf\r\n" +
		"Content-Disposition: attachment; filename*=UTF-8''informe%20t%C3%A9cnico.pdf\r\n\r\n" + strings.Repeat("x", 300000) + "\r\n--b--\r\n")
	d.add(plainMail(2))
	d.acc.MaxSize = 100000
	ledger := newLedger()
	run(t, d.acc, ledger)
	eventually(t, "all taken", func() bool { return ledger.counted() == 3 })
	got := ledger.arrivals()[1]
	if !got.Truncated || string(got.Raw) != header || got.Size < 300000 {
		t.Errorf("truncated %v, size %d, %q", got.Truncated, got.Size, got.Raw)
	}
	if len(got.Structure) != 2 || got.Structure[0].Type != "text/plain" || got.Structure[1].Type != "application/pdf" || got.Structure[1].Size < 300000 {
		t.Fatalf("structure %+v", got.Structure)
	}
	if srv.name == "real" && got.Structure[1].Name != "informe técnico.pdf" { // the library's server drops such names
		t.Errorf("name %q", got.Structure[1].Name)
	}
}

func leavesInPlace(t *testing.T, srv server) {
	d := srv.newDesk(t)
	d.acc.LeaveInPlace = true
	raws := serverMails(3)
	for _, raw := range raws {
		d.add(raw)
	}
	ledger := newLedger()
	ledger.settles = true
	run(t, d.acc, ledger)
	wantRaws(t, ledger, raws)
	d.add(plainMail(9))
	wantRaws(t, ledger, append(raws, plainMail(9)))
	if got := len(d.content(d.acc.Folder)); got != 4 {
		t.Errorf("%d mails in the folder, want 4", got)
	}
}

func seesAFolderMadeAnew(t *testing.T, srv server) {
	d := srv.newDesk(t)
	d.add(plainMail(0))
	ledger := newLedger()
	r := run(t, d.acc, ledger)
	wantRaws(t, ledger, plainMails(1))
	r.stop()
	d.must(d.client.Delete(d.acc.Folder).Wait())
	if srv.name == "real" {
		time.Sleep(time.Second) // Dovecot makes UIDVALIDITY of the time, in seconds
	}
	d.must(d.client.Create(d.acc.Folder, nil).Wait())
	d.add(plainMail(1))
	run(t, d.acc, ledger)
	wantRaws(t, ledger, plainMails(2))
	got := ledger.arrivals()
	if got[0].UIDValidity == got[1].UIDValidity {
		t.Skip("the server gave the new folder the old UIDVALIDITY")
	}
	if got[1].UID != 1 {
		t.Errorf("UID %d", got[1].UID)
	}
}

// bearsOthersAtWork changes flags, deletes and adds while mails are taken and moved.
func bearsOthersAtWork(t *testing.T, srv server) {
	d := srv.newDesk(t)
	const n = 200
	for i := range n {
		d.add(plainMail(i))
	}
	other := srv.newDesk(t)
	_, err := other.client.Select(d.acc.Folder, nil).Wait()
	d.must(err)
	ledger := newLedger()
	ledger.settles = true
	r := run(t, d.acc, ledger)
	for i := range 20 {
		store := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagFlagged}}
		_ = other.client.Store(imap.UIDSetNum(imap.UID(i*7+1)), store, nil).Close() // it may be gone already
		d.add(plainMail(n + i))
	}
	eventually(t, "all taken", func() bool { return ledger.counted() >= n+20 })
	eventually(t, "all moved", func() bool { return len(ledger.gone()) >= n+20 })
	r.stop()
	wantRaws(t, ledger, plainMails(n+20))
	want := plainMails(n + 20)
	slices.Sort(want)
	if got := d.content(d.acc.Processed); !slices.Equal(got, want) {
		t.Errorf("processed holds %d mails, want %d", len(got), len(want))
	}
}

func checksAndTakesStock(t *testing.T, srv server) {
	d := srv.newDesk(t)
	const withID = "Subject: con identificador\r\nMessage-ID:\r\n <uno@example.org>\r\n\r\nHola.\r\n"
	d.add(plainMail(0))
	d.add(withID)
	for range 2 { // the second time the folders are there
		for _, f := range Check(t.Context(), d.acc) {
			if !f.OK {
				t.Errorf("%+v", f)
			}
		}
	}
	ledger := newLedger()
	ledger.settles = true
	r := run(t, d.acc, ledger)
	eventually(t, "both moved", func() bool { return len(ledger.gone()) == 2 })
	r.stop()
	d.add(plainMail(3))
	stock := func(since time.Time) mailbox.Stock {
		got, err := Stock(t.Context(), d.acc, since)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := stock(time.Now().AddDate(0, 0, -1))
	if got.UIDValidity == 0 || got.InProcessed != 2 || len(got.Processed) != 2 || got.InQuarantine != 0 || got.LeftInPlace {
		t.Fatalf("the stock is %+v", got)
	}
	if got.Processed[0].MessageID != "" || got.Processed[1].MessageID != "uno@example.org" {
		t.Errorf("the Message-IDs are %+v", got.Processed)
	}
	for i, a := range ledger.arrivals()[:2] {
		if m := got.Processed[i]; m.Size != a.Size || !m.Date.Equal(a.InternalDate) {
			t.Errorf("mail %d is listed with %d bytes of %s, and was taken with %d of %s", i, m.Size, m.Date, a.Size, a.InternalDate)
		}
	}
	if got := stock(time.Now().AddDate(0, 0, 2)); len(got.Processed) != 0 || got.InProcessed != 2 {
		t.Errorf("of the future there is %+v", got)
	}
	d.acc.LeaveInPlace = true
	if got := stock(time.Time{}); !got.LeftInPlace || got.InProcessed != 0 {
		t.Errorf("left in place there is %+v", got)
	}
}

func readsOnce(t *testing.T, srv server) {
	d := srv.newDesk(t)
	d.acc.LeaveInPlace = true
	raws := serverMails(3)
	for _, raw := range raws {
		d.add(raw)
	}
	ledger := newLedger()
	log := slog.New(slog.DiscardHandler)
	for range 2 { // the second time there is nothing new
		d.must(New(d.acc, ledger, log).Once(t.Context()))
		wantRaws(t, ledger, raws)
	}
	if got := len(d.content(d.acc.Folder)); got != 3 {
		t.Errorf("%d mails in the folder, want 3", got)
	}
	missing := d.acc
	missing.Folder += "-Nada"
	if err := New(missing, ledger, log).Once(t.Context()); !errors.Is(err, ErrNoFolder) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func isRefused(t *testing.T, srv server) {
	d := srv.newDesk(t)
	d.acc.Password = func(context.Context) (string, error) { return "equivocada", nil }
	findings := Check(t.Context(), d.acc)
	if last := findings[len(findings)-1]; last.OK || !strings.HasPrefix(last.What, "login") || strings.Contains(fmt.Sprint(findings), "equivocada") {
		t.Errorf("%+v", findings)
	}
}
