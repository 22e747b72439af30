/* SPDX-License-Identifier: MPL-2.0 */
/* Exports nothing. */
#include "zoo.h"

ZOO_NOTE("nosymbol", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
