# SPDX-License-Identifier: MPL-2.0
core_libmig_core_a_SOURCES += \
	core/plugin/collect.c \
	core/plugin/collect.h \
	core/plugin/confine.c \
	core/plugin/confine.h \
	core/plugin/describe.c \
	core/plugin/fields.c \
	core/plugin/fields.h \
	core/plugin/filter.c \
	core/plugin/filter.h \
	core/plugin/list.c \
	core/plugin/load.c \
	core/plugin/load.h \
	core/plugin/options.c \
	core/plugin/options.h \
	core/plugin/peek.c \
	core/plugin/peek.h \
	core/plugin/role.c \
	core/plugin/table.c \
	core/plugin/table.h \
	core/plugin/wire.h \
	core/plugin/worker.c \
	core/plugin/worker.h

# The plugins of --with-plugin-NAME=builtin, beside the whitelist of the shared ones. A program that links
# core/libmig-whitelist.a links $(BUILTIN_PLUGIN_LIBS) behind it.
nodist_core_libmig_whitelist_a_SOURCES += core/builtin.c
CLEANFILES += core/builtin.c

core/builtin.c: Makefile
	$(AM_V_GEN)$(MKDIR_P) core && { \
	echo '/* Generated from --with-plugin-NAME=builtin. */'; \
	echo '#include "config.h"'; \
	echo '#include "plugin/load.h"'; \
	for p in $(MIG_BUILTIN_PLUGINS); do \
	  echo "extern const struct mig_plugin $${p}_LTX_mig_plugin;"; \
	done; \
	echo 'const struct mig_builtin mig_builtins[] = {'; \
	for p in $(MIG_BUILTIN_PLUGINS); do echo "    {\"$$p\", &$${p}_LTX_mig_plugin},"; done; \
	echo '    {NULL, NULL}};'; } >$@.tmp && mv $@.tmp $@
