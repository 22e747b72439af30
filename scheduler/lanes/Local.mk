# SPDX-License-Identifier: MPL-2.0
noinst_LIBRARIES += scheduler/libmig-lanes.a
scheduler_libmig_lanes_a_SOURCES = \
	scheduler/lanes/agents.c \
	scheduler/lanes/collect.c \
	scheduler/lanes/dispatch.c \
	scheduler/lanes/expire.c \
	scheduler/lanes/heartbeats.c \
	scheduler/lanes/intake.c \
	scheduler/lanes/lane.c \
	scheduler/lanes/lane.h \
	scheduler/lanes/queues.c \
	scheduler/lanes/record.c \
	scheduler/lanes/record.h \
	scheduler/lanes/scheduler.c \
	scheduler/lanes/scheduler.h \
	scheduler/lanes/settings.c \
	scheduler/lanes/settings.h

sbin_PROGRAMS += scheduler/mig-scheduler
scheduler_mig_scheduler_SOURCES = scheduler/lanes/main.c
scheduler_mig_scheduler_LDFLAGS = $(MIG_PROGRAM_LDFLAGS) $(AM_LDFLAGS)
scheduler_mig_scheduler_LDADD = scheduler/libmig-lanes.a scheduler/libmig-store.a core/libmig-core.a \
	$(PQ_LIBS) $(AMQP_LIBS) $(CORE_LIBS)

dist_man_MANS += scheduler/lanes/mig-scheduler.8
