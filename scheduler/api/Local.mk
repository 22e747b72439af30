# SPDX-License-Identifier: MPL-2.0
# mig-api: the REST API.
noinst_LIBRARIES += scheduler/libmig-api.a
scheduler_libmig_api_a_SOURCES = \
	scheduler/api/answer.c \
	scheduler/api/api.h \
	scheduler/api/auth.c \
	scheduler/api/auth.h \
	scheduler/api/counters.c \
	scheduler/api/counters.h \
	scheduler/api/envelope.c \
	scheduler/api/envelope.h \
	scheduler/api/keyring.c \
	scheduler/api/keyring.h \
	scheduler/api/limit.c \
	scheduler/api/limit.h \
	scheduler/api/links.c \
	scheduler/api/links.h \
	scheduler/api/multipart.c \
	scheduler/api/multipart.h \
	scheduler/api/pool.c \
	scheduler/api/pool.h \
	scheduler/api/program.c \
	scheduler/api/program.h \
	scheduler/api/query.c \
	scheduler/api/query.h \
	scheduler/api/render.c \
	scheduler/api/render.h \
	scheduler/api/res_action.c \
	scheduler/api/res_agent.c \
	scheduler/api/res_command.c \
	scheduler/api/res_dashboard.c \
	scheduler/api/res_heartbeat.c \
	scheduler/api/res_investigator.c \
	scheduler/api/res_metrics.c \
	scheduler/api/res_search.c \
	scheduler/api/res_simple.c \
	scheduler/api/router.c \
	scheduler/api/router.h \
	scheduler/api/server.c \
	scheduler/api/server.h \
	scheduler/api/settings.c \
	scheduler/api/settings.h \
	scheduler/api/stream.c \
	scheduler/api/stream.h \
	scheduler/api/token.c \
	scheduler/api/token.h

scheduler_libmig_store_a_SOURCES += \
	scheduler/store/api_action.c \
	scheduler/store/api_action.h \
	scheduler/store/api_agent.c \
	scheduler/store/api_agent.h \
	scheduler/store/api_auth.c \
	scheduler/store/api_auth.h \
	scheduler/store/api_investigator.c \
	scheduler/store/api_investigator.h \
	scheduler/store/api_rows.h \
	scheduler/store/api_search.c \
	scheduler/store/api_search.h

sbin_PROGRAMS += scheduler/mig-api
scheduler_mig_api_SOURCES = scheduler/api/main.c
scheduler_mig_api_LDFLAGS = $(AM_LDFLAGS) $(MIG_PROGRAM_LDFLAGS)
scheduler_mig_api_LDADD = \
	scheduler/libmig-api.a \
	scheduler/libmig-store.a \
	core/libmig-core.a \
	$(MICROHTTPD_LIBS) \
	$(PQ_LIBS) \
	$(CORE_LIBS)

dist_man_MANS += scheduler/api/mig-api.8
