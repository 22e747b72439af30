/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/mkagent.h"

int
main(int argc, char **argv)
{
    return mig_mkagent_main(argc, argv);
}
