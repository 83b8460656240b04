/* A model that was trained elsewhere: its predictions are looked up by the number of the
 * test row, or made by its network. */
#include "methods/outside/outside.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "methods/outside/onnx_model.h"
#include "methods/outside/ort_api.h"

struct hr_learner {
  const hr_study_view *study;
  const hr_outside_parameters *parameters; /* NULL: those of predictions of all rows */
  size_t slots;
};

/* It knows the study's test rows by their numbers and predicts no others, so that it is
 * no model to be loaded or to be put into a bundle. */
typedef struct outside_model {
  hr_model model;
  double *prediction; /* [rows] NaN: none */
  double *sigma;      /* [rows] NaN: none; NULL: it states none */
  size_t rows;
} outside_model;

static hr_status outside_save(const hr_model *model, const char *folder,
                              hr_model_form form, hr_error *err) {
  (void)model, (void)folder, (void)form, (void)err;
  return HR_OK;
}

/* What it says of row number `row`, row i of the block. */
static void say(const outside_model *m, const hr_request *r, size_t i, size_t row) {
  if (r->variants > 0 && r->mean) r->mean[i] = (float)m->prediction[row];
  if (m->sigma && r->variance) r->variance[i] = m->sigma[row] * m->sigma[row];
}

static hr_status outside_predict(const hr_spectra *spectra, const hr_request *requests,
                                 size_t request_count, hr_error *err) {
  (void)err;
  for (size_t q = 0; q < request_count; q++) {
    const hr_request *r = &requests[q];
    const outside_model *m = (const outside_model *)(const void *)r->model;
    hr_request_fill_unknown(r);
    for (size_t i = 0; i < r->count; i++) {
      size_t row = spectra->first_row + r->row[i];
      if (row < m->rows) say(m, r, r->row[i], row);
    }
  }
  return HR_OK;
}

static void outside_model_destroy(hr_model **address) {
  outside_model *model = (outside_model *)(void *)*address;
  *address = NULL;
  if (!model) return;
  hr_free(model->prediction);
  hr_free(model->sigma);
  hr_free(model);
}

static const hr_model_type outside_model_type = {
    .kind = "outside",
    .save = outside_save,
    .predict = outside_predict,
    .destroy = outside_model_destroy,
};

static const hr_model_type outside_sigma_type = {
    .kind = "outside",
    .states_sigma = true,
    .save = outside_save,
    .predict = outside_predict,
    .destroy = outside_model_destroy,
};

bool hr_outside_is_for(const hr_outside_parameters *parameters, int slot) {
  size_t count = parameters ? parameters->bins.count : 0;
  if (count == 0 || slot == HR_GLOBAL) return count == 0 && slot == HR_GLOBAL;
  for (size_t i = 0; i < count; i++) {
    if (parameters->bins.items[i] == (double)slot) return true;
  }
  return false;
}

static hr_status outside_begin(const hr_study_view *study, const void *parameters,
                               hr_learner **out, hr_error *err) {
  hr_status status = hr_alloc(out, 1, err);
  if (status != HR_OK) return status;
  *(*out) = (hr_learner){study, parameters, 1};
  if (!hr_outside_is_for(parameters, HR_GLOBAL)) (*out)->slots = study->bin_count;
  return HR_OK;
}

static bool outside_is_trained(const hr_learner *learner) {
  (void)learner;
  return true;
}

/* A copy of a target's column. */
static hr_status copy_column(const double *from, size_t target, size_t rows, double **to,
                             hr_error *err) {
  hr_status status = HR_OK;
  if (!from) return HR_OK;
  HR_TRY(hr_alloc(to, rows, err));
  memcpy(*to, from + target * rows, rows * sizeof **to);
cleanup:
  return status;
}

