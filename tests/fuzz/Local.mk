# SPDX-License-Identifier: MPL-2.0
# One target per parser of outside bytes. `make check` replays tests/fuzz/corpus/<target>/ with any
# compiler. To fuzz: CC=clang ../configure --enable-fuzzers --enable-sanitizers, make check, then
# tests/fuzz/fuzz_json CORPUS ../tests/fuzz/corpus/fuzz_json
fuzz_targets = \
	tests/fuzz/fuzz_acl \
	tests/fuzz/fuzz_action \
	tests/fuzz/fuzz_audit \
	tests/fuzz/fuzz_baseline \
	tests/fuzz/fuzz_collect \
	tests/fuzz/fuzz_command \
	tests/fuzz/fuzz_conf \
	tests/fuzz/fuzz_fields \
	tests/fuzz/fuzz_file \
	tests/fuzz/fuzz_form \
	tests/fuzz/fuzz_frame \
	tests/fuzz/fuzz_heartbeat \
	tests/fuzz/fuzz_image \
	tests/fuzz/fuzz_journal \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_narrow \
	tests/fuzz/fuzz_ntp \
	tests/fuzz/fuzz_options \
	tests/fuzz/fuzz_packages \
	tests/fuzz/fuzz_ping \
	tests/fuzz/fuzz_record \
	tests/fuzz/fuzz_regex \
	tests/fuzz/fuzz_salvage \
	tests/fuzz/fuzz_scribe \
	tests/fuzz/fuzz_signature \
	tests/fuzz/fuzz_spool \
	tests/fuzz/fuzz_sshkey \
	tests/fuzz/fuzz_token \
	tests/fuzz/fuzz_unpack \
	tests/fuzz/fuzz_worker
check_PROGRAMS += $(fuzz_targets)
FUZZ_LIBS = core/libmig-core.a $(CORE_LIBS)
if ENABLE_FUZZERS
FUZZ_DRIVER =
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
else
TESTS += $(fuzz_targets)
FUZZ_DRIVER = tests/fuzz/driver.c
FUZZ_LINK = $(AM_LDFLAGS)
endif

tests_fuzz_fuzz_acl_SOURCES = tests/fuzz/fuzz_acl.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_acl_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_acl_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_action_SOURCES = tests/fuzz/fuzz_action.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_action_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_action_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_audit_SOURCES = tests/fuzz/fuzz_audit.c tests/fuzz/fuzz.h $(AUDIT_PARSER) $(FUZZ_DRIVER)
tests_fuzz_fuzz_audit_CPPFLAGS = $(AM_CPPFLAGS) $(SDK_CPPFLAGS) -I$(srcdir)/plugins/audit
tests_fuzz_fuzz_audit_LDADD = $(SDK_LIB) $(FUZZ_LIBS)
tests_fuzz_fuzz_audit_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_baseline_SOURCES = tests/fuzz/fuzz_baseline.c tests/fuzz/fuzz.h $(fswatch_sources) \
	$(FUZZ_DRIVER)
tests_fuzz_fuzz_baseline_CPPFLAGS = $(AM_CPPFLAGS) $(SDK_CPPFLAGS) -I$(srcdir)/plugins/fswatch
tests_fuzz_fuzz_baseline_LDADD = $(SDK_SEARCH_LIB) $(SDK_LIB) $(FUZZ_LIBS) $(CRYPTO_LIBS)
tests_fuzz_fuzz_baseline_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_collect_SOURCES = tests/fuzz/fuzz_collect.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_collect_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_collect_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_command_SOURCES = tests/fuzz/fuzz_command.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_command_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_command_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_conf_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_conf_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_fields_SOURCES = tests/fuzz/fuzz_fields.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_fields_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_fields_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_form_SOURCES = tests/fuzz/fuzz_form.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_form_LDADD = scheduler/libmig-api.a $(FUZZ_LIBS)
tests_fuzz_fuzz_form_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_frame_SOURCES = tests/fuzz/fuzz_frame.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_frame_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_frame_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_file_SOURCES = tests/fuzz/fuzz_file.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_file_CPPFLAGS = $(AM_CPPFLAGS) $(SDK_CPPFLAGS)
tests_fuzz_fuzz_file_LDADD = $(SDK_SEARCH_LIB) $(FUZZ_LIBS)
tests_fuzz_fuzz_file_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_heartbeat_SOURCES = tests/fuzz/fuzz_heartbeat.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_heartbeat_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_heartbeat_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_image_SOURCES = tests/fuzz/fuzz_image.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_image_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_image_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_journal_SOURCES = tests/fuzz/fuzz_journal.c tests/fuzz/fuzz.h tests/fuzz/fuzz_folder.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_journal_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_journal_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_json_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_json_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_narrow_SOURCES = tests/fuzz/fuzz_narrow.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_narrow_LDADD = core/libmig-agent.a core/libmig-core.a core/libmig-whitelist.a $(BUILTIN_LIBS) $(AGENT_LIBS)
tests_fuzz_fuzz_narrow_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_ntp_SOURCES = plugins/timedrift/packet.c tests/fuzz/fuzz_ntp.c tests/fuzz/fuzz.h \
	$(FUZZ_DRIVER)
