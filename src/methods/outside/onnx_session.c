/* Loading and running a model. What ONNX Runtime says of a failure is kept, but for the
 * places in its own sources. */
#include "methods/outside/onnx_session.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/text.h"
#include "methods/outside/ort_api.h"
#include "models/model.h"

enum {
  MOST_OUTPUTS = 2, /* labels, sigma */
  BATCH_ROWS = 32,  /* enough for a matrix product to be at its speed */
  MOST_DIMENSIONS = 8,
  REASON_BYTES = 400,
};

/* How the values of a batch lie. */
typedef enum layout {
  CHANNELS_FIRST, /* [batch, P], [batch, C, P]: Conv1d of PyTorch */
  CHANNELS_LAST,  /* [batch, P, C]: Conv1D of Keras */
} layout;

/* A shape as the model declares it. */
typedef struct tensor_shape {
  int element;
  size_t count;                  /* dimensions */
  int64_t size[MOST_DIMENSIONS]; /* -1: any */
} tensor_shape;

struct hr_onnx_session {
  hr_ort_library library;
  char *path;
  hr_onnx_wish wish;
  hr_ort_env *env;
  hr_ort_session *session;
  hr_ort_run_options *run_options; /* of all runs */
  double batch_seconds;
  hr_ort_memory *memory;
  hr_ort_allocator *allocator;
  char *input_name, *output_name[MOST_OUTPUTS]; /* of the allocator */
  size_t outputs;
  tensor_shape input; /* its first dimension is the batch that is run */
  layout layout;
  size_t rows; /* a batch */
};

/* --- what failed --- */

/* What the runtime says, on one line, without the place in its sources that comes before
 * it. Releases the status. */
static void take_reason(const hr_onnx_session *s, hr_ort_status *failed,
                        char out[REASON_BYTES]) {
  static const char *const before[] = {"failed:", "Status Message: "};
  const char *text = s->library.api.error_message(failed);
  hr_text line;
  hr_text_init(&line);
  for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
    const char *found = strstr(text, before[i]);
    if (found) text = found + strlen(before[i]);
  }
  const char *end = text[0] == '/' ? strstr(text, ") ") : NULL;
  if (end) text = end + 2;
  char copy[REASON_BYTES];
  snprintf(copy, sizeof copy, "%s", text);
  for (char *c = copy; *c; c++) *c = *c == '\n' ? ' ' : *c;
  size_t length = strlen(copy);
  while (length > 0 && strchr(" .", copy[length - 1])) copy[--length] = '\0';
  hr_text_append_visible(&line, copy);
  snprintf(out, REASON_BYTES, "%s", line.bytes ? line.bytes : copy);
  hr_text_fini(&line);
  s->library.api.release_status(failed);
}

/* Fails with `what` and the runtime's reason, where there is one. */
static hr_status check(const hr_onnx_session *s, hr_ort_status *failed, const char *what,
                       hr_error *err) {
  char reason[REASON_BYTES];
  if (!failed) return HR_OK;
  take_reason(s, failed, reason);
  return hr_fail(err, HR_ERR_NUMERIC, "%s: ONNX Runtime %s %s: %s", s->path,
                 s->library.version, what, reason);
}

/* The number behind `words` in a sentence of the runtime; -1: it is not there. */
static long number_behind(const char *text, const char *words) {
  const char *found = strstr(text, words);
  return found ? strtol(found + strlen(words), NULL, 10) : -1;
}

