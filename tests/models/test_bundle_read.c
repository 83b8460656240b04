/* Reading a description back, and everything that is refused, one sentence each. */
#include <unistd.h>

#include "core/json_file.h"
#include "core/seal.h"
#include "headroom/version.h"
#include "support/linear_bundle.h"

enum { LONG_NAME = 100 };

static const hr_model_type unknown = {.kind = "crystal"};

/* A bundle without models in a folder. */
static void write_bundle(scratch *s) {
  hr_error err = {0};
  hr_bundle_description d;
  scratch_init(s);
  fixture_init(&d);
  check_ok(hr_bundle_write(&d, s->path, &err));
  hr_bundle_description_fini(&d);
}

static void check_refused(scratch *s, hr_status status, const char *format,
                          const char *more) {
  hr_error err = {0};
  hr_bundle_description d;
  char expected[1024];
  snprintf(expected, sizeof expected, format, s->path, more);
  check_fails(hr_bundle_read(s->path, &d, &err), status, expected);
  assert_null(d.slots);
}

/* Sets a member of model.json, at a path of keys and numbers, to a JSON value, and seals
 * the file anew. */
static void edit(scratch *s, const char *where, const char *value) {
  char steps[128], seal[HR_SEAL_SIZE];
  hr_error err = {0};
  json_t *root = hr_json_file_read(s->path, "model.json"), *at = root;
  assert_non_null(root);
  snprintf(steps, sizeof steps, "%s", where);
  char *key = strtok(steps, "/");
  for (char *next = strtok(NULL, "/"); next; key = next, next = strtok(NULL, "/")) {
    at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10))
                           : json_object_get(at, key);
  }
  json_t *new = json_loads(value, JSON_DECODE_ANY, NULL);
  assert_non_null(new);
  assert_int_equal(json_is_array(at) ? json_array_set_new(at, strtoul(key, NULL, 10), new)
                                     : json_object_set_new(at, key, new),
                   0);
  check_ok(hr_seal_compute(root, seal, &err));
  assert_int_equal(json_object_set_new(root, "seal", json_string(seal)), 0);
  assert_int_equal(json_dump_file(root, scratch_name(s, "model.json"), 0), 0);
  json_decref(root);
}

static void check_same(const hr_bundle_description *a, const hr_bundle_description *b) {
  assert_string_equal(a->study, b->study);
  assert_string_equal(a->fingerprint, b->fingerprint);
  assert_string_equal(a->uncovered, b->uncovered);
  assert_int_equal(a->pixels, b->pixels);
  assert_memory_equal(a->wave, b->wave, a->pixels * sizeof *a->wave);
  check_near(a->noise_level, b->noise_level, 0);
  assert_memory_equal(&a->flux, &b->flux, sizeof a->flux);
  check_near(a->snr.minimum, b->snr.minimum, 0);
  check_near(a->snr.maximum, b->snr.maximum, 0);
  assert_int_equal(a->target_count, b->target_count);
  assert_string_equal(a->targets[0].name, b->targets[0].name);
  assert_string_equal(a->targets[0].unit, b->targets[0].unit);
  check_near(a->targets[0].train.maximum, b->targets[0].train.maximum, 0);
  assert_int_equal(a->axis_count, b->axis_count);
  for (size_t x = 0; x < a->axis_count; x++) {
    assert_string_equal(a->axes[x].label, b->axes[x].label);
    assert_int_equal(!a->axes[x].column, !b->axes[x].column);
    if (a->axes[x].column) assert_string_equal(a->axes[x].column, b->axes[x].column);
    assert_int_equal(a->axes[x].edge_count, b->axes[x].edge_count);
    assert_memory_equal(a->axes[x].edges, b->axes[x].edges,
                        a->axes[x].edge_count * sizeof(double));
  }
  for (int p = 0; p < HR_PLACES; p++) {
    assert_int_equal(!a->paths[p], !b->paths[p]);
    if (a->paths[p]) assert_string_equal(a->paths[p], b->paths[p]);
  }
  assert_int_equal(a->bin_count, b->bin_count);
  assert_string_equal(a->bin_names[3], b->bin_names[3]);
}

