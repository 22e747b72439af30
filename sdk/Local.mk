# SPDX-License-Identifier: MPL-2.0
# All that a plugin may include or link with.
migincludedir = $(includedir)/mig
miginclude_HEADERS = sdk/include/mig/plugin.h

noinst_LTLIBRARIES += sdk/libmig-sdk.la
sdk_libmig_sdk_la_SOURCES =