/* Why a model could not be loaded, from what the runtime says. */
static hr_status fail_to_load(const hr_onnx_session *s, hr_ort_status *failed,
                              hr_error *err) {
  const char *text = s->library.api.error_message(failed), *runtime = s->library.version;
  long ir = number_behind(text, "model IR version: ");
  long most_ir = number_behind(text, "max supported IR version: ");
  long opset = number_behind(text, "Opset "),
       most_opset = number_behind(text, "till opset ");
  bool is_none = strstr(text, "Protobuf parsing failed") || strstr(text, "No graph was");
  char reason[REASON_BYTES];
  take_reason(s, failed, reason);
  if (most_ir > 0) {
    return hr_fail(
        err, HR_ERR_FORMAT,
        "%s has the IR version %ld, and ONNX Runtime %s reads up to %ld; export "
        "it with an older onnx package, or name a newer runtime as "
        "ONNXRUNTIME_ROOT",
        s->path, ir, runtime, most_ir);
  }
  if (most_opset > 0) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s has the opset %ld, and ONNX Runtime %s knows up to %ld; export it "
                   "with opset_version=%ld, or name a newer runtime as ONNXRUNTIME_ROOT",
                   s->path, opset, runtime, most_opset, most_opset);
  }
  if (is_none) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s is no model in ONNX, or not all of one; export or copy it again",
                   s->path);
  }
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s cannot be loaded by ONNX Runtime %s: %s; export it so that Python's "
                 "onnxruntime of that version loads it",
                 s->path, runtime, reason);
}

/* --- shapes --- */

static const char *element_name(int element) {
  static const char *const names[] = {
      "nothing", "float",  "uint8",     "int8",       "uint16",  "int16",
      "int32",   "int64",  "texts",     "bool",       "float16", "double",
      "uint32",  "uint64", "complex64", "complex128", "bfloat16"};
  size_t count = sizeof names / sizeof names[0];
  return element >= 0 && (size_t)element < count ? names[element] : "another type";
}

/* "[any, 1, 4096]". */
static void write_shape(const tensor_shape *shape, char *out, size_t room) {
  size_t used = (size_t)snprintf(out, room, "[");
  for (size_t d = 0; d < shape->count && used < room; d++) {
    const char *comma = d > 0 ? ", " : "";
    bool is_any = shape->size[d] < 0;
    int length =
        is_any ? snprintf(out + used, room - used, "%sany", comma)
               : snprintf(out + used, room - used, "%s%" PRId64, comma, shape->size[d]);
    used += (size_t)length;
  }
  if (used < room) snprintf(out + used, room - used, "]");
}

static hr_status read_shape(const hr_onnx_session *s, const hr_ort_shape *from,
                            tensor_shape *out, hr_error *err) {
  const hr_ort_api *api = &s->library.api;
  hr_status status = HR_OK;
  HR_TRY(check(s, api->element(from, &out->element), "tells no type", err));
  HR_TRY(check(s, api->dimension_count(from, &out->count), "tells no shape", err));
  if (out->count > MOST_DIMENSIONS) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s has an input or output of %zu dimensions; export one of three "
                     "or fewer",
                     s->path, out->count);
    goto cleanup;
  }
  HR_TRY(check(s, api->dimensions(from, out->size, out->count), "tells no shape", err));
cleanup:
  return status;
}

/* The shape of an input or output, [i]; only of a tensor of numbers with a fraction. */
static hr_status ask_shape(const hr_onnx_session *s, bool is_input, const char *name,
                           size_t i, tensor_shape *out, hr_error *err) {
  const hr_ort_api *api = &s->library.api;
  const char *side = is_input ? "input" : "output";
  hr_status status = HR_OK;
  hr_ort_type *type = NULL;
  const hr_ort_shape *tensor = NULL;
  HR_TRY(check(s,
               is_input ? api->input_type(s->session, i, &type)
                        : api->output_type(s->session, i, &type),
               "tells no type", err));
  HR_TRY(check(s, api->cast_to_shape(type, &tensor), "tells no type", err));
  if (!tensor) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s: its %s %s is no tensor; export a model with one (of "
                     "scikit-learn's a regressor, not a classifier)",
                     s->path, side, name);
    goto cleanup;
  }
  HR_TRY(read_shape(s, tensor, out, err));
  if (out->element != HR_ORT_FLOAT && out->element != HR_ORT_DOUBLE) {
    status =
        hr_fail(err, HR_ERR_DATA,
                "%s: its %s %s is of the type %s; export the model in float or double",
                s->path, side, name, element_name(out->element));
  }
