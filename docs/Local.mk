# SPDX-License-Identifier: MPL-2.0
EXTRA_DIST += \
	docs/first-site.md \
	docs/mig-2019.md \
	docs/openapi.json \
	docs/operator.md \
	docs/plugin-author.md \
	docs/security-model.md
