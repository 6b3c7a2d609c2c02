package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
	"pgregory.net/rapid"

	"radicado/mailbox"
	"radicado/tickets"
	"radicado/tickets/register"
)

// fixture is a register with one mail and one request, and a folder for its backups.
type fixture struct {
	*register.Register
	t       *testing.T
	now     time.Time
	options Options
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, now: time.Date(2026, 11, 25, 2, 30, 0, 0, time.UTC)}
	folder := t.TempDir()
	var err error
	f.Register, err = register.Open(t.Context(), filepath.Join(folder, "register.db"), register.Options{Now: func() time.Time { return f.now }})
	check(t, err)
	t.Cleanup(func() { check(t, f.Close()) })
	_, err = f.Position(t.Context(), "soporte", 7, time.Time{})
	check(t, err)
	mail := mailbox.Arrival{Mailbox: "soporte", UIDValidity: 7, UID: 1, Raw: []byte("Subject: hola\r\n\r\nBuenos días.\r\n"), Size: 30}
	check(t, f.Take(t.Context(), "soporte", 7, 1, []mailbox.Arrival{mail}))
	check(t, f.Update(t.Context(), func(tx *register.Tx) error {
		n, err := tx.NextNumber()
		check(t, err)
		ticket := new(tickets.Ticket)
		e := tickets.Event{Ticket: n, Seq: 1, At: tx.Now(), Fact: &tickets.RegisteredFact{Requester: mailbox.Address{Addr: "ana@min.example.org"}, Subject: "hola"}}
		check(t, ticket.Apply(e))
		return tx.Append(ticket, []tickets.Event{e})
	}))
	secret := filepath.Join(folder, "reply.key")
	check(t, os.WriteFile(secret, []byte("secret of the notices"), 0o600))
	f.options = Options{Folder: filepath.Join(folder, "backups"), Secrets: map[string]string{"reply.key": secret}, Keep: &Keep{2, 2, 2}, Location: time.UTC}
	return f
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) make() Made {
	f.t.Helper()
	made, err := Make(f.t.Context(), f.Register, f.options)
	check(f.t, err)
	f.clean()
	return made
}

// clean checks that nothing lies around beside the register and in the folder.
func (f *fixture) clean() {
	f.t.Helper()
	for _, pattern := range []string{f.Path() + ".backup*", filepath.Join(f.options.Folder, ".*")} {
		if left, _ := filepath.Glob(pattern); len(left) > 0 {
			f.t.Errorf("left behind: %v", left)
		}
	}
}

func (f *fixture) backups() (names []string) {
	f.t.Helper()
	entries, err := os.ReadDir(f.options.Folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	check(f.t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func newKey(t *testing.T) *age.X25519Identity {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	check(t, err)
	return key
}

// sound checks that the unpacked register verifies and holds the request.
func sound(t *testing.T, u Unpacked) {
	t.Helper()
	r, err := register.Open(t.Context(), u.Register, register.Options{ReadOnly: true})
	check(t, err)
	defer r.Close()
	findings, err := r.Verify(t.Context(), nil)
	check(t, err)
	if len(findings) > 0 {
		t.Errorf("findings: %v", findings)
	}
	check(t, r.View(t.Context(), func(read *register.Reader) error {
		_, err := read.Ticket("SS-2026-000001")
		return err
	}))
}

// TestLeavingsOfRoot ends root's backup in the middle, as a kill does: the daemon must be able to remove what is left.
func TestLeavingsOfRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes files for others")
	}
	const daemon = 65534
	folder := t.TempDir()
	check(t, os.Chown(folder, daemon, daemon))
	path := filepath.Join(folder, "register.db.backup")
	s, err := openStage(path)
	check(t, err)
	defer func() { check(t, s.remove()) }()
	info, err := os.Stat(path)
	check(t, err)
	if of := info.Sys().(*syscall.Stat_t); of.Uid != daemon || of.Gid != daemon {
		t.Errorf("the copy belongs to %d:%d", of.Uid, of.Gid)
	}
}

func TestPlainAndSealed(t *testing.T) {
	key, other := newKey(t), newKey(t)
	for _, tt := range []struct {
		name       string
		recipients []*age.X25519Recipient
		identities []age.Identity
	}{
		{"plain", nil, nil},
		{"sealed", []*age.X25519Recipient{key.Recipient()}, []age.Identity{key}},
		{"sealed to two", []*age.X25519Recipient{other.Recipient(), key.Recipient()}, []age.Identity{key}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.options.Recipients = tt.recipients
			made := f.make()
			sealed := len(tt.recipients) > 0
			if made.Sealed != sealed || made.Holds.Requests != 1 || made.Holds.Mails != 1 || made.Size == 0 || made.Register == 0 {
				t.Errorf("made %+v", made)
			}
			if info, err := os.Stat(made.File); err != nil || info.Mode().Perm() != 0o600 || info.Size() != made.Size {
				t.Errorf("the file: %v, %v", info, err)
			}
			u, err := Unpack(t.Context(), made.File, tt.identities, filepath.Join(t.TempDir(), "out.db"))
			check(t, err)
			if u.Sealed != sealed || u.Manifest.Holds.Requests != 1 || !u.Manifest.Holds.At.Equal(f.now) {
				t.Errorf("unpacked %+v", u)
			}
			if sealed != (string(u.Secrets["reply.key"]) == "secret of the notices") || sealed == (len(made.LeftOut) == 1) {
				t.Errorf("the key: %q in it, left out %v", u.Secrets, made.LeftOut)
			}
			sound(t, u)
		})
	}
}

