/* Planning predictions: every file is looked at before the first is read, so that what is
 * wrong with the last is not found after hours. */
#include "predict/plan.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/sized.h"
#include "core/text.h"

enum {
  DEFAULT_MEMORY_BYTES = 512 << 20,
  USUAL_ROWS = 512, /* a block, with which what was read is still in a cache */
};

void hr_predict_plan_destroy(hr_predict_plan **plan) {
  hr_predict_plan *p = *plan;
  if (!p) return;
  hr_engine_close(&p->engine);
  hr_strings_fini(&p->keep);
  hr_free(p->keep_is_whole);
  hr_fits_bits_fini(&p->bits);
  hr_free(p->file_rows);
  hr_free(p->file_flux);
  hr_free(p->file_layout);
  hr_free(p->out);
  hr_free(p);
  *plan = NULL;
}

static const hr_sized sized_options = {
    "hr_predict_options",
    "with hr_predict_options_default()",
    {offsetof(hr_predict_options, index), offsetof(hr_predict_options, mask_bits),
     sizeof(hr_predict_options)}};

/* The formats, in the order of hr_predict_format. */
static const struct {
  const char *name, *out;
  hr_prediction_file_format format;
} formats[] = {{"csv", "predictions.csv", HR_PREDICTION_CSV},
               {"hdf5", "predictions.h5", HR_PREDICTION_HDF5},
               {"fits", "predictions.fits", HR_PREDICTION_FITS},
               {"pfsstar", "predictions.fits", HR_PREDICTION_PFSSTAR}};

/* The format that the name of a file ends as; HR_PREDICT_AUTO: any. */
static hr_predict_format format_of(const char *path) {
  static const struct {
    const char *ending;
    hr_predict_format format;
  } endings[] = {{".csv", HR_PREDICT_CSV},
                 {".h5", HR_PREDICT_HDF5},
                 {".hdf5", HR_PREDICT_HDF5},
                 {".fits", HR_PREDICT_FITS},
                 {".fit", HR_PREDICT_FITS}};
  const char *dot = strrchr(path, '.');
  for (size_t i = 0; dot && i < sizeof endings / sizeof endings[0]; i++) {
    if (strcasecmp(dot, endings[i].ending) == 0) return endings[i].format;
  }
  return HR_PREDICT_AUTO;
}

static hr_status take_format(hr_predict_plan *plan, hr_error *err) {
  hr_predict_format *format = &plan->options.format;
  const char *out = plan->options.out;
  hr_predict_format ending = out ? format_of(out) : HR_PREDICT_AUTO;
  bool is_any = ending == HR_PREDICT_AUTO;
  if (*format == HR_PREDICT_AUTO) *format = is_any ? HR_PREDICT_CSV : ending;
  bool is_same =
      *format == ending || (*format == HR_PREDICT_PFSSTAR && ending == HR_PREDICT_FITS);
  if (!is_any && !is_same) {
    return hr_fail(err, HR_ERR_USAGE,
                   "--out %s ends as %s does, and --format says %s; leave out one of "
                   "them",
                   out, formats[ending].name, formats[*format].name);
  }
  return hr_copy_text(out ? out : formats[*format].out, &plan->out, err);
}

static hr_status take_options(hr_predict_plan *plan, const hr_predict_options *options,
                              hr_error *err) {
  plan->options = hr_predict_options_default();
  hr_status status = hr_sized_take(&sized_options, options, &plan->options, err);
  if (status != HR_OK) return status;
  if (plan->options.file_count == 0) {
    return hr_fail(err, HR_ERR_USAGE, "no file of spectra is named");
  }
  return take_format(plan, err);
}

