#include <sys/stat.h>
#include <unistd.h>

#include "support/config_checks.h"
#include "support/scratch.h"

static void check_shards(const char *train, const char *const *expected, size_t count) {
  char yaml[1024];
  snprintf(yaml, sizeof yaml, "experiment: {id: E}\ndata:\n  train: %s\n  test: t.h5\n",
           train);
  hr_config *c = accept(yaml);
  assert_int_equal(c->data.train_paths.count, count);
  for (size_t i = 0; i < count; i++) {
    assert_string_equal(c->data.train_paths.items[i], expected[i]);
  }
  hr_config_destroy(&c);
}

static void test_brace_spellings(void **state) {
  (void)state;
  static const char *const range[] = {"/base/p_0/d.h5", "/base/p_1/d.h5"};
  static const char *const list[] = {"/base/p_a.h5", "/base/p_b.h5"};
  static const char *const both[] = {"/base/p_1.h5", "/base/p_2.h5", "/base/q.h5"};
  check_shards("[p_{0..1}/d.h5]", range, 2);
  check_shards("p_{0..1}/d.h5", range, 2);
  check_shards("\n    - p_{0..1}/d.h5", range, 2);
  check_shards("\n  - p_{0..1}/d.h5   # remark", range, 2);
  check_shards("['p_{0..1}/d.h5']", range, 2);
  check_shards("\"p_{0..1}/d.h5\"", range, 2);
  check_shards("[p_0/d.h5, p_1/d.h5]", range, 2);
  check_shards("[p_{a,b}.h5]", list, 2);
  check_shards("\n    - p_{a,b}.h5", list, 2);
  check_shards("[p_{1..2}.h5, q.h5]", both, 3);
  check_shards("[{p_1,p_2,q}.h5]", both, 3);
}

static void test_wrong_paths(void **state) {
  (void)state;
  refuse("experiment: {id: E}\ndata: {train: [a, b, ./a], test: t}\n",
         "s.yaml:2:15: data.train names /base/a twice; name each shard once");
  refuse("experiment: {id: E}\ndata: {train: [t, a], test: t}\n",
         "s.yaml:2:15: data.train names /base/t, which is also data.test; train on other "
         "rows than those of the test");
  refuse("experiment: {id: E}\ndata: {train: a, test: 't_{0..2}'}\n",
         "s.yaml:2:24: data.test names 3 files, but a study has one test file");
  refuse("experiment: {id: E}\ndata: {train: [a, 'b_{0..200000}'], test: t}\n",
         "s.yaml:2:19: data.train[1]: the braces give more than 100000 names");
  refuse(
      "experiment: {id: E}\ndata: {train: 'd/{0..99999999999}.h5', test: t}\n",
      "s.yaml:2:15: data.train: the range {0..99999999999} is not understood; write it "
      "as {FIRST..LAST} with two whole numbers of at most 9 digits");
  hr_config *config = NULL;
  hr_error err = {0};
  check_fails(parse("experiment: {id: E}\ndata: {train: [a, \"no-*.h5\"], test: t}\n",
                    &config, &err),
              HR_ERR_MISSING,
              "s.yaml:2:19: data.train[1]: no file matches '/base/no-*.h5'");
  check_fails(hr_config_load("/no/such.yaml", &config, &err), HR_ERR_MISSING,
              "cannot open /no/such.yaml: No such file or directory");
}

/* Reads `name` from the current folder and checks the shards, which lie in `data`. */
static void check_loaded(const char *name, const char *data) {
  hr_config *config = NULL;
  hr_error err = {0};
  char path[4096];
  check_ok(hr_config_load(name, &config, &err));
  assert_string_equal(config->path, name);
  assert_string_equal(config->data.root, data);
  assert_int_equal(config->data.train_paths.count, 2);
  for (size_t i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "%s/p%zu.h5", data, i);
    assert_string_equal(config->data.train_paths.items[i], path);
  }
  hr_config_destroy(&config);
}