func TestSealedOpensForItsRecipientsAlone(t *testing.T) {
	f := newFixture(t)
	f.options.Recipients = []*age.X25519Recipient{newKey(t).Recipient()}
	made := f.make()
	content, err := os.ReadFile(made.File)
	check(t, err)
	if bytes.Contains(content, []byte("SQLite")) {
		t.Error("something of it can be read")
	}
	path := filepath.Join(t.TempDir(), "out.db")
	for want, identities := range map[error][]age.Identity{ErrNoIdentity: nil, ErrIdentity: {newKey(t)}} {
		if _, err := Unpack(t.Context(), made.File, identities, path); !errors.Is(err, want) {
			t.Errorf("opened with %d keys: %v", len(identities), err)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("something was left: %v", err)
		}
	}
}

// TestDamageIsFound cuts backups off and changes bits of them anywhere. What comes out is the register as it was, or an error.
func TestDamageIsFound(t *testing.T) {
	f := newFixture(t)
	key := newKey(t)
	f.options.Keep.Daily = 9
	plain := f.make().File
	f.now = f.now.AddDate(0, 0, 1)
	f.options.Recipients = []*age.X25519Recipient{key.Recipient()}
	sealed := f.make().File
	folder := t.TempDir()
	for _, file := range []string{plain, sealed} {
		whole, err := os.ReadFile(file)
		check(t, err)
		run := 0
		rapid.Check(t, func(rt *rapid.T) {
			run++
			broken := slices.Clone(whole)
			if at := rapid.IntRange(0, len(broken)-1).Draw(rt, "at"); rapid.Bool().Draw(rt, "cut") {
				broken = broken[:at]
			} else {
				broken[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
			}
			if rapid.IntRange(0, 9).Draw(rt, "longer") == 0 {
				broken = append(slices.Clone(whole), "more"...)
			}
			path := filepath.Join(folder, fmt.Sprint(filepath.Base(file), run))
			check(t, os.WriteFile(path, broken, 0o600))
			defer os.Remove(path)
			u, err := Unpack(t.Context(), path, []age.Identity{key}, path+".db")
			if err != nil {
				if _, err := os.Stat(path + ".db"); !errors.Is(err, os.ErrNotExist) {
					rt.Fatalf("something was left: %v", err)
				}
				return
			}
			defer os.Remove(path + ".db")
			// A bit that nothing depends on, such as one of the tar header's padding.
			got, err := register.Open(t.Context(), u.Register, register.Options{ReadOnly: true})
			if err != nil {
				rt.Fatalf("a damaged backup was unpacked: %v", err)
			}
			got.Close()
		})
	}
}

func TestOtherFilesAreNoBackups(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{"empty": "", "text": "buenos días", "age alone": "age-encryption.org/v1\n"} {
		path := filepath.Join(folder, "file")
		check(t, os.WriteFile(path, []byte(content), 0o600))
		if _, err := Unpack(t.Context(), path, []age.Identity{newKey(t)}, path+".db"); !errors.Is(err, ErrNoBackup) && !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Unpack(t.Context(), filepath.Join(folder, "none"), nil, filepath.Join(folder, "out")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	f := newFixture(t)
	made := f.make()
	if _, err := Unpack(t.Context(), made.File, nil, f.Path()); !errors.Is(err, os.ErrExist) {
		t.Errorf("unpacked over the register: %v", err)
	}
	u, err := Unpack(t.Context(), made.File, nil, filepath.Join(folder, "bare.db"))
	check(t, err)
	again, err := Unpack(t.Context(), u.Register, nil, filepath.Join(folder, "again.db")) // a bare SQLite file
	check(t, err)
	sound(t, again)
}

// TestEachStepMayFail has each step on the way to the disk fail: there is never a file that looks like a backup, and the next
// attempt succeeds.
func TestEachStepMayFail(t *testing.T) {
	planted := errors.New("planted")
	var whole disk
	whole.fill()
	steps := map[string]func(d *disk){
		"fsync":               func(d *disk) { d.sync = func(*os.File) error { return planted } },
		"rename":              func(d *disk) { d.rename = func(string, string) error { return planted } },
		"fsync of the folder": func(d *disk) { d.syncFolder = func(string) error { return planted } },
	}
	for name, plant := range steps {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.options.disk = whole
			plant(&f.options.disk)
			if _, err := Make(t.Context(), f.Register, f.options); !errors.Is(err, planted) {
				t.Errorf("made: %v", err)
			}
			f.clean()
			if names := f.backups(); len(names) > 0 {
				t.Errorf("there is %v", names)
			}
			f.options.disk = whole
			f.make()
		})
	}
	t.Run("a secret is missing", func(t *testing.T) {
		f := newFixture(t)
		f.options.Recipients = []*age.X25519Recipient{newKey(t).Recipient()}
		f.options.Secrets["reply.key"] = "/nowhere/reply.key"
		if _, err := Make(t.Context(), f.Register, f.options); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "reply.key") {
			t.Errorf("made: %v", err)
		}
		f.clean()
		if names := f.backups(); len(names) > 0 {
			t.Errorf("there is %v", names)
		}
	})
	t.Run("the folder is a file", func(t *testing.T) {
		f := newFixture(t)
		check(t, os.WriteFile(f.options.Folder, nil, 0o600))
		if _, err := Make(t.Context(), f.Register, f.options); err == nil {
			t.Error("made")
		}
	})
	t.Run("it ends", func(t *testing.T) {
		f := newFixture(t)
		ctx, cancel := context.WithCancel(t.Context())
		f.options.Progress = func(string, int64, int64) { cancel() }
		if _, err := Make(ctx, f.Register, f.options); !errors.Is(err, context.Canceled) {
			t.Errorf("made: %v", err)
		}
		f.clean()
	})
	t.Run("a backup of this second", func(t *testing.T) {
		f := newFixture(t)
		made := f.make()
		before, err := os.ReadFile(made.File)
		check(t, err)
		if _, err := Make(t.Context(), f.Register, f.options); !errors.Is(err, os.ErrExist) {
			t.Errorf("made: %v", err)
		}
		if after, err := os.ReadFile(made.File); err != nil || !bytes.Equal(before, after) {
			t.Errorf("the other one was touched: %v", err)
		}
		f.clean()
	})
}

