package register

import (
	"errors"
	"slices"
	"testing"

	"radicado/mailbox"
	"radicado/tickets"
)

func machine(plate, serial, holder string) tickets.Asset {
	return tickets.Asset{Plate: plate, Serial: serial, What: "Impresora", Holder: mailbox.Address{Addr: holder}}
}

func putAssets(t *testing.T, f *fixture, list ...tickets.Asset) (changed int, err error) {
	t.Helper()
	err = f.Update(t.Context(), func(tx *Tx) (err error) {
		changed, err = tx.PutAssets(list)
		return err
	})
	return changed, err
}

func TestAssetsAreStoredOnce(t *testing.T) {
	f := open(t)
	list := []tickets.Asset{machine("PC-1001", "A1", "pedro@x.example"), machine("1002", "", "Pedro@X.example"), machine("1003", "B2", "")}
	for _, want := range []int{3, 0} {
		if changed, err := putAssets(t, f, list...); err != nil || changed != want {
			t.Fatalf("%d changed, %v; want %d", changed, err, want)
		}
	}
	list[1].Serial, list[2].Serial = "B2", "A1" // two machines trade, a third gets a new one
	list[0].Serial = "C3"
	if changed, err := putAssets(t, f, list...); err != nil || changed != 3 {
		t.Fatalf("%d changed, %v", changed, err)
	}
	check(t, f.View(t.Context(), func(r *Reader) error {
		held, err := r.AssetsOf("PEDRO@x.example", 10)
		if len(held) != 2 || held[0].Plate != "1002" {
			t.Errorf("held: %+v", held)
		}
		check(t, err)
		for name, plate := range map[string]string{"pc1001": "PC-1001", "b-2": "1002", "a1": "1003"} {
			if a, err := r.Asset(name); err != nil || a.Plate != plate {
				t.Errorf("Asset(%q) = %+v, %v", name, a, err)
			}
		}
		found, err := r.AssetsByKeys([]string{"A1", "1003", "NONE", "C3"})
		if len(found) != 2 || found[0].Plate != "1003" || found[1].Plate != "PC-1001" {
			t.Errorf("by keys: %+v", found)
		}
		check(t, err)
		rest, err := r.Assets("1002", 10)
		if plates := []string{rest[0].Plate, rest[1].Plate}; !slices.Equal(plates, []string{"1003", "PC-1001"}) {
			t.Errorf("after 1002: %v", plates)
		}
		check(t, err)
		_, err = r.Asset("nothing")
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("a machine that is not there: %v", err)
		}
		return nil
	}))
}

// TestAssetsAllOrNothing stores nothing of a list of which one cannot be stored.
func TestAssetsAllOrNothing(t *testing.T) {
	f := open(t)
	if _, err := putAssets(t, f, machine("1001", "A1", "")); err != nil {
		t.Fatal(err)
	}
	if _, err := putAssets(t, f, machine("2001", "", ""), machine("2002", "A1", "")); !errors.Is(err, ErrConflict) {
		t.Errorf("a serial that another machine has: %v", err)
	}
	if _, err := putAssets(t, f, machine("2001", "", ""), machine("-", "", "")); err == nil {
		t.Error("a machine without a plate was stored")
	}
	check(t, f.View(t.Context(), func(r *Reader) error {
		all, err := r.Assets("", 10)
		if len(all) != 1 || all[0].Serial != "A1" {
			t.Errorf("stored: %+v", all)
		}
		return err
	}))
}
