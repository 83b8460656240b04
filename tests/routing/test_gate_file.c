/* A gate in a folder, and what is refused of one. */
#include "core/alloc.h"
#include "core/file.h"
#include "core/npy.h"
#include "routing/gate.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/small_gate.h"

static hr_status load_from(const char *folder, hr_gate **out, hr_error *err) {
  const hr_gate_place place = {folder, small_wave(), GATE_PIXELS, GATE_BINS};
  return hr_gate_load(&place, out, err);
}

static void save_into(scratch *folder) {
  hr_error err;
  hr_gate *gate = small_gate(2);
  scratch_init(folder);
  gate->temperature = 1.25;
  gate->present[2] = false;
  check_ok(hr_gate_save(gate, folder->path, &err));
  hr_gate_destroy(&gate);
}

static void what_is_saved_is_loaded(void **state) {
  (void)state;
  double before[GATE_ROWS * GATE_BINS], after[GATE_ROWS * GATE_BINS];
  scratch folder;
  hr_error err;
  hr_gate *gate = small_gate(2), *loaded = NULL;
  gate->temperature = 1.25;
  gate->present[2] = false;
  save_into(&folder);
  check_ok(load_from(folder.path, &loaded, &err));
  assert_string_equal(loaded->kind, "mlp");
  check_ok(hr_gate_weigh(gate, GATE_ROWS, small_flux(), before, &err));
  check_ok(hr_gate_weigh(loaded, GATE_ROWS, small_flux(), after, &err));
  assert_memory_equal(before, after, sizeof before);
  hr_gate_destroy(&gate);
  hr_gate_destroy(&loaded);
  scratch_fini(&folder);
}

/* gate.json as it stands, with `key` set to a value, or without it. */
static void edit(scratch *folder, const char *key, json_t *value) {
  json_error_t reason;
  const char *path = scratch_name(folder, "gate.json");
  json_t *root = json_load_file(path, 0, &reason);
  assert_non_null(root);
  if (value) {
    assert_int_equal(json_object_set_new(root, key, value), 0);
  } else {
    assert_int_equal(json_object_del(root, key), 0);
  }
  assert_int_equal(json_dump_file(root, path, 0), 0);
  json_decref(root);
}

static void check_refused(const char *key, json_t *value, const char *sentence) {
  char expected[5000];
  scratch folder;
  hr_error err;
  hr_gate *gate = NULL;
  save_into(&folder);
  edit(&folder, key, value);
  snprintf(expected, sizeof expected, "%s%s", scratch_name(&folder, "gate.json"),
           sentence);
  check_fails(load_from(folder.path, &gate, &err), HR_ERR_FORMAT, expected);
  assert_null(gate);
  scratch_fini(&folder);
}

static void what_is_no_gate_is_refused(void **state) {
  (void)state;
  static const char numbers[] = " lacks numbers of the gate, or they are none";
  static const char layers[] = " has layers that do not fit its 7 features";
  check_refused("schema", json_string("headroom/gate/9"),
                " is no gate of this version, \"headroom/gate/1\"");
  check_refused("pixels", json_integer(4096),
                " is a gate of 4096 pixels, not of 160: it belongs to another study");
  check_refused("features", NULL, " has no table of a gate's features");
  check_refused("sizes", NULL, layers);
  check_refused("sizes", json_pack("[i,i]", 8, 3), layers);
  check_refused("sizes", json_pack("[i,i,i]", 7, 0, 3), layers);
  check_refused("sizes", json_pack("[i,i,i]", 7, 1 << 20, 3), layers);
  check_refused("sizes", json_pack("[i,f]", 7, 3.0), layers);
  check_refused("sizes", json_pack("[i,i]", 7, 4),
                " is a gate of 4 bins, not of 3: it belongs to another study");
  check_refused("base", json_null(), " has no base of the flux");
  check_refused("kind", json_string(""), numbers);
  check_refused("kind", json_string("a kind that is too long"), numbers);
  check_refused("temperature", json_real(0), numbers);
  check_refused("temperature", json_null(), numbers);
  check_refused("centre", json_pack("[f]", 1.0), numbers);
  check_refused("scale", json_pack("[f,f,f,f,f,f,f]", 1., 1., 1., 0., 1., 1., 1.),
                numbers);
  check_refused("present", json_pack("[b,b]", 1, 1), numbers);
  check_refused("present", json_pack("[b,b,b]", 0, 0, 0), numbers);
  check_refused("present", json_pack("[i,b,b]", 1, 1, 1), numbers);
}