/* "id,ra" to a list, each name once. */
static hr_status take_keep(hr_predict_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  char *copy = NULL, *state = NULL;
  if (!plan->options.keep) return HR_OK;
  HR_TRY(hr_copy_text(plan->options.keep, &copy, err));
  for (char *name = strtok_r(copy, ",", &state); name;
       name = strtok_r(NULL, ",", &state)) {
    if (hr_strings_has(&plan->keep, name)) {
      status = hr_fail(err, HR_ERR_USAGE, "--keep names %s twice", name);
      goto cleanup;
    }
    HR_TRY(hr_strings_append(&plan->keep, name, err));
  }
cleanup:
  hr_free(copy);
  return status;
}

/* Whether a column of whole numbers lacks one, which a frame of pandas cannot have. */
static bool is_lost(const hr_predict_plan *plan, const double *values, size_t rows) {
  if (plan->table.format != HR_PREDICTION_HDF5) return false;
  for (size_t i = 0; i < rows; i++) {
    if (isnan(values[i])) return true;
  }
  return false;
}

/* Files of one survey say which object is which without being asked: the columns that say
 * it, constants of the layout, are looked at where all files so far have them. */
static hr_status look_at_ids(hr_predict_plan *plan, size_t i, const hr_input *input,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_table_column column = {0};
  const hr_fits_spectra_info *info =
      input->survey ? hr_survey_describe(input->survey) : NULL;
  size_t count = info ? info->id_count : 0;
  if (i == 0 && info) {
    plan->ids = info->ids;
    plan->id_count = count;
  }
  if (count != plan->id_count) plan->id_count = 0;
  for (size_t k = 0; k < plan->id_count; k++) {
    if (strcmp(plan->ids[k], info->ids[k]) != 0) plan->id_count = 0;
  }
  for (size_t k = 0; k < plan->id_count; k++) {
    hr_table_column_fini(&column);
    HR_TRY(hr_survey_column(input->survey, plan->ids[k], &column, err));
    bool is_whole = column.integers && !is_lost(plan, column.values, input->rows);
    plan->id_is_whole[k] = (i == 0 || plan->id_is_whole[k]) && is_whole;
  }
cleanup:
  hr_table_column_fini(&column);
  return status;
}

static hr_status keep_ids(hr_predict_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t k = 0; k < plan->id_count; k++) {
    if (hr_strings_has(&plan->keep, plan->ids[k])) continue;
    HR_TRY(hr_strings_append(&plan->keep, plan->ids[k], err));
    plan->keep_is_whole[plan->keep.count - 1] = plan->id_is_whole[k];
  }
cleanup:
  return status;
}

static hr_status look_at_file(hr_predict_plan *plan, size_t i,
                              const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  hr_input input = {0};
  const char *path = plan->options.files[i];
  size_t length = strlen(path);
  HR_TRY(hr_input_open(&plan->wish, path, observer, &input, err));
  plan->file_rows[i] = input.rows;
  plan->file_flux[i] = input.observed;
  if (input.survey) plan->file_layout[i] = hr_survey_describe(input.survey)->layout;
  plan->rows += input.rows;
  if (length > plan->table.file_bytes) plan->table.file_bytes = length;
  for (size_t k = 0; k < plan->keep.count; k++) {
    bool is_whole = input.kept_whole[k] && !is_lost(plan, input.kept[k], input.rows);
    if (!is_whole) plan->keep_is_whole[k] = false;
  }
  HR_TRY(look_at_ids(plan, i, &input, err));
cleanup:
  hr_input_fini(&input);
  return status;
}

static hr_status look_at_files(hr_predict_plan *plan, const hr_observer *observer,
                               hr_error *err) {
  hr_status status = HR_OK;
  size_t count = plan->options.file_count;
  HR_TRY(hr_alloc(&plan->file_rows, count, err));
  HR_TRY(hr_alloc(&plan->file_flux, count, err));
  HR_TRY(hr_alloc(&plan->file_layout, count, err));
  HR_TRY(hr_alloc(&plan->keep_is_whole, plan->keep.count + HR_FITS_MOST_IDS, err));
  for (size_t k = 0; k < plan->keep.count; k++) plan->keep_is_whole[k] = true;
  plan->wish =
      (hr_input_wish){plan->engine, &plan->keep, plan->options.flux, plan->options.index,
                      plan->options.mask_bits ? &plan->bits : NULL};
  plan->table = (hr_prediction_table_plan){
      .engine = plan->engine,
      .keep = &plan->keep,
      .keep_is_whole = plan->keep_is_whole,
      .format = formats[plan->options.format].format,
      .file_bytes = 1,
  };
  for (size_t i = 0; i < count; i++) HR_TRY(look_at_file(plan, i, observer, err));
  HR_TRY(keep_ids(plan, err));
cleanup:
  return status;
}

