/* The report of a finished study. */
#ifndef HEADROOM_REPORT_H
#define HEADROOM_REPORT_H

#include "headroom/observer.h"
#include "headroom/status.h"
#include "headroom/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes RUN/tables/(all tables).csv and RUN/report.md from RUN/results.json alone.
 * run_dir: the run directory, borrowed. observer: told which files were written; may be
 * NULL. HR_ERR_MISSING without results.json; HR_ERR_FORMAT where it is not what
 * docs/formats.md says, naming the key; HR_ERR_LEDGER where its accounts do not balance;
 * HR_ERR_IO, HR_ERR_MEMORY. Needs memory of a few times the size of results.json. */
HR_API hr_status hr_report_write(const char *run_dir, const hr_observer *observer,
                                 hr_error *err) HR_MUST_CHECK;

/* The tables as text for a terminal: UTF-8, lines of at most 100 columns.
 * run_dir: the run directory, borrowed. *out: the text, the caller's, freed with
 * hr_text_free. Fails as hr_report_write does. */
HR_API hr_status hr_report_text(const char *run_dir, char **out,
                                hr_error *err) HR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