cleanup:
  if (type) api->release_type(type);
  return status;
}

static bool can_be(int64_t size, size_t wanted) {
  return size < 0 || (size > 0 && (uint64_t)size == wanted);
}

static size_t channels_of(const hr_onnx_wish *wish) {
  return wish->has_error ? 2 : 1;
}

/* How the input's dimensions behind the batch are to be filled; false: they cannot. */
static bool find_layout(const hr_onnx_wish *wish, const tensor_shape *shape,
                        layout *out) {
  const int64_t *size = shape->size;
  size_t channels = channels_of(wish), pixels = wish->pixels;
  *out = CHANNELS_FIRST;
  if (shape->count == 2) return channels == 1 && can_be(size[1], pixels);
  if (shape->count != 3) return false;
  if (can_be(size[1], channels) && can_be(size[2], pixels)) return true;
  *out = CHANNELS_LAST;
  return can_be(size[1], pixels) && can_be(size[2], channels);
}

static hr_status check_input(hr_onnx_session *s, hr_error *err) {
  tensor_shape *input = &s->input;
  size_t pixels = s->wish.pixels;
  char text[128];
  write_shape(input, text, sizeof text);
  if (!find_layout(&s->wish, input, &s->layout)) {
    if (s->wish.has_error) {
      return hr_fail(
          err, HR_ERR_DATA,
          "%s: its input %s is %s, and spectra with their errors come as "
          "[batch, 2, %zu] or [batch, %zu, 2]; export a model that takes one of "
          "these, or set input: flux",
          s->path, s->input_name, text, pixels, pixels);
    }
    return hr_fail(err, HR_ERR_DATA,
                   "%s: its input %s is %s, and spectra come as [batch, %zu], [batch, 1, "
                   "%zu] or [batch, %zu, 1]; export a model that takes one of these",
                   s->path, s->input_name, text, pixels, pixels, pixels);
  }
  if (input->size[0] == 0 || input->size[0] > HR_PREDICT_ROWS) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s: its input %s is %s, a batch of %" PRId64
                   "; export it with a first "
                   "dimension of any size (dynamic_axes), or of 1 to %d",
                   s->path, s->input_name, text, input->size[0], HR_PREDICT_ROWS);
  }
  s->rows = input->size[0] > 0 ? (size_t)input->size[0] : BATCH_ROWS;
  size_t channels = channels_of(&s->wish);
  bool is_last = s->layout == CHANNELS_LAST;
  input->size[0] = (int64_t)s->rows;
  if (input->count == 2) input->size[1] = (int64_t)pixels;
  if (input->count == 3) {
    input->size[1] = (int64_t)(is_last ? pixels : channels);
    input->size[2] = (int64_t)(is_last ? channels : pixels);
  }
  return HR_OK;
}

/* --- opening --- */

static hr_status create_session(hr_onnx_session *s, hr_error *err) {
  const hr_ort_api *api = &s->library.api;
  hr_status status = HR_OK;
  hr_ort_options *options = NULL;
  hr_ort_status *failed = NULL;
  HR_TRY(check(s, api->create_env(HR_ORT_SILENT, "headroom", &s->env), "does not start",
               err));
  HR_TRY(check(s, api->disable_telemetry(s->env), "does not start", err));
  HR_TRY(check(s, api->create_options(&options), "does not start", err));
  HR_TRY(check(s, api->set_intra_op_threads(options, 1), "does not start", err));
  HR_TRY(check(s, api->set_inter_op_threads(options, 1), "does not start", err));
  HR_TRY(check(s, api->create_run_options(&s->run_options), "does not start", err));
  failed = api->create_session(s->env, s->path, options, &s->session);
  if (failed) {
    status = fail_to_load(s, failed, err);
    goto cleanup;
  }
  HR_TRY(check(s, api->create_memory(HR_ORT_ARENA, HR_ORT_DEFAULT_MEMORY, &s->memory),
               "does not start", err));
  HR_TRY(check(s, api->default_allocator(&s->allocator), "does not start", err));
cleanup:
  if (options) api->release_options(options);
  return status;
}

