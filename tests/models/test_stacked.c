/* Stacked models: what they predict against a plain reference, what their files are, and
 * what is refused of them. */
#include "models/stacked.h"

#include <math.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/npy.h"
#include "models/linear.h"
#include "models/trees.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/small_gate.h"
#include "support/tree_text.h"

enum { INPUTS = GATE_FEATURES + 1, VARIANTS = 3, CHOSEN = 1 };

static hr_model *linear(size_t pixels, size_t variants, size_t chosen, uint32_t stream) {
  hr_error err;
  hr_model *model = NULL;
  double *weights = NULL, intercept[VARIANTS];
  check_ok(hr_alloc(&weights, variants * pixels, &err));
  for (size_t i = 0; i < variants * pixels; i++) {
    weights[i] = hr_uniform(6, HR_STREAM_NOISE_TRAIN, stream, (uint32_t)i) - 0.5;
  }
  for (size_t v = 0; v < variants; v++) intercept[v] = 1 + (double)v;
  const hr_linear_shape shape = {0, 0, pixels, variants, chosen};
  check_ok(hr_linear_create(&shape, intercept, weights, &model, &err));
  hr_free(weights);
  return model;
}

/* On top a linear model, or a tree. */
static hr_stacked_parts make_parts(bool has_tree) {
  hr_error err;
  hr_stacked_parts parts = {.features = small_features()};
  check_ok(hr_alloc(&parts.wave_angstrom, GATE_PIXELS, &err));
  check_ok(hr_alloc(&parts.centre, INPUTS, &err));
  check_ok(hr_alloc(&parts.scale, INPUTS, &err));
  memcpy(parts.wave_angstrom, small_wave(), GATE_PIXELS * sizeof(double));
  for (size_t i = 0; i < INPUTS; i++) {
    parts.centre[i] = 0.1 * (double)i;
    parts.scale[i] = 1 + 0.5 * (double)i;
  }
  parts.below = linear(GATE_PIXELS, VARIANTS, CHOSEN, 1);
  if (has_tree) {
    const made_trees made = {.pixels = INPUTS, .trees = 7, .leaves = 9, .seed = 5};
    char *text = made_tree_text(&made);
    check_ok(hr_trees_create_take(&text, "text", 0, INPUTS, &parts.top, &err));
  } else {
    parts.top = linear(INPUTS, 2, 1, 2);
  }
  return parts;
}

static hr_model *make(bool has_tree) {
  hr_error err;
  hr_model *model = NULL;
  hr_stacked_parts parts = make_parts(has_tree);
  check_ok(hr_stacked_create_take(4, 2, &parts, &model, &err));
  assert_null(parts.top);
  return model;
}

/* All rows but every third, in blocks of so many. */
static void predict(const hr_model *model, size_t block_rows, float *mean) {
  hr_error err;
  for (size_t first = 0; first < GATE_ROWS; first += block_rows) {
    uint32_t row[GATE_ROWS], count = 0;
    size_t left = GATE_ROWS - first, rows = left < block_rows ? left : block_rows;
    for (uint32_t i = 0; i < rows; i++) {
      if ((first + i) % 3 != 0) row[count++] = i;
    }
    const hr_spectra spectra = {.first_row = first,
                                .rows = rows,
                                .pixels = GATE_PIXELS,
                                .noisy = small_flux() + first * GATE_PIXELS};
    const hr_request request = {.model = model,
                                .row = row,
                                .count = count,
                                .variants = 1,
                                .mean = mean + first,
                                .variant_stride = rows};
    check_ok(hr_models_predict(&spectra, &request, 1, &err));
  }
}

