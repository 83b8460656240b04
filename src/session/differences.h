/* What has changed between the study that a run directory was begun with and the one that
 * is to go on in it. */
#ifndef HR_SESSION_DIFFERENCES_H
#define HR_SESSION_DIFFERENCES_H

#include "core/json_file.h"
#include "session/origin.h"

/* The data files of a plan for manifest.json: a list of path, bytes, when each was
 * modified and what is in it in short (session/content.h): training files, the test file,
 * tables of labels. */
json_t *hr_differences_files(const hr_origin *origin, hr_json_builder *builder);

/* The same of the files of models from elsewhere, each with the expert and the key of the
 * configuration that it is of; an empty list where there are none. */
json_t *hr_differences_models(const hr_origin *origin, hr_json_builder *builder);

/* Whether a data file is another one: of another size, or modified since and not the
 * same in what is known of its content. */
bool hr_differences_in_data(const json_t *manifest, const hr_origin *origin);

/* Appends what differs, in clauses joined by "; ", the first few of them: the version of
 * the program, keys of out_dir/config.yaml that change results, data files and, of
 * another study, those of models from elsewhere. Nothing where
 * the study is the same. manifest: that of `out_dir`. */
hr_status hr_differences_describe(const char *out_dir, const json_t *manifest,
                                  const hr_origin *origin, hr_text *out,
                                  hr_error *err) HR_MUST_CHECK;

#endif
