/* The report of a finished study.
 *
 * Threads: may be called by several threads at the same time for different run
 * directories and pages. Process: nothing but the files that are named is touched. */
#ifndef HEADROOM_REPORT_H
#define HEADROOM_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "headroom/observer.h"
#include "headroom/status.h"
#include "headroom/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes RUN/tables/(all tables).csv, RUN/figures/(all figures).png, .svg and .csv,
 * RUN/report.md and RUN/report.html from RUN/results.json and RUN/predictions.csv alone.
 * run_dir: the run directory, borrowed. observer: told what was written; may be NULL.
 * HR_ERR_MISSING without one of the two files; HR_ERR_FORMAT where they are not what
 * docs/formats.md says, naming the key or line; HR_ERR_LEDGER where the accounts do not
 * balance, or where one file does not confirm the other; HR_ERR_IO, HR_ERR_MEMORY.
 * Nothing is written unless everything is in order. Needs memory of a few times the size
 * of both files. */
HR_API hr_status hr_report_write(const char *run_dir, const hr_observer *observer,
                                 hr_error *err) HR_MUST_CHECK;

/* The tables as text for a terminal: UTF-8, lines of at most 100 columns.
 * run_dir: the run directory, borrowed. *out: the text, the caller's, freed with
 * hr_text_free. Fails as hr_report_write does. */
HR_API hr_status hr_report_text(const char *run_dir, char **out,
                                hr_error *err) HR_MUST_CHECK;

typedef struct hr_publish_options {
  size_t size;
  bool check;       /* write nothing; HR_ERR_DIFFERS where a page would change */
  bool create;      /* add the block where a page lacks it, and pages that are missing */
  const char *page; /* one page and its block; NULL: those of RUN/config.yaml */
  const char *block;
} hr_publish_options;

static inline hr_publish_options hr_publish_options_default(void) {
  hr_publish_options options = {sizeof(hr_publish_options), false, false, NULL, NULL};
  return options;
}

/* Writes the key numbers of a study into Markdown pages that people keep by hand: between
 *     <!-- headroom:begin BLOCK -->
 *     <!-- headroom:end BLOCK -->
 * and nowhere else; all other bytes and the page's line ends stay. Every page is read and
 * checked before any is written. run_dir, options: borrowed; options may be NULL for the
 * defaults. *difference: what changes,
 * in lines with - and +, "" where nothing does; freed with hr_text_free; set also with
 * HR_ERR_DIFFERS, otherwise not on failure. HR_ERR_CONFIG where no page is named;
 * HR_ERR_FORMAT where a marker is missing, doubled or out of order; HR_ERR_USAGE,
 * HR_ERR_MISSING, HR_ERR_LEDGER, HR_ERR_IO, HR_ERR_MEMORY as hr_report_write. */
HR_API hr_status hr_report_publish(const char *run_dir, const hr_publish_options *options,
                                   const hr_observer *observer, char **difference,
                                   hr_error *err) HR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
