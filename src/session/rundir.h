/* The run directory: what a study leaves behind (docs/formats.md). */
#ifndef HR_SESSION_RUNDIR_H
#define HR_SESSION_RUNDIR_H

#include "headroom/study.h"
#include "session/origin.h"
#include "session/owner.h"

/* What was found in a run directory that is now ours. */
typedef struct hr_rundir {
  int lock;         /* given back with hr_rundir_close; -1: not held */
  bool is_resumed;  /* it was begun before, and goes on */
  bool has_results; /* of this study, already; only where it is resumed */
  hr_owner former;  /* whose run ended without giving it back; pid 0: none */
} hr_rundir;

/* Locks `out_dir` for this study. Leftovers under temporary names are removed, and
 * nothing else: where the study begins anew, hr_run_clear (session/clear.h) follows as
 * soon as nothing can stop it any more. HR_ERR_USAGE, and nothing touched, where it is no
 * folder, holds files that are not a run's, holds the results of a study with another
 * fingerprint or on data that have been modified since (unless HR_STUDY_REPLACE), where
 * another run is at work in it, holds elements of an array or tasks of an unfinished run
 * and the mode is HR_STUDY_NEW, or was begun with another configuration, other data or
 * another version and the mode is HR_STUDY_RESUME. */
hr_status hr_rundir_open(const char *out_dir, const hr_origin *origin, hr_study_mode mode,
                         hr_rundir *out, hr_error *err) HR_MUST_CHECK;
void hr_rundir_close(const char *out_dir, hr_rundir *rundir);

/* Refuses what hr_rundir_open refuses with HR_ERR_USAGE, and touches nothing. */
hr_status hr_rundir_check(const char *out_dir, const hr_origin *origin,
                          hr_study_mode mode, hr_error *err) HR_MUST_CHECK;

/* Whether the folder of an element of an array (session/elements.h) is of this study, or
 * not begun yet. HR_ERR_USAGE with what differs; HR_ERR_MEMORY. */
hr_status hr_rundir_check_element(const char *dir, const hr_origin *origin,
                                  hr_error *err) HR_MUST_CHECK;

/* Writes manifest.json (versions, machine, seeds, fingerprints, data files), then
 * config.yaml (resolved). */
hr_status hr_rundir_write_origin(const char *out_dir, const hr_origin *origin,
                                 hr_error *err) HR_MUST_CHECK;

/* Writes config.yaml alone: of a run that goes on with other words for what changes no
 * number. */
hr_status hr_rundir_write_config(const char *out_dir, const hr_origin *origin,
                                 hr_error *err) HR_MUST_CHECK;

/* Whether the text of a config.yaml, with a 0 behind it, is the one that a run wrote: its
 * last line has a fingerprint of the others. True where there is no such line, as earlier
 * versions wrote none. */
bool hr_rundir_config_is_own(const char *bytes, size_t size);

/* What the pass over the training rows counted, for a run that goes on without making it
 * again: preparation.json. *known: whether there is such a file, of this study; then
 * out->bad_files are the caller's to free. */
hr_status hr_rundir_write_preparation(const char *out_dir, const hr_origin *origin,
                                      const hr_preparation *train,
                                      hr_error *err) HR_MUST_CHECK;
void hr_rundir_read_preparation(const char *out_dir, const hr_origin *origin,
                                hr_preparation *out, bool *known);

#endif