static void test_round_trip(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle_description before, after;
  scratch s;
  scratch_init(&s);
  fixture_init(&before);
  check_ok(hr_bundle_write(&before, s.path, &err));
  check_ok(hr_bundle_read(s.path, &after, &err));
  check_same(&before, &after);
  assert_string_equal(after.program, HR_VERSION);
  assert_true(after.slots[4].expert == HR_NO_CANDIDATE);
  hr_bundle_description_fini(&before);
  hr_bundle_description_fini(&after);
  scratch_fini(&s);
}

/* How spectra are made ready, with what stands in for bad pixels. */
static void test_conditioning(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle_description d;
  float stand_in[FIXTURE_PIXELS];
  scratch s;
  scratch_init(&s);
  fixture_init(&d);
  for (size_t p = 0; p < d.pixels; p++) stand_in[p] = 0.1f * (float)p;
  d.conditioning = (hr_conditioning){.scale = 1e-17,
                                     .base = 1000,
                                     .mask_bits = HR_MASK_ANY,
                                     .knows_errors = true,
                                     .pixels = d.pixels};
  check_ok(hr_alloc(&d.conditioning.stand_in, d.pixels, &err));
  memcpy(d.conditioning.stand_in, stand_in, sizeof stand_in);
  check_ok(hr_alloc(&d.conditioning.lowest, d.pixels, &err));
  check_ok(hr_alloc(&d.conditioning.highest, d.pixels, &err));
  for (size_t p = 0; p < d.pixels; p++) d.conditioning.highest[p] = 2 * stand_in[p];
  check_ok(hr_bundle_write(&d, s.path, &err));
  hr_bundle_description_fini(&d);
  check_ok(hr_bundle_read(s.path, &d, &err));
  hr_conditioning found = hr_bundle_conditioning(&d);
  check_near(found.scale, 1e-17, 0);
  check_near(found.base, 1000, 0);
  assert_true(found.mask_bits == HR_MASK_ANY);
  assert_true(found.knows_errors && !found.clip && isinf(found.wild_beyond));
  assert_memory_equal(found.stand_in, stand_in, sizeof stand_in);
  for (size_t p = 0; p < d.pixels; p++) {
    check_near((double)found.lowest[p], 0, 0);
    check_near((double)found.highest[p], 2 * (double)stand_in[p], 0);
  }
  hr_bundle_description_fini(&d);
  edit(&s, "preparation/stand_in", "\"../elsewhere.npy\"");
  check_refused(
      &s, HR_ERR_FORMAT,
      "%s/model.json: `%s` is not what a bundle has there; copy the bundle again "
      "or make it anew with the study",
      "stand_in");
  scratch_fini(&s);
}

/* Format 1 had none: spectra are taken as they are. */
static void test_before_there_was_a_conditioning(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle_description d;
  scratch s;
  write_bundle(&s);
  edit(&s, "schema", "\"headroom/model/1\"");
  edit(&s, "preparation", "{\"noise_level\": 1, \"flux_median\": null}");
  check_ok(hr_bundle_read(s.path, &d, &err));
  hr_conditioning found = hr_bundle_conditioning(&d);
  assert_true(hr_conditioning_is_plain(&found));
  assert_null(found.stand_in);
  assert_true(!found.lowest && !found.highest);
  assert_true(isnan(d.flux.level) && isnan(d.flux.level_low) && isnan(d.flux.spread));
  hr_bundle_description_fini(&d);
  scratch_fini(&s);
}

/* What is not known stays unknown. */
static void test_unknown_numbers(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle_description d;
  scratch s;
  scratch_init(&s);
  fixture_init(&d);
  d.snr.minimum = d.snr.maximum = (double)NAN;
  d.flux = hr_flux_scale_unknown();
  check_ok(hr_bundle_write(&d, s.path, &err));
  hr_bundle_description_fini(&d);
  check_ok(hr_bundle_read(s.path, &d, &err));
  assert_true(isnan(d.flux.level) && isnan(d.flux.error));
  assert_true(isnan(d.snr.minimum) && isnan(d.snr.maximum));
  hr_bundle_description_fini(&d);
  scratch_fini(&s);
}

