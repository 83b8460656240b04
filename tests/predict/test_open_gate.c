/* A gate of a bundle on disk, by itself and as the engine's router. */
#include "predict/open_gate.h"

#include <math.h>

#include "predict/engine.h"
#include "support/fail_alloc.h"
#include "support/gated_bundle.h"

enum { ROWS = 5, SLOTS = FIXTURE_BINS + 1 };

static const float first_pixel[ROWS] = {-3, 0, 1, 2.5F, 9};

typedef struct rows {
  float flux[ROWS * FIXTURE_PIXELS], error[ROWS * FIXTURE_PIXELS];
  hr_row_report reports[ROWS];
  hr_engine_rows rows;
} rows;

static void rows_init(rows *r) {
  *r = (rows){.flux = {0}};
  for (size_t i = 0; i < ROWS; i++) {
    for (size_t p = 0; p < FIXTURE_PIXELS; p++) {
      r->flux[i * FIXTURE_PIXELS + p] = p == 0 ? first_pixel[i] : 1;
      r->error[i * FIXTURE_PIXELS + p] = 0.1F;
    }
  }
  r->rows = (hr_engine_rows){.spectra = {0, ROWS, FIXTURE_PIXELS, r->flux, r->error, 1},
                             .reports = r->reports};
}

static void weights_are_the_gates_own(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle *bundle = NULL;
  hr_open_gate gate;
  scratch s;
  rows r;
  double weight[ROWS][SLOTS];
  const uint32_t asked[] = {0, 2, 3};
  rows_init(&r);
  scratch_init(&s);
  gated_bundle_write(s.path, "soft");
  check_ok(hr_bundle_open(s.path, &bundle, &err));
  check_ok(hr_open_gate_load(bundle, 0, &gate, &err));
  check_ok(hr_open_gate_weigh(&gate, &r.rows.spectra, asked, 3, weight[0], &err));
  for (size_t i = 0; i < ROWS; i++) {
    bool is_asked = i == 0 || i == 2 || i == 3;
    for (size_t k = 0; k < FIXTURE_BINS; k++) {
      double expected = is_asked ? gated_weight((double)first_pixel[i], k) : 0;
      check_near(weight[i][k], expected, 1e-7);
    }
    check_near(weight[i][FIXTURE_BINS], 0, 0);
  }
  assert_null(gate.needs_error);
  hr_open_gate_fini(&gate);
  hr_bundle_close(&bundle);
  scratch_fini(&s);
}

/* What the experts of the bins say of row i (support/linear_bundle.h), mixed. */
static double mixed(size_t i) {
  const double says[FIXTURE_BINS] = {0, 11, 12, 15}; /* bin 3 has none: the fall-back */
  double x = (double)first_pixel[i], sum = 0, all = 0;
  for (size_t k = 0; k < FIXTURE_BINS; k++) {
    double w = gated_weight(x, k);
    if (w < HR_GATE_LEAST_WEIGHT) continue;
    all += w;
    sum += w * says[k];
  }
  return sum / all + 0.001 * x;
}

static double hard(size_t i) {
  const double says[FIXTURE_BINS] = {0, 11, 12, 15};
  double x = (double)first_pixel[i];
  size_t best = 0;
  for (size_t k = 1; k < FIXTURE_BINS; k++) {
    if (gated_weight(x, k) > gated_weight(x, best)) best = k;
  }
  return says[best] + 0.001 * x;
}

static double falling_back(size_t i) {
  double most = 0, x = (double)first_pixel[i];
  for (size_t k = 0; k < FIXTURE_BINS; k++) most = fmax(most, gated_weight(x, k));
  return most < 0.6 ? 5 + 0.001 * x : mixed(i);
}

static void check_engine(const char *mixing, double (*expected)(size_t i)) {
  hr_error err = {0};
  hr_engine *engine = NULL;
  hr_engine_result result;
  scratch s;
  rows r;
  const char *const routers[] = {NULL, "gate", "gate_logistic"};
  rows_init(&r);
  scratch_init(&s);
  gated_bundle_write(s.path, mixing);
  for (size_t n = 0; n < 3; n++) {
    check_ok(hr_engine_open(s.path, routers[n], NULL, &engine, &err));
    check_ok(hr_engine_result_init(engine, ROWS, &result, &err));
    check_ok(hr_engine_predict(engine, &r.rows, &result, &err));
    for (size_t i = 0; i < ROWS; i++) check_near(result.mean[i], expected(i), 1e-5);
    hr_engine_result_fini(&result);
    hr_engine_close(&engine);
  }
  scratch_fini(&s);
}

static void the_engine_mixes_by_it(void **state) {
  (void)state;
  check_engine("soft", mixed);
  check_engine("hard", hard);
  check_engine("fallback", falling_back);
}