static hr_status find_input(hr_onnx_session *s, hr_error *err) {
  const hr_ort_api *api = &s->library.api;
  hr_status status = HR_OK;
  size_t count = 0;
  HR_TRY(check(s, api->input_count(s->session, &count), "tells no inputs", err));
  if (count != 1) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s takes %zu inputs; export a model that takes one, the flux, or "
                     "flux and error in its channels",
                     s->path, count);
    goto cleanup;
  }
  HR_TRY(check(s, api->input_name(s->session, 0, s->allocator, &s->input_name),
               "tells no inputs", err));
  HR_TRY(ask_shape(s, true, s->input_name, 0, &s->input, err));
  HR_TRY(check_input(s, err));
cleanup:
  return status;
}

/* Keeps the output's name where it is the one that is wanted; else adds it to `names`.
 * wanted: NULL: the only one. */
static hr_status look_at_output(hr_onnx_session *s, size_t i, const char *wanted,
                                hr_text *names, hr_error *err) {
  const hr_ort_api *api = &s->library.api;
  size_t count = 0;
  char *name = NULL;
  tensor_shape unused;
  hr_status status =
      check(s, api->output_count(s->session, &count), "tells no outputs", err);
  if (status == HR_OK) {
    status = check(s, api->output_name(s->session, i, s->allocator, &name),
                   "tells no outputs", err);
  }
  if (status != HR_OK) return status;
  if (wanted ? strcmp(name, wanted) == 0 : count == 1) {
    s->output_name[s->outputs++] = name;
    return ask_shape(s, false, name, i, &unused, err);
  }
  hr_text_append(names, "%s", names->length > 0 ? ", " : "");
  hr_text_append_visible(names, name);
  return check(s, api->allocator_free(s->allocator, name), "cannot free memory", err);
}

static hr_status find_output(hr_onnx_session *s, const char *wanted, hr_error *err) {
  const hr_ort_api *api = &s->library.api;
  hr_status status = HR_OK;
  size_t count = 0, before = s->outputs;
  hr_text names;
  hr_text_init(&names);
  HR_TRY(check(s, api->output_count(s->session, &count), "tells no outputs", err));
  for (size_t i = 0; i < count && s->outputs == before; i++) {
    HR_TRY(look_at_output(s, i, wanted, &names, err));
  }
  if (s->outputs > before) goto cleanup;
  HR_TRY(hr_text_status(&names, err));
  const char *list = names.bytes ? names.bytes : "";
  status =
      wanted ? hr_fail(err, HR_ERR_DATA, "%s has no output %.80s; its outputs are %.400s",
                       s->path, wanted, list)
             : hr_fail(err, HR_ERR_DATA,
                       "%s has %zu outputs, %.400s; name the one that is the label as "
                       "output",
                       s->path, count, list);
cleanup:
  hr_text_fini(&names);
  return status;
}

/* --- running --- */

size_t hr_onnx_session_outputs(const hr_onnx_session *session) {
  return session->outputs;
}

/* Numbers of one output. */
static size_t numbers_of(const hr_onnx_session *s) {
  return s->rows * s->wish.targets;
}

size_t hr_onnx_session_rows(const hr_onnx_session *session) {
  return session->rows;
}

static size_t values_of(const hr_onnx_session *s) {
  return s->rows * channels_of(&s->wish) * s->wish.pixels;
}

static size_t element_bytes(int element) {
  return element == HR_ORT_DOUBLE ? sizeof(double) : sizeof(float);
}

size_t hr_onnx_session_input_bytes(const hr_onnx_session *session) {
  return values_of(session) * element_bytes(session->input.element);
}

