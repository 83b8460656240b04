/* Running a study: from one configuration file to tables and a report. */
#ifndef HEADROOM_STUDY_H
#define HEADROOM_STUDY_H

#include "headroom/observer.h"
#include "headroom/status.h"
#include "headroom/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hr_study_options {
  const char *config_path; /* the YAML file, docs/configuration.md */
  const char *out_dir;     /* the run directory; NULL: runs/<experiment id> */
} hr_study_options;

/* Runs the study and fills its run directory up to results.json (docs/formats.md): one
 * pass over the training shards, one over the test shard. Memory stays within
 * run.memory_mib of the configuration. *run_dir is where it went, freed with
 * hr_text_free; not set on failure. hr_report_write (headroom/report.h) makes tables and
 * the report of it. HR_ERR_CONFIG, HR_ERR_MISSING, HR_ERR_FORMAT, HR_ERR_DATA: what is
 * wrong with the input; HR_ERR_LEDGER: the accounts do not balance; HR_ERR_USAGE: the run
 * directory holds something else; HR_ERR_INTERRUPTED; HR_ERR_IO; HR_ERR_MEMORY. */
HR_API HR_MUST_CHECK hr_status hr_study_run(const hr_study_options *options,
                                            const hr_observer *observer, char **run_dir,
                                            hr_error *err);

/* Reads configuration and labels, and says what hr_study_run would read, train, need in
 * memory and write; writes nothing. *plan is UTF-8 text, freed with hr_text_free; not set
 * on failure. Fails on what is wrong with the input, as hr_study_run does. */
HR_API HR_MUST_CHECK hr_status hr_study_describe(const hr_study_options *options,
                                                 const hr_observer *observer, char **plan,
                                                 hr_error *err);

#ifdef __cplusplus
}
#endif
#endif
