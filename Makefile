# make demo    the main job on mail servers of its own, with nothing to configure
# make test    every test on the servers in the process, with the race detector
# make build   bin/radicado
# make release bin/release/radicado: static and reproducible, with VERSION stamped
# make deb     bin/radicado_VERSION_ARCH.deb
# make bench   how fast bin/radicado is on Dovecot and Postfix; BENCH="--help" says what can be asked
# make torture the daemon killed and molested on servers of its own: [DURATION=10m] [SEED=n] [JSON=file] [CORPORA=folder]
# make lint    go vet, staticcheck and the others of .ci/lint

.PHONY: demo test build release deb bench torture lint clean need

GO ?= go
FLAGS = -trimpath
VERSION ?= $(shell packaging/version)
ARCH = $(subst 386,i386,$(shell $(GO) env GOARCH))
# Whatever carries a date carries that of the commit.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
# SQLite would otherwise prepare a statement anew at each use, in case a partial index fits the new value, and take a lock that all
# connections share for each piece of memory, to keep a count of it that nobody asks for; packaging/build says it too.
export CGO_CFLAGS ?= -O2 -g -DSQLITE_ENABLE_QPSG -DSQLITE_DEFAULT_MEMSTATUS=0

demo: build
	@bin/radicado demo $(if $(KEEP),--keep)

test: need
	$(GO) test -race ./...

build: need
	@$(GO) build $(FLAGS) -o bin/radicado ./cmd/radicado

release: need
	@packaging/build $(VERSION) bin/release

deb: release
	@cd .ci/nfpm && $(GO) build -o ../../bin/nfpm github.com/goreleaser/nfpm/v2/cmd/nfpm
	@VERSION=$(VERSION) ARCH=$(ARCH) bin/nfpm package --config packaging/nfpm.yaml --packager deb --target bin/

bench: build
	@$(GO) build $(FLAGS) -o bin/bench ./cmd/bench
	bin/bench $(BENCH)

torture: need
	$(GO) build -o bin/torture ./cmd/torture
	bin/torture $(if $(DURATION),--duration $(DURATION)) $(if $(SEED),--seed $(SEED)) $(if $(JSON),--json $(JSON)) $(if $(CORPORA),--corpora $(CORPORA))

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