static hr_status make_model(const hr_study_view *study, size_t target, int slot,
                            hr_model **out, hr_error *err) {
  hr_status status = HR_OK;
  outside_model *m = NULL;
  const hr_outside_rows *said = study->outside;
  size_t rows = study->test_rows;
  HR_TRY(hr_alloc(&m, 1, err));
  m->model = (hr_model){.type = said->sigma ? &outside_sigma_type : &outside_model_type,
                        .slot = slot,
                        .target = target,
                        .pixels = study->pixels,
                        .variant_count = 1};
  m->rows = rows;
  HR_TRY(copy_column(said->prediction, target, rows, &m->prediction, err));
  HR_TRY(copy_column(said->sigma, target, rows, &m->sigma, err));
  *out = &m->model;
  m = NULL;
cleanup:
  if (m) {
    hr_model *half = &m->model;
    outside_model_destroy(&half);
  }
  return status;
}

static bool is_run(const hr_outside_parameters *parameters) {
  return parameters && parameters->onnx;
}

static int slot_of(const hr_learner *learner, size_t s) {
  return hr_outside_is_for(learner->parameters, HR_GLOBAL) ? HR_GLOBAL : (int)s;
}

static hr_status run_network(const hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = learner->slots * hr_study_targets(learner->study);
  hr_model **models = NULL;
  HR_TRY(hr_alloc(&models, count, err));
  HR_TRY(hr_onnx_models_create(learner->study, learner->parameters, models, err));
  for (size_t i = 0; i < count; i++) out[i].model = models[i];
cleanup:
  hr_free(models);
  return status;
}

/* Those of the slots that it is for, [T][slots]. */
static hr_status make_models(const hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  size_t slots = learner->slots;
  if (is_run(learner->parameters)) return run_network(learner, out, err);
  for (size_t i = 0; i < slots * hr_study_targets(study); i++) {
    int slot = slot_of(learner, i % slots);
    if (!hr_outside_is_for(learner->parameters, slot)) continue;
    HR_TRY(make_model(study, i / slots, slot, &out[i].model, err));
  }
cleanup:
  return status;
}

/* Training rows of a slot whose prediction out of fold is known. */
typedef struct validated {
  size_t rows, known;
  double sum, squares, missed; /* of the known ones' labels, about the mean; of errors */
} validated;

static bool is_of_slot(const hr_study_view *study, int slot, size_t row) {
  return slot == HR_GLOBAL || study->train.bin[row] == (int32_t)slot;
}

static validated look_at_validation(const hr_study_view *study, size_t target, int slot) {
  validated v = {0};
  const double *y = hr_study_target(study, target);
  const double *said = study->outside->validation + target * study->train.rows;
  for (size_t i = 0; i < study->train.rows; i++) {
    if (!is_of_slot(study, slot, i)) continue;
    v.rows++;
    if (isnan(said[i])) continue;
    v.known++;
    v.sum += y[i];
  }
  double mean = v.known > 0 ? v.sum / (double)v.known : 0;
  for (size_t i = 0; i < study->train.rows; i++) {
    if (!is_of_slot(study, slot, i) || isnan(said[i])) continue;
    /* A model is judged by predictions that are fp32. */
    double off = y[i] - (double)(float)said[i];
    v.missed += off * off;
    v.squares += (y[i] - mean) * (y[i] - mean);
  }
  return v;
}

/* Whose word it is, and R2 over the rows that there are. */
static void validate(const hr_study_view *study, size_t target, hr_fit *fit) {
  char note[200];
  const hr_outside_rows *said = study->outside;
  if (!said || !said->validation) {
    hr_fit_add_note(fit,
                    "trained elsewhere, on rows that are not known here, and not "
                    "validated");
    return;
  }
  validated v = look_at_validation(study, target, fit->slot);
  if (v.known < HR_OUTSIDE_FEWEST_ROWS) {
    snprintf(note, sizeof note,
             "trained elsewhere, and not validated: %zu of %zu training rows have a "
             "prediction out of fold, at least %d are needed",
             v.known, v.rows, HR_OUTSIDE_FEWEST_ROWS);
  } else {
    snprintf(note, sizeof note,
             "trained elsewhere, and validated by its predictions of %zu of %zu training "
             "rows, out of fold by the word of who made them",
             v.known, v.rows);
    if (v.squares > 0) fit->cv_r2[0] = 1 - v.missed / v.squares;
    if (v.known < v.rows) fit->validated_rows = v.known;
  }
  hr_fit_add_note(fit, note);
}

