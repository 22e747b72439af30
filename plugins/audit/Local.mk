# SPDX-License-Identifier: MPL-2.0
# For the tests as well.
AUDIT_PARSER = \
	plugins/audit/audit.h \
	plugins/audit/event.c \
	plugins/audit/record.c \
	plugins/audit/types.c
audit_sources = $(AUDIT_PARSER) \
	plugins/audit/audit.c \
	plugins/audit/print.c \
	plugins/audit/rules.c
EXTRA_DIST += $(audit_sources)

if PLUGIN_AUDIT_SHARED
plugins_LTLIBRARIES += plugins/audit/audit.la
plugins_audit_audit_la_SOURCES = $(audit_sources)
plugins_audit_audit_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_audit_audit_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
plugins_audit_audit_la_LDFLAGS = $(PLUGIN_LINK)
plugins_audit_audit_la_LIBADD = $(SDK_LIB)
endif

if PLUGIN_AUDIT_BUILTIN
noinst_LIBRARIES += plugins/audit/libaudit.a
plugins_audit_libaudit_a_SOURCES = $(audit_sources)
plugins_audit_libaudit_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=audit
plugins_audit_libaudit_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/audit/libaudit.a $(SDK_LIB)
endif
dist_man_MANS += plugins/audit/mig-audit.7