static void gates_that_are_not_there(void **state) {
  (void)state;
  hr_error err = {0};
  hr_engine *engine = NULL;
  scratch s;
  scratch_init(&s);
  gated_bundle_write(s.path, "soft");
  char sentence[512];
  snprintf(sentence, sizeof sentence,
           "the bundle %s has no gate bayes; its study has to have it in the section "
           "gates. There are the routers global, oracle and nearest",
           s.path);
  check_fails(hr_engine_open(s.path, "gate_bayes", NULL, &engine, &err), HR_ERR_USAGE,
              sentence);
  linear_bundle_write(s.path, "exclude");
  assert_int_equal(hr_engine_open(s.path, "gate", NULL, &engine, &err), HR_ERR_USAGE);
  assert_non_null(strstr(err.message, "has no gate;"));
  assert_null(engine);
  scratch_fini(&s);
}

static void weights_of_templates_need_templates(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle *bundle = NULL;
  hr_open_gate gate;
  hr_bundle_description d;
  scratch s;
  scratch_init(&s);
  fixture_init(&d);
  linear_fill(&d, s.path);
  check_ok(hr_alloc(&d.gates, 1, &err));
  d.gate_count = 1;
  d.gates[0] = (hr_bundle_gate){.name = fixture_text("bayes"),
                                .title = fixture_text("Bayes gate"),
                                .folder = fixture_text(""),
                                .mixing = fixture_text("soft"),
                                .temperature = 1};
  check_ok(hr_bundle_write(&d, s.path, &err));
  hr_bundle_description_fini(&d);
  check_ok(hr_bundle_open(s.path, &bundle, &err));
  char sentence[512];
  snprintf(sentence, sizeof sentence,
           "the bundle %s has a gate bayes and no model of all rows from templates, "
           "whose weights it takes",
           hr_bundle_folder(bundle));
  check_fails(hr_open_gate_load(bundle, 0, &gate, &err), HR_ERR_FORMAT, sentence);
  hr_open_gate_fini(&gate);
  hr_bundle_close(&bundle);
  scratch_fini(&s);
}

/* The gate of the bundle in `folder` is written again, as one that looks at a trunk of
 * two numbers, too. */
static void add_trunk(const char *folder) {
  static const hr_gate_table table = {.name = "one", .components = 1};
  const size_t sizes[] = {2, FIXTURE_BINS};
  hr_error err = {0};
  hr_gate_features *features = NULL;
  hr_gate *gate = NULL;
  char path[512];
  double wave[FIXTURE_PIXELS];
  for (size_t p = 0; p < FIXTURE_PIXELS; p++) wave[p] = 7100 + 0.4 * (double)p;
  const hr_gate_grid grid = {"key", wave, FIXTURE_PIXELS, 0};
  check_ok(hr_gate_features_create(&table, &grid, &features, &err));
  check_ok(hr_gate_create("logistic", &features, 1, sizes, &gate, &err));
  check_ok(hr_gate_trunk_create(2, 1, &gate->trunk, &err));
  gate->trunk->values[2] = 1;
  snprintf(path, sizeof path, "%s/gate-logistic", folder);
  check_ok(hr_gate_save(gate, path, &err));
  hr_gate_destroy(&gate);
}

static void a_trunk_that_is_not_there_is_missed(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle *bundle = NULL;
  hr_open_gate gate;
  scratch s;
  scratch_init(&s);
  hr_bundle_description d;
  gated_bundle_write(s.path, "soft");
  check_ok(hr_bundle_read(s.path, &d, &err));
  add_trunk(s.path);
  check_ok(hr_bundle_write(&d, s.path, &err));
  hr_bundle_description_fini(&d);
  check_ok(hr_bundle_open(s.path, &bundle, &err));
  char sentence[512];
  snprintf(sentence, sizeof sentence,
           "the bundle %s has a gate logistic that looks at a trunk of width 2, and no "
           "heads on such a trunk; copy the folder again",
           hr_bundle_folder(bundle));
  check_fails(hr_open_gate_load(bundle, 0, &gate, &err), HR_ERR_FORMAT, sentence);
  hr_open_gate_fini(&gate);
  hr_bundle_close(&bundle);
  scratch_fini(&s);
}

static const char *alloc_folder;

static hr_status open_and_weigh(void) {
  hr_status status = HR_OK;
  hr_error err = {0};
  hr_bundle *bundle = NULL;
  hr_open_gate gate = {0};
  rows r;
  double weight[ROWS][SLOTS];
  const uint32_t asked[] = {1, 4};
  rows_init(&r);
  HR_TRY(hr_bundle_open(alloc_folder, &bundle, &err));
  HR_TRY(hr_open_gate_load(bundle, 0, &gate, &err));
  HR_TRY(hr_open_gate_weigh(&gate, &r.rows.spectra, asked, 2, weight[0], &err));
cleanup:
  hr_open_gate_fini(&gate);
  hr_bundle_close(&bundle);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  gated_bundle_write(s.path, "soft");
  alloc_folder = s.path;
  check_alloc_failures(open_and_weigh());
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_are_the_gates_own),
      cmocka_unit_test(the_engine_mixes_by_it),
      cmocka_unit_test(gates_that_are_not_there),
      cmocka_unit_test(weights_of_templates_need_templates),
      cmocka_unit_test(a_trunk_that_is_not_there_is_missed),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
