package tickets

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"radicado/mailbox"
)

// VerbAsset links a machine.
const VerbAsset Verb = "asset"

// Asset is a machine of the equipment register. A ticket keeps it as it was when it was linked.
type Asset struct {
	Plate    string          `json:"plate"` // placa de inventario, as written
	Serial   string          `json:"serial,omitempty"`
	What     string          `json:"what,omitempty"` // "Impresora"
	Brand    string          `json:"brand,omitempty"`
	Model    string          `json:"model,omitempty"`
	Holder   mailbox.Address `json:"holder,omitzero"` // the official in charge
	Office   string          `json:"office,omitempty"`
	Vendor   mailbox.Address `json:"vendor,omitzero"` // who gives the warranty; without Addr where nobody knows the address
	Contract string          `json:"contract,omitempty"`
	Warranty string          `json:"warranty,omitempty"` // last day, "2006-01-02"; "" where nobody knows
}

// Name returns what people call the machine: "Impresora HP M428".
func (a Asset) Name() string {
	return strings.Join(strings.Fields(a.What+" "+a.Brand+" "+a.Model), " ")
}

// Coverage says whether a warranty still holds.
type Coverage string

// The coverages.
const (
	CoverageValid   Coverage = "valid"
	CoverageExpired Coverage = "expired"
	CoverageUnknown Coverage = "unknown"
)

// Coverage says whether the warranty holds on the day of now, in now's own time zone. The last day is covered.
func (a Asset) Coverage(now time.Time) Coverage {
	switch {
	case a.Warranty == "":
		return CoverageUnknown
	case a.Warranty < now.Format(time.DateOnly):
		return CoverageExpired
	}
	return CoverageValid
}

// AssetKey returns the form in which plates and serials are compared: capital letters and digits alone, so that "pc-20451" and
// "PC 20451" are one.
func AssetKey(s string) string { return string(appendAssetKey(nil, s)) }

func appendAssetKey(key []byte, s string) []byte {
	given := len(key)
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', 'A' <= c && c <= 'Z':
			key = append(key, c)
		case 'a' <= c && c <= 'z':
			key = append(key, c-'a'+'A')
		case c >= utf8.RuneSelf: // letters of other alphabets, which few plates have
			return append(key[:given], strings.ToUpper(strings.Map(func(r rune) rune {
				if unicode.IsLetter(r) || unicode.IsDigit(r) {
					return r
				}
				return -1
			}, Fold(s)))...)
		}
	}
	return key
}

const (
	minAssetKey   = 4   // shorter numbers are hours, floors and pages
	maxAssetWords = 400 // of one mail that are looked up
	maxRecognised = 5   // machines that one mail can link by itself
	maxHeld       = 10  // machines of an official that are listed
)

// assetKeys returns what in a text could be a plate or a serial: words with a digit, also joined with the word before, for
// people write "PC 20451".
func assetKeys(text string) []string {
	var keys []string
	var room [64]byte
	add := func(before, word string) {
		key := appendAssetKey(appendAssetKey(room[:0], before), word)
		if len(key) >= minAssetKey && hasDigit(string(key)) && !slices.ContainsFunc(keys, func(k string) bool { return k == string(key) }) {
			keys = append(keys, string(key))
		}
	}
	before, beforeDigit := "", false
	for word := range keyLetters.words(text) {
		// Most words have no digit, and neither have their neighbours.
		digit := hasDigit(word)
		if digit || beforeDigit {
			last, this := strings.Trim(before, keyTrim), strings.Trim(word, keyTrim)
			if len(last)+len(this) <= 40 {
				add("", this)
				add(last, this)
			}
		}
		before, beforeDigit = word, digit
		if len(keys) >= maxAssetWords {
			break
		}
	}
	return keys
}

const keyTrim = ".-_/#" // is part of a key only inside it

func hasDigit(word string) bool {
	for i := range len(word) {
		switch c := word[i]; {
		case '0' <= c && c <= '9':
			return true
		case c >= utf8.RuneSelf:
			return strings.ContainsFunc(word[i:], unicode.IsDigit)
		}
	}
	return false
}

// endsKey reports whether a character is never part of a plate or a serial.
func endsKey(r rune) bool {
	return strings.ContainsRune(",;:()[]{}<>\"'?!=|*«»¿¡", r) || unicode.IsSpace(r)
}

// keys returns the keys by which the machine is found.
func (a Asset) keys() []string {
	keys := []string{AssetKey(a.Plate)}
	if a.Serial != "" {
		keys = append(keys, AssetKey(a.Serial))
	}
	return keys
}

// recognise returns the machines that a text names, in their order.
func recognise(known []Asset, text string) []Asset {
	if len(known) == 0 {
		return nil
	}
	keys := assetKeys(text)
	var named []Asset
	for _, a := range known {
		if slices.ContainsFunc(a.keys(), func(k string) bool { return slices.Contains(keys, k) }) {
			named = append(named, a)
		}
	}
	return named[:min(len(named), maxRecognised)]
}

// EquippedFact links a machine. Recognised where its plate or serial stood in a mail and nobody said so.
type EquippedFact struct {
	Asset      Asset `json:"asset"`
	Recognised bool  `json:"recognised,omitempty"`
}

// Kind names the fact in the register.
func (*EquippedFact) Kind() string { return "equipped" }

// Internal reports whether the fact is for staff alone.
func (*EquippedFact) Internal() bool { return false }

func (f *EquippedFact) said() string { return strings.TrimSpace(f.Asset.Plate + " " + f.Asset.Name()) }

