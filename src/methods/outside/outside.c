/* A model that was trained elsewhere: its predictions are looked up by the number of the
 * test row, or made by its network. */
#include "methods/outside/outside.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "methods/outside/onnx_model.h"
#include "methods/outside/ort_api.h"

struct hr_learner {
  const hr_study_view *study;
  const hr_outside_parameters *parameters; /* NULL: those of predictions */
};

/* It knows the study's test rows by their numbers and predicts no others, so that it is
 * no model to be loaded or to be put into a bundle. */
typedef struct outside_model {
  hr_model model;
  double *prediction; /* [rows] NaN: none */
  size_t rows;
} outside_model;

static hr_status outside_save(const hr_model *model, const char *folder,
                              hr_model_form form, hr_error *err) {
  (void)model, (void)folder, (void)form, (void)err;
  return HR_OK;
}

static hr_status outside_predict(const hr_spectra *spectra, const hr_request *requests,
                                 size_t request_count, hr_error *err) {
  (void)err;
  for (size_t q = 0; q < request_count; q++) {
    const hr_request *r = &requests[q];
    const outside_model *m = (const outside_model *)(const void *)r->model;
    hr_request_fill_unknown(r);
    for (size_t i = 0; r->variants > 0 && r->mean && i < r->count; i++) {
      size_t row = spectra->first_row + r->row[i];
      r->mean[r->row[i]] = row < m->rows ? (float)m->prediction[row] : NAN;
    }
  }
  return HR_OK;
}

static void outside_model_destroy(hr_model **address) {
  outside_model *model = (outside_model *)(void *)*address;
  *address = NULL;
  if (!model) return;
  hr_free(model->prediction);
  hr_free(model);
}

static const hr_model_type outside_model_type = {
    .kind = "outside",
    .save = outside_save,
    .predict = outside_predict,
    .destroy = outside_model_destroy,
};

static hr_status outside_begin(const hr_study_view *study, const void *parameters,
                               hr_learner **out, hr_error *err) {
  hr_status status = hr_alloc(out, 1, err);
  if (status == HR_OK) *(*out) = (hr_learner){study, parameters};
  return status;
}

static bool outside_is_trained(const hr_learner *learner) {
  (void)learner;
  return true;
}

static hr_status make_model(const hr_study_view *study, size_t target, hr_model **out,
                            hr_error *err) {
  hr_status status = HR_OK;
  outside_model *m = NULL;
  size_t rows = study->test_rows;
  HR_TRY(hr_alloc(&m, 1, err));
  m->model = (hr_model){.type = &outside_model_type,
                        .slot = HR_GLOBAL,
                        .target = target,
                        .pixels = study->pixels,
                        .variant_count = 1};
  m->rows = rows;
  HR_TRY(hr_alloc(&m->prediction, rows, err));
  memcpy(m->prediction, study->outside + target * rows, rows * sizeof *m->prediction);
  *out = &m->model;
  m = NULL;
cleanup:
  if (m) hr_free(m->prediction);
  hr_free(m);
  return status;
}

static bool is_run(const hr_outside_parameters *parameters) {
  return parameters && parameters->onnx;
}

static hr_status make_models(const hr_learner *learner, hr_model **out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  if (is_run(learner->parameters)) {
    return hr_onnx_models_create(study, learner->parameters, out, err);
  }
  for (size_t t = 0; status == HR_OK && t < hr_study_targets(study); t++) {
    status = make_model(study, t, &out[t], err);
  }
  return status;
}

static hr_status outside_finish(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  hr_model *models[HR_MOST_TARGETS] = {NULL};
  status = make_models(learner, models, err);
  for (size_t t = 0; t < hr_study_targets(study); t++) out[t].model = models[t];
  for (size_t t = 0; status == HR_OK && t < hr_study_targets(study); t++) {
    HR_TRY(hr_fit_init(&out[t].fit, HR_GLOBAL, 1, false, 0, err));
    out[t].fit.status = HR_FIT_OK;
    out[t].fit.target = t;
    hr_fit_add_note(&out[t].fit,
                    "trained elsewhere, on rows that are not known here, and "
                    "not validated");
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
  double values = (double)hr_study_targets(study) * (double)study->test_rows;
  double batch = (double)HR_PREDICT_ROWS * (double)study->pixels * sizeof(double);
  cost->memory_bytes = values * sizeof(double);
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

/* Those of a model that has its predictions, then those of one that is run; the title is
 * of both. */
enum { OF_PREDICTIONS = 4, FIRST_OF_RUN = 3 };

static const hr_field fields[] = {
    {.name = "predictions",
     .kind = HR_FIELD_TEXT,
     FIELD(predictions),
     .default_text = "none",
     .may_be_none = true,
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
     .least_count = 2,
     .help = "Offset and factor that make the label of the output, offset + factor "
             "output: mean and standard deviation where it was trained on standardised "
             "labels; of several targets a pair each, in their order."},
};

const hr_method hr_outside_method_of_any_name = {
    .name = "NAME",
    .title = "NAME",
    .summary =
        "A model of all rows that was trained elsewhere, by its predictions of the "
        "test rows or as a network in ONNX; any other name.",
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
static const char *const taken[] = {"global",  "hybrid",  "oracle",  "oracle_hybrid",
                                    "placebo", "leakage", "ceiling", "fisher"};

bool hr_outside_name_is_good(const char *name) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
  size_t length = strlen(name);
  if (length == 0 || length > 31 || strspn(name, allowed) != length) return false;
  if (name[0] < 'a' || name[0] > 'z') return false;
  for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
    if (strcmp(name, taken[i]) == 0) return false;
  }
  return true;
}

bool hr_outside_field_is_path(const hr_field *field) {
  return field->offset == offsetof(hr_outside_parameters, predictions) ||
         field->offset == offsetof(hr_outside_parameters, onnx);
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
  if (!run) return HR_OK;
  m->method.fields = fields + FIRST_OF_RUN;
  m->method.field_count = sizeof fields / sizeof fields[0] - FIRST_OF_RUN;
  m->method.summary =
      "A network that was trained elsewhere, run on the test rows by ONNX Runtime.";
  m->method.available = runtime_available;
  return HR_OK;
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
