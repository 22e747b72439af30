# SPDX-License-Identifier: MPL-2.0
noinst_LIBRARIES += scheduler/libmig-admin.a
scheduler_libmig_admin_a_SOURCES = \
	scheduler/admin/admin.c \
	scheduler/admin/admin.h \
	scheduler/admin/agent.c \
	scheduler/admin/agent.h \
	scheduler/admin/broker.c \
	scheduler/admin/broker.h \
	scheduler/admin/investigator.c \
	scheduler/admin/investigator.h \
	scheduler/admin/prune.c \
	scheduler/admin/prune.h

sbin_PROGRAMS += scheduler/mig-admin
scheduler_mig_admin_SOURCES = scheduler/admin/main.c
scheduler_mig_admin_LDFLAGS = $(MIG_PROGRAM_LDFLAGS) $(AM_LDFLAGS)
scheduler_mig_admin_LDADD = scheduler/libmig-admin.a scheduler/libmig-store.a core/libmig-core.a \
	$(PQ_LIBS) $(CORE_LIBS)

dist_man_MANS += scheduler/admin/mig-admin.8