tests_fuzz_fuzz_ntp_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/timedrift
tests_fuzz_fuzz_ntp_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_ntp_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_options_SOURCES = tests/fuzz/fuzz_options.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_options_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_options_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_packages_SOURCES = tests/fuzz/fuzz_packages.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_packages_CPPFLAGS = $(AM_CPPFLAGS) $(SDK_CPPFLAGS)
tests_fuzz_fuzz_packages_LDADD = $(SDK_PACKAGES_LIB) $(SDK_LIB) $(FUZZ_LIBS)
tests_fuzz_fuzz_packages_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_ping_SOURCES = plugins/ping/packet.c tests/fuzz/fuzz_ping.c tests/fuzz/fuzz.h \
	$(FUZZ_DRIVER)
tests_fuzz_fuzz_ping_CPPFLAGS = $(AM_CPPFLAGS) $(SDK_CPPFLAGS) -I$(srcdir)/plugins/ping
tests_fuzz_fuzz_ping_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_ping_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_record_SOURCES = tests/fuzz/fuzz_record.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_record_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_record_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_regex_SOURCES = tests/fuzz/fuzz_regex.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_regex_CPPFLAGS = $(AM_CPPFLAGS) $(SDK_CPPFLAGS)
tests_fuzz_fuzz_regex_LDADD = $(SDK_SEARCH_LIB) $(FUZZ_LIBS)
tests_fuzz_fuzz_regex_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_salvage_SOURCES = tests/fuzz/fuzz_salvage.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_salvage_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_salvage_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_scribe_SOURCES = \
	plugins/scribe/document.c \
	plugins/scribe/objects.c \
	plugins/scribe/packages.c \
	plugins/scribe/files.c \
	plugins/scribe/text.c \
	tests/fuzz/fuzz_scribe.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_scribe_CPPFLAGS = $(AM_CPPFLAGS) $(SDK_CPPFLAGS) $(SCRIBE_CPPFLAGS) \
	-I$(srcdir)/plugins/scribe
tests_fuzz_fuzz_scribe_CFLAGS = $(AM_CFLAGS) $(YAML_CFLAGS)
tests_fuzz_fuzz_scribe_LDADD = $(SDK_PACKAGES_LIB) $(SDK_LIB) $(SDK_SEARCH_LIB) $(FUZZ_LIBS) \
	$(YAML_LIBS)
tests_fuzz_fuzz_scribe_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_signature_SOURCES = tests/fuzz/fuzz_signature.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_signature_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_signature_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_spool_SOURCES = tests/fuzz/fuzz_spool.c tests/fuzz/fuzz.h tests/fuzz/fuzz_folder.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_spool_LDADD = core/libmig-agent.a core/libmig-core.a core/libmig-whitelist.a $(BUILTIN_LIBS) $(AGENT_LIBS)
tests_fuzz_fuzz_spool_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_token_SOURCES = tests/fuzz/fuzz_token.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_token_LDADD = scheduler/libmig-api.a $(FUZZ_LIBS)
tests_fuzz_fuzz_token_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_sshkey_SOURCES = \
	plugins/sshkey/base64.c \
	plugins/sshkey/blob.c \
	plugins/sshkey/der.c \
	plugins/sshkey/keyfile.c \
	tests/fuzz/fuzz_sshkey.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_sshkey_CPPFLAGS = $(AM_CPPFLAGS) $(SDK_CPPFLAGS) -I$(srcdir)/plugins/sshkey
tests_fuzz_fuzz_sshkey_LDADD = $(SDK_LIB) $(FUZZ_LIBS) $(CRYPTO_LIBS)
tests_fuzz_fuzz_sshkey_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_unpack_SOURCES = tests/fuzz/fuzz_unpack.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_unpack_CPPFLAGS = $(AM_CPPFLAGS) $(SDK_CPPFLAGS)
tests_fuzz_fuzz_unpack_LDADD = $(SDK_SEARCH_LIB) $(FUZZ_LIBS)
tests_fuzz_fuzz_unpack_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_worker_SOURCES = tests/fuzz/fuzz_worker.c tests/fuzz/fuzz.h $(FUZZ_DRIVER)
tests_fuzz_fuzz_worker_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_worker_LDFLAGS = $(FUZZ_LINK)