static void test_incomplete(void **state) {
  (void)state;
  char whole[256];
  scratch s;
  write_bundle(&s);
  assert_int_equal(unlink(scratch_name(&s, "wave.npy")), 0);
  check_refused(&s, HR_ERR_MISSING,
                "the bundle %s is incomplete: it has no %s; copy the whole folder",
                "wave.npy");
  assert_int_equal(unlink(scratch_name(&s, "model.json")), 0);
  snprintf(whole, sizeof whole,
           "%%s/model.json is not there: the bundle %s is incomplete, or none; a run "
           "writes that file last",
           s.path);
  check_refused(&s, HR_ERR_MISSING, whole, "");
  scratch_fini(&s);
}

static void test_damaged(void **state) {
  (void)state;
  static const char sentence[] =
      "the bundle %s is damaged: %s is not what was written; copy the folder again";
  scratch s;
  write_bundle(&s);
  FILE *file = fopen(scratch_name(&s, "wave.npy"), "r+b");
  assert_non_null(file);
  assert_int_equal(fseek(file, 130, SEEK_SET), 0);
  assert_int_equal(fputc('x', file), 'x');
  assert_int_equal(fclose(file), 0);
  check_refused(&s, HR_ERR_FORMAT, sentence, "wave.npy");
  scratch_write(&s, "model.json", "{");
  check_refused(&s, HR_ERR_FORMAT, sentence, "model.json");
  scratch_write(&s, "model.json", "{\"schema\": \"headroom/model/1\", \"seal\": \"0\"}");
  check_refused(&s, HR_ERR_FORMAT, sentence, "model.json");
  scratch_write(&s, "model.json", "{\"schema\": \"headroom/card/1\"}");
  check_refused(&s, HR_ERR_FORMAT, "%s/model.json does not describe a bundle of models",
                "");
  scratch_fini(&s);
}

static void test_other_versions(void **state) {
  (void)state;
  scratch s;
  write_bundle(&s);
  edit(&s, "schema", "\"headroom/model/3\"");
  edit(&s, "program", "\"9.8.7\"");
  check_refused(&s, HR_ERR_FORMAT,
                "the bundle %s has format 3, written by headroom 9.8.7, and this program "
                "(" HR_VERSION ") reads formats up to 2; predict with headroom 9.8.7",
                "");
  scratch_fini(&s);
}

static void test_kinds_that_are_newer(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle_description d;
  scratch s;
  scratch_init(&s);
  fixture_init(&d);
  fixture_add(&d, "a", &unknown, 3);
  assert_int_equal(mkdir(scratch_name(&s, "3-a"), 0700), 0);
  scratch_write(&s, "3-a/facets", "x");
  check_ok(hr_bundle_write(&d, s.path, &err));
  hr_bundle_description_fini(&d);
  check_refused(&s, HR_ERR_FORMAT,
                "%s/model.json needs models of the kind crystal, which this program "
                "(" HR_VERSION ") does not know; predict with headroom " HR_VERSION
                " or a newer one",
                "");
  scratch_fini(&s);
}

static void test_sigma(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle_description d;
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  check_ok(hr_bundle_read(s.path, &d, &err));
  const hr_sigma *sigma = &d.candidates[3].sigma;
  assert_true(sigma->rows == 40 && sigma->class_count == 2 && !sigma->scales_own);
  check_near(sigma->all.half95, 1, 0);
  check_near(sigma->classes[1].half68, 0.25, 0);
  hr_bundle_description_fini(&d);
  edit(&s, "candidates/3/sigma/classes/1/snr", "4");
  check_refused(&s, HR_ERR_FORMAT,
                "%s/model.json: `%s` is not what a bundle has there; copy the bundle "
                "again or make it anew with the study",
                "sigma");
  scratch_fini(&s);
}

