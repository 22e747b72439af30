# SPDX-License-Identifier: MPL-2.0
# The platform: mig-scheduler, mig-api, mig-admin.
noinst_LIBRARIES += scheduler/libmig-store.a
scheduler_libmig_store_a_SOURCES =

include scheduler/store/Local.mk
include scheduler/lanes/Local.mk
include scheduler/admin/Local.mk
include scheduler/api/Local.mk
