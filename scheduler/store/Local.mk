# SPDX-License-Identifier: MPL-2.0
scheduler_libmig_store_a_SOURCES += \
	scheduler/store/agents.c \
	scheduler/store/agents.h \
	scheduler/store/array.c \
	scheduler/store/array.h \
	scheduler/store/collect.c \
	scheduler/store/collect.h \
	scheduler/store/db.c \
	scheduler/store/db.h \
	scheduler/store/dispatch.c \
	scheduler/store/dispatch.h \
	scheduler/store/intake.c \
	scheduler/store/intake.h \
	scheduler/store/investigators.c \
	scheduler/store/investigators.h \
	scheduler/store/retention.c \
	scheduler/store/retention.h \
	scheduler/store/schema.c \
	scheduler/store/schema.h \
	scheduler/store/settings.c \
	scheduler/store/settings.h \
	scheduler/store/target.c \
	scheduler/store/target.h \
	scheduler/store/whitelist.c \
	scheduler/store/whitelist.h