/* The gate with a trunk: two components of five numbers, whose features are the last. */
static hr_gate *gate_with_trunk(void) {
  const size_t sizes[] = {GATE_FEATURES + 2, GATE_BINS};
  hr_error err;
  hr_gate *gate = NULL;
  hr_gate_features *features = small_features();
  check_ok(hr_gate_create("logistic", &features, 1, sizes, &gate, &err));
  check_ok(hr_gate_trunk_create(5, 2, &gate->trunk, &err));
  for (size_t i = 0; i < 15; i++) gate->trunk->values[i] = (double)i;
  return gate;
}

static void a_trunk_is_saved_without_its_model(void **state) {
  (void)state;
  double weight[GATE_BINS];
  scratch folder;
  hr_error err;
  hr_gate *gate = gate_with_trunk(), *loaded = NULL;
  double bytes = hr_gate_bytes(gate);
  scratch_init(&folder);
  check_ok(hr_gate_save(gate, folder.path, &err));
  check_ok(load_from(folder.path, &loaded, &err));
  assert_int_equal(loaded->trunk->width, 5);
  assert_int_equal(loaded->trunk->components, 2);
  assert_memory_equal(loaded->trunk->values, gate->trunk->values, 15 * sizeof(double));
  assert_null(loaded->trunk->model);
  check_fails(hr_gate_weigh(loaded, 1, small_flux(), weight, &err), HR_ERR_INTERNAL,
              "a gate looks at a trunk that it was not given");
  hr_gate_trunk_destroy(&gate->trunk);
  check_near(bytes - hr_gate_bytes(gate), 15 * sizeof(double), 0);
  hr_gate_destroy(&gate);
  hr_gate_destroy(&loaded);
  scratch_fini(&folder);
}

static void check_trunk_refused(size_t width, size_t components) {
  char expected[5000];
  scratch folder;
  hr_error err;
  hr_gate *gate = gate_with_trunk(), *loaded = NULL;
  scratch_init(&folder);
  check_ok(hr_gate_save(gate, folder.path, &err));
  edit(&folder, "trunk",
       json_pack("{s:I,s:I}", "width", (json_int_t)width, "components",
                 (json_int_t)components));
  snprintf(expected, sizeof expected, "%s looks at a trunk that cannot be",
           scratch_name(&folder, "gate.json"));
  check_fails(load_from(folder.path, &loaded, &err), HR_ERR_FORMAT, expected);
  assert_null(loaded);
  hr_gate_destroy(&gate);
  scratch_fini(&folder);
}

static void trunks_that_cannot_be_are_refused(void **state) {
  (void)state;
  static const size_t bad[][2] = {{0, 0}, {5, 0}, {5, 6}, {65537, 2}, {100, 65}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    check_trunk_refused(bad[i][0], bad[i][1]);
  }
  char expected[5000];
  scratch folder;
  hr_error err;
  hr_gate *gate = gate_with_trunk(), *loaded = NULL;
  const double few[5] = {0};
  scratch_init(&folder);
  check_ok(hr_gate_save(gate, folder.path, &err));
  check_ok(hr_npy_write(scratch_name(&folder, "trunk.npy"), few, 1, 5, &err));
  snprintf(expected, sizeof expected,
           "%s is not the 3 by 5 numbers of its gate; train it again",
           scratch_name(&folder, "trunk.npy"));
  check_fails(load_from(folder.path, &loaded, &err), HR_ERR_FORMAT, expected);
  /* Its features are missed where it is not there. */
  edit(&folder, "trunk", NULL);
  snprintf(expected, sizeof expected, "%s has layers that do not fit its 7 features",
           scratch_name(&folder, "gate.json"));
  check_fails(load_from(folder.path, &loaded, &err), HR_ERR_FORMAT, expected);
  hr_gate_destroy(&gate);
  scratch_fini(&folder);
}

