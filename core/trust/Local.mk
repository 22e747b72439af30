# SPDX-License-Identifier: MPL-2.0
core_libmig_core_a_SOURCES += \
	core/trust/acl.h \
	core/trust/image.h \
	core/trust/journal.h \
	core/trust/pgp.h \
	core/trust/whitelist.h
