# SPDX-License-Identifier: MPL-2.0
# Real servers, real programs: see scripts/lib-platform.sh. They skip themselves where they can not run.
check_PROGRAMS += tests/integration/amqp-publish
tests_integration_amqp_publish_SOURCES = tests/integration/amqp-publish.c
tests_integration_amqp_publish_LDADD = core/libmig-core.a $(AMQP_LIBS) $(CORE_LIBS)

integration_tests = \
	tests/integration/01-investigation.sh \
	tests/integration/02-refusals.sh \
	tests/integration/03-restart.sh \
	tests/integration/04-persistent.sh \
	tests/integration/06-quarantine.sh \
	tests/integration/07-fswatch.sh \
	tests/integration/08-audit.sh \
	tests/integration/09-dispatch.sh \
	tests/integration/10-cancel.sh \
	tests/integration/11-endpoint.sh \
	tests/integration/12-interop.sh \
	tests/integration/13-account.sh \
	tests/integration/14-checkin.sh \
	tests/integration/15-broker-only.sh
TESTS += $(integration_tests)

EXTRA_DIST += \
	$(integration_tests) \
	tests/integration/connect-proxy.py \
	tests/integration/https-collector.py \
	tests/integration/interop.py \
	tests/integration/lib-agent.sh \
	tests/integration/lib-inject.sh \
	tests/integration/lib-pki.sh \
	tests/integration/lib-tap.sh \
	tests/integration/tls-syslog.py
