/* Whether the machine has what a study takes, before the first spectrum is read. */
#ifndef HR_STUDY_PREFLIGHT_H
#define HR_STUDY_PREFLIGHT_H

#include "study/plan.h"

/* What a machine has left. */
typedef struct hr_resources {
  double memory_bytes;      /* that this process could still take; HUGE_VAL: unlimited */
  const char *memory_limit; /* what limits it: "ulimit -v" */
  double disk_bytes;        /* free on the disk of a folder; HUGE_VAL: not known */
} hr_resources;

/* Memory: the least of what the kernel says is available (with free swap), what the
 * control group allows and what `ulimit -v` allows. Disk: of `folder` or, where it is not
 * there yet, of the first folder above it that is. `root` stands before /proc and /sys:
 * "" but in tests. */
void hr_resources_find(const char *folder, const char *root, hr_resources *out);

/* Refuses a study that needs more than there is: HR_ERR_MEMORY or HR_ERR_IO with what is
 * needed, what there is, and the remedy. */
hr_status hr_preflight(const hr_cost *cost, const hr_resources *resources,
                       const char *out_dir, hr_error *err) HR_MUST_CHECK;

#endif
