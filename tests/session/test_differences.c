/* What is told of a study that is not the one that was begun. */
#include "session/differences.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "core/file.h"
#include "headroom/version.h"
#include "support/origins.h"

static scratch s;
static hr_config *before;
static json_t *manifest;
static char expected[1024];
static const char *fingerprint;

static int set_up(void **state) {
  (void)state;
  hr_error err = {0};
  hr_json_builder builder = {0};
  hr_text text;
  hr_text_init(&text);
  fingerprint = "fedcba9876543210"; /* of another study, unless a test says otherwise */
  scratch_init(&s);
  scratch_write(&s, "a.h5", "training");
  scratch_write(&s, "t.h5", "test");
  before = origin_config(&s, "selection: {folds: 3}\nbaselines: {old: 0.5}\n");
  hr_origin origin = origin_of(before, "0123456789abcdef");
  check_ok(hr_config_write(before, &text, &err));
  scratch_write(&s, "config.yaml", text.bytes);
  hr_text_fini(&text);
  manifest = json_object();
  hr_json_put_text(&builder, manifest, "fingerprint", origin.fingerprint);
  json_t *data = hr_json_put(&builder, manifest, "data", json_object());
  hr_json_put_text(&builder, manifest, "version", HR_VERSION);
  hr_json_put(&builder, data, "files", hr_differences_files(&origin, &builder));
  assert_false(builder.failed);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  json_decref(manifest);
  hr_config_destroy(&before);
  scratch_fini(&s);
  return 0;
}

/* The clauses about a study with `rest`. */
static void check_clauses(const char *rest, const char *clauses) {
  hr_error err = {0};
  hr_text text;
  hr_text_init(&text);
  hr_config *after = origin_config(&s, rest);
  hr_origin origin = origin_of(after, fingerprint);
  check_ok(hr_differences_describe(s.path, manifest, &origin, &text, &err));
  assert_string_equal(text.bytes ? text.bytes : "", clauses);
  hr_text_fini(&text);
  hr_config_destroy(&after);
}

static void the_same_study_has_none(void **state) {
  (void)state;
  fingerprint = "0123456789abcdef";
  check_clauses("selection: {folds: 3}\nbaselines: {old: 0.5}\n", "");
  /* Keys that change no result. */
  check_clauses("selection: {folds: 3}\nbaselines: {old: 0.5}\nrun: {memory_mib: 9999}\n",
                "");
  check_clauses(
      "selection: {folds: 3}\nbaselines: {old: 0.5}\nbinning: {allow_target: true}\n",
      "");
}

static void keys_are_named_with_both_values(void **state) {
  (void)state;
  check_clauses("selection: {folds: 4}\nbaselines: {old: 0.5}\n",
                "selection.folds was 3 and is 4 now");
  check_clauses(
      "selection: {folds: 3}\nbaselines: {new: 0.25}\n",
      "baselines.old was 0.5 and is not there now; baselines.new is new (0.25)");
}

/* Five differences, three clauses. */
static void a_few_are_enough(void **state) {
  (void)state;
  check_clauses(
      "selection: {folds: 4, seed: 7}\nbaselines: {new: 0.25, old: 0.75}\n"
      "gate: {delta_r2: 0.5}\n",
      "selection.folds was 3 and is 4 now; selection.seed was 42 and is 7 now; "
      "baselines.old was 0.5 and is 0.75 now; and 2 more");
}

static void data_files_are_looked_at(void **state) {
  (void)state;
  fingerprint = "0123456789abcdef";
  static const char rest[] = "selection: {folds: 3}\nbaselines: {old: 0.5}\n";
  const struct timespec later[2] = {{.tv_sec = 2000000000}, {.tv_sec = 2000000000}};
  assert_int_equal(utimensat(AT_FDCWD, scratch_name(&s, "t.h5"), later, 0), 0);
  check_clauses(rest, ""); /* a copy */
  scratch_write(&s, "t.h5", "TEST");
  snprintf(expected, sizeof expected, "the data file %s/t.h5 was modified", s.path);
  check_clauses(rest, expected);
  scratch_write(&s, "a.h5", "training on more");
  snprintf(expected, sizeof expected,
           "the data file %s/a.h5 had 8 bytes and has 16 now; the data file %s/t.h5 was "
           "modified",
           s.path, s.path);
  check_clauses(rest, expected);
  json_array_clear(json_object_get(json_object_get(manifest, "data"), "files"));
  check_clauses(rest, "there were 0 data files and are 2 now");
}