static hr_status outside_finish(hr_learner *learner, hr_trained *out, hr_error *err) {
  const hr_study_view *study = learner->study;
  size_t slots = learner->slots;
  hr_status status = make_models(learner, out, err);
  for (size_t i = 0; status == HR_OK && i < slots * hr_study_targets(study); i++) {
    hr_fit *fit = &out[i].fit;
    int slot = slot_of(learner, i % slots);
    bool is_asked = hr_outside_is_for(learner->parameters, slot);
    HR_TRY(hr_fit_init(fit, slot, is_asked ? 1 : 0, false, 0, err));
    fit->status = is_asked ? HR_FIT_OK : HR_FIT_SKIPPED;
    fit->target = i / slots;
    if (is_asked) {
      validate(study, fit->target, fit);
    } else {
      fit->reason = HR_REASON_NOT_ASKED_FOR;
      hr_fit_add_note(fit, "this expert was not asked for in this bin");
    }
  }
cleanup:
  return status;
}

static void outside_destroy(hr_learner **learner) {
  hr_free(*learner);
  *learner = NULL;
}

/* A network's own memory, weights and layers, is not known before it is loaded. */
static void outside_estimate(const hr_study_view *study, const void *parameters,
                             hr_cost *cost) {
  const hr_outside_parameters *p = parameters;
  double values = (double)hr_study_targets(study) * (double)study->test_rows;
  double batch = (double)HR_PREDICT_ROWS * (double)study->pixels * sizeof(double);
  cost->memory_bytes = values * sizeof(double);
  if (parameters && p->sigma) cost->memory_bytes += values * sizeof(double);
  if (is_run(parameters)) cost->memory_bytes = batch * (double)hr_thread_count();
  cost->disk_bytes = values * sizeof(float);
}

static hr_status runtime_available(hr_error *err) {
  hr_ort_library library;
  hr_status status = hr_ort_load(&library, err);
  if (status == HR_OK) hr_ort_unload(&library);
  return status;
}

#define FIELD(member) .offset = offsetof(hr_outside_parameters, member)

/* Those of a model that has its predictions, then those of one that is run, which has all
 * from `id` to `title` too. */
enum { OF_PREDICTIONS = 7, FIRST_OF_RUN = 2 };