static void it_is_the_models_one_on_the_other(void **state) {
  (void)state;
  float mean[GATE_ROWS], again[GATE_ROWS];
  double feature[GATE_ROWS * GATE_FEATURES];
  hr_error err;
  hr_model *model = make(false);
  const hr_stacked_parts *parts = hr_stacked_parts_of(model);
  assert_int_equal(model->slot, 4);
  assert_int_equal(model->target, 2);
  for (size_t i = 0; i < GATE_ROWS; i++) mean[i] = again[i] = -77;
  predict(model, GATE_ROWS, mean);
  check_ok(hr_gate_features_fill(parts->features, GATE_ROWS, NULL, small_flux(), feature,
                                 &err));
  for (size_t i = 0; i < GATE_ROWS; i++) {
    const double *w = hr_linear_weights(parts->below) + CHOSEN * GATE_PIXELS;
    const double *v = hr_linear_weights(parts->top) + INPUTS;
    double below = 1 + CHOSEN, sum = 2;
    for (size_t p = 0; p < GATE_PIXELS; p++) {
      below += w[p] * (double)small_flux()[i * GATE_PIXELS + p];
    }
    for (size_t f = 0; f < INPUTS; f++) {
      double x = f < GATE_FEATURES ? feature[i * GATE_FEATURES + f] : below;
      sum += v[f] * (x - parts->centre[f]) / parts->scale[f];
    }
    check_near(mean[i], i % 3 == 0 ? -77 : sum, 1e-5);
  }
  predict(model, 5, again);
  assert_memory_equal(mean, again, sizeof mean);
  hr_model_destroy(&model);
  assert_null(model);
}

static hr_status load(const char *folder, size_t pixels, hr_model **out, hr_error *err) {
  const int slot = 4;
  const hr_model_place place = {folder, pixels, 1, &slot, 1};
  return hr_stacked_type.load(&place, out, err);
}

static void what_is_saved_predicts_the_same_bytes(void **state) {
  (void)state;
  for (int has_tree = 0; has_tree < 2; has_tree++) {
    float mean[GATE_ROWS] = {0}, again[GATE_ROWS] = {0};
    hr_error err;
    scratch s;
    hr_model *model = make(has_tree), *loaded = NULL;
    scratch_init(&s);
    check_ok(hr_stacked_type.save(model, s.path, HR_MODEL_FULL, &err));
    check_ok(load(s.path, GATE_PIXELS, &loaded, &err));
    assert_int_equal(loaded->variant_count, 1);
    assert_ptr_equal(loaded->type, hr_model_type_find("stacked"));
    predict(model, GATE_ROWS, mean);
    predict(loaded, GATE_ROWS, again);
    assert_memory_equal(mean, again, sizeof mean);
    hr_model_destroy(&model);
    hr_model_destroy(&loaded);
    scratch_fini(&s);
  }
}

static void parts_that_do_not_fit_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_model *model = NULL;
  hr_stacked_parts parts = make_parts(false);
  hr_model_destroy(&parts.top);
  parts.top = linear(INPUTS + 1, 2, 1, 2);
  check_fails(hr_stacked_create_take(0, 0, &parts, &model, &err), HR_ERR_INTERNAL,
              "a stacked model of 160 pixels and 8 inputs was given models of 160 and 9");
  assert_null(model);
  assert_non_null(parts.features);
  hr_stacked_parts_fini(&parts);
}

/* --- damaged files --- */

static void save(scratch *s) {
  hr_error err;
  hr_model *model = make(false);
  scratch_init(s);
  check_ok(hr_stacked_type.save(model, s->path, HR_MODEL_FULL, &err));
  hr_model_destroy(&model);
}

static void check_refused(scratch *s, size_t pixels, const char *sentence) {
  char expected[512];
  hr_error err;
  hr_model *model = NULL;
  snprintf(expected, sizeof expected, sentence, s->path);
  check_fails(load(s->path, pixels, &model, &err), HR_ERR_FORMAT, expected);
  assert_null(model);
  scratch_fini(s);
}

/* In stack.json `from` becomes `to`. */
static void edit(scratch *s, const char *from, const char *to) {
  hr_error err;
  char *bytes = NULL, text[8192];
  size_t size = 0;
  check_ok(hr_file_read(scratch_name(s, "stack.json"), 1 << 16, &bytes, &size, &err));
  const char *at = strstr(bytes, from);
  assert_non_null(at);
  snprintf(text, sizeof text, "%.*s%s%s", (int)(at - bytes), bytes, to,
           at + strlen(from));
  scratch_write(s, "stack.json", text);
  hr_free(bytes);
}

