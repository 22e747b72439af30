# SPDX-License-Identifier: MPL-2.0
# Numbered migrations, applied in order by mig-admin, never edited after a release.
dist_migsql_DATA += \
	sql/0001-schema.sql \
	sql/0002-api.sql \
	sql/0003-platform.sql \
	sql/0004-retention.sql
