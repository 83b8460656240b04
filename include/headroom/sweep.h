/* A sweep: one study at several values of one key, such as a learning curve over
 * data.rows, or a curve over noise.level. Each point is an ordinary run directory; a
 * table and a figure of R² against the value are made of what the points' results say.
 *
 * Threads and process: as headroom/study.h. Options are borrowed for the call; texts are
 * the caller's. */
#ifndef HEADROOM_SWEEP_H
#define HEADROOM_SWEEP_H

#include <stddef.h>

#include "headroom/export.h"
#include "headroom/observer.h"
#include "headroom/status.h"
#include "headroom/study.h"
#include "headroom/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hr_sweep_options {
  size_t size;
  /* The study: configuration, settings of all points, compat, mode and skip_preflight as
   * hr_study_run takes them. out_dir is the folder of the sweep, NULL:
   * runs/<experiment id>-<key>. `begun` and `finish` are not called. */
  const hr_study_options *study;
  const char *key;           /* "data.rows" */
  const char *const *values; /* [value_count] in YAML: "1000"; two or more, each once */
  size_t value_count;
  size_t place; /* how many of study->settings come before KEY=VALUE, which counts where
                   one of them is of the same key: the last one holds */
} hr_sweep_options;

static inline hr_sweep_options hr_sweep_options_default(void) {
  hr_sweep_options options = {sizeof(hr_sweep_options), NULL, NULL, NULL, 0, 0};
  return options;
}

/* Runs the study at every value, one after the other, with its report, in
 * DIR/points/KEY=VALUE (in VALUE %2F for / and %25 for %); then writes DIR/sweep.csv,
 * sweep.md and figures/sweep.* (docs/formats.md, "A sweep"). All points are checked
 * before the first is begun. One that fails takes no other with it: the observer is
 * warned. Its mode is every point's: with HR_STUDY_RESUME points that are done stay as
 * they are, and further values are further points. Memory, and what is on disk after an
 * interruption: as hr_study_run.
 *
 * *dir is the folder of the sweep and *table the first target's table for a terminal,
 * UTF-8, both freed with hr_text_free; set when all is written, and that also where
 * points failed: then the status is that of the first of them, HR_ERR_LOST where it is
 * done without an expert, and sweep.csv says the trouble of each. They are NULL on other
 * failures. HR_ERR_USAGE for options of another size than a known one, without a study,
 * key or values, or of an element of an array; where the folder holds something else, or,
 * unless mode is HR_STUDY_RESTART or HR_STUDY_REPLACE, a sweep over another key; else as
 * hr_study_run. */
HR_API HR_MUST_CHECK hr_status hr_sweep_run(const hr_sweep_options *options,
                                            const hr_observer *observer, char **dir,
                                            char **table, hr_error *err);

/* What every point would read, train, need in memory and write, one behind the other, as
 * hr_study_describe; writes nothing. *plans is UTF-8 text, freed with hr_text_free; set
 * on failure, too, once there is something to tell, else NULL then. */
HR_API HR_MUST_CHECK hr_status hr_sweep_describe(const hr_sweep_options *options,
                                                 const hr_observer *observer,
                                                 char **plans, hr_error *err);

#ifdef __cplusplus
}
#endif
#endif
