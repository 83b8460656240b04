/* A study of several targets has a report of each: the first one's in the run directory,
 * the others' in RUN/targets/. The first says where the others are, and what they found.
 */
#ifndef HR_REPORT_TARGETS_H
#define HR_REPORT_TARGETS_H

#include "report/reader.h"

#include "core/text.h"

/* How many targets have a folder of their own behind these results: 0 but for the first
 * target's of a study with several. */
size_t hr_targets_behind(const hr_reader *reader);

/* The label that number i of them is, from 0; borrowed. */
const char *hr_targets_name(const hr_reader *reader, size_t i);

/* The folder of number i of them, from 0; freed with hr_free. HR_ERR_MEMORY. */
hr_status hr_targets_dir(const hr_reader *reader, const char *run_dir, size_t i,
                         char **out, hr_error *err) HR_MUST_CHECK;

/* Appends the section of the first target's report that lists all targets: unit, R² of
 * the headline and the gate's verdict, from the results.json of each; nothing where there
 * is one target. Fails as hr_results_open. */
hr_status hr_targets_write_markdown(const hr_reader *reader, const char *run_dir,
                                    hr_text *out, hr_error *err) HR_MUST_CHECK;

#endif