/* A catalogue says which star a row is. */
static hr_status check_stars(const hr_predict_plan *plan, hr_error *err) {
  static const char *const wanted[] = {"catId", "objId"};
  if (plan->options.format != HR_PREDICT_PFSSTAR) return HR_OK;
  for (size_t i = 0; i < 2; i++) {
    bool is_there = false;
    for (size_t k = 0; k < plan->keep.count; k++) {
      bool is_it = strcmp(plan->keep.items[k], wanted[i]) == 0;
      is_there = is_there || (is_it && plan->keep_is_whole[k]);
    }
    if (is_there) continue;
    return hr_fail(err, HR_ERR_USAGE,
                   "--format pfsstar says which star a row is by the whole numbers catId "
                   "and objId, and there is no %s; name it with --keep where the files "
                   "have it, or take --format fits",
                   wanted[i]);
  }
  return HR_OK;
}

/* Every thread has its group of rows. Larger blocks take no less work a row, and pages
 * that are fetched anew for every file: a fifth of all time where files have 4,000 rows.
 */
static size_t usual_rows(void) {
  size_t groups = HR_PREDICT_ROWS * hr_thread_count();
  return groups > USUAL_ROWS ? groups : USUAL_ROWS;
}

hr_status hr_predict_plan_create(const hr_predict_options *options,
                                 const hr_observer *observer, hr_predict_plan **out,
                                 hr_error *err) {
  hr_status status = HR_OK;
  hr_predict_plan *plan = NULL;
  HR_TRY(hr_alloc(&plan, 1, err));
  HR_TRY(take_options(plan, options, err));
  HR_TRY(take_keep(plan, err));
  if (plan->options.mask_bits) {
    HR_TRY(hr_fits_bits_parse(plan->options.mask_bits, &plan->bits, err));
  }
  HR_TRY(hr_engine_open(plan->options.model, plan->options.router, plan->options.expert,
                        &plan->engine, err));
  HR_TRY(look_at_files(plan, observer, err));
  HR_TRY(check_stars(plan, err));
  plan->stream = hr_stream_options_default();
  size_t memory = plan->options.memory_bytes, rows = plan->options.block_rows;
  plan->stream.memory_bytes = memory ? memory : DEFAULT_MEMORY_BYTES;
  plan->stream.block_rows = rows ? rows : usual_rows();
  plan->stream.block_multiple = HR_PREDICT_ROWS;
  plan->stream.conditioning = hr_engine_conditioning(plan->engine);
  plan->stream.keep_empty = true;
  *out = plan;
  plan = NULL;
cleanup:
  hr_predict_plan_destroy(&plan);
  return status;
}

/* --- in words --- */

static void describe_targets(const hr_bundle_description *d, hr_text *out) {
  for (size_t t = 0; t < d->target_count; t++) {
    const hr_bundle_target *target = &d->targets[t];
    hr_text_append(out, "%-10s %s%s%s, trained on %g to %g\n", t == 0 ? "predicts" : "",
                   target->name, target->unit[0] ? " in " : "", target->unit,
                   target->train.minimum, target->train.maximum);
  }
}