EXTRA_DIST += \
	tests/fuzz/corpus/fuzz_acl/two.json \
	tests/fuzz/corpus/fuzz_acl/zero.json \
	tests/fuzz/corpus/fuzz_action/compressed.json \
	tests/fuzz/corpus/fuzz_action/full.json \
	tests/fuzz/corpus/fuzz_action/vector-00.json \
	tests/fuzz/corpus/fuzz_action/vector-03.json \
	tests/fuzz/corpus/fuzz_action/vector-05.json \
	tests/fuzz/corpus/fuzz_action/vector-08.json \
	tests/fuzz/corpus/fuzz_action/vector-09.json \
	tests/fuzz/corpus/fuzz_action/vector-10.json \
	tests/fuzz/corpus/fuzz_action/vector-13.json \
	tests/fuzz/corpus/fuzz_action/vector-14.json \
	tests/fuzz/corpus/fuzz_action/vector-19.json \
	tests/fuzz/corpus/fuzz_action/wrong-case.json \
	tests/fuzz/corpus/fuzz_audit/execve.txt \
	tests/fuzz/corpus/fuzz_audit/odd.bin \
	tests/fuzz/corpus/fuzz_audit/user.txt \
	tests/fuzz/corpus/fuzz_baseline/cut.bin \
	tests/fuzz/corpus/fuzz_baseline/depth.bin \
	tests/fuzz/corpus/fuzz_baseline/good.bin \
	tests/fuzz/corpus/fuzz_baseline/link.bin \
	tests/fuzz/corpus/fuzz_baseline/name.bin \
	tests/fuzz/corpus/fuzz_baseline/other.bin \
	tests/fuzz/corpus/fuzz_baseline/twice.bin \
	tests/fuzz/corpus/fuzz_collect/plain.txt \
	tests/fuzz/corpus/fuzz_collect/private.txt \
	tests/fuzz/corpus/fuzz_command/done.json \
	tests/fuzz/corpus/fuzz_command/no-agent.json \
	tests/fuzz/corpus/fuzz_command/result.json \
	tests/fuzz/corpus/fuzz_command/sent.json \
	tests/fuzz/corpus/fuzz_conf/agent.cfg \
	tests/fuzz/corpus/fuzz_conf/no-section.cfg \
	tests/fuzz/corpus/fuzz_conf/nul.cfg \
	tests/fuzz/corpus/fuzz_conf/open-quote.cfg \
	tests/fuzz/corpus/fuzz_conf/quotes.cfg \
	tests/fuzz/corpus/fuzz_fields/bad-path.txt \
	tests/fuzz/corpus/fuzz_fields/element.txt \
	tests/fuzz/corpus/fuzz_fields/elements.txt \
	tests/fuzz/corpus/fuzz_fields/private.txt \
	tests/fuzz/corpus/fuzz_fields/statistics.txt \
	tests/fuzz/corpus/fuzz_file/full.json \
	tests/fuzz/corpus/fuzz_file/hash.json \
	tests/fuzz/corpus/fuzz_file/refused.json \
	tests/fuzz/corpus/fuzz_form/encoded.bin \
	tests/fuzz/corpus/fuzz_form/escape.bin \
	tests/fuzz/corpus/fuzz_form/file.bin \
	tests/fuzz/corpus/fuzz_form/no-end.bin \
	tests/fuzz/corpus/fuzz_form/query.bin \
	tests/fuzz/corpus/fuzz_form/quoted.bin \
	tests/fuzz/corpus/fuzz_form/twice.bin \
	tests/fuzz/corpus/fuzz_form/two.bin \
	tests/fuzz/corpus/fuzz_frame/memfd.bin \
	tests/fuzz/corpus/fuzz_frame/plain.bin \
	tests/fuzz/corpus/fuzz_frame/wrong.bin \
	tests/fuzz/corpus/fuzz_heartbeat/expired.json \
	tests/fuzz/corpus/fuzz_heartbeat/full.json \
	tests/fuzz/corpus/fuzz_heartbeat/missing.json \
	tests/fuzz/corpus/fuzz_heartbeat/tags-twice.json \
	tests/fuzz/corpus/fuzz_image/cut.elf \
	tests/fuzz/corpus/fuzz_image/dynamic-elsewhere.elf \
	tests/fuzz/corpus/fuzz_image/dynamic-in-header.elf \
	tests/fuzz/corpus/fuzz_image/many-segments.elf \
	tests/fuzz/corpus/fuzz_image/note-size.elf \
	tests/fuzz/corpus/fuzz_image/offset-wraps.elf \
	tests/fuzz/corpus/fuzz_image/small.elf \
	tests/fuzz/corpus/fuzz_journal/damaged.bin \
	tests/fuzz/corpus/fuzz_journal/head.bin \
	tests/fuzz/corpus/fuzz_journal/other.bin \
	tests/fuzz/corpus/fuzz_journal/torn.bin \
	tests/fuzz/corpus/fuzz_journal/two.bin \
	tests/fuzz/corpus/fuzz_json/cut.json \
	tests/fuzz/corpus/fuzz_json/deep.json \
	tests/fuzz/corpus/fuzz_json/duplicate.json \
	tests/fuzz/corpus/fuzz_json/not-utf8.json \
	tests/fuzz/corpus/fuzz_json/numbers.json \
	tests/fuzz/corpus/fuzz_json/object.json \
	tests/fuzz/corpus/fuzz_json/strings.json \
	tests/fuzz/corpus/fuzz_json/subnormal.json \
	tests/fuzz/corpus/fuzz_narrow/good.conf \
	tests/fuzz/corpus/fuzz_narrow/number.conf \
	tests/fuzz/corpus/fuzz_narrow/off.conf \
	tests/fuzz/corpus/fuzz_narrow/tags.conf \
	tests/fuzz/corpus/fuzz_narrow/wide.conf \
	tests/fuzz/corpus/fuzz_ntp/kiss.bin \
	tests/fuzz/corpus/fuzz_ntp/leap.bin \
	tests/fuzz/corpus/fuzz_ntp/reply.bin \
	tests/fuzz/corpus/fuzz_ntp/short.bin \
	tests/fuzz/corpus/fuzz_ntp/tracking.bin \
	tests/fuzz/corpus/fuzz_ntp/tracking-float.bin \
	tests/fuzz/corpus/fuzz_options/arguments.bin \
	tests/fuzz/corpus/fuzz_options/misspelt.bin \
	tests/fuzz/corpus/fuzz_options/nul.json \
	tests/fuzz/corpus/fuzz_options/null.json \
	tests/fuzz/corpus/fuzz_options/parameters.json \
	tests/fuzz/corpus/fuzz_options/repeated.bin \
	tests/fuzz/corpus/fuzz_options/unknown.json \
	tests/fuzz/corpus/fuzz_packages/bdb-loop.bin \
	tests/fuzz/corpus/fuzz_packages/bdb.bin \
	tests/fuzz/corpus/fuzz_packages/installed.bin \
	tests/fuzz/corpus/fuzz_packages/ndb-wraps.bin \
	tests/fuzz/corpus/fuzz_packages/ndb.bin \
	tests/fuzz/corpus/fuzz_packages/nul.bin \
	tests/fuzz/corpus/fuzz_packages/plain.bin \
	tests/fuzz/corpus/fuzz_packages/sqlite-cut.bin \
	tests/fuzz/corpus/fuzz_packages/sqlite-log.bin \
	tests/fuzz/corpus/fuzz_packages/sqlite.bin \
	tests/fuzz/corpus/fuzz_packages/status.bin \
	tests/fuzz/corpus/fuzz_ping/long-header.bin \
	tests/fuzz/corpus/fuzz_ping/quoted.bin \
	tests/fuzz/corpus/fuzz_ping/reply-header.bin \
	tests/fuzz/corpus/fuzz_ping/reply.bin \
	tests/fuzz/corpus/fuzz_ping/reply6.bin \
	tests/fuzz/corpus/fuzz_ping/short.bin \
	tests/fuzz/corpus/fuzz_record/cut.bin \
	tests/fuzz/corpus/fuzz_record/empty.bin \
	tests/fuzz/corpus/fuzz_record/entry.bin \
	tests/fuzz/corpus/fuzz_record/good.bin \
	tests/fuzz/corpus/fuzz_record/length.bin \
	tests/fuzz/corpus/fuzz_regex/backtrack.bin \
	tests/fuzz/corpus/fuzz_regex/classes.bin \
	tests/fuzz/corpus/fuzz_regex/counts.bin \
	tests/fuzz/corpus/fuzz_regex/empty-class.bin \
	tests/fuzz/corpus/fuzz_regex/lines.bin \
	tests/fuzz/corpus/fuzz_regex/open.bin \
	tests/fuzz/corpus/fuzz_salvage/cut.bin \
	tests/fuzz/corpus/fuzz_salvage/good.bin \
	tests/fuzz/corpus/fuzz_salvage/large.bin \
	tests/fuzz/corpus/fuzz_salvage/limit-at-key.bin \
	tests/fuzz/corpus/fuzz_salvage/not-json.bin \
	tests/fuzz/corpus/fuzz_salvage/nul.bin \
	tests/fuzz/corpus/fuzz_salvage/place.bin \
	tests/fuzz/corpus/fuzz_salvage/used.bin \
	tests/fuzz/corpus/fuzz_salvage/whole.bin \
	tests/fuzz/corpus/fuzz_scribe/affected.json \
	tests/fuzz/corpus/fuzz_scribe/full.json \
	tests/fuzz/corpus/fuzz_scribe/loop.json \
	tests/fuzz/corpus/fuzz_scribe/refused.yaml \
	tests/fuzz/corpus/fuzz_scribe/sshd.yaml \
	tests/fuzz/corpus/fuzz_signature/armored.asc \
	tests/fuzz/corpus/fuzz_signature/line.txt \
	tests/fuzz/corpus/fuzz_signature/packet.bin \
	tests/fuzz/corpus/fuzz_signature/partial.bin \
	tests/fuzz/corpus/fuzz_spool/cut.bin \
	tests/fuzz/corpus/fuzz_spool/good.bin \
	tests/fuzz/corpus/fuzz_spool/length.bin \
	tests/fuzz/corpus/fuzz_spool/older.bin \
	tests/fuzz/corpus/fuzz_spool/trailing.bin \
	tests/fuzz/corpus/fuzz_sshkey/authorized.txt \
	tests/fuzz/corpus/fuzz_sshkey/blob.bin \
	tests/fuzz/corpus/fuzz_sshkey/der-pkcs8.bin \
	tests/fuzz/corpus/fuzz_sshkey/der-rsa.bin \
	tests/fuzz/corpus/fuzz_sshkey/known.txt \
	tests/fuzz/corpus/fuzz_sshkey/openssh-encrypted.txt \
	tests/fuzz/corpus/fuzz_sshkey/openssh.txt \
	tests/fuzz/corpus/fuzz_sshkey/pem-encrypted.txt \
	tests/fuzz/corpus/fuzz_sshkey/pkcs1.txt \
	tests/fuzz/corpus/fuzz_sshkey/pkcs8.txt \
	tests/fuzz/corpus/fuzz_sshkey/public.txt \
	tests/fuzz/corpus/fuzz_sshkey/rfc4716.txt \
	tests/fuzz/corpus/fuzz_sshkey/sec1.txt \
	tests/fuzz/corpus/fuzz_token/good.txt \
	tests/fuzz/corpus/fuzz_token/late.txt \
	tests/fuzz/corpus/fuzz_token/nul.txt \
	tests/fuzz/corpus/fuzz_token/short.txt \
	tests/fuzz/corpus/fuzz_token/version.txt \
	tests/fuzz/corpus/fuzz_unpack/bzip2-row.bz2 \
	tests/fuzz/corpus/fuzz_unpack/bzip2.bz2 \
	tests/fuzz/corpus/fuzz_unpack/gzip-garbage.gz \
	tests/fuzz/corpus/fuzz_unpack/gzip-name.gz \
	tests/fuzz/corpus/fuzz_unpack/gzip-row.gz \
	tests/fuzz/corpus/fuzz_unpack/gzip.gz \
	tests/fuzz/corpus/fuzz_unpack/xz-filters.xz \
	tests/fuzz/corpus/fuzz_unpack/xz-row.xz \
	tests/fuzz/corpus/fuzz_unpack/xz.xz \
	tests/fuzz/corpus/fuzz_unpack/zstd-grows.zst \
	tests/fuzz/corpus/fuzz_unpack/zstd-header.bin \
	tests/fuzz/corpus/fuzz_unpack/zstd-legacy.bin \
	tests/fuzz/corpus/fuzz_unpack/zstd-row.zst \
	tests/fuzz/corpus/fuzz_unpack/zstd.zst \
	tests/fuzz/corpus/fuzz_worker/failed.bin \
	tests/fuzz/corpus/fuzz_worker/over.bin \
	tests/fuzz/corpus/fuzz_worker/raw.bin \
	tests/fuzz/corpus/fuzz_worker/silent.bin \
	tests/fuzz/corpus/fuzz_worker/status.bin \
	tests/fuzz/corpus/fuzz_worker/success.bin \
	tests/fuzz/corpus/fuzz_worker/type.bin