static const hr_field fields[] = {
    {.name = "predictions",
     .kind = HR_FIELD_TEXT,
     FIELD(predictions),
     .default_text = "none",
     .may_be_none = true,
     .is_path = true,
     .help =
         "A table with a row a test row, relative to the configuration's folder: CSV "
         "with a line of column names, ECSV, FITS, HDF5 as pandas and astropy write it "
         "(FILE::TABLE where a file has several), or an array of NumPy."},
    {.name = "column",
     .kind = HR_FIELD_TEXT,
     FIELD(column),
     .default_text = "\"{target}\"",
     .help = "The column of the predictions, in the target's unit; {target} stands for "
             "the target's name. Where a study of one target finds none of that name: "
             "predicted, prediction or y_pred."},
    {.name = "id",
     .kind = HR_FIELD_TEXT,
     FIELD(id),
     .default_text = "none",
     .may_be_none = true,
     .help = "The column that names the star, in the file and among the labels of the "
             "test set; none: by the column row, the number in the test file from 0, or "
             "where there is none line by line."},
    {.name = "validation",
     .kind = HR_FIELD_TEXT,
     FIELD(validation),
     .default_text = "none",
     .may_be_none = true,
     .is_path = true,
     .help = "A table like that of predictions, of the training rows by models that had "
             "not seen them; rows are numbered over all training files, from 0. Of an "
             "ONNX model its column is called as the target is, or predicted. With it "
             "the model competes with the study's own; none: it is no candidate."},
    {.name = "sigma",
     .kind = HR_FIELD_TEXT,
     FIELD(sigma),
     .default_text = "none",
     .may_be_none = true,
     .help = "The column of the model's own uncertainty, one sigma in the target's unit; "
             "{target} stands for the target's name. Where it is empty or 0 there is "
             "none. Of an ONNX model the name of the output, which the factor of scale "
             "multiplies."},
    {.name = "bins",
     .kind = HR_FIELD_NUMBERS,
     FIELD(bins),
     .default_text = "none",
     .maximum = HR_MOST_BINS - 1,
     .order = HR_FIELD_DISTINCT,
     .least_count = 1,
     .whole = true,
     .may_be_none = true,
     .may_be_all = true,
     .help = "The bins that the model is an expert of, the rows of which alone it has to "
             "predict; none: it is one model of all rows."},
    {.name = "title",
     .kind = HR_FIELD_TEXT,
     FIELD(title),
     .default_text = "none",
     .may_be_none = true,
     .help = "What tables and figures call the model; none: its name."},
    {.name = "onnx",
     .kind = HR_FIELD_TEXT,
     FIELD(onnx),
     .default_text = "none",
     .may_be_none = true,
     .is_path = true,
     .help =
         "In place of predictions, the model itself as an ONNX file, which ONNX "
         "Runtime runs on the noisy test spectra, as the files have them; relative to "
         "the configuration's folder."},
    {.name = "input",
     .kind = HR_FIELD_TEXT,
     FIELD(input),
     .default_text = "flux",
     .choices = "flux|flux_error",
     .help = "What the model takes: the flux, [batch, pixels], [batch, 1, pixels] or "
             "[batch, pixels, 1]; or flux and error in two channels."},
    {.name = "output",
     .kind = HR_FIELD_TEXT,
     FIELD(output),
     .default_text = "none",
     .may_be_none = true,
     .help = "The name of the output that is the label, of a model that has several; "
             "none: the only one."},
    {.name = "scale",
     .kind = HR_FIELD_NUMBERS,
     FIELD(scale),
     .default_text = "[0, 1]",
     .minimum = -INFINITY,
     .maximum = INFINITY,
     .help = "Offset and factor that make the label of the output, offset + factor "
             "output: mean and standard deviation where it was trained on standardised "
             "labels; of several targets a pair each, in their order."},
};

const hr_method hr_outside_method_of_any_name = {
    .name = "NAME",
    .title = "NAME",
    .summary =
        "A model that was trained elsewhere, of all rows or of some bins, by its "
        "predictions of the test rows or as a network in ONNX; any other name.",
    .has_global = true,
    .only_global = true,
    .parameters_size = sizeof(hr_outside_parameters),
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
    .estimate = outside_estimate,
    .begin = outside_begin,
    .is_trained = outside_is_trained,
    .finish = outside_finish,
    .destroy = outside_destroy,
};

/* What names of forecasts are made of, and of what is trained beside the experts. */
static const char *const taken[] = {"global",        "hybrid",  "oracle",
                                    "oracle_hybrid", "placebo", "leakage",
                                    "ceiling",       "fisher",  "gates"};

/* Columns of predictions.csv begin so, behind which a method's name stands. */
static const char *const beginnings[] = {"sigma_", "global_", "hybrid_", "oracle_"};

bool hr_outside_name_is_good(const char *name) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
  size_t length = strlen(name);
  if (length == 0 || length > 31 || strspn(name, allowed) != length) return false;
  if (name[0] < 'a' || name[0] > 'z') return false;
  for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
    if (strcmp(name, taken[i]) == 0) return false;
  }
  for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
    if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0) return false;
  }
  return true;
}

/* What tables and figures call rungs, ceilings and what the program makes of models, in
 * both languages (report/words.c, choice/assembly.c). */
