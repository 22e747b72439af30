# SPDX-License-Identifier: MPL-2.0
noinst_PROGRAMS += tests/integration/amqp-publish
tests_integration_amqp_publish_SOURCES = tests/integration/amqp-publish.c
tests_integration_amqp_publish_LDADD = core/libmig-core.a $(AMQP_LIBS) $(CORE_LIBS)

EXTRA_DIST += \
	tests/integration/lib-tap.sh
