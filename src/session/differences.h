/* What has changed between the study that a run directory was begun with and the one that
 * is to go on in it. */
#ifndef HR_SESSION_DIFFERENCES_H
#define HR_SESSION_DIFFERENCES_H

#include "core/json_file.h"
#include "session/origin.h"

/* The data files of a plan for manifest.json: a list of path, bytes and when each was
 * modified, the test file last. */
json_t *hr_differences_files(const hr_origin *origin, hr_json_builder *builder);

/* Appends what differs, in clauses joined by "; ", the first few of them: the version of
 * the program, keys of out_dir/config.yaml that change results, data files. Nothing where
 * the study is the same. manifest: that of `out_dir`. */
hr_status hr_differences_describe(const char *out_dir, const json_t *manifest,
                                  const hr_origin *origin, hr_text *out,
                                  hr_error *err) HR_MUST_CHECK;

#endif
