/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "mig.h"
#include "plugin/worker.h"

int
main(int argc, char **argv)
{
    mig_worker_role(argc, argv);
    return mig_cli_main(argc, argv);
}