static void damaged_descriptions_are_refused(void **state) {
  (void)state;
  scratch s;
  save(&s);
  edit(&s, "headroom/stacked/1", "headroom/stacked/9");
  check_refused(&s, GATE_PIXELS,
                "%s/stack.json is no stacked model of this version, "
                "\"headroom/stacked/1\"; train it again");
  save(&s);
  check_refused(&s, GATE_PIXELS - 1,
                "%s/stack.json is a stacked model of 160 pixels, not of 159: it belongs "
                "to another study");
  save(&s);
  edit(&s, "\"base\"", "\"bass\"");
  check_refused(&s, GATE_PIXELS, "%s/stack.json has no base of the flux; train it again");
  save(&s);
  edit(&s, "\"scale\"", "\"scales\"");
  check_refused(&s, GATE_PIXELS,
                "%s/stack.json lacks numbers of its 8 inputs, or they are none; train it "
                "again");
  save(&s);
  edit(&s, "\"linear\"", "\"forest\"");
  check_refused(&s, GATE_PIXELS,
                "%s/stack.json has a model of the kind 'forest' on top, not linear or "
                "trees; train it again");
}

static void write_array(scratch *s, const char *name, const double *values, size_t rows,
                        size_t columns) {
  hr_error err;
  check_ok(hr_npy_write(scratch_name(s, name), values, rows, columns, &err));
}

static void damaged_arrays_are_refused(void **state) {
  (void)state;
  double zeros[2 * (1 + GATE_PIXELS)] = {0}, wave[GATE_PIXELS];
  scratch s;
  save(&s);
  write_array(&s, "components.npy", zeros, 1, GATE_PIXELS);
  check_refused(&s, GATE_PIXELS,
                "%s/components.npy is not the 3 by 160 numbers of its stacked model; "
                "train it again");
  save(&s);
  memcpy(wave, small_wave(), sizeof wave);
  wave[80] = wave[79];
  write_array(&s, "wave.npy", wave, 1, GATE_PIXELS);
  check_refused(&s, GATE_PIXELS,
                "%s/wave.npy does not ascend at pixel 80; train the model again");
  save(&s);
  write_array(&s, "model.npy", zeros, 2, 1 + GATE_PIXELS);
  check_refused(&s, GATE_PIXELS,
                "%s/model.npy is not the one linear model below a stacked one; train it "
                "again");
  save(&s);
  zeros[1] = (double)NAN;
  write_array(&s, "top.npy", zeros, 1, 1 + INPUTS);
  check_refused(&s, GATE_PIXELS,
                "%s/top.npy is not the 1 by 9 numbers of its stacked model; train it "
                "again");
}

static hr_status load_and_predict(const char *folder) {
  hr_error err;
  float mean[GATE_ROWS];
  const uint32_t row[] = {0, 3};
  hr_model *model = NULL;
  hr_status status = load(folder, GATE_PIXELS, &model, &err);
  if (status == HR_OK) {
    const hr_spectra spectra = {
        .rows = GATE_ROWS, .pixels = GATE_PIXELS, .noisy = small_flux()};
    const hr_request request = {
        .model = model, .row = row, .count = 2, .variants = 1, .mean = mean};
    status = hr_models_predict(&spectra, &request, 1, &err);
  }
  hr_model_destroy(&model);
  return status;
}

static void without_memory_nothing_is_left(void **state) {
  (void)state;
  scratch s;
  save(&s);
  check_alloc_failures(load_and_predict(s.path));
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_the_models_one_on_the_other),
      cmocka_unit_test(what_is_saved_predicts_the_same_bytes),
      cmocka_unit_test(parts_that_do_not_fit_are_refused),
      cmocka_unit_test(damaged_descriptions_are_refused),
      cmocka_unit_test(damaged_arrays_are_refused),
      cmocka_unit_test(without_memory_nothing_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