/* Bundles of before there was a sigma: it is not known. */
static void test_without_sigma(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle_description d;
  scratch s;
  scratch_init(&s);
  fixture_init(&d);
  linear_add(&d, s.path, "first", 0, 0);
  d.candidates[0].sigma = (hr_sigma){0};
  check_ok(hr_bundle_write(&d, s.path, &err));
  hr_bundle_description_fini(&d);
  check_ok(hr_bundle_read(s.path, &d, &err));
  assert_true(d.candidate_count == 1 && d.candidates[0].sigma.rows == 0);
  hr_bundle_description_fini(&d);
  scratch_fini(&s);
}

/* What nobody but a program with a fault, or a forger, writes. */
static void test_fields(void **state) {
  (void)state;
  static const struct {
    const char *where, *value, *field;
  } cases[] = {
      {"study", "1", "study"},
      {"pixels", "0", "pixels"},
      {"pixels", "4", "wave.npy"},
      {"pixels", "16777217", "pixels"},
      {"preparation/scale", "0", "scale"},
      {"preparation/scale", "null", "scale"},
      {"preparation/base", "null", "base"},
      {"preparation/mask_bits", "\"any\"", "mask_bits"},
      {"preparation/stand_in", "7", "stand_in"},
      {"preparation/noise_level", "-1", "noise_level"},
      {"preparation/flux_median", "\"half\"", "flux_median"},
      {"preparation/flux_low", "0.7", "flux_low"},
      {"preparation/spread_low", "0.7", "spread_low"},
      {"snr/minimum", "41", "minimum"},
      {"targets", "[]", "targets"},
      {"targets/0/name", "\"\"", "name"},
      {"bins/axes/0/column", "7", "column"},
      {"paths", "7", "paths"},
      {"paths/flux", "7", "flux"},
      {"paths/flux", "\"flux\"", "flux"},
      {"bins/axes/0/edges", "[1]", "edges"},
      {"bins/axes/0/edges", "[1, 1, 2]", "edges"},
      {"bins/axes/0/edges", "[1, 2, null]", "edges"},
      {"bins/names", "[\"one\"]", "names"},
      {"bins/uncovered", "\"elsewhere\"", "uncovered"},
      {"candidates", "{}", "candidates"},
      {"slots/0/expert", "0", "expert"},
      {"slots/4/slot", "3", "slot"},
      {"slots", "[]", "slots"},
      {"files/0/path", "\"../wave.npy\"", "path"},
      {"files/0/path", "\"a/b/c\"", "path"},
      {"files", "[]", "files"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    scratch s;
    write_bundle(&s);
    edit(&s, cases[i].where, cases[i].value);
    check_refused(&s, HR_ERR_FORMAT,
                  "%s/model.json: `%s` is not what a bundle has there; copy the bundle "
                  "again or make it anew with the study",
                  cases[i].field);
    scratch_fini(&s);
  }
}

/* What was written of two targets is read back. */
static void test_two_targets(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle_description d;
  scratch s;
  scratch_init(&s);
  linear_bundle_write_two(s.path);
  check_ok(hr_bundle_read(s.path, &d, &err));
  assert_int_equal(d.target_count, 2);
  assert_string_equal(d.targets[0].name, "log_g");
  assert_string_equal(d.targets[1].name, "T_eff");
  assert_string_equal(d.targets[1].unit, "K");
  check_near(d.targets[1].train.maximum, 1014, 0);
  for (size_t i = 0; i < 10; i++) assert_int_equal(d.candidates[i].target, i > 6);
  assert_string_equal(d.candidates[8].folder, "target2-1-first");
  static const size_t experts[] = {
      0, 4, 5, HR_NO_CANDIDATE, 2, 7, 8, HR_NO_CANDIDATE, HR_NO_CANDIDATE, 9};
  for (size_t i = 0; i < 10; i++) {
    assert_true(d.slots[i].expert == experts[i]);
    assert_int_equal(d.slots[i].fallback, i < 5 ? 6 : 9);
  }
  hr_bundle_description_fini(&d);
  scratch_fini(&s);
}

static void check_field_refused(scratch *s, const char *field) {
  check_refused(s, HR_ERR_FORMAT,
                "%s/model.json: `%s` is not what a bundle has there; copy the bundle "
                "again or make it anew with the study",
                field);
}

/* Which target a model or a slot is of has to be there, and to fit all else. */
static void test_fields_of_targets(void **state) {
  (void)state;
  static const struct {
    const char *where, *value, *field;
  } cases[] = {
      {"candidates/0/target", "2", "target"},
      {"candidates/0/target", "-1", "target"},
      {"candidates/0/target", "0.5", "target"},
      {"candidates/0/target", "null", "target"},
      {"candidates/0/target", "\"log_g\"", "target"},
      {"candidates/0/target", "1", "folder"},
      {"candidates/7/target", "0", "folder"},
      {"slots/0/target", "1", "target"},
      {"slots/5/target", "0", "target"},
      {"slots/9/target", "2", "target"},
      {"slots/9/target", "null", "target"},
      {"slots/5/slot", "4", "slot"},
      {"slots/5/expert", "0", "expert"}, /* bin 0's, of the other target */
      {"slots/0/expert", "7", "expert"},
      {"slots/9/fallback", "6", "fallback"},
      {"slots/4/fallback", "9", "fallback"},
      {"targets/1/name", "\"\"", "name"},
      {"targets/1/unit", "null", "unit"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    scratch s;
    scratch_init(&s);
    linear_bundle_write_two(s.path);
    edit(&s, cases[i].where, cases[i].value);
    check_field_refused(&s, cases[i].field);
    scratch_fini(&s);
  }
}

/* Fewer slots than the targets take, and a model twice. */
static void test_lists_of_targets(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  linear_bundle_write_two(s.path);
  edit(&s, "targets",
       "[{\"name\": \"log_g\", \"unit\": \"\", \"minimum\": 0, \"maximum\": 1}]");
  check_field_refused(&s, "folder"); /* that of the second target's models */
  scratch_fini(&s);
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  edit(&s, "targets",
       "[{\"name\": \"a\", \"unit\": \"\", \"minimum\": 0, \"maximum\": 1},"
       " {\"name\": \"b\", \"unit\": \"\", \"minimum\": 0, \"maximum\": 1}]");
  check_field_refused(&s, "target"); /* whose the models are is not said */
  scratch_fini(&s);
}

/* A bundle of one target does not number it: older programs read such bundles. */
static void test_one_target_is_not_numbered(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  json_t *root = hr_json_file_read(s.path, "model.json");
  assert_non_null(root);
  const json_t *candidates = json_object_get(root, "candidates");
  assert_int_equal(json_array_size(candidates), 7);
  assert_null(json_object_get(json_array_get(candidates, 0), "target"));
  const json_t *slots = json_object_get(root, "slots");
  assert_int_equal(json_array_size(slots), 5);
  assert_null(json_object_get(json_array_get(slots, 0), "target"));
  json_decref(root);
  scratch_fini(&s);
}

/* Names that are cut where folders are named would be two methods in one folder. */
static void test_names_that_are_too_long(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle_description d;
  char name[LONG_NAME + 1], first[LONG_NAME + 1];
  scratch s;
  scratch_init(&s);
  fixture_init(&d);
  memset(name, 'x', LONG_NAME);
  name[LONG_NAME] = '\0';
  snprintf(first, sizeof first, "%s", name);
  name[LONG_NAME - 1] = 'y';
  linear_add(&d, s.path, first, 0, 0);
  linear_add(&d, s.path, name, 0, 0);
  check_ok(hr_bundle_write(&d, s.path, &err));
  hr_bundle_description_fini(&d);
  check_field_refused(&s, "method");
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_unknown_numbers),
      cmocka_unit_test(test_conditioning),
      cmocka_unit_test(test_before_there_was_a_conditioning),
      cmocka_unit_test(test_incomplete),
      cmocka_unit_test(test_damaged),
      cmocka_unit_test(test_other_versions),
      cmocka_unit_test(test_kinds_that_are_newer),
      cmocka_unit_test(test_fields),
      cmocka_unit_test(test_sigma),
      cmocka_unit_test(test_without_sigma),
      cmocka_unit_test(test_two_targets),
      cmocka_unit_test(test_fields_of_targets),
      cmocka_unit_test(test_lists_of_targets),
      cmocka_unit_test(test_one_target_is_not_numbered),
      cmocka_unit_test(test_names_that_are_too_long),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
