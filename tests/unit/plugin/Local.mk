# SPDX-License-Identifier: MPL-2.0
if HAVE_CMOCKA
include tests/plugin-zoo/Local.mk

plugin_tests = \
	tests/unit/plugin/cgroup_test \
	tests/unit/plugin/collect_test \
	tests/unit/plugin/fields_test \
	tests/unit/plugin/landlock_test \
	tests/unit/plugin/options_test \
	tests/unit/plugin/peek_test \
	tests/unit/plugin/record_test \
	tests/unit/plugin/worker_test \
	tests/unit/plugin/zoo_test
check_PROGRAMS += $(plugin_tests)
TESTS += $(plugin_tests)
plugin_test_libs = core/libmig-core.a $(CORE_LIBS) $(CMOCKA_LIBS)

tests_unit_plugin_collect_test_SOURCES = tests/unit/plugin/collect_test.c
tests_unit_plugin_collect_test_LDADD = $(plugin_test_libs)

tests_unit_plugin_fields_test_SOURCES = tests/unit/plugin/fields_test.c
tests_unit_plugin_fields_test_LDADD = $(plugin_test_libs)

tests_unit_plugin_landlock_test_SOURCES = tests/unit/plugin/landlock_test.c
tests_unit_plugin_landlock_test_LDADD = $(plugin_test_libs)

tests_unit_plugin_options_test_SOURCES = tests/unit/plugin/options_test.c
tests_unit_plugin_options_test_LDADD = $(plugin_test_libs)

tests_unit_plugin_peek_test_SOURCES = tests/unit/plugin/peek_test.c
tests_unit_plugin_peek_test_CPPFLAGS = $(AM_CPPFLAGS) -DZOO_DIR='"$(abs_top_builddir)/tests/plugin-zoo/.libs"'
tests_unit_plugin_peek_test_LDADD = $(plugin_test_libs)

tests_unit_plugin_record_test_SOURCES = tests/unit/plugin/record_test.c
tests_unit_plugin_record_test_LDADD = $(plugin_test_libs)

# Its own worker too.
tests_unit_plugin_cgroup_test_SOURCES = tests/unit/plugin/cgroup_test.c
nodist_tests_unit_plugin_cgroup_test_SOURCES = tests/unit/plugin/zoo-whitelist.c
tests_unit_plugin_cgroup_test_CPPFLAGS = $(AM_CPPFLAGS) -DZOO_DIR='"$(abs_top_builddir)/tests/plugin-zoo/.libs"'
tests_unit_plugin_cgroup_test_LDADD = $(plugin_test_libs)

# They are their own workers, with a whitelist of the zoo and one plugin linked in.
zoo_host = \
	core/plugin/memory.c \
	core/plugin/memory.h \
	tests/plugin-zoo/inside.c \
	tests/unit/plugin/zoo_host.c \
	tests/unit/plugin/zoo_host.h
zoo_cppflags = $(AM_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=inside \
	-DZOO_DIR='"$(abs_top_builddir)/tests/plugin-zoo/.libs"' \
	-DZOO_VICTIM='"$(abs_top_builddir)/tests/plugin-zoo/victim"'

tests_unit_plugin_worker_test_SOURCES = $(zoo_host) tests/unit/plugin/worker_test.c
nodist_tests_unit_plugin_worker_test_SOURCES = tests/unit/plugin/zoo-whitelist.c
tests_unit_plugin_worker_test_CPPFLAGS = $(zoo_cppflags)
tests_unit_plugin_worker_test_LDADD = $(plugin_test_libs)

tests_unit_plugin_zoo_test_SOURCES = $(zoo_host) tests/unit/plugin/zoo_test.c
nodist_tests_unit_plugin_zoo_test_SOURCES = tests/unit/plugin/zoo-whitelist.c
tests_unit_plugin_zoo_test_CPPFLAGS = $(zoo_cppflags)
tests_unit_plugin_zoo_test_LDADD = $(plugin_test_libs)
EXTRA_tests_unit_plugin_zoo_test_DEPENDENCIES = tests/plugin-zoo/stranger.la

CLEANFILES += tests/unit/plugin/zoo-whitelist.c
tests/unit/plugin/zoo-whitelist.c: core/trust/mkwhitelist$(EXEEXT) $(zoo_plugins:%=$(zoo_dir)/%.la) \
		$(zoo_forced:%=$(zoo_dir)/%.la)
	$(AM_V_GEN)$(MKDIR_P) tests/unit/plugin && \
	core/trust/mkwhitelist$(EXEEXT) $(zoo_plugins:%=$(zoo_dir)/.libs/%.so) >$@.tmp && { \
	echo '#include <mig/plugin.h>'; \
	sed -e '/^};/,$$d' -e 's/"relabelled", "1.0.0"/"relabelled", "9.9.9"/' $@.tmp; \
	for p in $(zoo_forced); do \
	  core/trust/mkwhitelist$(EXEEXT) --digest $(zoo_dir)/.libs/$$p.so | \
	  sed -e 's/ .*//' -e 's/../0x&,/g' \
	    -e "s/.*/{\"$$p\", \"1.0.0\", MIG_ABI_MAJOR, MIG_ABI_MINOR, {&}},/"; \
	done; \
	echo '};'; \
	echo 'const struct mig_whitelist mig_whitelist = {entries, sizeof(entries) / sizeof(entries[0])};'; \
	} >$@.new && mv $@.new $@ && rm -f $@.tmp
endif
