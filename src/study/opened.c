/* From options to a plan, for runs and for those who only want to know what one would do.
 */
#include "study/opened.h"

#include <limits.h>
#include <string.h>

#include "config/compat.h"
#include "core/alloc.h"
#include "core/door.h"
#include "core/file.h"
#include "core/observe.h"
#include "core/sized.h"
#include "data/guard.h"
#include "session/rundir.h"
#include "study/check_data.h"
#include "study/describe.h"
#include "study/estimate.h"
#include "study/part.h"
#include "study/preflight.h"
#include "study/row_labels.h"

void hr_opened_study_fini(hr_opened_study *opened) {
  hr_plan_destroy(&opened->plan);
  hr_config_destroy(&opened->config);
  hr_free(opened->out_dir);
}

static const hr_sized sized_options = {
    "hr_study_options",
    "with hr_study_options_default()",
    {offsetof(hr_study_options, element), sizeof(hr_study_options)}};

hr_status hr_study_take_options(const hr_study_options *given, hr_study_options *own,
                                hr_error *err) {
  hr_status status = hr_sized_take(&sized_options, given, own, err);
  bool is_new = own->element_count > 0 && own->mode == HR_STUDY_NEW;
  if (is_new) own->mode = HR_STUDY_RESUME;
  return status;
}

/* The file's folder, or the one that is named, is where relative paths begin. */
hr_status hr_study_load_config(const hr_study_options *options, hr_config **out,
                               hr_error *err) {
  hr_status status = HR_OK;
  const char *text = options->config_text, *name = options->config_path;
  const char *folder = options->config_folder;
  hr_strings settings = {0};
  if (options->compat) HR_TRY(hr_config_compat(options->compat, &settings, err));
  for (size_t i = 0; i < options->setting_count; i++) {
    HR_TRY(hr_strings_append(&settings, options->settings[i], err));
  }
  if (text) {
    const hr_config_text source = {name ? name : "configuration", folder ? folder : "",
                                   &settings};
    HR_TRY(hr_config_load_text(text, &source, out, err));
  } else if (name) {
    HR_TRY(hr_config_load_with(name, &settings, out, err));
  } else {
    status =
        hr_fail(err, HR_ERR_USAGE,
                "hr_study_options has neither config_path nor config_text; give one");
  }
cleanup:
  hr_strings_fini(&settings);
  return status;
}

/* The name of the run directory from the study's own. */
static hr_status name_after_id(const hr_config *config, char **out, hr_error *err) {
  const char *id = config->experiment.id;
  if (strchr(id, '/') || strcmp(id, ".") == 0 || strcmp(id, "..") == 0 || !*id) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "%s: experiment.id '%s' cannot name a folder; name the run "
                   "directory with %s",
                   config->path, id, HR_DOOR_OUT);
  }
  if (strlen(id) > NAME_MAX) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "%s: experiment.id has %zu bytes, more than the %d of a folder's "
                   "name; name the run directory with %s",
                   config->path, strlen(id), NAME_MAX, HR_DOOR_OUT);
  }
  return hr_join_path("runs", id, out, err);
}

/* The system would say so when the study has been planned, a dry run not at all. */
static hr_status check_length(const char *out_dir, hr_error *err) {
  enum { INSIDE = 512 }; /* for the files in it, which have long names too */
  for (const char *at = out_dir; *at; at += strspn(at, "/")) {
    size_t length = strcspn(at, "/");
    if (length > NAME_MAX) {
      return hr_fail(err, HR_ERR_USAGE,
                     "a folder of %s has a name of %zu bytes, more than %d: %.40s...; "
                     "give it a shorter one",
                     HR_DOOR_OUT, length, NAME_MAX, at);
    }
    at += length;
  }
  if (strlen(out_dir) + INSIDE <= PATH_MAX) return HR_OK;
  return hr_fail(err, HR_ERR_USAGE,
                 "the path of %s has %zu bytes, more than %d: %.40s...; name a "
                 "directory with a shorter one",
                 HR_DOOR_OUT, strlen(out_dir), PATH_MAX - INSIDE, out_dir);
}

