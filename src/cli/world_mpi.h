/* The MPI that this program was built with. */
#ifndef HR_CLI_WORLD_MPI_H
#define HR_CLI_WORLD_MPI_H

#include "core/world.h"

/* Its table for hr_world_create; NULL: it was built without. */
const hr_world_engine *hr_world_mpi(void);

#endif