/* A study in `s`: the shards and a configuration with a glob. */
static void make_study(scratch *s) {
  hr_error err = {0};
  check_ok(hr_make_folders(scratch_name(s, "data/sub"), &err));
  scratch_write(s, "data/p1.h5", "");
  scratch_write(s, "data/p0.h5", "");
  scratch_write(s, "data/t.h5", "");
  scratch_write(s, "s.yaml",
                "experiment: {id: E}\ndata: {root: ./data/, train: 'p*.h5', test: t.h5}\n"
                "publish: {page: hub.md, block: b}\n");
}

static void check_load_fails(const char *path, hr_status status, const char *before,
                             const char *after) {
  hr_config *config = NULL;
  hr_error err = {0};
  char expected[1024];
  snprintf(expected, sizeof expected, "%s%s", before, after);
  check_fails(hr_config_load(path, &config, &err), status, expected);
  assert_null(config);
}

static void test_data_files_that_are_missing(void **state) {
  (void)state;
  scratch s;
  char config[128], expected[512];
  scratch_init(&s);
  make_study(&s);
  snprintf(config, sizeof config, "%s/s.yaml", s.path);
  scratch_write(&s, "s.yaml",
                "experiment: {id: E}\ndata:\n  train: ['p{0..1}.h5', 'p{1..3}.h5']\n"
                "  root: data\n  test: t.h5\n");
  snprintf(expected, sizeof expected,
           ":3:25: data.train[1]: %s/data/p2.h5 does not exist; relative paths begin at "
           "data.root, which is %s/data",
           s.path, s.path);
  check_load_fails(config, HR_ERR_MISSING, config, expected);
  scratch_write(&s, "s.yaml",
                "experiment: {id: E}\ndata: {root: data, train: p0.h5, test: sub}\n");
  snprintf(expected, sizeof expected,
           ":2:40: data.test: %s/data/sub is not a regular file; name a file of data",
           s.path);
  check_load_fails(config, HR_ERR_MISSING, config, expected);
  scratch_fini(&s);
}

/* None of them is waited for. */
/* A link that leads to itself, and a folder that is gone while we are in it. */
static void test_what_the_system_refuses(void **state) {
  (void)state;
  hr_config *config = NULL;
  hr_error err = {0};
  char yaml[256], expected[256], before[4096];
  scratch s;
  scratch_init(&s);
  assert_int_equal(symlink("a.h5", scratch_name(&s, "a.h5")), 0);
  scratch_write(&s, "t.h5", "");
  snprintf(yaml, sizeof yaml,
           "experiment: {id: E}\ndata: {train: a.h5, test: t.h5, root: %s}\n", s.path);
  scratch_write(&s, "s.yaml", yaml);
  snprintf(expected, sizeof expected,
           "%s/s.yaml:2:15: data.train: cannot look at %s/a.h5: Too many levels of "
           "symbolic links",
           s.path, s.path);
  check_fails(hr_config_load(scratch_name(&s, "s.yaml"), &config, &err), HR_ERR_MISSING,
              expected);
  assert_non_null(getcwd(before, sizeof before));
  assert_int_equal(mkdir(scratch_name(&s, "gone"), 0755), 0);
  assert_int_equal(chdir(scratch_name(&s, "gone")), 0);
  assert_int_equal(rmdir(scratch_name(&s, "gone")), 0);
  hr_status status = hr_config_parse(HEAD, strlen(HEAD), "s.yaml", NULL, &config, &err);
  assert_int_equal(chdir(before), 0);
  check_fails(status, HR_ERR_IO,
              "cannot tell the current folder: No such file or directory");
  assert_null(config);
  scratch_fini(&s);
}

static void test_configurations_that_are_no_files(void **state) {
  (void)state;
  static const char after[] =
      " is not a file; write the configuration into one, as its paths are relative to "
      "its "
      "folder";
  scratch s;
  scratch_init(&s);
  assert_int_equal(mkfifo(scratch_name(&s, "fifo"), 0600), 0);
  check_load_fails(scratch_name(&s, "fifo"), HR_ERR_CONFIG, scratch_name(&s, "fifo"),
                   after);
  check_load_fails(s.path, HR_ERR_CONFIG, s.path, after);
  check_load_fails("/dev/null", HR_ERR_CONFIG, "/dev/null", after);
  check_load_fails("/dev/stdin", HR_ERR_CONFIG, "/dev/stdin", after);
  check_load_fails("/dev/fd/0", HR_ERR_CONFIG, "/dev/fd/0", after);
  scratch_fini(&s);
}