func (f *EquippedFact) apply(t *Ticket, _ Event) {
	at := slices.IndexFunc(t.Assets, func(a Asset) bool { return a.same(f.Asset) })
	if at >= 0 {
		t.Assets[at] = f.Asset
		return
	}
	t.Assets = append(t.Assets, f.Asset)
}

func (a Asset) same(other Asset) bool { return AssetKey(a.Plate) == AssetKey(other.Plate) }

// AssetView is a machine as a notice shows it.
type AssetView struct {
	Plate    string   `json:"plate"`
	Serial   string   `json:"serial,omitempty"`
	Name     string   `json:"name,omitempty"`
	Holder   string   `json:"holder,omitempty"` // name and address
	Office   string   `json:"office,omitempty"`
	Vendor   string   `json:"vendor,omitempty"` // name
	Contract string   `json:"contract,omitempty"`
	Coverage Coverage `json:"coverage"`
	Warranty string   `json:"warranty,omitempty"` // last day, "2006-01-02"
}

func (p *Policy) assetView(a Asset, now time.Time) AssetView {
	return AssetView{Plate: a.Plate, Serial: a.Serial, Name: a.Name(), Holder: a.Holder.String(), Office: a.Office,
		Vendor: cmp.Or(a.Vendor.Name, a.Vendor.Addr), Contract: a.Contract, Warranty: a.Warranty, Coverage: a.Coverage(p.local(now))}
}

func (p *Policy) assetViews(list []Asset, now time.Time) []AssetView {
	var views []AssetView
	for _, a := range list {
		views = append(views, p.assetView(a, now))
	}
	return views
}

// local is the time on the clocks of the ministry.
func (p *Policy) local(t time.Time) time.Time {
	if p.Zone == nil {
		return t.UTC()
	}
	return t.In(p.Zone)
}

// AssetQuery is which machines Decide must know of.
type AssetQuery struct {
	Keys   []string // of plates and serials
	Holder string   // address key of the official whose machines are wanted, "" for nobody's
}

// Assets returns which machines must be looked up before Decide is asked.
func (in Input) Assets() AssetQuery {
	m := in.Mail.Message
	if !in.Mail.mayBeRequest() {
		return AssetQuery{}
	}
	holder := m.From.Key()
	if m.Forward != nil {
		holder = m.Forward.From.Key()
	}
	q := AssetQuery{Keys: slices.Clone(in.Mail.keys)}
	if !in.Mail.studied {
		q.Keys = in.Mail.assetKeys()
	}
	if in.Ticket != nil {
		holder = in.Ticket.Requester.Key()
		for _, a := range in.Ticket.Assets {
			q.Keys = append(q.Keys, AssetKey(a.Plate))
		}
	}
	for _, c := range in.Mail.Commands {
		switch c.Verb {
		case VerbAsset, VerbWarranty:
			q.Keys = append(q.Keys, AssetKey(c.Arg))
		case VerbFor:
			if a, problem := (&work{in: in}).correspondent(c.Arg); problem == nil {
				holder = a.Key()
			}
		}
	}
	slices.Sort(q.Keys)
	q.Keys, q.Holder = slices.Compact(q.Keys), holder
	return q
}

// assetKeys returns what in the mail could be a plate or a serial.
func (m *Mail) assetKeys() []string {
	text := m.Message.Subject + "\n" + m.Message.NewText
	if f := m.Message.Forward; f != nil {
		text += "\n" + f.Subject + "\n" + f.Text
	}
	return assetKeys(text)
}

// asset finds the machine that an argument names by plate or serial.
func (w *work) asset(arg string) (Asset, *Problem) {
	key := AssetKey(arg)
	plates := w.heldPlates()
	if key == "" {
		return Asset{}, &Problem{Code: ProblemMissingArgument, Choices: plates}
	}
	for _, a := range w.in.Found.Assets {
		if slices.Contains(a.keys(), key) {
			return a, nil
		}
	}
	return Asset{}, &Problem{Code: ProblemUnknownAsset, Value: arg, Nearest: Nearest(arg, plates), Choices: plates}
}

// heldPlates returns the plates of the official's machines.
func (w *work) heldPlates() []string {
	var plates []string
	for _, a := range w.in.Found.Held {
		plates = append(plates, a.Plate)
	}
	return plates[:min(len(plates), maxHeld)]
}

func (w *work) equip(c Command, _ string) (Item, *Problem) {
	a, problem := w.asset(c.Arg)
	switch {
	case problem != nil:
		return Item{}, problem
	case w.t.State.Final():
		return Item{}, w.stateProblem()
	case slices.Contains(w.t.Assets, a):
		return Item{}, &Problem{Code: ProblemNothingToDo}
	}
	w.add(&EquippedFact{Asset: a})
	view := w.in.Policy.assetView(a, w.in.Now)
	return Item{Value: a.Plate, Asset: &view}, nil
}

// equipFrom links the machines that the official's words name.
func (w *work) equipFrom(text string) {
	for _, a := range recognise(w.in.Found.Assets, text) {
		if !slices.ContainsFunc(w.t.Assets, a.same) {
			w.addAs(Actor{Role: RoleSystem}, &EquippedFact{Asset: a, Recognised: true})
		}
	}
}

// addAs appends an event that somebody else than the sender causes.
func (w *work) addAs(actor Actor, f Fact) {
	sender := w.actor
	w.actor = actor
	w.add(f)
	w.actor = sender
}

// machines fills in what a new request says of the official's machines: those that it names stand in the ticket already.
func (w *work) machines(d *NoticeData) {
	if len(w.t.Assets) == 0 && w.t.State.Open() {
		d.Held = w.in.Policy.assetViews(w.in.Found.Held[:min(len(w.in.Found.Held), maxHeld)], w.in.Now)
	}
}
