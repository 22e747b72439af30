# SPDX-License-Identifier: MPL-2.0
core_libmig_core_a_SOURCES += \
	core/plugin/ask.c \
	core/plugin/ask.h \
	core/plugin/cgroup.c \
	core/plugin/cgroup.h \
	core/plugin/collect.c \
	core/plugin/collect.h \
	core/plugin/confine.c \
	core/plugin/confine.h \
	core/plugin/describe.c \
	core/plugin/fields.c \
	core/plugin/fields.h \
	core/plugin/filter.c \
	core/plugin/filter.h \
	core/plugin/landlock.c \
	core/plugin/landlock.h \
	core/plugin/layers.c \
	core/plugin/layers.h \
	core/plugin/list.c \
	core/plugin/load.c \
	core/plugin/load.h \
	core/plugin/options.c \
	core/plugin/options.h \
	core/plugin/peek.c \
	core/plugin/peek.h \
	core/plugin/persist.c \
	core/plugin/persist.h \
	core/plugin/record.c \
	core/plugin/record.h \
	core/plugin/role.c \
	core/plugin/salvage.c \
	core/plugin/salvage.h \
	core/plugin/table.c \
	core/plugin/table.h \
	core/plugin/watchdog.c \
	core/plugin/watchdog.h \
	core/plugin/wire.h \
	core/plugin/worker.c \
	core/plugin/worker.h \
	core/plugin/worker_end.c \
	core/plugin/worker_hear.c \
	core/plugin/worker_internal.h \
	core/plugin/worker_start.c

# An allocator for the programs that name the memory limit; whoever links it gets it.
core_libmig_agent_a_SOURCES += \
	core/plugin/memory.c \
	core/plugin/memory.h

# The plugins of --with-plugin-NAME=builtin, beside the whitelist of the shared ones. A program that links
# core/libmig-whitelist.a links $(BUILTIN_LIBS) behind it.
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

# The plugins themselves, as one library; mig-mkagent links agents with it too. As in a shared object,
# only the descriptors are seen outside, so that no two plugins, nor a plugin and the program, meet.
if ANY_PLUGIN_BUILTIN
miglib_LIBRARIES += core/libmig-builtin.a
core_libmig_builtin_a_SOURCES =
core_libmig_builtin_a_LIBADD = core/builtin-plugins.$(OBJEXT)
CLEANFILES += core/builtin-plugins.$(OBJEXT)
BUILTIN_LIBS += core/libmig-builtin.a $(BUILTIN_SYSTEM_LIBS)
BUILTIN_SYSTEM_LIBS += $(sdk_libmig_sdk_la_LIBADD) $(sdk_libmig_search_la_LIBADD)
endif

# libtool keeps a convenience library NAME.la as .libs/NAME.a; several plugins may name the same.
core/builtin-plugins.$(OBJEXT): $(BUILTIN_PLUGIN_LIBS)
	$(AM_V_GEN)$(MKDIR_P) core && $(CC) -r -nostdlib -o $@ -Wl,--whole-archive \
	  $$(for lib in $(BUILTIN_PLUGIN_LIBS); do echo "$$lib"; done | sort -u | \
	    $(SED) 's,\([^/]*\)\.la$$,.libs/\1.a,') && \
	$(OBJCOPY) $$(for p in $(MIG_BUILTIN_PLUGINS); do \
	  echo "--keep-global-symbol=$${p}_LTX_mig_plugin"; done) $@
