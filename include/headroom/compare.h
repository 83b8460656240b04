/* Runs held against one another, on the same stars.
 *
 * Two reports side by side do not say whether one study is better than the other: their
 * test rows may not be the same, and two intervals that overlap may still belong to a
 * difference that is sure. Here the runs' predictions.csv are joined star by star, all
 * numbers are taken anew on the rows that every run has, and differences have paired
 * intervals, over the first run.
 *
 * Threads: one hr_comparison may be read by any number of threads at the same time; while
 * it is made it uses all threads of the library. Process: nothing but files is touched.
 */
#ifndef HEADROOM_COMPARE_H
#define HEADROOM_COMPARE_H

#include <stddef.h>

#include "headroom/export.h"
#include "headroom/observer.h"
#include "headroom/status.h"
#include "headroom/text.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { HR_COMPARE_MOST_RUNS = 16 };

typedef struct hr_compare_options {
  size_t size;
  const char *target; /* which label; NULL: the first of the first run */
} hr_compare_options;

static inline hr_compare_options hr_compare_options_default(void) {
  hr_compare_options options = {sizeof(hr_compare_options), NULL};
  return options;
}

typedef struct hr_comparison hr_comparison;

/* Compares the runs in `run_dirs` ([count], 2 to HR_COMPARE_MOST_RUNS), all with the
 * first. Rows are joined by the first label that data.id names in every run and no two
 * stars of a run share; where there is none, by row number. Truth must be the same in
 * every row. options: NULL for the defaults.
 *
 * HR_ERR_USAGE for another number of runs, the same run twice, or a target that one of
 * them lacks; HR_ERR_DATA where the rows are not the same stars, have no star in common,
 * or two runs disagree about the truth of one; otherwise fails as hr_results_open.
 * *out is given back with hr_comparison_close. */
HR_API hr_status hr_compare(const char *const *run_dirs, size_t count,
                            const hr_compare_options *options, hr_comparison **out,
                            hr_error *err) HR_MUST_CHECK;
HR_API void hr_comparison_close(hr_comparison **comparison);

typedef enum hr_comparison_format {
  HR_COMPARISON_TEXT,     /* for a terminal */
  HR_COMPARISON_MARKDOWN, /* the same for a page */
  HR_COMPARISON_JSON,     /* every number (docs/formats.md, "Comparison") */
} hr_comparison_format;

/* *text is freed with hr_text_free. HR_ERR_MEMORY. */
HR_API hr_status hr_comparison_text(const hr_comparison *comparison,
                                    hr_comparison_format format, char **text,
                                    hr_error *err) HR_MUST_CHECK;

/* Writes comparison.json, comparison.md, tables/ and figures/ into the folder `dir`,
 * which is made where it is not there. HR_ERR_IO; HR_ERR_USAGE where `dir` holds
 * files that are no comparison's.
 * observer: NULL, or told what was written. */
HR_API hr_status hr_comparison_write(const hr_comparison *comparison, const char *dir,
                                     const hr_observer *observer,
                                     hr_error *err) HR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