static const char *const taken_titles[] = {"baseline",
                                           "best single model",
                                           "hybrid",
                                           "oracle",
                                           "what the noise allows",
                                           "model from elsewhere",
                                           "from outside",
                                           "Posterior ceiling",
                                           "Fisher bound",
                                           "uncovered",
                                           "基线",
                                           "最佳单一模型",
                                           "噪声所允许的上限",
                                           "在别处训练的模型",
                                           "来自外部",
                                           "后验上限",
                                           "Fisher 界",
                                           "边缘化 Ridge",
                                           "后验均值",
                                           "谱线指数",
                                           "安慰剂对照",
                                           "仅用误差"};

/* How titles of what is made of models begin, end, and what stands in them. */
static const char *const title_beginnings[] = {"Global ", "Hybrid,", "Oracle-Hybrid",
                                               "全局", "混合专家"};
static const char *const title_endings[] = {"-Oracle", "(test)", " gate", " gate, hard",
                                            " gate, fallback"};
static const char *const title_parts[] = {"（完美路由", "按测试行选择", "门控"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

bool hr_outside_title_is_taken(const char *written) {
  char title[HR_OUTSIDE_TITLE_BYTES + 1]; /* without spaces around it */
  snprintf(title, sizeof title, "%s", written + strspn(written, " "));
  size_t length = strlen(title);
  while (length > 0 && title[length - 1] == ' ') title[--length] = '\0';
  for (size_t i = 0; i < COUNT(taken_titles); i++) {
    if (strcasecmp(title, taken_titles[i]) == 0) return true;
  }
  for (size_t i = 0; i < COUNT(title_beginnings); i++) {
    const char *own = title_beginnings[i];
    if (strncasecmp(title, own, strlen(own)) == 0) return true;
  }
  for (size_t i = 0; i < COUNT(title_endings); i++) {
    size_t its = strlen(title_endings[i]);
    if (length >= its && strcasecmp(title + length - its, title_endings[i]) == 0) {
      return true;
    }
  }
  for (size_t i = 0; i < COUNT(title_parts); i++) {
    if (strstr(title, title_parts[i])) return true;
  }
  return false;
}

hr_status hr_outside_method_create(const char *name, bool run, hr_outside_method **out,
                                   hr_error *err) {
  hr_status status = hr_alloc(out, 1, err);
  if (status != HR_OK) return status;
  hr_outside_method *m = *out;
  m->method = hr_outside_method_of_any_name;
  snprintf(m->name, sizeof m->name, "%s", name);
  snprintf(m->title, sizeof m->title, "%s", name);
  m->method.name = m->name;
  m->method.title = m->title;
  m->method.field_count = OF_PREDICTIONS;
  m->method.summary =
      "A model that was trained elsewhere, by its predictions of the test rows.";
  if (!run) return HR_OK;
  m->method.fields = fields + FIRST_OF_RUN;
  m->method.field_count = sizeof fields / sizeof fields[0] - FIRST_OF_RUN;
  m->method.summary =
      "A network that was trained elsewhere, run on the test rows by ONNX Runtime.";
  m->method.available = runtime_available;
  return HR_OK;
}

void hr_outside_method_set_bins(hr_outside_method *method, bool has_bins) {
  method->method.has_global = method->method.only_global = !has_bins;
}

hr_status hr_outside_method_set_title(hr_outside_method *method, const char *title,
                                      hr_error *err) {
  size_t bytes = strlen(title), characters = 0;
  for (size_t i = 0; i < bytes; i++)
    characters += ((unsigned char)title[i] & 0xC0) != 0x80;
  if (characters > HR_OUTSIDE_TITLE_CHARACTERS) {
    return hr_fail(err, HR_ERR_CONFIG, "has %zu characters; give a title of at most %d",
                   characters, HR_OUTSIDE_TITLE_CHARACTERS);
  }
  if (bytes > HR_OUTSIDE_TITLE_BYTES) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "takes %zu bytes in UTF-8; give a title of at most %d, %d Chinese "
                   "characters",
                   bytes, HR_OUTSIDE_TITLE_BYTES, HR_OUTSIDE_TITLE_BYTES / 3);
  }
  snprintf(method->title, sizeof method->title, "%s", title);
  return HR_OK;
}

bool hr_method_is_outside(const hr_method *method) {
  return method->begin == outside_begin;
}
