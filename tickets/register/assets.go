package register

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"radicado/tickets"
)

// PutAsset stores a machine under its plate and reports whether anything of it is new. A serial belongs to one machine:
// where another has it, PutAsset fails with ErrConflict.
func (tx *Tx) PutAsset(a tickets.Asset) (changed bool, err error) {
	plate, serial := tickets.AssetKey(a.Plate), tickets.AssetKey(a.Serial)
	if plate == "" {
		return false, errors.New("store a machine: it has no plate")
	}
	body, err := json.Marshal(a)
	if err != nil {
		return false, fmt.Errorf("store machine %s: %w", a.Plate, err)
	}
	if serial != "" {
		var other string
		switch err := tx.row("SELECT plate FROM assets WHERE serial = ?1 AND serial <> '' AND plate <> ?2", []any{serial, plate}, &other); {
		case err == nil:
			return false, fmt.Errorf("store machine %s: machine %s has its serial %s: %w", a.Plate, other, a.Serial, ErrConflict)
		case !errors.Is(err, ErrNotFound):
			return false, fmt.Errorf("store machine %s: %w", a.Plate, err)
		}
	}
	result, err := tx.exec(`INSERT INTO assets (plate, serial, holder, vendor, body, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT (plate) DO UPDATE SET serial = ?2, holder = ?3, vendor = ?4, body = ?5, changed_at = ?6 WHERE body <> ?5`,
		plate, serial, a.Holder.Key(), a.Vendor.Key(), string(body), tx.now.UnixMilli())
	if err != nil {
		return false, fmt.Errorf("store machine %s: %w", a.Plate, err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// PutAssets stores machines and reports how many are new or changed. Serials may move from one of them to another: all are
// released before the first is stored.
func (tx *Tx) PutAssets(list []tickets.Asset) (changed int, err error) {
	for _, a := range list {
		if _, err := tx.exec("UPDATE assets SET serial = '' WHERE plate = ?1 AND serial <> ?2", tickets.AssetKey(a.Plate), tickets.AssetKey(a.Serial)); err != nil {
			return 0, fmt.Errorf("store machine %s: %w", a.Plate, err)
		}
	}
	for _, a := range list {
		isNew, err := tx.PutAsset(a)
		if err != nil {
			return 0, err
		}
		if isNew {
			changed++
		}
	}
	return changed, nil
}

// Asset returns the machine of that plate or serial. It fails with ErrNotFound where there is none.
func (r *Reader) Asset(name string) (tickets.Asset, error) {
	found, err := r.AssetsByKeys([]string{tickets.AssetKey(name)})
	if err != nil {
		return tickets.Asset{}, err
	}
	if len(found) == 0 {
		return tickets.Asset{}, fmt.Errorf("machine %q: %w", name, ErrNotFound)
	}
	return found[0], nil
}

// AssetsByKeys returns the machines whose plate or serial is among the keys, each once, in the order of the keys.
func (r *Reader) AssetsByKeys(keys []string) ([]tickets.Asset, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	asked, err := json.Marshal(keys)
	if err != nil {
		return nil, fmt.Errorf("look for machines: %w", err)
	}
	list, err := collect(r, scanAsset, `SELECT a.body FROM json_each(?1) k CROSS JOIN assets a ON a.plate = k.value
		UNION ALL SELECT a.body FROM json_each(?1) k CROSS JOIN assets a ON a.serial = k.value AND a.serial <> ''`, string(asked))
	if err != nil {
		return nil, fmt.Errorf("look for machines: %w", err)
	}
	place := make(map[string]int, len(keys))
	for i, k := range slices.Backward(keys) {
		place[k] = i
	}
	first := func(a tickets.Asset) int {
		at := len(keys)
		for _, k := range []string{tickets.AssetKey(a.Plate), tickets.AssetKey(a.Serial)} {
			if i, asked := place[k]; asked {
				at = min(at, i)
			}
		}
		return at
	}
	slices.SortStableFunc(list, func(a, b tickets.Asset) int { return cmp.Compare(first(a), first(b)) })
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(a tickets.Asset) bool {
		plate := tickets.AssetKey(a.Plate)
		again := seen[plate]
		seen[plate] = true
		return again
	}), nil
}

// AssetsOf returns the machines that the official with that address is in charge of, by plate, at most limit.
func (r *Reader) AssetsOf(holder string, limit int) ([]tickets.Asset, error) {
	if key(holder) == "" {
		return nil, nil
	}
	found, err := collect(r, scanAsset, "SELECT body FROM assets WHERE holder = ?1 AND holder <> '' ORDER BY plate LIMIT ?2", key(holder), limit)
	if err != nil {
		return nil, fmt.Errorf("machines of an official: %w", err)
	}
	return found, nil
}

// Assets returns machines by plate, at most limit after the plate given, "" for the first.
func (r *Reader) Assets(after string, limit int) ([]tickets.Asset, error) {
	found, err := collect(r, scanAsset, "SELECT body FROM assets WHERE plate > ?1 ORDER BY plate LIMIT ?2", tickets.AssetKey(after), limit)
	if err != nil {
		return nil, fmt.Errorf("list machines: %w", err)
	}
	return found, nil
}

func scanAsset(row scanner) (a tickets.Asset, err error) {
	var body []byte
	if err := row.Scan(&body); err != nil {
		return a, err
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return a, fmt.Errorf("stored machine: %w", err)
	}
	return a, nil
}

// TicketsByCase returns the tickets that a vendor knows under that number of its own, oldest first.
func (r *Reader) TicketsByCase(number string) ([]*tickets.Ticket, error) {
	found, err := collect(r, scanTicket, "SELECT "+wholeTicket+` FROM tickets t INDEXED BY tickets_case
		WHERE json_extract(t.body, '$.claim.case_key') = ?1 ORDER BY t.id`, number)
	if err != nil {
		return nil, fmt.Errorf("tickets by a vendor's number: %w", err)
	}
	return found, nil
}