static void windows_that_the_spectra_lack_are_refused(void **state) {
  (void)state;
  hr_gate_table table = small_table;
  hr_json_builder builder = {0};
  table.window[0].low = table.window[0].high = 9000;
  check_refused("features", hr_gate_table_json(&table, &builder),
                ": the window a, 9000 to 9000 angstrom, has no pixel; the spectra reach "
                "from 8000 to 8159");
}

static void check_array_refused(const char *name, size_t rows, size_t columns,
                                double value, const char *sentence) {
  char expected[5000];
  scratch folder;
  hr_error err;
  hr_gate *gate = NULL;
  double values[1024] = {0};
  values[3] = value;
  save_into(&folder);
  const char *path = scratch_name(&folder, name);
  check_ok(hr_npy_write(path, values, rows, columns, &err));
  snprintf(expected, sizeof expected,
           "%s is not the %s numbers of its gate; train it again", path, sentence);
  check_fails(load_from(folder.path, &gate, &err), HR_ERR_FORMAT, expected);
  scratch_fini(&folder);
}

static void arrays_of_other_shapes_are_refused(void **state) {
  (void)state;
  check_array_refused("components.npy", 2, GATE_PIXELS, 0, "3 by 160");
  check_array_refused("components.npy", 3, GATE_PIXELS, (double)NAN, "3 by 160");
  check_array_refused("layer_0.npy", 4, 7, 0, "4 by 8");
  check_array_refused("layer_1.npy", 3, 5, (double)INFINITY, "3 by 5");
}

static void files_that_are_not_there_or_no_json(void **state) {
  (void)state;
  char expected[5000];
  scratch folder;
  hr_error err;
  hr_gate *gate = NULL;
  save_into(&folder);
  scratch_write(&folder, "gate.json", "[1]");
  snprintf(expected, sizeof expected, "%s is no gate: it is not one JSON object",
           scratch_name(&folder, "gate.json"));
  check_fails(load_from(folder.path, &gate, &err), HR_ERR_FORMAT, expected);
  scratch_write(&folder, "gate.json", "{");
  check_fails(load_from(folder.path, &gate, &err), HR_ERR_FORMAT, expected);
  unlink(scratch_name(&folder, "gate.json"));
  snprintf(expected, sizeof expected, "cannot open %s: No such file or directory",
           scratch_name(&folder, "gate.json"));
  check_fails(load_from(folder.path, &gate, &err), HR_ERR_MISSING, expected);
  scratch_fini(&folder);
}

static hr_status save_small(const char *folder) {
  hr_error err;
  hr_gate *gate = NULL;
  hr_status status = load_from(folder, &gate, &err);
  if (status == HR_OK) status = hr_gate_save(gate, folder, &err);
  hr_gate_destroy(&gate);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  scratch folder;
  hr_error err;
  save_into(&folder);
  check_alloc_failures(save_small(folder.path));
  hr_gate *gate = gate_with_trunk();
  check_ok(hr_gate_save(gate, folder.path, &err));
  hr_gate_destroy(&gate);
  check_alloc_failures(save_small(folder.path));
  scratch_fini(&folder);
}

static void a_folder_that_cannot_be_written(void **state) {
  (void)state;
  hr_error err;
  hr_gate *gate = small_gate(1);
  assert_int_equal(hr_gate_save(gate, "/nonexistent/folder", &err), HR_ERR_IO);
  hr_gate_destroy(&gate);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_saved_is_loaded),
      cmocka_unit_test(what_is_no_gate_is_refused),
      cmocka_unit_test(a_trunk_is_saved_without_its_model),
      cmocka_unit_test(trunks_that_cannot_be_are_refused),
      cmocka_unit_test(windows_that_the_spectra_lack_are_refused),
      cmocka_unit_test(arrays_of_other_shapes_are_refused),
      cmocka_unit_test(files_that_are_not_there_or_no_json),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(a_folder_that_cannot_be_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