void hr_onnx_session_put(const hr_onnx_session *session, size_t i, const double *flux,
                         const double *error, void *input) {
  const double *const channel[] = {flux, error};
  size_t channels = channels_of(&session->wish), pixels = session->wish.pixels;
  bool is_last = session->layout == CHANNELS_LAST;
  size_t first = i * channels * pixels, step = is_last ? channels : 1;
  for (size_t c = 0; c < channels; c++) {
    size_t at = first + c * (is_last ? 1 : pixels);
    for (size_t p = 0; p < pixels; p++, at += step) {
      if (session->input.element == HR_ORT_DOUBLE)
        ((double *)input)[at] = channel[c][p];
      else
        ((float *)input)[at] = (float)channel[c][p];
    }
  }
}

/* Whether a tensor holds T numbers for each spectrum of a batch, in that order. */
static bool is_wanted(const hr_onnx_session *s, const tensor_shape *got) {
  size_t targets = s->wish.targets;
  int64_t values = 1;
  for (size_t d = 0; d < got->count; d++) values *= got->size[d];
  if (values != (int64_t)(s->rows * targets)) return false;
  return targets == 1 || (got->count > 0 && got->size[0] == (int64_t)s->rows);
}

/* Takes the numbers of output number o out of what the model gave, out [rows][T]. */
static hr_status take_output(const hr_onnx_session *s, size_t o, hr_ort_value *value,
                             double *out, hr_error *err) {
  const hr_ort_api *api = &s->library.api;
  hr_status status = HR_OK;
  hr_ort_shape *tensor = NULL;
  tensor_shape got;
  void *values = NULL;
  char text[128];
  HR_TRY(check(s, api->shape_of_value(value, &tensor), "tells no shape", err));
  HR_TRY(read_shape(s, tensor, &got, err));
  if (!is_wanted(s, &got)) {
    write_shape(&got, text, sizeof text);
    status =
        hr_fail(err, HR_ERR_DATA,
                "%s: its output %s is %s of %zu spectra, and the study wants [%zu, "
                "%zu], the labels of data.target in their order; export a model that "
                "gives these",
                s->path, s->output_name[o], text, s->rows, s->rows, s->wish.targets);
    goto cleanup;
  }
  HR_TRY(check(s, api->tensor_values(value, &values), "tells no values", err));
  for (size_t i = 0; i < numbers_of(s); i++) {
    out[i] = got.element == HR_ORT_DOUBLE ? ((const double *)values)[i]
                                          : (double)((const float *)values)[i];
  }
cleanup:
  if (tensor) api->release_shape(tensor);
  return status;
}

hr_status hr_onnx_session_run(const hr_onnx_session *session, void *input, double *out,
                              hr_error *err) {
  const hr_onnx_session *s = session;
  const hr_ort_api *api = &s->library.api;
  const char *in_name = s->input_name;
  hr_status status = HR_OK;
  hr_ort_value *given = NULL, *got[MOST_OUTPUTS] = {NULL};
  HR_TRY(
      check(s,
            api->create_tensor(s->memory, input, hr_onnx_session_input_bytes(s),
                               s->input.size, s->input.count, s->input.element, &given),
            "takes no spectra", err));
  const hr_ort_value *const inputs[] = {given};
  HR_TRY(check(s,
               api->run(s->session, s->run_options, &in_name, inputs, 1,
                        (const char *const *)s->output_name, s->outputs, got),
               "fails on the model", err));
  for (size_t o = 0; o < s->outputs; o++) {
    HR_TRY(take_output(s, o, got[o], out + o * numbers_of(s), err));
  }
cleanup:
  if (given) api->release_value(given);
  for (size_t o = 0; o < s->outputs; o++) {
    if (got[o]) api->release_value(got[o]);
  }
  return status;
}

/* --- trying it out --- */

/* Spectra that are made up, and what the model says of them. */
typedef struct trial {
  void *input;
  double *flux, *error;   /* [P] */
  double *first, *second; /* [outputs][rows][T] of two runs */
} trial;

