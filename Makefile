TARGET := $(shell rustc -vV | sed -n 's/^host: //p')
# Leaves out what would be loaded and never used; see unix/absent.
SMALL := -C force-unwind-tables=no -C link-arg=-Wl,-T,$(CURDIR)/unix/absent/static.ld -C link-arg=-Wl,-z,muldefs
STATIC := RUSTFLAGS="-C target-feature=+crt-static -C relocation-model=static $(SMALL)"
# mlog by itself: what it depends on must not change how the others are compiled.
READER := RUSTFLAGS="-C target-feature=+crt-static -C relocation-model=static"
RELEASE := target/$(TARGET)/release
TOOLS := multilog tai64n tai64nfrac tai64nlocal \
	argv0 envdir envini envuidgid fghack pgrphack setlock setuidgid softlimit waitport \
	readproctitle supervise svc svctl svgroup svok svscan svshutdown svstat svup svwait

TORTURE_TOOLS := qemu-utils fuse3 e2fsprogs xfsprogs btrfs-progs
# Seconds for each fuzz target: seven are a minute together.
FUZZ_SECONDS := 7

.PHONY: build demo test test-limits test-original test-faults torture reliability fuzz lint msrv deny
.PHONY: install uninstall slashpackage unslashpackage deb test-debootstrap test-services
.PHONY: ship test-ship test-ship-long
.PHONY: bench bench-tools bench-gate bench-short bench-parts

# The tools, statically linked, in target/tools.
build:
	$(STATIC) cargo build --release --locked --target $(TARGET) -p multilog -p tai64tools -p supervise-min
	$(READER) cargo build --profile reader --locked --target $(TARGET) -p mlog
	mkdir -p target/tools
	install -m 755 target/$(TARGET)/reader/mlog target/tools/
	@for tool in $(TOOLS); do install -m 755 $(RELEASE)/$$tool target/tools/; done
	install -m 755 supervise-min/scripts/svscanboot target/tools/

demo: $(if $(FROM),,build)
	sh docs/demo.sh "$(or $(FROM),target/tools)"

# Most tests wait most of the time.
TEST_THREADS := RUST_TEST_THREADS=$$(($$(nproc) * 2))

# Installs what the comparisons need where that is possible; the tests say what they skip.
test:
	sh tests/install-tools.sh
	$(TEST_THREADS) cargo test --locked
	$(TEST_THREADS) cargo test --locked -p mlog
	sh tests/unprivileged.sh
	$(MAKE) test-limits

# mlog-ship by itself, in target/tools: it needs more crates than all others together, and Rust 1.89. It is not static, since
# the C library can look up the names of servers only with its own modules.
ship:
	cargo build --profile reader --locked -p mlog-ship
	mkdir -p target/tools
	install -m 755 target/reader/mlog-ship target/tools/

# Its tests, with real engines where they can be had; they say what they skip. They wait for servers most of the time.
test-ship:
	sh tests/install-ship.sh
	cargo build --locked -p multilog -p supervise-min
	cargo test --locked -p mlog-ship

# The same with a hundred rounds, and a million lines through everything while it is killed at random.
test-ship-long: ship
	sh tests/install-ship.sh
	cargo build --locked -p multilog -p supervise-min
	SHIP_LONG=1 SHIP_HISTORIES=20 cargo test --locked -p mlog-ship -- --nocapture

# Small limits, on the programs that users get. LIMITS=long tries every hundred kB.
test-limits: build
	$(TEST_THREADS) OUR_TOOLS=$(CURDIR)/target/tools cargo test --locked -p harness --test limits

# nginx, redis and PostgreSQL from examples/service, at work. It needs root, and says what it skips.
test-services:
	sh tests/install-tools.sh services
	cargo test --locked -p harness --test services -- --nocapture

# A Debian of its own for each of SUITES: the package, README's first example, the demonstration, make install and its
# removal, and the tests (TESTS=no leaves them out, and BUILD=no the building). It needs root, debootstrap and a mirror, and
# says what it skips.
SUITES := bookworm trixie
test-debootstrap: $(if $(FROM),,build)
	sh tests/install-tools.sh debootstrap
	$(MAKE) deb FROM="$(or $(FROM),target/tools)"
	sh tests/packages/debootstrap.sh $(SUITES)

