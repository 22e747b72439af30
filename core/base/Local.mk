# SPDX-License-Identifier: MPL-2.0
core_libmig_core_a_SOURCES += \
	core/base/buf.h \
	core/base/conf.h \
	core/base/error.h \
	core/base/file.h \
	core/base/frame.h \
	core/base/id.h \
	core/base/json.h \
	core/base/log.h \
	core/base/time.h
