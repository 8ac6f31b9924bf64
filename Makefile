.DEFAULT_GOAL := build
.NOTPARALLEL:
.PHONY: build library demo ebpf test check unit race cross generated fuzz summary bench profile setup clean help

export CGO_ENABLED ?= 0

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
DATE    ?= $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)
LDFLAGS  = -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)
GOBUILD  = go build -trimpath -buildvcs=false
FUZZTIME ?= 30s
DEMO     ?= examples/load-balancer/main.js
CROSS    = darwin/arm64 freebsd/amd64 windows/amd64 linux/arm64 linux/loong64

build: ## build bin/weir
	$(GOBUILD) -ldflags '$(LDFLAGS)' -o bin/weir ./cmd/weir

library: ## build bin/libweir.so, weir as a C library (docs/embedding.md)
	CGO_ENABLED=1 $(GOBUILD) -tags capi -buildmode=c-shared -ldflags '$(LDFLAGS)' -o bin/libweir.so ./cmd/weir

demo: build ## build and start the demo: a load balancer over three upstreams
	./bin/weir $(DEMO)

test: setup check build cross unit race fuzz summary ## run everything: set-up, checks, unit and end-to-end tests, race detector, fuzzing

setup:
	./test/setup.sh

check: generated ## formatting, go.mod, vet, staticcheck, generated files
	@unformatted=$$(gofmt -l $$(ls -d cmd internal bench examples test 2>/dev/null)) || exit 1; \
	if [ -n "$$unformatted" ]; then echo "gofmt needed:"; echo "$$unformatted"; exit 1; fi
	go mod tidy -diff
	go vet ./...
	go tool staticcheck ./...

# Generated files are those whose packages have a go:generate line; running it again must change nothing.
generated:
	@if git grep -qE '^//go:generate' -- '*.go' 2>/dev/null; then \
	  before=$$(git diff | sha256sum) && go generate ./... && after=$$(git diff | sha256sum) && \
	  if [ "$$before" != "$$after" ]; then git diff --stat; echo "generated files are out of date: run go generate ./... and commit"; exit 1; fi; \
	fi

# Nobody runs these, so the compiler need not optimize: that takes two thirds of the time.
cross: ## build for the other systems
	@for target in $(CROSS); do \
	  echo "build $$target"; \
	  GOOS=$${target%/*} GOARCH=$${target#*/} $(GOBUILD) -pgo=off -gcflags='all=-N -l' -o /dev/null ./cmd/weir || exit 1; \
	done

# Each package's tests run once, with the race detector unless the list says that would take too long.
SLOW = grep -vE '^(\#|$$)' test/slow-under-race.txt

# Most of these tests wait for others: more of them at a time than there are CPUs. What filters allocate is not seen under the race
# detector.
unit: build ## tests of the packages that are slow under the race detector, end-to-end tests among them
	@packages="weir/internal/filter $$(go list ./... | grep -E "$$($(SLOW) | paste -sd'|')")"; \
	[ -z "$$packages" ] || WEIR_BINARY=$(CURDIR)/bin/weir go run ./test/report -o bin/unit.json go test -parallel 4 -timeout 20m $$packages

race: build ## tests of all other packages under the race detector
	@packages=$$(go list ./... | grep -vE "$$($(SLOW) | paste -sd'|')") && \
	WEIR_BINARY=$(CURDIR)/bin/weir CGO_ENABLED=1 go run ./test/report -o bin/race.json go test -race -timeout 20m $$packages

summary: ## which tests of unit and race were skipped and why, and which capabilities ran on which kernel
	@go run ./test/report bin/unit.json bin/race.json

# Kernel programs are committed with their objects, so that running them takes no compiler. Paths of this machine do not go into
# them: the same compiler makes the same object everywhere (test/objects_test.go).
BPF_INCLUDE ?= /usr/include/$(shell uname -m)-linux-gnu
BPF_CLANG    = clang -O2 -Wall -Wno-unused -I$(BPF_INCLUDE) -fdebug-compilation-dir=.
LLVM_STRIP  ?= $(shell command -v llvm-strip || ls /usr/bin/llvm-strip-* 2>/dev/null | sort -V | tail -1)
BPF_OBJECTS  = $(patsubst %.c,%.o,$(wildcard examples/*/*.c test/testdata/bpf/*.c internal/ebpf/testdata/*.c)) \
               internal/ebpf/testdata/counter-direct.o

ebpf: $(BPF_OBJECTS) test/testdata/functions ## compile the kernel programs of the examples and the tests

examples/%.o: examples/%.c
	$(BPF_CLANG) -g -target bpf -mcpu=v3 -c $< -o $@
	$(LLVM_STRIP) -g $@

test/testdata/bpf/%.o: test/testdata/bpf/%.c
	$(BPF_CLANG) -g -target bpf -mcpu=v3 -c $< -o $@

internal/ebpf/testdata/%.o: internal/ebpf/testdata/%.c
	$(BPF_CLANG) -g -target bpf -c $< -o $@

internal/ebpf/testdata/counter-direct.o: internal/ebpf/testdata/counter.c
	$(BPF_CLANG) -g -target bpf -c $< -o $@

# Without type information.
internal/ebpf/testdata/plain.o: internal/ebpf/testdata/plain.c
	$(BPF_CLANG) -target bpf -c $< -o $@

# What probes are put into.
test/testdata/functions: test/testdata/functions.c
	gcc -O1 -no-pie -nostartfiles -static -Wl,-e,main -Wl,--build-id=none -o $@ $<

# In two steps, as the objects of older scripts are.
internal/ebpf/testdata/counter.o $(patsubst %.c,%.o,$(wildcard test/testdata/bpf/stock*.c)): %.o: %.c
	$(BPF_CLANG) -g -target bpf -emit-llvm -c $< -o - | llc -march=bpf -filetype=obj -o $@

fuzz: ## every fuzz target for FUZZTIME (30s)
	./test/fuzz.sh $(FUZZTIME)

bench: ## compare with nginx, HAProxy and Go; writes bench/RESULTS.md
	-./test/setup.sh bench/apt-packages.txt
	go run ./bench $(BENCHFLAGS)

profile: ## measure anew what the compiler optimizes for (cmd/weir/default.pgo)
	./bench/profile.sh

clean: ## remove what was built
	rm -rf bin

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