func TestFullDisk(t *testing.T) {
	f := newFixture(t)
	noise := make([]byte, 64<<10)
	rand.NewChaCha8([32]byte{}).Read(noise)
	check(t, f.Take(t.Context(), "soporte", 7, 2, []mailbox.Arrival{{Mailbox: "soporte", UIDValidity: 7, UID: 2, Raw: noise, Size: int64(len(noise))}}))
	check(t, os.Mkdir(f.options.Folder, 0o700))
	if err := syscall.Mount("tmpfs", f.options.Folder, "tmpfs", 0, "size=32k"); err != nil {
		t.Skipf("no small file system can be mounted here (that takes root): %v", err)
	}
	defer func() { check(t, syscall.Unmount(f.options.Folder, 0)) }()
	if _, err := Make(t.Context(), f.Register, f.options); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("made: %v", err)
	}
	f.clean()
	if names := f.backups(); len(names) > 0 {
		t.Errorf("there is %v", names)
	}
}

func TestRegisterKeepsRoomForMails(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("no small file system can be mounted here (that takes root): %v", err)
	}
	defer func() { check(t, syscall.Unmount(folder, 0)) }()
	f := newFixture(t)
	if err := enoughRoom(f.Path(), folder); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("enough: %v", err)
	}
}

func TestOneAtATimeAndLeavingsOfTheKilled(t *testing.T) {
	f := newFixture(t)
	running, err := openStage(f.Path() + ".backup")
	check(t, err)
	if _, err := Make(t.Context(), f.Register, f.options); !errors.Is(err, ErrRunning) {
		t.Errorf("beside another: %v", err)
	}
	check(t, running.remove())

	// A killed process leaves its copy and a part of an archive.
	check(t, os.WriteFile(f.Path()+".backup", []byte("half a copy"), 0o600))
	stale := filepath.Join(f.options.Folder, "."+nameOf(f.now.Add(-time.Hour), true)+partExt)
	fresh := filepath.Join(f.options.Folder, "."+nameOf(f.now.Add(-time.Minute), false)+partExt)
	others := filepath.Join(f.options.Folder, ".notes.part")
	check(t, os.MkdirAll(f.options.Folder, 0o700))
	for _, path := range []string{stale, fresh, others} {
		check(t, os.WriteFile(path, []byte("half"), 0o600))
		if path != fresh {
			old := time.Now().Add(-2 * staleAfter)
			check(t, os.Chtimes(path, old, old))
		}
	}
	made, err := Make(t.Context(), f.Register, f.options)
	check(t, err)
	want := []string{filepath.Base(others), filepath.Base(fresh), filepath.Base(made.File)}
	slices.Sort(want)
	if got := f.backups(); !slices.Equal(got, want) {
		t.Errorf("the folder holds %v, want %v", got, want)
	}
}

