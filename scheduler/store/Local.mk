# SPDX-License-Identifier: MPL-2.0
scheduler_libmig_store_a_SOURCES += \
	scheduler/store/db.c \
	scheduler/store/db.h
