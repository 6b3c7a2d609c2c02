package main

import (
	"context"
)

// fillRegister makes a register with requests in it.
func fillRegister(ctx context.Context, folder string, o options) error {
	return nil
}
