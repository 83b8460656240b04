/* The MPI that this program was built with. */
#ifndef HR_CLI_WORLD_MPI_H
#define HR_CLI_WORLD_MPI_H

#include "core/world.h"

/* Its table for hr_world_create; NULL: it was built without. */
const hr_world_engine *hr_world_mpi(void);

/* Gives a world back when the work is done, with how it went. Where it is broken, as a
 * rank died, the others cannot end as they should: this one's sentence, then all at once.
 */
void hr_world_leave(hr_world **world, hr_status status, const hr_error *err);

#endif
