package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"radicado/tickets"
	"radicado/tickets/inventory"
	"radicado/tickets/register"
)

type assetsCommand struct {
	Import assetsImportCommand `cmd:"" help:"Take machines from a CSV or XLSX file; without --apply only say what would change."`
	List   assetsListCommand   `cmd:"" help:"List machines by plate."`
	Show   assetsShowCommand   `cmd:"" help:"Show one machine."`
	Export assetsExportCommand `cmd:"" help:"Write all machines to a CSV or XLSX file."`
}

type assetsImportCommand struct {
	configFlag
	File  string `arg:"" help:"CSV or XLSX file with a row of headings." type:"existingfile"`
	Apply bool   `help:"Store the machines. Without it nothing is changed."`
}

// errUndone ends a transaction that was only a trial.
var errUndone = errors.New("trial")

// Run checks the file, tries it in one transaction, and keeps the result where it may.
func (i *assetsImportCommand) Run(ctx context.Context, c console) error {
	s, err := readSettings(i.Config)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(i.File)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	assets, problems := inventory.Read(i.File, content, s.policy.People)
	errs := 0
	for _, p := range problems {
		kind := "warning"
		if !p.Warning {
			kind = "error"
			errs++
		}
		fmt.Fprintf(c.err, "%s: %s: %s\n", i.File, kind, printable(p.String()))
	}
	if errs > 0 {
		fmt.Fprintf(c.err, "Nothing was imported: mend the %d errors and import the whole file again; machines that are there already are not doubled.\n", errs)
		return errFailed
	}
	changed, err := i.store(ctx, s, assets)
	if err != nil {
		return err
	}
	if !i.Apply {
		fmt.Fprintf(c.out, "%d machines read, %d of them new or changed. Nothing was stored: say --apply to store them.\n", len(assets), changed)
		return nil
	}
	fmt.Fprintf(c.out, "%d machines read, %d of them new or changed, all stored.\n", len(assets), changed)
	return nil
}

// store puts all machines into the register, or none.
func (i *assetsImportCommand) store(ctx context.Context, s *settings, assets []tickets.Asset) (changed int, err error) {
	reg, err := openRegister(ctx, s)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, reg.Close()) }()
	err = reg.Update(ctx, func(tx *register.Tx) (err error) {
		if changed, err = tx.PutAssets(assets); err != nil {
			return err
		}
		if !i.Apply {
			return errUndone
		}
		return nil
	})
	if errors.Is(err, errUndone) {
		err = nil
	}
	return changed, err
}

type assetsListCommand struct {
	configFlag
	jsonFlag
	Holder string `help:"Only machines that the official with this address is in charge of." placeholder:"ADDRESS"`
	Limit  int    `help:"At most so many." default:"200"`
}

// Run lists machines.
func (l *assetsListCommand) Run(ctx context.Context, c console) error {
	return viewRegister(ctx, l.Config, func(s *settings, r *register.Reader) error {
		var found []tickets.Asset
		var err error
		if l.Holder != "" {
			found, err = r.AssetsOf(l.Holder, l.Limit)
		} else {
			found, err = r.Assets("", l.Limit)
		}
		if err != nil {
			return err
		}
		if l.JSON {
			return printJSON(c.out, listed(found))
		}
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "PLATE\tSERIAL\tMACHINE\tIN CHARGE\tOFFICE\tVENDOR\tWARRANTY")
		for _, a := range found {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", printable(a.Plate), orDash(printable(a.Serial)), orDash(shorten(printable(a.Name()), 40)),
				orDash(printable(a.Holder.String())), orDash(printable(a.Office)), orDash(printable(a.Vendor.Name)), warrantyText(a, s.location))
		}
		return table.Flush()
	})
}

func warrantyText(a tickets.Asset, location *time.Location) string {
	switch a.Coverage(time.Now().In(location)) {
	case tickets.CoverageValid:
		return "until " + a.Warranty
	case tickets.CoverageExpired:
		return "expired " + a.Warranty
	}
	return "unknown"
}

type assetsShowCommand struct {
	configFlag
	jsonFlag
	Plate string `arg:"" help:"Plate or serial of the machine."`
}

// Run shows a machine.
func (a *assetsShowCommand) Run(ctx context.Context, c console) error {
	return viewRegister(ctx, a.Config, func(s *settings, r *register.Reader) error {
		found, err := r.Asset(a.Plate)
		if errors.Is(err, register.ErrNotFound) {
			return fmt.Errorf(`no machine %s: say "radicado assets list" for those that there are`, printable(a.Plate))
		}
		if err != nil {
			return err
		}
		if a.JSON {
			return printJSON(c.out, found)
		}
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		for _, row := range [][2]string{{"Plate", found.Plate}, {"Serial", found.Serial}, {"Machine", found.Name()}, {"In charge", found.Holder.String()},
			{"Office", found.Office}, {"Vendor", found.Vendor.String()}, {"Contract", found.Contract}, {"Warranty", warrantyText(found, s.location)}} {
			fmt.Fprintf(table, "%s\t%s\n", row[0], orDash(printable(row[1])))
		}
		return table.Flush()
	})
}

type assetsExportCommand struct {
	configFlag
	Output string `help:"File to write, .csv or .xlsx." short:"o" required:"" type:"path" placeholder:"FILE"`
}

// Run writes all machines to a file.
func (e *assetsExportCommand) Run(ctx context.Context, c console) error {
	write := map[string]func(io.Writer, []tickets.Asset) error{".csv": inventory.WriteCSV, ".xlsx": inventory.WriteXLSX}[strings.ToLower(filepath.Ext(e.Output))]
	if write == nil {
		return fmt.Errorf("export: found %s, expected a name that ends in .csv or .xlsx", printable(e.Output))
	}
	var all []tickets.Asset
	err := viewRegister(ctx, e.Config, func(_ *settings, r *register.Reader) error {
		const page = 1000
		for after := ""; ; {
			list, err := r.Assets(after, page)
			all = append(all, list...)
			if err != nil || len(list) < page {
				return err
			}
			after = list[len(list)-1].Plate
		}
	})
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := write(&file, all); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := writeFile(e.Output, file.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%d machines written to %s.\n", len(all), e.Output)
	return nil
}

// writeFile makes a file whole or not at all.
func writeFile(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("writing %s: %w", path, err), os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