# The same black-box tests on Debian's binaries.
test-original:
	sh tests/install-tools.sh
	$(TEST_THREADS) TOOLS_UNDER_TEST=/usr/bin cargo test --locked --test multilog --test tai64 --test chain --test start --test supervise --test svscan

# Kills and failures at every system call, ten thousand kills, full disks, clocks. It takes some minutes.
test-faults:
	sh tests/install-tools.sh
	FAULTS=long cargo test --locked -p harness --test faults -- --nocapture --test-threads 2

# The same, and power cuts on ext4 with and without its journal, XFS and btrfs. It needs root, and says what it skips.
torture: test-faults
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get install -qy $(TORTURE_TOOLS) >/dev/null || true; fi
	TORTURE=1 cargo test --locked -p harness --test torture -- --nocapture --test-threads 1

# The table of docs/RELIABILITY.md: ours, Debian's multilog, s6-log and svlogd in the same scenarios.
reliability:
	sh tests/install-tools.sh
	RELIABILITY_TABLE=1 cargo test --locked -p harness --test faults -- --nocapture the_table | grep '^|'

fuzz:
	sh fuzz/run.sh $(FUZZ_SECONDS)

lint:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items

# Everything compiles with a second compiler: of the version that Cargo.toml promises, or Debian's. Says which one it was.
msrv:
	sh tests/msrv.sh

# Checks licences, unwanted and doubled crates, and their origin; advisories where their database can be fetched.
deny:
	@if ! command -v cargo-deny >/dev/null; then \
	    echo "skipped: there is no cargo-deny (cargo install cargo-deny --locked)"; \
	elif cargo deny --locked check licenses bans sources; then \
	    if cargo deny --locked fetch db 2>/dev/null; then cargo deny --locked check --disable-fetch advisories; \
	    else echo "skipped: advisories, whose database can't be fetched"; fi; \
	else exit 1; fi

# The programs that the comparison needs beside the tools: two bare loops, plain reads, the one that compares.
bench-tools: build
	sh tests/install-tools.sh readers
	$(STATIC) cargo build --release --locked --target $(TARGET) -p benches
	install -m 755 $(RELEASE)/bare-loop $(RELEASE)/byte-loop $(RELEASE)/plain-multilog $(RELEASE)/compare target/tools/

# All engines in turn on the same input; record, tables and plots go to benches/record. It takes nearly an hour.
bench: bench-tools
	target/tools/compare measure target/tools benches 5 target/record.json
	cp target/record.json benches/record/record.json
	target/tools/compare show benches/record/record.json benches/record README.md docs/PERFORMANCE.md

# The same comparison; fails when a ratio is missed by more than a tenth. It needs a quiet machine.
bench-gate: bench-tools
	target/tools/compare measure target/tools benches 5 target/record.json
	target/tools/compare gate target/record.json

# A tenth of the input, ours and the original only; fails when ours has become much slower than the record says.
bench-short: bench-tools
	target/tools/compare short target/tools benches 3 benches/record/record.json

# Framer, pattern, stamper, label and assembly by themselves.
bench-parts:
	cargo bench --locked -p parts

# Installs programs, manual pages, completions, examples and the unit for systemd below PREFIX; FROM=FOLDER takes programs that
# were built before. DESTDIR is put before every place. `uninstall` with the same words removes all that.
PREFIX := /usr/local
PLACE = DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" sh dist/install.sh
PROGRAMS := $(TOOLS) mlog svscanboot

install: $(if $(FROM),,build)
	$(PLACE) install "$(or $(FROM),target/tools)" $(PROGRAMS)

uninstall:
	$(PLACE) uninstall "$(or $(FROM),target/tools)" $(PROGRAMS)

# /package/admin, /command and /service, as daemontools' own installation makes them. Nothing is added to what runs at boot.
# `unslashpackage` removes that.
slashpackage: $(if $(FROM),,build)
	$(PLACE) slashpackage "$(or $(FROM),target/tools)" $(PROGRAMS)

unslashpackage:
	$(PLACE) unslashpackage "$(or $(FROM),target/tools)" $(PROGRAMS)

# A package for Debian, in target/.
deb: $(if $(FROM),,build)
	sh dist/debian/build.sh "$(or $(FROM),target/tools)" target $(PROGRAMS)