/* Tables of labels stand behind the files of spectra. */
static void tables_of_labels_are_looked_at(void **state) {
  (void)state;
  hr_error err = {0};
  hr_json_builder builder = {0};
  hr_text text;
  char path[256], *files[] = {path};
  snprintf(path, sizeof path, "%s/l.csv", s.path);
  scratch_write(&s, "l.csv", "labels");
  hr_origin origin = origin_of(before, "0123456789abcdef");
  origin.label_files = (hr_strings){.items = files, .count = 1};
  json_t *data = json_object_get(manifest, "data");
  hr_json_put(&builder, data, "files", hr_differences_files(&origin, &builder));
  assert_false(hr_differences_in_data(manifest, &origin));
  scratch_write(&s, "l.csv", "LABELS");
  assert_true(hr_differences_in_data(manifest, &origin));
  hr_text_init(&text);
  check_ok(hr_differences_describe(s.path, manifest, &origin, &text, &err));
  snprintf(expected, sizeof expected, "the data file %s was modified", path);
  assert_string_equal(text.bytes, expected);
  hr_text_fini(&text);
}

/* Of models from elsewhere, where the study is another one. */
static void files_of_models_are_named(void **state) {
  (void)state;
  static const char rest[] =
      "selection: {folds: 3}\nbaselines: {old: 0.5}\n"
      "experts: {ridge: {}, cat: {predictions: v.csv, validation: 'o.csv::T'}}\n";
  hr_json_builder builder = {0};
  hr_error err = {0};
  hr_text text;
  scratch_write(&s, "v.csv", "one");
  scratch_write(&s, "o.csv", "two");
  hr_config *config = origin_config(&s, rest);
  hr_origin origin = origin_of(config, fingerprint);
  json_t *data = json_object_get(manifest, "data");
  hr_json_put(&builder, data, "models", hr_differences_models(&origin, &builder));
  hr_text_init(&text);
  check_ok(hr_config_write(config, &text, &err));
  scratch_write(&s, "config.yaml", text.bytes);
  hr_text_fini(&text);
  hr_config_destroy(&config);
  assert_int_equal(json_array_size(json_object_get(data, "models")), 2);
  scratch_write(&s, "v.csv", "other");
  snprintf(expected, sizeof expected,
           "the file of experts.cat.predictions %s/v.csv had 3 bytes and has 5 now",
           s.path);
  check_clauses(rest, expected);
  scratch_write(&s, "v.csv", "one");
  scratch_write(&s, "o.csv", "TWO");
  snprintf(expected, sizeof expected,
           "the file of experts.cat.validation %s/o.csv::T was modified", s.path);
  check_clauses(rest, expected);
  json_object_del(data, "models"); /* an earlier version wrote none down */
  check_clauses(rest, "the data are others");
}

/* Writes a file in place and puts its time back, until the system's clock has ticked. */
static void edit_secretly(const char *name, const char *text) {
  struct stat first, now;
  const char *path = scratch_name(&s, name);
  assert_int_equal(stat(path, &first), 0);
  do {
    const struct timespec times[2] = {first.st_atim, first.st_mtim};
    scratch_write(&s, name, text);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(stat(path, &now), 0);
  } while (first.st_ctim.tv_sec == now.st_ctim.tv_sec &&
           first.st_ctim.tv_nsec == now.st_ctim.tv_nsec);
}

static void a_time_that_is_put_back_hides_nothing(void **state) {
  (void)state;
  static const char rest[] = "selection: {folds: 3}\nbaselines: {old: 0.5}\n";
  fingerprint = "0123456789abcdef";
  edit_secretly("t.h5", "TEST");
  snprintf(expected, sizeof expected, "the data file %s/t.h5 was modified", s.path);
  check_clauses(rest, expected);
}

/* Spectra differ where the fingerprints of files do not look: it was one of these. */
static void files_that_were_touched_are_named(void **state) {
  (void)state;
  static const char rest[] = "selection: {folds: 3}\nbaselines: {old: 0.5}\n";
  edit_secretly("t.h5", "test");
  snprintf(expected, sizeof expected,
           "the data are others; since then there was a change to %s/t.h5", s.path);
  check_clauses(rest, expected);
}

static void other_versions_are_told(void **state) {
  (void)state;
  json_object_set_new(manifest, "version", json_string("0.0.7"));
  check_clauses("selection: {folds: 4}\nbaselines: {old: 0.5}\n",
                "it was begun with headroom 0.0.7, and this is " HR_VERSION
                "; selection.folds was 3 and is 4 now");
}

/* The configuration is the same, and so are sizes and times; the labels are not. */
static void other_labels_are_told(void **state) {
  (void)state;
  check_clauses("selection: {folds: 3}\nbaselines: {old: 0.5}\n", "the data are others");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(the_same_study_has_none),
      TEST(keys_are_named_with_both_values),
      TEST(a_few_are_enough),
      TEST(data_files_are_looked_at),
      TEST(tables_of_labels_are_looked_at),
      TEST(files_of_models_are_named),
      TEST(other_versions_are_told),
      TEST(other_labels_are_told),
      TEST(a_time_that_is_put_back_hides_nothing),
      TEST(files_that_were_touched_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