static hr_status init_trial(trial *t, const hr_onnx_session *s, hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = s->wish.pixels, values = s->outputs * numbers_of(s);
  HR_TRY(hr_alloc_bytes(&t->input, 1, hr_onnx_session_input_bytes(s), err));
  HR_TRY(hr_alloc(&t->flux, pixels, err));
  HR_TRY(hr_alloc(&t->error, pixels, err));
  HR_TRY(hr_alloc(&t->first, values, err));
  HR_TRY(hr_alloc(&t->second, values, err));
cleanup:
  return status;
}

static void fini_trial(trial *t) {
  hr_free(t->input);
  hr_free(t->flux);
  hr_free(t->error);
  hr_free(t->first);
  hr_free(t->second);
}

/* A spectrum like none other, near the flux of the study; the same in every run. Any seed
 * and stream of random numbers will do. */
static void put_made_up(const hr_onnx_session *s, trial *t, size_t star, size_t place) {
  const double unit = s->wish.unit, base = s->wish.base;
  for (size_t p = 0; p < s->wish.pixels; p++) {
    double drawn = hr_uniform(1, HR_STREAM_NOISE_TEST, star, (uint32_t)p);
    t->flux[p] = (base + 0.5 + drawn) * unit;
    t->error[p] = (0.05 + 0.1 * drawn) * unit;
  }
  hr_onnx_session_put(s, place, t->flux, t->error, t->input);
}

/* The star that is at a place of the second batch: of the first half of the stars alone,
 * each at other places. A mean over the batch would not feel another order of all. */
static size_t star_at(const hr_onnx_session *s, size_t place) {
  return (s->rows - 1 - place) / 2;
}

static hr_status run_trial(const hr_onnx_session *s, void *input, double *out,
                           hr_error *err) {
  hr_error reason = {.status = HR_OK};
  hr_status status = hr_onnx_session_run(s, input, out, &reason);
  if (status == HR_OK) return HR_OK;
  if (status != HR_ERR_NUMERIC) return hr_fail(err, status, "%s", reason.message);
  return hr_fail(err, HR_ERR_DATA,
                 "%s, with %zu spectra at a time; export it with a first dimension of "
                 "any size (dynamic_axes, dynamic_shapes), or of 1",
                 reason.message, s->rows);
}

/* What the place in a batch may change by rounding: 1e-3 of the spread of what the model
 * says, where weights are fp16, and 1e-5 of its size. Other spectra in the batch change
 * what depends on them by a tenth of the spread and more. */
static double find_tolerance(const hr_onnx_session *s, const double *said,
                             size_t target) {
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < s->rows; i++) {
    double value = said[i * s->wish.targets + target];
    if (!isfinite(value)) continue;
    low = fmin(low, value);
    high = fmax(high, value);
  }
  if (low > high) return 0;
  return 1e-3 * (high - low) + 1e-5 * fmax(fabs(low), fabs(high));
}

static bool is_near(double a, double b, double tolerance) {
  if (isfinite(a) && isfinite(b)) return fabs(a - b) <= tolerance;
  return isfinite(a) == isfinite(b);
}

/* Whether each star of the second batch is told as it was in the first. */
static bool is_of_the_spectrum(const hr_onnx_session *s, const trial *t) {
  size_t targets = s->wish.targets;
  for (size_t k = 0; k < s->outputs * targets; k++) {
    const double *first = t->first + k / targets * numbers_of(s);
    const double *second = t->second + k / targets * numbers_of(s);
    double tolerance = find_tolerance(s, first, k % targets);
    for (size_t i = 0; i < s->rows; i++) {
      double before = first[star_at(s, i) * targets + k % targets];
      if (!is_near(before, second[i * targets + k % targets], tolerance)) return false;
    }
  }
  return true;
}

