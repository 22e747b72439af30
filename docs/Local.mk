# SPDX-License-Identifier: MPL-2.0
EXTRA_DIST += \
	docs/first-site.md \
	docs/mig-2019.md \
	docs/openapi.json \
	docs/plugin-author.md \
	docs/security-model.md