static void describe_expert(const hr_predict_plan *plan, const char *where,
                            size_t candidate, hr_text *out) {
  const hr_bundle_description *d = hr_engine_describe(plan->engine);
  hr_text_append(out, "  %-24s ", where);
  if (candidate == HR_NO_CANDIDATE) {
    hr_text_append(out, "nobody\n");
    return;
  }
  const hr_bundle_candidate *model = &d->candidates[candidate];
  hr_text_append(out, "%s", model->title);
  if (model->variant[0] && !isnan(model->variant_value)) {
    hr_text_append(out, " (%s %g)", model->variant, model->variant_value);
  }
  hr_text_append(out, "%s\n", model->slot == HR_GLOBAL ? ", trained on all rows" : "");
}

static void describe_target_experts(const hr_predict_plan *plan, size_t target,
                                    hr_text *out) {
  const hr_bundle_description *d = hr_engine_describe(plan->engine);
  const hr_router *router = hr_engine_router(plan->engine);
  if (d->target_count > 1) hr_text_append(out, "  %s\n", d->targets[target].name);
  for (size_t k = 0; k <= d->bin_count; k++) {
    bool is_global = k == d->bin_count;
    bool by_gate = strcmp(router->name, "gate") == 0;
    bool leaves_none = !by_gate && strcmp(d->uncovered, "global") != 0;
    if (router->uses_global && !is_global) continue;
    if (!router->uses_global && is_global && leaves_none) continue;
    const char *where = router->uses_global    ? "all rows"
                        : is_global && by_gate ? "where no bin is likely"
                        : is_global            ? "rows outside the bins"
                                               : d->bin_names[k];
    describe_expert(plan, where, hr_engine_candidate(plan->engine, target, k), out);
  }
}

static void describe_experts(const hr_predict_plan *plan, hr_text *out) {
  const hr_router *router = hr_engine_router(plan->engine);
  hr_text_append(out, "%-10s %s: %s\n", "router", router->name, router->summary);
  for (size_t t = 0; t < hr_engine_describe(plan->engine)->target_count; t++) {
    describe_target_experts(plan, t, out);
  }
}

static void describe_files(const hr_predict_plan *plan, hr_text *out) {
  const hr_bundle_description *d = hr_engine_describe(plan->engine);
  hr_text_append(out, "%-10s %llu spectra of %zu pixels in %zu file%s\n", "reads",
                 (unsigned long long)plan->rows, d->pixels, plan->options.file_count,
                 plan->options.file_count == 1 ? "" : "s");
  for (size_t i = 0; i < plan->options.file_count; i++) {
    hr_text_append(out, "  ");
    hr_text_append_visible(out, plan->options.files[i]);
    const char *flux = plan->file_flux[i] == HR_OBSERVED_NOISY ? "noisy" : "flux";
    hr_text_append(out, "  %zu row%s, %s\n", plan->file_rows[i],
                   hr_plural(plan->file_rows[i]),
                   plan->file_layout[i] ? plan->file_layout[i] : flux);
  }
}

hr_status hr_predict_plan_describe(const hr_predict_plan *plan, hr_text *out,
                                   hr_error *err) {
  hr_status status = HR_OK;
  hr_prediction_table table = {0};
  const hr_bundle_description *d = hr_engine_describe(plan->engine);
  HR_TRY(hr_prediction_table_init(&plan->table, 1, &table, err));
  hr_text_append(out, "%-10s %s, of the study %s (headroom %s)\n", "model",
                 hr_engine_folder(plan->engine), d->study, d->program);
  describe_targets(d, out);
  describe_experts(plan, out);
  describe_files(plan, out);
  hr_text_append(out, "%-10s %s\n  ", "writes", plan->out);
  for (size_t c = 0; c < table.count; c++) {
    hr_text_append(out, "%s%s", c == 0 ? "" : ", ", table.columns[c].frame.name);
  }
  hr_text_append(out, "\n%-10s %zu MiB for spectra, beside the models\n", "memory",
                 plan->stream.memory_bytes >> 20);
  HR_TRY(hr_text_status(out, err));
cleanup:
  hr_prediction_table_fini(&table);
  return status;
}
