# SPDX-License-Identifier: MPL-2.0
core_libmig_agent_a_SOURCES += \
	core/agent/account.c \
	core/agent/account.h \
	core/agent/agent.c \
	core/agent/agent.h \
	core/agent/alerts.c \
	core/agent/alerts.h \
	core/agent/assemble.c \
	core/agent/assemble.h \
	core/agent/beat.c \
	core/agent/child.c \
	core/agent/child.h \
	core/agent/cloud.c \
	core/agent/cloud.h \
	core/agent/control.c \
	core/agent/env.c \
	core/agent/env.h \
	core/agent/identity.c \
	core/agent/identity.h \
	core/agent/job.c \
	core/agent/job.h \
	core/agent/job_answer.c \
	core/agent/job_cancel.c \
	core/agent/job_run.c \
	core/agent/job_verify.c \
	core/agent/jobs.c \
	core/agent/main.c \
	core/agent/message.h \
	core/agent/module.c \
	core/agent/narrow.c \
	core/agent/narrow.h \
	core/agent/owner_log.c \
	core/agent/owner_log.h \
	core/agent/owner_log_files.h \
	core/agent/owner_log_show.c \
	core/agent/pack.c \
	core/agent/pack.h \
	core/agent/persist.c \
	core/agent/persist.h \
	core/agent/persist_alert.c \
	core/agent/persist_ask.c \
	core/agent/persist_conf.c \
	core/agent/persist_instance.c \
	core/agent/persist_internal.h \
	core/agent/reach.c \
	core/agent/reach.h \
	core/agent/relay.c \
	core/agent/role.c \
	core/agent/role.h \
	core/agent/roster.c \
	core/agent/roster.h \
	core/agent/settings.c \
	core/agent/site.c \
	core/agent/site.h \
	core/agent/spool.c \
	core/agent/spool.h \
	core/agent/supervisor.c \
	core/agent/supervisor.h \
	core/agent/verdict.c \
	core/agent/verdict.h \
	core/agent/verifier.c \
	core/agent/verify.c \
	core/agent/verify.h \
	sdk/lib/queue.c

# The packaged agent: no site is built in.
sbin_PROGRAMS += core/agent/mig-agent
core_agent_mig_agent_SOURCES = core/agent/site_default.c
core_agent_mig_agent_LDADD = core/libmig-agent.a core/libmig-core.a core/libmig-whitelist.a \
	$(BUILTIN_LIBS) $(AGENT_LIBS)
core_agent_mig_agent_LDFLAGS = $(AM_LDFLAGS) $(MIG_PROGRAM_LDFLAGS) -Wl,--as-needed

# What an agent links with beside the static libraries; mig-mkagent records it.
AGENT_LIBS = $(CORE_LIBS) $(AMQP_LIBS) $(CURL_LIBS)

noinst_LIBRARIES += core/libmig-mkagent.a
core_libmig_mkagent_a_SOURCES = \
	core/agent/mkagent.c \
	core/agent/mkagent.h \
	core/agent/mkagent_link.c \
	core/agent/mksite.c \
	core/agent/mksite_conf.c \
	core/agent/mksite_persist.c \
	core/agent/mksite_source.c
core_libmig_mkagent_a_CPPFLAGS = $(AM_CPPFLAGS) -DMIG_LINK_CC='"$(CC)"' \
	-DMIG_LINK_CFLAGS='"$(MIG_CFLAGS)"' \
	-DMIG_LINK_LDFLAGS='"$(MIG_LDFLAGS) $(MIG_PROGRAM_LDFLAGS)"' \
	-DMIG_LINK_LIBS='"$(AGENT_LIBS) $(BUILTIN_SYSTEM_LIBS)"'

bin_PROGRAMS += core/agent/mig-mkagent
core_agent_mig_mkagent_SOURCES = core/agent/mkagent_main.c
core_agent_mig_mkagent_LDADD = core/libmig-mkagent.a core/libmig-agent.a core/libmig-core.a \
	core/libmig-whitelist.a $(BUILTIN_LIBS) $(CORE_LIBS)
core_agent_mig_mkagent_LDFLAGS = $(AM_LDFLAGS) $(MIG_PROGRAM_LDFLAGS)
dist_man_MANS += \
	core/agent/mig-agent.8 \
	core/agent/mig-mkagent.1

# Where systemd looks for units of packages when the prefix is /usr.
systemdsystemunitdir = $(prefix)/lib/systemd/system
systemdsystemunit_DATA = core/agent/mig-agent.service
CLEANFILES += core/agent/mig-agent.service
EXTRA_DIST += core/agent/mig-agent.service.in
core/agent/mig-agent.service: core/agent/mig-agent.service.in Makefile
	$(AM_V_GEN)sed -e 's,[@]sbindir@,$(sbindir),g' -e 's,[@]statedir@,$(localstatedir)/lib/mig,g' \
		$(top_srcdir)/core/agent/mig-agent.service.in >$@