hr_status hr_study_open(const hr_study_options *options, const hr_observer *observer,
                        hr_opened_study *out, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_study_load_config(options, &out->config, err));
  if (options->compat) {
    hr_observe_info(
        observer, "experts and gates have the settings of '%s', whatever %s says of them",
        options->compat, out->config->path);
  }
  if (options->out_dir) {
    HR_TRY(hr_copy_text(options->out_dir, &out->out_dir, err));
  } else {
    HR_TRY(name_after_id(out->config, &out->out_dir, err));
  }
  HR_TRY(check_length(out->out_dir, err));
  HR_TRY(hr_study_vet_files(out->config, &(hr_vet_options){0}, observer, err));
  HR_TRY(hr_plan_create(out->config, observer, &out->plan, err));
cleanup:
  return status;
}

/* What hr_study_run refuses before it begins, beside what is wrong with the input. A
 * directory that an earlier run has begun needs less than the whole. */
static hr_status check_described(const hr_opened_study *opened,
                                 const hr_study_options *options, hr_error *err) {
  hr_status status = HR_OK;
  hr_row_labels labels = {0};
  hr_cost cost = {0};
  hr_resources resources;
  const hr_plan *plan = opened->plan;
  HR_TRY(hr_plan_check_memory(plan, err));
  HR_TRY(hr_row_labels_init(&labels, plan, err));
  HR_TRY(hr_rundir_check(opened->out_dir, &plan->origin, options->mode, err));
  if (options->skip_preflight || hr_folder_has(opened->out_dir, "manifest.json")) {
    goto cleanup;
  }
  hr_plan_estimate(plan, &cost);
  hr_resources_find(opened->out_dir, "", &resources);
  HR_TRY(hr_preflight(&cost, &resources, opened->out_dir, err));
cleanup:
  hr_row_labels_fini(&labels);
  return status;
}

/* One wild row spoils every model, and the sample may not have it. */
static hr_status look_for_wild(hr_plan *plan, hr_text *out, hr_error *err) {
  const uint64_t most_bytes = (uint64_t)512 << 20;
  size_t looked_at = 0, rows = hr_dataset_rows(plan->train);
  if (plan->config->data.reject_outliers) return HR_OK; /* all were looked at */
  hr_status status = hr_plan_look_for_wild(plan, most_bytes, &looked_at, err);
  if (status == HR_OK && looked_at < rows) {
    hr_text_append(out,
                   "Looked at %zu of %zu training rows for some far beyond all others; "
                   "the rest only the run looks at, or `headroom inspect`\n",
                   looked_at, rows);
  }
  return status;
}

static void describe_tasks(const hr_element *element, hr_text *out) {
  hr_text_append(out, "Element %zu of %zu has %zu of the tasks%s", element->element,
                 element->of, element->tasks.count, element->tasks.count > 0 ? ": " : "");
  for (size_t i = 0; i < element->tasks.count; i++) {
    hr_text_append(out, "%s%s", i > 0 ? ", " : "", element->tasks.items[i]);
  }
  hr_text_append(out, "\n");
}

hr_status hr_study_describe(const hr_study_options *given, const hr_observer *observer,
                            char **plan, hr_error *err) {
  hr_status status = HR_OK;
  hr_study_options options = hr_study_options_default();
  hr_opened_study opened = {0};
  hr_part part = {.record = {0}};
  hr_text text, looks;
  hr_text_init(&text);
  hr_text_init(&looks);
  HR_TRY(hr_study_take_options(given, &options, err));
  /* With spectra, as some are read to see how they are to be made ready. */
  HR_TRY(hr_study_open(&options, observer, &opened, err));
  if (options.element_count > 0) HR_TRY(hr_part_take(&options, &opened, &part, err));
  HR_TRY(look_for_wild(opened.plan, &looks, err));
  hr_plan_warn(opened.plan);
  hr_plan_describe(opened.plan, opened.out_dir, &text);
  if (options.element_count > 0) describe_tasks(&part.record, &text);
  if (looks.bytes) hr_text_append(&text, "%s", looks.bytes);
  HR_TRY(hr_text_status(&text, err));
  *plan = text.bytes;
  hr_text_init(&text);
  HR_TRY(check_described(&opened, &options, err));
cleanup:
  hr_text_fini(&looks);
  hr_text_fini(&text);
  hr_part_fini(&part);
  hr_opened_study_fini(&opened);
  return status;
}