// TestDamagedCopyIsNoBackup keeps good backups from being pushed out by bad ones.
func TestDamagedCopyIsNoBackup(t *testing.T) {
	f := newFixture(t)
	path := filepath.Join(t.TempDir(), "copy.db")
	copied, err := f.Copy(t.Context(), path)
	check(t, err)
	copied.Before.Requests += 3 // as if some had gone on the way
	copied.After.Requests += 3
	if _, err := verifyCopy(t.Context(), path, copied, nil); !errors.Is(err, register.ErrDamaged) {
		t.Errorf("verified: %v", err)
	}
}

func TestRotation(t *testing.T) {
	f := newFixture(t)
	f.options.Keep = &Keep{Daily: 2}
	first := f.make()
	f.now = f.now.Add(time.Hour)
	second := f.make()
	if !slices.Equal(second.Removed, []string{first.File}) {
		t.Errorf("of one day, %v was removed", second.Removed)
	}
	notes := filepath.Join(f.options.Folder, "radicado-notas.txt")
	check(t, os.WriteFile(notes, nil, 0o600))
	f.now = f.now.AddDate(0, 0, 1)
	third := f.make()
	f.now = f.now.AddDate(0, 0, 1)
	fourth := f.make()
	want := []string{filepath.Base(third.File), filepath.Base(fourth.File), "radicado-notas.txt"}
	if got := f.backups(); !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
}

func TestKeep(t *testing.T) {
	bogota := time.FixedZone("-05", -5*3600)
	var nightly []time.Time // of a year and a half, at half past two in Bogotá
	for day := time.Date(2025, 6, 1, 2, 30, 0, 0, bogota); day.Before(time.Date(2026, 11, 26, 0, 0, 0, 0, bogota)); day = day.AddDate(0, 0, 1) {
		nightly = append(nightly, day)
	}
	kept := func(k Keep) (names []string) {
		gone := k.surplus(nightly, bogota)
		for _, at := range nightly {
			if !slices.Contains(gone, at) {
				names = append(names, at.Format("06-01-02"))
			}
		}
		return names
	}
	for _, tt := range []struct {
		keep Keep
		want string
	}{
		{Keep{}, "26-11-25"},
		{Keep{Daily: 3}, "26-11-23 26-11-24 26-11-25"},
		{Keep{Daily: 2, Weekly: 3}, "26-11-15 26-11-22 26-11-24 26-11-25"},
		{Keep{Daily: 1, Monthly: 3}, "26-09-30 26-10-31 26-11-25"},
		{Keep{Daily: 1, Weekly: 2, Monthly: 2}, "26-10-31 26-11-22 26-11-25"},
	} {
		if got := strings.Join(kept(tt.keep), " "); got != tt.want {
			t.Errorf("%+v keeps %s, want %s", tt.keep, got, tt.want)
		}
	}
	// Whatever the numbers, the newest stays, and what is removed once would be removed again.
	rapid.Check(t, func(rt *rapid.T) {
		k := Keep{rapid.IntRange(0, 9).Draw(rt, "daily"), rapid.IntRange(0, 9).Draw(rt, "weekly"), rapid.IntRange(0, 9).Draw(rt, "monthly")}
		stamps := rapid.SliceOfNDistinct(rapid.SampledFrom(nightly), 1, 60, rapid.ID[time.Time]).Draw(rt, "stamps")
		gone := k.surplus(stamps, bogota)
		if slices.Contains(gone, slices.MaxFunc(stamps, time.Time.Compare)) {
			rt.Fatalf("the newest of %v goes", stamps)
		}
		left := slices.DeleteFunc(slices.Clone(stamps), func(at time.Time) bool { return slices.Contains(gone, at) })
		if again := k.surplus(left, bogota); len(again) > 0 {
			rt.Fatalf("of what was kept, %v goes", again)
		}
	})
}

func TestNames(t *testing.T) {
	at := time.Date(2026, 11, 25, 2, 30, 0, 0, time.FixedZone("-05", -5*3600))
	for _, sealed := range []bool{false, true} {
		got, ok := stampOf(nameOf(at, sealed))
		if !ok || !got.Equal(at) {
			t.Errorf("%s is of %s", nameOf(at, sealed), got)
		}
	}
	for _, other := range []string{"", "radicado-", "radicado-notas.tar.zst", "radicado-20261125T073000Z.db", ".radicado-20261125T073000Z.tar.zst.part", "x-20261125T073000Z.tar.zst"} {
		if _, ok := stampOf(other); ok {
			t.Errorf("%q passes for a backup", other)
		}
	}
}
