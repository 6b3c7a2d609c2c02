# make demo    the main job on mail servers of its own, with nothing to configure
# make test    every test on the servers in the process, with the race detector
# make build   bin/radicado
# make lint    go vet, staticcheck and the others of .ci/lint

.PHONY: demo test build lint clean need

GO ?= go
FLAGS = -trimpath

demo: build
	@bin/radicado demo $(if $(KEEP),--keep)

test: need
	$(GO) test -race ./...

build: need
	@$(GO) build $(FLAGS) -o bin/radicado ./cmd/radicado

lint: need
	$(GO) vet ./...
	cd .ci/lint && $(GO) build -o ../../bin/lint .
	bin/lint ./...

clean:
	rm -rf bin demo

# What a fresh machine may lack is said in one line, with what to do.
need:
	@command -v $(GO) >/dev/null || { echo 'Go 1.26 or later is missing: install it from https://go.dev/dl/' >&2; exit 1; }
	@command -v "$${CC:-cc}" >/dev/null || command -v gcc >/dev/null || { echo 'A C compiler is missing (SQLite needs one): apt-get install gcc' >&2; exit 1; }