static bool is_repeated(const hr_onnx_session *s, const trial *t) {
  for (size_t i = 0; i < s->outputs * numbers_of(s); i++) {
    bool is_none = isnan(t->first[i]) && isnan(t->second[i]);
    if (!is_none && t->first[i] != t->second[i]) return false;
  }
  return true;
}

/* What only shows when the model runs: shapes that were baked in when it was exported,
 * outputs whose shape it does not declare, and layers that work as in training. */
static hr_status try_out(const hr_onnx_session *s, double *seconds, hr_error *err) {
  hr_status status = HR_OK;
  trial t = {0};
  HR_TRY(init_trial(&t, s, err));
  for (size_t i = 0; i < s->rows; i++) put_made_up(s, &t, i, i);
  HR_TRY(run_trial(s, t.input, t.first, err));
  double begun = hr_clock_seconds();
  HR_TRY(run_trial(s, t.input, t.second, err)); /* the first run makes its room, too */
  *seconds = hr_clock_seconds() - begun;
  if (!is_repeated(s, &t)) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s gives another answer each time it is given the same spectra; "
                     "export it in evaluation mode, model.eval()",
                     s->path);
    goto cleanup;
  }
  if (s->rows == 1) goto cleanup;
  for (size_t i = 0; i < s->rows; i++) put_made_up(s, &t, star_at(s, i), i);
  HR_TRY(run_trial(s, t.input, t.second, err));
  if (!is_of_the_spectrum(s, &t)) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s gives a spectrum an answer that depends on the other rows of "
                     "the batch; export it in evaluation mode, model.eval()",
                     s->path);
  }
cleanup:
  fini_trial(&t);
  return status;
}

double hr_onnx_session_batch_seconds(const hr_onnx_session *session) {
  return session->batch_seconds;
}

void hr_onnx_session_stop(hr_onnx_session *session) {
  const hr_ort_api *api = &session->library.api;
  hr_ort_status *failed = api->terminate(session->run_options);
  if (failed) api->release_status(failed);
}

/* --- life --- */

/* The label is no standard deviation of itself. */
static hr_status check_sigma(const hr_onnx_session *s, hr_error *err) {
  if (s->outputs < 2 || strcmp(s->output_name[0], s->output_name[1]) != 0) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "%s: the output %.80s is the label, and sigma names it too; name the "
                 "one that is the standard deviation, or leave sigma out",
                 s->path, s->output_name[0]);
}

hr_status hr_onnx_session_open(const char *path, const hr_onnx_wish *wish,
                               hr_onnx_session **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_onnx_session *s = NULL;
  HR_TRY(hr_alloc(&s, 1, err));
  s->wish = *wish;
  HR_TRY(hr_copy_text(path, &s->path, err));
  HR_TRY(hr_ort_load(&s->library, err));
  HR_TRY(create_session(s, err));
  HR_TRY(find_input(s, err));
  HR_TRY(find_output(s, wish->output, err));
  if (wish->sigma) HR_TRY(find_output(s, wish->sigma, err));
  HR_TRY(check_sigma(s, err));
  HR_TRY(try_out(s, &s->batch_seconds, err));
  s->wish.output = s->wish.sigma = NULL; /* borrowed, and not needed any more */
  *out = s;
  s = NULL;
cleanup:
  hr_onnx_session_close(&s);
  return status;
}

void hr_onnx_session_close(hr_onnx_session **address) {
  hr_onnx_session *s = *address;
  *address = NULL;
  if (!s) return;
  const hr_ort_api *api = &s->library.api;
  char *const names[] = {s->input_name, s->output_name[0], s->output_name[1]};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    hr_ort_status *failed = names[i] ? api->allocator_free(s->allocator, names[i]) : NULL;
    if (failed) api->release_status(failed);
  }
  if (s->run_options) api->release_run_options(s->run_options);
  if (s->memory) api->release_memory(s->memory);
  if (s->session) api->release_session(s->session);
  if (s->env) api->release_env(s->env);
  hr_ort_unload(&s->library);
  hr_free(s->path);
  hr_free(s);
}
