# SPDX-License-Identifier: MPL-2.0
# Not part of `make check`: figures for people.
EXTRA_PROGRAMS += tests/bench/latency
tests_bench_latency_SOURCES = tests/bench/latency.c
tests_bench_latency_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/cli
tests_bench_latency_LDADD = cli/libmig-cli.a core/libmig-core.a core/libmig-whitelist.a $(BUILTIN_LIBS) \
	$(CURL_LIBS) $(CORE_LIBS)

EXTRA_PROGRAMS += tests/bench/fleet
tests_bench_fleet_SOURCES = \
	tests/bench/fleet.c \
	tests/bench/fleet.h \
	tests/bench/fleet_beat.c \
	tests/bench/fleet_table.c \
	tests/bench/fleet_table.h \
	tests/bench/fleet_usage.c \
	tests/bench/fleet_usage.h \
	tests/bench/fleet_wire.c
tests_bench_fleet_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/cli -I$(srcdir)/tests/bench
tests_bench_fleet_LDADD = cli/libmig-cli.a scheduler/libmig-store.a core/libmig-core.a \
	core/libmig-whitelist.a $(BUILTIN_LIBS) $(CURL_LIBS) $(AMQP_LIBS) $(PQ_LIBS) $(CORE_LIBS)

EXTRA_PROGRAMS += tests/bench/file-walk
tests_bench_file_walk_SOURCES = tests/bench/file-walk.c
tests_bench_file_walk_CPPFLAGS = $(SDK_CPPFLAGS)
tests_bench_file_walk_CFLAGS = $(MIG_CFLAGS) $(JSON_CFLAGS)
tests_bench_file_walk_LDADD = sdk/libmig-testkit.la $(JSON_LIBS)

EXTRA_PROGRAMS += tests/bench/floor
tests_bench_floor_SOURCES = tests/bench/floor.c
tests_bench_floor_LDADD = $(CRYPTO_LIBS)

EXTRA_DIST += \
	tests/bench/file-walk.sh \
	tests/bench/fleet.sh \
	tests/bench/latency.sh \
	tests/bench/memory.sh \
	tests/bench/netstat-sockets.sh \
	tests/bench/pkg.sh \
	tests/bench/retention.sh \
	tests/bench/yara.sh
