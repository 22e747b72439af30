# SPDX-License-Identifier: MPL-2.0
if HAVE_CMOCKA
AGENT_TESTS = \
	tests/unit/agent/test_cloud \
	tests/unit/agent/test_mksite \
	tests/unit/agent/test_narrow \
	tests/unit/agent/test_owner_log \
	tests/unit/agent/test_pack \
	tests/unit/agent/test_roster \
	tests/unit/agent/test_state \
	tests/unit/agent/test_transport \
	tests/unit/agent/test_verify
check_PROGRAMS += $(AGENT_TESTS)
TESTS += $(AGENT_TESTS)

AGENT_TEST_LIBS = core/libmig-agent.a core/libmig-core.a core/libmig-whitelist.a \
	$(BUILTIN_LIBS) $(AGENT_LIBS) $(CMOCKA_LIBS)
tests_unit_agent_test_cloud_SOURCES = tests/unit/agent/test_cloud.c
tests_unit_agent_test_cloud_LDADD = $(AGENT_TEST_LIBS)
tests_unit_agent_test_mksite_SOURCES = \
	core/agent/site_default.c \
	tests/unit/agent/test_mksite.c \
	tests/unit/trust/gpg_home.c \
	tests/unit/trust/gpg_home.h
tests_unit_agent_test_mksite_LDADD = core/libmig-mkagent.a $(AGENT_TEST_LIBS)
tests_unit_agent_test_narrow_SOURCES = tests/unit/agent/test_narrow.c
tests_unit_agent_test_narrow_LDADD = $(AGENT_TEST_LIBS)
tests_unit_agent_test_owner_log_SOURCES = tests/unit/agent/test_owner_log.c
tests_unit_agent_test_owner_log_LDADD = $(AGENT_TEST_LIBS)
tests_unit_agent_test_pack_SOURCES = tests/unit/agent/test_pack.c
tests_unit_agent_test_pack_LDADD = $(AGENT_TEST_LIBS)
# The plugins of the zoo are its whitelist.
tests_unit_agent_test_roster_SOURCES = tests/unit/agent/test_roster.c
nodist_tests_unit_agent_test_roster_SOURCES = tests/unit/plugin/zoo-whitelist.c
tests_unit_agent_test_roster_CPPFLAGS = $(AM_CPPFLAGS) -DZOO_DIR='"$(abs_top_builddir)/tests/plugin-zoo/.libs"'
tests_unit_agent_test_roster_LDADD = core/libmig-agent.a core/libmig-core.a $(AGENT_LIBS) $(CMOCKA_LIBS)
EXTRA_tests_unit_agent_test_roster_DEPENDENCIES = tests/plugin-zoo/stranger.la
tests_unit_agent_test_state_SOURCES = tests/unit/agent/test_state.c
tests_unit_agent_test_state_LDADD = $(AGENT_TEST_LIBS)
tests_unit_agent_test_transport_SOURCES = tests/unit/agent/test_transport.c
tests_unit_agent_test_transport_LDADD = $(AGENT_TEST_LIBS)
tests_unit_agent_test_verify_SOURCES = \
	tests/unit/agent/test_verify.c \
	tests/unit/trust/gpg_home.c \
	tests/unit/trust/gpg_home.h
tests_unit_agent_test_verify_LDADD = $(AGENT_TEST_LIBS)
endif

# test_transport again, with a broker.
TESTS += tests/unit/agent/broker.sh
EXTRA_DIST += tests/unit/agent/broker.sh

# And with TLS, certificates and a proxy.
TESTS += tests/unit/agent/tls.sh
EXTRA_DIST += tests/unit/agent/tls.sh

# test_cloud, with a metadata service.
TESTS += tests/unit/agent/metadata.sh
EXTRA_DIST += tests/unit/agent/metadata.py tests/unit/agent/metadata.sh

TESTS += tests/unit/agent/service.sh
EXTRA_DIST += tests/unit/agent/service.sh
