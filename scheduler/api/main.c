/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/program.h"

int
main(int argc, char **argv)
{
    return mig_api_main(argc, argv);
}