/* A folder called like a pattern, above the configuration: not expanded, not even when
 * the resolved configuration is read. */
static void test_folders_that_look_like_patterns(void **state) {
  (void)state;
  scratch s;
  hr_config *config = NULL, *again = NULL;
  hr_error err = {0};
  char path[4096], expected[256];
  scratch_init(&s);
  check_ok(hr_make_folders(scratch_name(&s, "{a,b}[1]*"), &err));
  scratch_write(&s, "{a,b}[1]*/p0.h5", "");
  scratch_write(&s, "{a,b}[1]*/p1.h5", "");
  scratch_write(&s, "{a,b}[1]*/t0.h5", "");
  scratch_write(&s, "{a,b}[1]*/s.yaml",
                "experiment: {id: E}\ndata: {train: 'p*.h5', test: 't{0..0}.h5'}\n");
  snprintf(path, sizeof path, "%s", s.name);
  check_ok(hr_config_load(path, &config, &err));
  assert_int_equal(config->data.train_paths.count, 2);
  snprintf(expected, sizeof expected, "%s/{a,b}[1]*/p1.h5", s.path);
  assert_string_equal(config->data.train_paths.items[1], expected);
  char *text = written(config);
  check_ok(hr_config_parse(text, strlen(text), "again", "/elsewhere", &again, &err));
  assert_int_equal(again->data.train_paths.count, 2);
  assert_string_equal(again->data.train_paths.items[1], expected);
  assert_string_equal(again->data.test_path, config->data.test_path);
  hr_config_destroy(&config);
  hr_config_destroy(&again);
  hr_free(text);
  scratch_fini(&s);
}

/* Relative paths are relative to the configuration, wherever the program is started. */
static void test_load_from_folders(void **state) {
  (void)state;
  scratch s;
  char old[4096], data[4096], path[4096];
  scratch_init(&s);
  make_study(&s);
  char *real = realpath(s.path, NULL); /* what getcwd says, where /tmp is a link */
  assert_non_null(real);
  assert_non_null(getcwd(old, sizeof old));
  assert_int_equal(chdir(real), 0);
  snprintf(data, sizeof data, "%s/data", real);
  check_loaded("s.yaml", data);
  check_loaded("./s.yaml", data);
  snprintf(path, sizeof path, "%s//s.yaml", real);
  check_loaded(path, data);
  assert_int_equal(chdir("data"), 0);
  check_loaded(path, data);
  snprintf(data, sizeof data, "%s/data/../data",
           real); /* ".." stays: data may be a link */
  check_loaded("../s.yaml", data);
  assert_int_equal(chdir(old), 0);
  free(real);
  scratch_fini(&s);
}

/* The resolved configuration says the same from any folder, and keeps the shards that the
 * glob found although there are more now. */
static void test_resolved_configuration_moves(void **state) {
  (void)state;
  scratch s;
  hr_config *first = NULL, *second = NULL;
  hr_error err = {0};
  scratch_init(&s);
  make_study(&s);
  check_ok(hr_config_load(scratch_name(&s, "s.yaml"), &first, &err));
  char *text = written(first);
  scratch_write(&s, "data/p2.h5", "");
  scratch_write(&s, "data/sub/config.yaml", text);
  check_ok(hr_config_load(scratch_name(&s, "data/sub/config.yaml"), &second, &err));
  char *again = written(second);
  assert_string_equal(again, text);
  assert_int_equal(second->data.train_paths.count, 2);
  assert_string_equal(second->pages[0].page, scratch_name(&s, "hub.md"));
  hr_config_destroy(&first);
  hr_config_destroy(&second);
  hr_free(text);
  hr_free(again);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_brace_spellings),
      cmocka_unit_test(test_wrong_paths),
      cmocka_unit_test(test_data_files_that_are_missing),
      cmocka_unit_test(test_what_the_system_refuses),
      cmocka_unit_test(test_configurations_that_are_no_files),
      cmocka_unit_test(test_folders_that_look_like_patterns),
      cmocka_unit_test(test_load_from_folders),
      cmocka_unit_test(test_resolved_configuration_moves),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
