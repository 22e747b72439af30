# SPDX-License-Identifier: MPL-2.0
core_libmig_core_a_SOURCES += \
	core/base/base64.c \
	core/base/base64.h \
	core/base/buf.c \
	core/base/buf.h \
	core/base/conf.c \
	core/base/conf.h \
	core/base/error.c \
	core/base/error.h \
	core/base/file.c \
	core/base/file.h \
	core/base/frame.c \
	core/base/frame.h \
	core/base/hex.c \
	core/base/hex.h \
	core/base/id.c \
	core/base/id.h \
	core/base/json.c \
	core/base/json.h \
	core/base/json_internal.h \
	core/base/json_scan.c \
	core/base/json_text.c \
	core/base/log.c \
	core/base/log.h \
	core/base/time.c \
	core/base/time.h
